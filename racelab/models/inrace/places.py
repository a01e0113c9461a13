"""From expected places and chances of retiring to the whole distribution of places."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.finish.distribution import DRAWS, chances, draw_places, place_matrix

Floats = NDArray[np.float64]
_STEPS, _DAMPING = 200, 0.5
_LIMIT = 12.0
_RETIRED_SCALE = 4.0  # as draw_places orders those who retire
PAID_PLACES = 10


def place_chances(expected: Floats, p_retires: Floats, paid: int, draws: int = DRAWS, seed: int = 1) -> tuple[pd.DataFrame, Floats]:
    """The distribution of places of one class whose means are the expected places.

    Returns:
        The frame of `finish.distribution.chances` and the matrix of places, a row a car.
    """
    if len(expected) == 1:
        matrix = np.ones((1, 1))
        return chances(matrix, paid), matrix
    matrix = place_matrix(draw_places(strengths(expected, p_retires), p_retires, draws, seed))
    return chances(matrix, paid), matrix


def strengths(expected: Floats, p_retires: Floats) -> Floats:
    """Strengths for `draw_places` under which the mean places come out as expected.

    Two cars that finish are in order of strength plus Gumbel noise, so that the chance of one to be ahead is the logistic
    function of the difference; a car that retires is behind all that finish. The mean place that follows is brought to
    the expected one step by step; a car that is expected better or worse than any strength allows stops at a limit.
    """
    finish = 1 - p_retires
    value = np.zeros(len(expected))
    aim = np.asarray(expected, dtype="float64")
    for _ in range(_STEPS):
        error = _mean_places(value, finish) - aim
        slope = np.maximum(0.15, finish * len(aim) / 8)
        value = np.clip(value + _DAMPING * error / slope, -_LIMIT, _LIMIT)
        value -= value.mean()
    return value


def _mean_places(value: Floats, finish: Floats) -> Floats:
    difference = value[None, :] - value[:, None]  # how much better the column is than the row
    running = _logistic(difference)
    stopped = _logistic(difference / _RETIRED_SCALE)
    both = finish[:, None] * finish[None, :] * running + np.outer(1 - finish, 1 - finish) * stopped
    ahead = both + np.outer(1 - finish, finish)
    np.fill_diagonal(ahead, 0.0)
    return np.asarray(1 + ahead.sum(axis=1), dtype="float64")


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))), dtype="float64")
