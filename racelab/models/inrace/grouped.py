"""Numbers by group in plain NumPy: a race has few cars and many moments, where a frame's own grouping costs the most."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Kinds = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Crossings:
    """The columns of laps as arrays in the order of their ends, and each car's positions in them."""

    columns: dict[str, Floats]
    car: Places
    of_car: list[Places]

    def __getitem__(self, name: str) -> Floats:
        """A column."""
        return self.columns[name]

    def last(self, name: str) -> Floats:
        """Each car's value on its last lap; NaN for a car without laps."""
        return np.array([self.columns[name][each[-1]] if len(each) else np.nan for each in self.of_car])


def crossings_of(columns: dict[str, Floats], cars: int) -> Crossings:
    """Columns of laps with ``car``, the position of a car among so many."""
    car = columns["car"].astype("int64")
    return Crossings(columns, car, positions(car, cars))


def positions(group: Places, groups: int) -> list[Places]:
    """The positions of each group's members, in their order."""
    order = np.argsort(group, kind="stable")
    return np.split(order, np.searchsorted(group[order], np.arange(1, groups)))


def by_car(values: Floats, car: Places, cars: int, measure: Callable[[Floats], float], empty: float = np.nan) -> Floats:
    """A measure of each car's known values; ``empty`` for a car without any."""
    known = np.isfinite(values)
    values, car = values[known], car[known]
    return np.array([measure(values[each]) if len(each) else empty for each in positions(car, cars)])


def by_kind(values: Floats, kinds: Kinds, measure: Callable[[Floats], float]) -> dict[object, float]:
    """A measure of the known values of each kind that has any."""
    known = np.isfinite(values)
    return {kind: measure(values[known & (kinds == kind)]) for kind in dict.fromkeys(kinds[known])}


def ranks(kinds: Kinds, keys: tuple[Floats, ...]) -> Places:
    """Places from 1 within each kind, by the keys, the first one first; what is level stays in its order."""
    order = np.lexsort(keys[::-1])
    found = np.zeros(len(kinds), dtype="int64")
    for kind in dict.fromkeys(kinds):
        members = order[kinds[order] == kind]
        found[members] = np.arange(1, len(members) + 1)
    return found


def median(values: Floats) -> float:
    """The median."""
    return float(np.median(values))


def mean_known(values: Floats) -> float:
    """The mean of the known values, NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
