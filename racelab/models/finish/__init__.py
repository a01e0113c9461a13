"""The finishing order before the race: how it ends for each car, as a distribution."""

from racelab.models.finish.backtest import backtest
from racelab.models.finish.predict import predict, predict_finish
from racelab.models.finish.train import train

__all__ = ["backtest", "predict", "predict_finish", "train"]
