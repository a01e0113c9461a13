"""The lap-time model: what the next lap will take, with intervals, chosen and scored by a walk-forward backtest."""

from racelab.models.laptime.backtest import TARGET, backtest, train

__all__ = ["TARGET", "backtest", "train"]
