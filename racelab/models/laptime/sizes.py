"""How large the error of a prediction will be, learned from errors on laps that were not learned from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from racelab.models.device import threads, xgboost_device
from racelab.models.laptime.candidates import Candidate, Regressor, predicted
from racelab.models.laptime.conformal import LEVELS, width

_FOLDS = 3
_LEAST_ERROR = 0.02  # of the scale; smaller errors are all the same
_LEAST_ROWS = 3000  # fewer laps tell one size for all, not a size for each


@dataclass(frozen=True, slots=True)
class Sizes:
    """The expected size of an error in units of the target, and how many such sizes hold 80 and 90 % of errors."""

    model: Regressor | None
    widths: dict[int, float]

    def expected(self, x: np.ndarray) -> np.ndarray:
        """The size of each row's error, in units of the target."""
        if self.model is None or not len(x):
            return np.ones(len(x))
        return np.asarray(np.exp(self.model.predict(x)), dtype="float64")

    def half(self, x: np.ndarray) -> dict[int, np.ndarray]:
        """Half the width of each row's intervals by level, in units of the target."""
        size = self.expected(x)
        return {level: size * width for level, width in self.widths.items()}


def learn_sizes(x: np.ndarray, y: np.ndarray, w: np.ndarray, events: np.ndarray, learn: Candidate) -> Sizes:
    """Learn sizes from errors in folds of whole events.

    Args:
        x: features, y: targets, w: weights, one row a lap.
        events: the event of each row; no event is in two folds.
        learn: what predicts in each fold.
    """
    error = _errors(x, y, w, events, learn)
    known = np.isfinite(error)
    if known.sum() < _LEAST_ROWS:
        return Sizes(None, {level: width(error[known], level) for level in LEVELS})
    model = _learned(x[known], np.log(np.maximum(np.abs(error[known]), _LEAST_ERROR)))
    own = Sizes(model, {})
    share = np.abs(error[known]) / own.expected(x[known])
    return Sizes(model, {level: width(share, level) for level in LEVELS})


def _errors(x: np.ndarray, y: np.ndarray, w: np.ndarray, events: np.ndarray, learn: Candidate) -> np.ndarray:
    """The error of each row by what learned from the other events; where there is one event, of the base itself."""
    found = np.full(len(y), np.nan)
    codes = np.unique(events, return_inverse=True)[1]
    if codes.max(initial=0) == 0:
        return y
    for fold in range(min(_FOLDS, int(codes.max()) + 1)):
        own = codes % _FOLDS == fold
        found[own] = y[own] - predicted(learn(x[~own], y[~own], w[~own]), x[own])
    return found


def _learned(x: np.ndarray, log_size: np.ndarray) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(
        n_estimators=120, max_depth=5, learning_rate=0.07, min_child_weight=40, subsample=0.7, colsample_bytree=0.5,
        tree_method="hist", max_bin=128, n_jobs=threads(len(x)), random_state=0, device=xgboost_device(),
    ).fit(x, log_size)  # fmt: skip
