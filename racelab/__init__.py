"""racelab: an analytics workbench for motorsport.

``import racelab as rl; rl.load_laps("f1/2025/1/R")`` gives a frame with a declared schema.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from racelab.exports.files import export_race
    from racelab.live.tower import load_state
    from racelab.load import (
        load_checks,
        load_driver_metrics,
        load_drivers,
        load_entries,
        load_incidents,
        load_laps,
        load_pit_stops,
        load_predictions,
        load_provenance,
        load_quarantine,
        load_race_control,
        load_refusals,
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
    from racelab.load_history import (
        load_history_entrants,
        load_history_events,
        load_history_incidents,
        load_history_pit_stops,
        load_history_results,
        load_history_standings,
        load_identities,
    )
    from racelab.store.lightweight import get_db
    from racelab.surface import simulate
    from racelab.surface_models import backtest, load_anomalies, load_models, train_laptime
    from racelab.surface_predict import explain, predict

__version__ = "0.1.0"
__all__ = [
    "backtest",
    "explain",
    "export_race",
    "get_db",
    "load_anomalies",
    "load_checks",
    "load_driver_metrics",
    "load_drivers",
    "load_entries",
    "load_history_entrants",
    "load_history_events",
    "load_history_incidents",
    "load_history_pit_stops",
    "load_history_results",
    "load_history_standings",
    "load_identities",
    "load_incidents",
    "load_laps",
    "load_models",
    "load_pit_stops",
    "load_predictions",
    "load_provenance",
    "load_quarantine",
    "load_race_control",
    "load_refusals",
    "load_repairs",
    "load_results",
    "load_session_status",
    "load_sessions",
    "load_simulations",
    "load_state",
    "load_stints",
    "load_telemetry",
    "load_track_status",
    "load_weather",
    "predict",
    "simulate",
    "train_laptime",
]
_ELSEWHERE = {
    "export_race": "racelab.exports.files",
    "get_db": "racelab.store.lightweight",
    "load_state": "racelab.live.tower",
    "simulate": "racelab.surface",
    **dict.fromkeys(("backtest", "load_anomalies", "load_models", "train_laptime"), "racelab.surface_models"),
    **dict.fromkeys(("explain", "predict"), "racelab.surface_predict"),
    **dict.fromkeys(
        (
            "load_history_entrants",
            "load_history_events",
            "load_history_incidents",
            "load_history_pit_stops",
            "load_history_results",
            "load_history_standings",
            "load_identities",
        ),
        "racelab.load_history",
    ),
}


def __getattr__(name: str) -> Any:
    """Import a function when it is first used: a dashboard that shows a tower needs neither models nor exports."""
    if name not in __all__:
        raise AttributeError(f"racelab has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_ELSEWHERE.get(name, "racelab.load")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
