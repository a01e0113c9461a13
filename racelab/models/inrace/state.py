"""The state of a race at a moment, from nothing but the crossings of the line that had been seen by then."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.inrace.races import Race

Floats = NDArray[np.float64]
STOPPED_LAPS = 3.0  # a car that has not come by for so many laps is taken to be out, or in for a long repair
_CLEAN = 1.07  # the 107 % rule, on the quick laps of the class so far
_BIN_LAPS = 4.0  # laps are compared with those that the class drove at the same time, in bins of so many laps
_RECENT = 8


@dataclass(frozen=True, slots=True)
class State:
    """What was known at ``at`` (ms of session time): the laps that had ended by then, and a row a car of the race.

    ``cars`` has the columns of ``race.cars`` and those that `state` lists.
    """

    at: float
    laps: pd.DataFrame
    cars: pd.DataFrame


def state(race: Race, at: float) -> State:
    """The state of the race at a moment.

    Args:
        race: the race; what it holds of the time after ``at`` is not looked at.
        at: ms of session time.

    Returns:
        ``cars`` with, for each car: ``laps`` done, ``end_ms`` of its last crossing, ``reference_ms`` (the usual lap of its
        class), ``idle_laps`` (time since its last crossing, at the last crossing of anyone, in laps of the class),
        ``stopped`` (idle for more than three), ``order`` (place in class by laps, then time), ``place`` (the same with
        the stopped behind) and ``gap_ms`` (time behind the class leader where both crossed with the same number of laps,
        so that a lap behind counts as the time of a lap).
    """
    laps = race.laps[race.laps["end_ms"].to_numpy() <= at]
    cars = race.cars
    last = laps.groupby("car")[["lap", "end_ms"]].max().reindex(range(len(cars)))
    cars = cars.assign(laps=last["lap"].fillna(0.0).to_numpy(), end_ms=last["end_ms"].fillna(0.0).to_numpy())
    kinds = cars["car_class"].to_numpy()
    reference = references(laps, kinds)
    seen = float(laps["end_ms"].max()) if len(laps) else 0.0
    cars["reference_ms"] = reference
    cars["idle_laps"] = (seen - cars["end_ms"]) / cars["reference_ms"]
    cars["stopped"] = (cars["idle_laps"] > STOPPED_LAPS) | (cars["laps"] == 0)
    cars["order"] = _rank(cars, ["laps", "end_ms"], [False, True])
    cars["place"] = _rank(cars, ["stopped", "laps", "end_ms"], [True, False, True])
    return State(at, laps, cars.assign(gap_ms=_gaps(laps, cars)))


def references(laps: pd.DataFrame, kinds: NDArray[np.object_]) -> Floats:
    """The usual racing lap in ms of each car's class so far, as a value a car: the quickest third's worst lap.

    A class without a timed lap goes by the field; a race without any by 100 s.
    """
    flying = laps[(laps["pit_in"] == 0) & (laps["pit_out"] == 0) & (laps["lap"] > 1)].dropna(subset=["time_ms"])
    timed = flying if len(flying) else laps.dropna(subset=["time_ms"])
    usual = timed.groupby(kinds[timed["car"].astype(int)])["time_ms"].quantile(0.35)
    field = float(timed["time_ms"].median()) if len(timed) else 100_000.0
    return np.array([float(usual.get(kind, field)) for kind in kinds])


def relative_pace(laps: pd.DataFrame, cars: pd.DataFrame) -> pd.DataFrame:
    """Clean laps with ``pace``: the lap over the median of the class at the same time, less 1.

    Clean laps are timed, no in-lap, no out-lap, not the first, and within 107 % of the usual lap of the class; where the
    whole class is slower (rain, a caution), within 107 % of its median at that time.
    """
    reference = cars["reference_ms"].to_numpy()[laps["car"].astype(int)]
    kinds = cars["car_class"].to_numpy()[laps["car"].astype(int)]
    frame = laps.assign(kind=kinds, bin=(laps["end_ms"].to_numpy() / (_BIN_LAPS * reference)).astype(int))
    flying = (frame["pit_in"] == 0) & (frame["pit_out"] == 0) & (frame["lap"] > 1) & frame["time_ms"].notna()
    frame = frame[flying]
    usual = frame.groupby(["kind", "bin"])["time_ms"].transform("median")
    pace = frame["time_ms"] / usual - 1
    racing = usual <= _CLEAN * 1.15 * reference[flying.to_numpy()]
    return frame.assign(pace=pace)[(pace.abs() < _CLEAN - 1) & racing]


def _rank(cars: pd.DataFrame, by: list[str], ascending: list[bool]) -> NDArray[np.int64]:
    """Places in class from 1; cars that are level in everything stay in the order of the rows."""
    ordered = cars.reset_index(drop=True).sort_values(by, ascending=ascending, kind="stable")
    places = ordered.groupby("car_class", sort=False).cumcount() + 1
    return np.asarray(places.sort_index(), dtype="int64")


def _gaps(laps: pd.DataFrame, cars: pd.DataFrame) -> Floats:
    gaps = np.full(len(cars), np.nan)
    for _, members in cars.groupby("car_class", sort=False):
        leader = members.sort_values(["laps", "end_ms"], ascending=[False, True]).index[0]
        led = laps[laps["car"] == leader]
        if led.empty:
            continue
        number, ends = led["lap"].to_numpy(), led["end_ms"].to_numpy()
        # Where the leader's own lap is missing its time is taken between its neighbours; lap 0 ended at the start.
        crossed = np.interp(members["laps"], np.r_[0.0, number], np.r_[0.0, ends])
        gaps[members.index] = members["end_ms"] - crossed
    return gaps
