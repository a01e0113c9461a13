"""What is known of a lap before it is driven: one definition for training, backtest and live."""

from racelab.models.features.lap import FEATURES, in_ms, lap_features, matrix, names, target, weights
from racelab.models.features.next_lap import next_lap_features
from racelab.models.features.reference import race_laps

__all__ = [
    "FEATURES",
    "in_ms",
    "lap_features",
    "matrix",
    "names",
    "next_lap_features",
    "race_laps",
    "target",
    "weights",
]
