"""The race model: everything that the simulator needs to know of a race, as plain arrays."""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


class RaceArrays(NamedTuple):
    """A race from a point on, as numbers. Times are ms; C cars, K compounds, G classes; all of it is fitted.

    A car is at the line: it has done ``done`` laps in ``clock`` ms and begins the next one. (A named tuple
    because compiled code takes it.)
    """

    base: Floats  # (C) clean lap at lap 0 on new tyres of the reference compound
    base_sd: Floats  # (C) how uncertain the base is
    noise: Floats  # (C) SD of a clean lap about its expectation
    class_of: Ints  # (C)
    clock: Floats  # (C)
    done: Ints  # (C)
    age: Ints  # (C) laps since the last stop
    compound: Ints  # (C)
    running: Ints  # (C) 0: retired before the simulation starts
    grid: Ints  # (C) place on the grid from 0; used where the race has not begun
    trend: float  # change a race lap: fuel and track
    wear: Floats  # (K) a lap of tyre age
    offset: Floats  # (K) against the reference compound
    stint_mean: Floats  # (G, K) laps; very long: no stops
    stint_sd: Floats  # (G, K)
    follows: Ints  # (G, K) the compound that is fitted after this one
    pit_in: Floats  # (G) lost on the in-lap
    pit_out: Floats  # (G) lost on the out-lap
    pit_sd: Floats  # (G)
    start_extra: Floats  # (G) lap 1 of the first car on the grid, less its base
    start_step: float  # a place on the grid costs this on lap 1
    start_sd: float
    pass_level: float  # log odds of getting past a car on a lap, without advantage
    pass_slope: float  # what each ms of advantage adds to them
    retire: Floats  # (G) hazard a lap
    neutral_rate: float  # neutralisations a ms
    neutral_mean: float  # their length
    neutral_ratio: float  # lap time under them over clean
    bunches: int  # 1: the field closes up under them
    laps: int  # length of the race; 0: it runs for a time
    duration: float  # ms; 0: it runs for laps


@dataclass(frozen=True, slots=True)
class RaceModel:
    """The arrays, the names behind their indices, and in words what they were fitted from."""

    numbers: tuple[str, ...]
    classes: tuple[str, ...]  # (C) of each car, "" where the series has none
    compounds: tuple[str, ...]  # (K) "" where the source does not tell
    arrays: RaceArrays
    fitted_from: str

    @property
    def most_laps(self) -> int:
        """A bound on the laps of a race."""
        m = self.arrays
        if m.laps:
            return int(m.laps)
        return int(m.done.max() + max(0.0, m.duration - m.clock.min()) / m.base.min()) + 4

    def digest(self, *more: object) -> str:
        """A short name of the model and what else went into a run: the same inputs, the same name."""
        hashed = hashlib.sha256(repr((self.numbers, self.classes, self.compounds, *more)).encode())
        for value in self.arrays:
            hashed.update(np.asarray(value).tobytes())
        return hashed.hexdigest()[:16]
