"""A logistic regression as plain numbers, so that it is kept as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SHRINK = 0.05  # inverse strength of the ridge penalty: pairs of one race are far from independent
_MOST_PAIRS = 40_000


@dataclass(frozen=True, slots=True)
class Logistic:
    """Means and scales of the columns, coefficients and intercept."""

    mean: list[float]
    scale: list[float]
    coefficients: list[float]
    intercept: float

    def log_odds(self, x: Floats) -> Floats:
        """The log-odds of each row."""
        scaled = (x - np.asarray(self.mean)) / np.asarray(self.scale)
        return np.asarray(scaled @ np.asarray(self.coefficients) + self.intercept, dtype="float64")

    def part(self) -> dict[str, Any]:
        """Plain data for the registry."""
        return asdict(self)


def fit_logistic(x: Floats, y: NDArray[np.int64], seed: int = 0) -> Logistic:
    """Fit on standardised columns with a ridge penalty; of many rows, a sample."""
    from sklearn.linear_model import LogisticRegression

    if len(y) > _MOST_PAIRS:
        chosen = np.random.default_rng(seed).choice(len(y), _MOST_PAIRS, replace=False)
        x, y = x[chosen], y[chosen]
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=_SHRINK, max_iter=300).fit((x - mean) / scale, y)
    return Logistic(mean.tolist(), scale.tolist(), model.coef_[0].tolist(), float(model.intercept_[0]))
