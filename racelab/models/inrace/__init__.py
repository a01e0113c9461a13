"""The finishing order predicted during the race, from the state at a moment and the races before."""

from racelab.models.inrace.predicting import predict_inrace
from racelab.models.inrace.scoring import backtest
from racelab.models.inrace.teaching import train

__all__ = ["backtest", "predict_inrace", "train"]
