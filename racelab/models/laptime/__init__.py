"""The lap-time model: what the next lap will take, with intervals, scored by a walk-forward backtest."""

from racelab.models.laptime.backtest import TARGET, backtest
from racelab.models.laptime.model import LapTimeModel
from racelab.models.laptime.training import train

__all__ = ["TARGET", "LapTimeModel", "backtest", "train"]
