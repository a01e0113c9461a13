"""The whole distribution of places: Plackett-Luce draws in which cars may retire.

A draw orders the cars that finish by strength plus Gumbel noise, which is Plackett and Luce's model (R. L. Plackett,
The Analysis of Permutations, 1975; the Gumbel form: J. I. Yellott, 1977), and puts the cars that retire behind them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = (80, 90)
DRAWS = 4000
_BEHIND = 1e6  # more than any strength: a retired car is behind every car that finishes


def draw_places(
    strength: Floats, p_retires: Floats, draws: int = DRAWS, seed: int = 1, retired: Floats | None = None
) -> NDArray[np.int64]:
    """Draw orders of one race (or one class of it).

    Args:
        strength: of each car, in units of the Gumbel noise: greater is better. P(win) of cars that cannot retire is
            the softmax of it.
        p_retires: each car's chance not to finish.
        draws: orders to draw.
        seed: the same seed gives the same orders.
        retired: strength among the retired (a car that retires later is placed better); none: the strength itself
            at a quarter of its size, for who retires late is nearly chance.

    Returns:
        Places from 1, one row a draw, one column a car.
    """
    random = np.random.default_rng(seed)
    cars = len(strength)
    noise = random.gumbel(size=(draws, cars))
    out = random.random((draws, cars)) < p_retires
    behind = np.asarray(strength, dtype="float64") / 4 if retired is None else retired
    value = np.where(out, behind - _BEHIND, strength) + noise
    return np.argsort(np.argsort(-value, axis=1), axis=1) + 1


def draw_orders(
    first: Floats, expected: Floats, spread: Floats, p_retires: Floats, draws: int = DRAWS, seed: int = 1
) -> NDArray[np.int64]:
    """Draw orders of one race whose winner may have a model of its own.

    The winner is drawn by the softmax of ``first``; of the others each retires with its chance, and those that finish
    follow by their expected place plus normal noise (Thurstone's model, which fits the places behind the winner
    better than Gumbel noise: the order of the last cars is as firm as that of the first).

    Args:
        first: strength for the win of each car, in logits; none known: the winner is who comes out first.
        expected: expected place, less is better.
        spread: standard deviation of the noise of each car, in places.
        p_retires: each car's chance not to finish.
        draws: orders to draw.
        seed: the same seed gives the same orders.

    Returns:
        Places from 1, one row a draw, one column a car.
    """
    random = np.random.default_rng(seed)
    cars = len(first)
    chosen = first + random.gumbel(size=(draws, cars))
    out = random.random((draws, cars)) < p_retires
    value = expected + spread * random.standard_normal((draws, cars))
    value = np.where(out, _BEHIND + 3 * cars * random.random((draws, cars)) + expected, value)
    if np.isfinite(first).all():
        value[np.arange(draws), np.argmax(chosen, axis=1)] = -_BEHIND
    return np.asarray(np.argsort(np.argsort(value, axis=1), axis=1) + 1, dtype="int64")


def place_matrix(places: NDArray[np.int64]) -> Floats:
    """The share of draws in which each car (row) takes each place (column, the first is place 1)."""
    draws, cars = places.shape
    counts = np.stack([(places == place).sum(axis=0) for place in range(1, cars + 1)], axis=1)
    return np.asarray(counts / draws, dtype="float64")


def chances(matrix: Floats, paid: int = 10) -> pd.DataFrame:
    """What a matrix of places says of each car.

    Args:
        matrix: of `place_matrix`.
        paid: places that score points.

    Returns:
        One row a car: ``p_win``, ``p_podium``, ``p_points``, ``place`` (the mean), ``median`` and the whole places
        ``low_80``, ``high_80``, ``low_90``, ``high_90``, between which the car ends with at least that chance.
    """
    places = np.arange(1, matrix.shape[1] + 1)
    below = np.cumsum(matrix, axis=1)
    found: dict[str, NDArray[Any]] = {
        "p_win": below[:, 0],
        "p_podium": _until(below, 3),
        "p_points": _until(below, paid),
    }
    found |= {"place": matrix @ places, "median": _quantile(below, 0.5)}
    for level in LEVELS:
        tail = (1 - level / 100) / 2
        found |= {f"low_{level}": _quantile(below, tail), f"high_{level}": _quantile(below, 1 - tail)}
    return pd.DataFrame(found)


def simulation_rows(
    session_id: int, run_id: str, cars: Sequence[str], matrix: Floats, model: str, draws: int = DRAWS, seed: int = 1, from_lap: int = 0
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Rows of the table ``simulations``: each car's chance of each place, chances of 0 left out."""
    for car, shares in zip(cars, matrix, strict=True):
        for place, share in enumerate(shares.tolist(), start=1):
            if share > 0:
                yield {"session_id": session_id, "run_id": run_id, "car_number": car, "position": place,
                       "probability": share, "races": draws, "seed": seed, "from_lap": from_lap, "model": model}  # fmt: skip


def _until(below: Floats, place: int) -> Floats:
    """The chance of this place or a better one; with fewer cars than that, 1."""
    return np.asarray(below[:, min(place, below.shape[1]) - 1], dtype="float64")


def _quantile(below: Floats, share: float) -> NDArray[np.int64]:
    """The first place up to which at least this share of the chance lies."""
    return np.asarray(np.argmax(below >= share - 1e-9, axis=1) + 1, dtype="int64")
