"""From expected places and chances of retiring to the whole distribution of places."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.finish.distribution import DRAWS, chances, draw_places, place_matrix

Floats = NDArray[np.float64]
_STEPS, _DAMPING, _LEAST_SLOPE = 80, 0.6, 0.02
_LIMIT = 15.0
_RETIRED_SCALE = 4.0  # as draw_places orders those who retire
PAID_PLACES = 10


def place_chances(
    expected: Floats,
    p_retires: Floats,
    sharper: float = 1.0,
    paid: int = PAID_PLACES,
    draws: int = DRAWS,
    seed: int = 1,
) -> tuple[pd.DataFrame, Floats]:
    """The distribution of places of one class whose means are the expected places.

    Args:
        expected: the places, of cars of one class.
        p_retires: each car's chance to retire and fall behind all that finish.
        sharper: by how much strengths are stretched afterwards; with 1 the means are the expected places.
        paid: places that score points.
        draws: orders to draw.
        seed: of the draws.

    Returns:
        The frame of `finish.distribution.chances` and the matrix of places, a row a car.
    """
    if len(expected) == 1:
        matrix = np.ones((1, 1))
        return chances(matrix, paid), matrix
    matrix = place_matrix(draw_places(sharper * strengths(expected, p_retires), p_retires, draws, seed))
    return chances(matrix, paid), matrix


def strengths(expected: Floats, p_retires: Floats) -> Floats:
    """Strengths for `draw_places` under which the mean places come out as expected.

    Two cars that finish are in order of strength plus Gumbel noise, so that the chance of one to be ahead is the logistic
    function of the difference; a car that retires is behind all that finish. The mean place that follows is brought to
    the expected one step by step; a car that is expected better or worse than any strength allows stops at a limit.
    """
    finish = 1 - p_retires
    value = np.zeros(len(expected))
    for _ in range(_STEPS):
        mean, slope = _mean_places(value, finish)
        step = _DAMPING * (mean - expected) / np.maximum(slope, _LEAST_SLOPE)
        value = np.clip(value + np.clip(step, -1.0, 1.0), -_LIMIT, _LIMIT)
    return np.asarray(value - value.mean(), dtype="float64")


def _mean_places(value: Floats, finish: Floats) -> tuple[Floats, Floats]:
    """Each car's mean place under these strengths, and by how much of a place more strength would better it."""
    difference = value[None, :] - value[:, None]  # how much better the column is than the row
    running, stopped = _logistic(difference), _logistic(difference / _RETIRED_SCALE)
    finishing, retiring = np.outer(finish, finish), np.outer(1 - finish, 1 - finish)
    ahead = finishing * running + retiring * stopped + np.outer(1 - finish, finish)
    np.fill_diagonal(ahead, 0.0)
    slope = finishing * running * (1 - running) + retiring * stopped * (1 - stopped) / _RETIRED_SCALE
    np.fill_diagonal(slope, 0.0)
    return np.asarray(1 + ahead.sum(axis=1), dtype="float64"), np.asarray(slope.sum(axis=1), dtype="float64")


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))), dtype="float64")
