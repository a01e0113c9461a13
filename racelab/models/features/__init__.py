"""What is known of a lap before it is driven: one definition for training, backtest and live."""

from racelab.models.features.lap import FEATURES, lap_features, matrix, target
from racelab.models.features.next_lap import next_lap_features

__all__ = ["FEATURES", "lap_features", "matrix", "next_lap_features", "target"]
