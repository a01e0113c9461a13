"""A race's laps as arrays: what the features of an endurance lap are computed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.pace import is_green
from racelab.models.features.earlier import Bools, Floats, Ints, Work, rolled

# What a race is read from; of those after class_position, any may be lacking.
COLUMNS = (
    "session_id", "car_number", "car_class", "lap_number", "seat", "start_ms", "end_ms", "lap_time_ms", "s1_ms", "s2_ms",
    "s3_ms", "pit_in", "pit_out", "pit_time_ms", "flag", "class_position", "top_speed_kph", "driver_rating", "begins_h",
)  # fmt: skip
COMPARABLE = 1.07  # laps within this ratio show the same conditions: the 107 % rule
_SEATS = 1000  # more than a crew has: a car and a seat make one number
_WINDOW = 10  # laps of every car of the class behind its best pace: shorter than a spell of rain


@dataclass(frozen=True, slots=True)
class Race:
    """Laps of one race in the order of car and lap; times in ms, codes from 0, every array one value a lap.

    ``green`` laps are driven at racing speed as far as flag and stops tell; ``asked`` are the laps to be described:
    the green ones, or those that the cars begin now, whose ``time`` is NaN and whose ``end`` is not known.
    """

    laps: pd.DataFrame
    car: Ints
    car_class: Ints
    crew: Ints  # of the car and the seat in it
    lap: Ints
    stint: Ints
    start: Ints
    end: Ints
    time: Floats
    sectors: Floats  # (laps, 3)
    speed: Floats  # the lap's top speed in km/h
    pit_in: Bools
    green: Bools
    asked: Bools


def race(laps: pd.DataFrame, coming: "pd.Series[bool] | None" = None) -> Race:
    """The arrays of one race.

    Args:
        laps: laps of one session with ``car_class``.
        coming: which of them are only begun; without, the green ones are asked for.
    """
    begun = np.zeros(len(laps), dtype=bool) if coming is None else coming.to_numpy(dtype=bool)
    timed = (laps["start_ms"].notna() & laps["end_ms"].notna()).to_numpy(dtype=bool)
    held = np.flatnonzero(timed)
    car, lap = _codes(laps["car_number"].iloc[held], ordered=True), laps["lap_number"].to_numpy(dtype=np.int64)[held]
    order = np.lexsort((lap, car))
    laps, car, lap, named = laps.iloc[held[order]].reset_index(drop=True), car[order], lap[order], begun[held[order]]
    green = is_green(laps).to_numpy(dtype=bool) & ~named
    return Race(
        laps=laps,
        car=car,
        car_class=_codes(laps["car_class"]),
        crew=_codes(pd.Series(car * _SEATS + laps["seat"].to_numpy(dtype="float64", na_value=_SEATS - 1))),
        lap=lap,
        stint=laps["pit_out"].astype("int64").groupby(car).cumsum().to_numpy(dtype=np.int64),
        start=laps["start_ms"].to_numpy(dtype=np.int64),
        end=laps["end_ms"].to_numpy(dtype=np.int64),
        time=np.where(named, np.nan, _numbers(laps, "lap_time_ms")),
        sectors=np.column_stack([_numbers(laps, f"s{n}_ms") for n in (1, 2, 3)]),
        speed=_numbers(laps, "top_speed_kph"),
        pit_in=laps["pit_in"].to_numpy(dtype=bool),
        green=green,
        asked=green if coming is None else named,
    )


def reference(the: Race, classes: Ints, at: Ints) -> Floats:
    """The best pace of a class at a moment: the fastest of its last ten green laps a car that had ended.

    It follows rain after ten laps, and laps behind a safety car that no flag tells of do not move it before.
    """
    found = np.full(len(at), np.nan)
    for code in np.unique(classes):
        own, mine = the.green & (the.car_class == code), classes == code
        depth = _WINDOW * len(np.unique(the.car[the.car_class == code]))
        zeros, asked = np.zeros(own.sum(), dtype=np.int64), np.zeros(mine.sum(), dtype=np.int64)
        found[mine] = rolled(the.time[own], zeros, the.end[own], asked, at[mine], _best(depth))
    return found


def _best(depth: int) -> Work:
    return lambda times: times.rolling(depth, min_periods=1).min()


def is_comparable(times: Floats, best: Floats) -> Bools:
    """Whether times show the conditions of now: neither much slower nor, before rain, much faster than the best."""
    share = times / best
    return (share <= COMPARABLE) & (share >= 1 / COMPARABLE)


def _numbers(laps: pd.DataFrame, name: str) -> Floats:
    """A column as numbers, NaN where there is none."""
    if name not in laps:
        return np.full(len(laps), np.nan)
    return np.asarray(laps[name].to_numpy(dtype="float64", na_value=np.nan))


def _codes(names: "pd.Series[Any]", ordered: bool = False) -> Ints:
    codes: Ints = pd.factorize(names.astype(object), sort=ordered, use_na_sentinel=False)[0].astype(np.int64)
    return codes
