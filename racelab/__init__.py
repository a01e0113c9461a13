"""racelab: an analytics workbench for motorsport.

``import racelab as rl; rl.load_laps("f1/2025/1/R")`` gives a frame with a declared schema.
"""

from racelab.exports.files import export_race
from racelab.load import (
    load_driver_metrics,
    load_drivers,
    load_entries,
    load_laps,
    load_pit_stops,
    load_predictions,
    load_provenance,
    load_race_control,
    load_repairs,
    load_results,
    load_session_status,
    load_sessions,
    load_simulations,
    load_stints,
    load_telemetry,
    load_track_status,
    load_weather,
)
from racelab.surface import simulate

__version__ = "0.1.0"
__all__ = [
    "export_race",
    "load_driver_metrics",
    "load_drivers",
    "load_entries",
    "load_laps",
    "load_pit_stops",
    "load_predictions",
    "load_provenance",
    "load_race_control",
    "load_repairs",
    "load_results",
    "load_session_status",
    "load_sessions",
    "load_simulations",
    "load_stints",
    "load_telemetry",
    "load_track_status",
    "load_weather",
    "simulate",
]
