"""Linear learners of an order: ridge regression, Plackett-Luce and logistic regression, as plain arrays.

Each is fitted to standardised features with an L2 penalty, so that features that say the same share their weight.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and spread of each feature where it was learned; a missing value counts as the mean."""

    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, x: Floats) -> Self:
        """The scale of a matrix of features; a feature that never varies gets the spread 1."""
        known = np.isfinite(x)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, x, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, x - mean, 0) ** 2).sum(axis=0) / count)
        return cls(mean, np.where(spread > 1e-9, spread, 1.0))

    def __call__(self, x: Floats) -> Floats:
        """The features in units of their spread, from their mean."""
        return np.where(np.isfinite(x), (x - self.mean) / self.spread, 0.0)


@dataclass(frozen=True, slots=True)
class Linear:
    """A weighted sum of scaled features."""

    scale: Scale
    weights: Floats
    offset: float = 0.0

    def __call__(self, x: Floats) -> Floats:
        """The sum for each row of features."""
        return np.asarray(self.scale(x) @ self.weights + self.offset, dtype="float64")

    def plain(self) -> dict[str, Any]:
        """The learner as plain data."""
        return {"mean": self.scale.mean.tolist(), "spread": self.scale.spread.tolist(),
                "weights": self.weights.tolist(), "offset": self.offset}  # fmt: skip

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The learner that `plain` made."""
        arrays = {name: np.asarray(plain[name], dtype="float64") for name in ("mean", "spread", "weights")}
        return cls(Scale(arrays["mean"], arrays["spread"]), arrays["weights"], float(plain["offset"]))


def ridge(x: Floats, y: Floats, weight: Floats, penalty: float) -> Linear:
    """Weighted ridge regression of y on x."""
    scale = Scale.of(x)
    z, mean = scale(x), float(np.average(y, weights=weight))
    left = (z * weight[:, None]).T @ z + penalty * np.eye(z.shape[1])
    weights = np.linalg.solve(left, (z * weight[:, None]).T @ (y - mean))
    return Linear(scale, np.asarray(weights, dtype="float64"), mean)


def logistic(x: Floats, y: Floats, weight: Floats, penalty: float) -> Linear:
    """Logistic regression: the log-odds of y = 1; its offset is not penalised."""
    from scipy.optimize import minimize

    scale = Scale.of(x)
    z = np.column_stack([scale(x), np.ones(len(x))])
    ridged = np.append(np.full(x.shape[1], penalty), 0.0)

    def loss(beta: Floats) -> tuple[float, Floats]:
        odds = z @ beta
        chance = 1 / (1 + np.exp(-odds))
        value = weight @ (np.logaddexp(0, odds) - y * odds) + 0.5 * ridged @ beta**2
        return float(value), z.T @ (weight * (chance - y)) + ridged * beta

    share = float(np.clip(np.average(y, weights=weight), 0.001, 0.999))
    start = np.append(np.zeros(x.shape[1]), np.log(share / (1 - share)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Linear(scale, found[:-1], float(found[-1]))
