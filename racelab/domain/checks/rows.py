"""Laps as arrays, and the pairs of laps that follow each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racelab.domain.checks.ledger import Ledger

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def array(ledger: Ledger, name: str) -> Floats:
    """A lap column of numbers, one value a lap; null is NaN. Milliseconds are exact as floats."""
    return np.array(ledger.column("laps", name), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Places of laps (`this`) and of the lap before of the same car (`before`), by car and lap number."""

    before: Places
    this: Places
    first: Places
    steps: Floats

    @property
    def next(self) -> tuple[Places, Places]:
        """The pairs without a lap missing between the two."""
        whole = self.steps == 1
        return self.before[whole], self.this[whole]


def pairs(ledger: Ledger) -> Pairs:
    """The laps of each car in the order of their numbers, two by two; `first` are the places of first laps."""
    number, cars = array(ledger, "lap_number"), ledger.column("laps", "car_number")
    codes = {car: code for code, car in enumerate(dict.fromkeys(cars))}
    code = np.array([codes[car] for car in cars], dtype=np.int64)
    order = np.lexsort((number, code))
    follows = np.diff(code[order]) == 0
    before, this = order[:-1][follows], order[1:][follows]
    first = order[np.r_[True, ~follows]] if len(order) else order
    return Pairs(before, this, first, number[this] - number[before])
