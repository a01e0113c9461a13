"""Plackett-Luce regression: strengths from features, so that orders as they came are likely.

The chance of an order is the product over its places of the share that the car there has among the strengths (their
exponentials) of all cars not placed before it (R. L. Plackett, The Analysis of Permutations, 1975). With one place
only it is the conditional logit of the winner (D. McFadden, 1974).
"""

import numpy as np
from numpy.typing import NDArray

from racelab.models.finish.linear import Floats, Linear, Scale

_STEPS = 60


def plackett_luce(
    x: Floats, place: Floats, race: NDArray[np.int64], weight: Floats, penalty: float, places: int | None = None
) -> Linear:
    """Fit strengths by penalised maximum likelihood.

    Args:
        x: features, a row a car.
        place: the car's place in its race, less is better; leave cars out that no order is known of.
        race: the race of each row.
        weight: of each row's race.
        penalty: of the squared weights.
        places: the first so many places of each race count, or all.
    """
    from scipy.optimize import minimize

    scale = Scale.of(x)
    rows = _padded(race, place)
    known = rows >= 0
    z = scale(x)[np.where(known, rows, 0)]
    stages = _stages(known, places)
    race_weight = weight[rows[:, 0]]

    def loss(beta: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(z, beta, known, stages, race_weight)
        return -value + 0.5 * penalty * float(beta @ beta), -slope + penalty * beta

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    return Linear(scale, found)


def expected_places(strength: Floats, p_retires: Floats) -> Floats:
    """Each car's expected place in one race: 1 and the chances of every other car to be ahead of it.

    Between two cars that finish the stronger is ahead with the logistic chance of the difference; a car that
    finishes is ahead of one that retires; of two that retire either is.
    """
    ahead = 1 / (1 + np.exp(strength[:, None] - strength[None, :]))
    home = 1 - p_retires
    chance = home[:, None] * home[None, :] * ahead + np.outer(p_retires, home) + np.outer(p_retires, p_retires) / 2
    np.fill_diagonal(chance, 0)
    return np.asarray(1 + chance.sum(axis=1), dtype="float64")


def _padded(race: NDArray[np.int64], place: Floats) -> NDArray[np.int64]:
    """Row numbers, one line a race in the order of its places, filled up with -1."""
    _, number, sizes = np.unique(race, return_inverse=True, return_counts=True)
    order = np.lexsort((place, number))
    rows = np.full((len(sizes), sizes.max()), -1, dtype="int64")
    rows[number[order], np.concatenate([np.arange(size) for size in sizes])] = order
    return rows


def _stages(known: NDArray[np.bool_], places: int | None) -> NDArray[np.bool_]:
    """The places that are a choice: all but the last car's, which had no rival left."""
    stages = known.copy()
    stages[np.arange(len(known)), known.sum(axis=1) - 1] = False
    if places is not None:
        stages[:, places:] = False
    return stages


def _likelihood(
    z: Floats, beta: Floats, known: NDArray[np.bool_], stages: NDArray[np.bool_], weight: Floats
) -> tuple[float, Floats]:
    strength = np.where(known, (z.reshape(-1, z.shape[2]) @ beta).reshape(known.shape), -np.inf)
    strength = strength - strength.max(axis=1, keepdims=True)
    share = np.exp(strength)
    left = np.where(known, np.cumsum(share[:, ::-1], axis=1)[:, ::-1], 1.0)
    value = np.where(stages, np.where(known, strength, 0.0) - np.log(left), 0.0).sum(axis=1)
    slope = stages - share * np.cumsum(np.where(stages, 1 / left, 0.0), axis=1)
    return float(weight @ value), (slope * weight[:, None]).ravel() @ z.reshape(-1, z.shape[2])
