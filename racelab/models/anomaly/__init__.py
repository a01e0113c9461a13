"""Laps that do not fit: an isolation forest on what is left of a lap after what was expected of it."""

from racelab.models.anomaly.backtest import backtest
from racelab.models.anomaly.finding import anomalies
from racelab.models.anomaly.forest import Forest
from racelab.models.anomaly.labels import KINDS
from racelab.models.anomaly.training import TARGET, train

__all__ = ["KINDS", "TARGET", "Forest", "anomalies", "backtest", "train"]
