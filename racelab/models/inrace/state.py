"""The state of a race at a moment, from nothing but the crossings of the line that had been seen by then."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.models.inrace.grouped import Crossings, Floats, Kinds, by_kind, crossings_of, ranks
from racelab.models.inrace.races import LAP_COLUMNS, Race

STOPPED_LAPS = 3.0  # a car that has not come by for so many laps is taken to be out, or in for a long repair
_CLEAN = 1.07  # the 107 % rule, on the quick laps of the class so far
_BIN_LAPS = 4.0  # laps are compared with those that the class drove at the same time, in bins of so many laps
_USUAL = 0.35  # quantile of the flying laps that is taken for the usual racing lap
_NO_LAP_MS = 100_000.0


@dataclass(frozen=True, slots=True)
class State:
    """What was known at ``at`` (ms of session time): the laps that had ended by then, and a row a car of the race.

    ``cars`` has the columns of ``race.cars`` and those that `state` lists; ``kinds`` is each car's class.
    """

    at: float
    laps: Crossings
    cars: pd.DataFrame
    kinds: Kinds

    def column(self, name: str) -> Floats:
        """A column of the cars as floats."""
        return np.asarray(self.cars[name], dtype="float64")


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
    seen = race.laps["end_ms"].to_numpy() <= at
    laps = crossings_of({name: race.laps[name].to_numpy()[seen] for name in LAP_COLUMNS}, len(race.cars))
    kinds = race.cars["car_class"].to_numpy(dtype=object)
    driven = np.array([laps["lap"][each].max() if len(each) else 0.0 for each in laps.of_car])
    ends = np.array([laps["end_ms"][each].max() if len(each) else 0.0 for each in laps.of_car])
    reference = references(laps, kinds)
    idle = ((laps["end_ms"].max() if seen.any() else 0.0) - ends) / reference
    stopped = (idle > STOPPED_LAPS) | (driven == 0)
    cars = race.cars.assign(
        laps=driven, end_ms=ends, reference_ms=reference, idle_laps=idle, stopped=stopped, order=ranks(kinds, (-driven, ends)),
        place=ranks(kinds, (stopped.astype("float64"), -driven, ends)), gap_ms=_gaps(laps, kinds, driven, ends),
    )  # fmt: skip
    return State(at, laps, cars, kinds)


def references(laps: Crossings, kinds: Kinds) -> Floats:
    """The usual racing lap in ms of each car's class so far, as a value a car: a quick one of its flying laps.

    A class without a timed lap goes by the field; a race without any by 100 s.
    """
    timed = np.isfinite(laps["time_ms"])
    flying = timed & (laps["pit_in"] == 0) & (laps["pit_out"] == 0) & (laps["lap"] > 1)
    chosen = flying if flying.any() else timed
    times = laps["time_ms"][chosen]
    usual = by_kind(times, kinds[laps.car[chosen]], lambda values: float(np.quantile(values, _USUAL)))
    field = float(np.median(times)) if len(times) else _NO_LAP_MS
    return np.array([usual.get(kind, field) for kind in kinds])


def relative_pace(now: State) -> pd.DataFrame:
    """Clean laps, ``car, lap, seat, pace``: the lap over the median of the class at the same time, less 1.

    Clean laps are timed, no in-lap, no out-lap, not the first, and within 7 % of the class's median at that time; laps at
    a time when the whole class was slower than 107 % of its usual lap and 15 % more, as in a caution, are left out.
    """
    laps, reference = now.laps, now.column("reference_ms")[now.laps.car]
    flying = (laps["pit_in"] == 0) & (laps["pit_out"] == 0) & (laps["lap"] > 1) & np.isfinite(laps["time_ms"])
    bins = (laps["end_ms"] / (_BIN_LAPS * reference)).astype("int64")
    names = {"car": laps.car, "lap": laps["lap"], "seat": laps["seat"], "time": laps["time_ms"], "kind": now.kinds[laps.car], "bin": bins}  # fmt: skip
    frame = pd.DataFrame({name: values[flying] for name, values in names.items()})
    usual = frame.groupby(["kind", "bin"])["time"].transform("median").to_numpy(dtype="float64")
    pace = frame["time"].to_numpy() / usual - 1
    racing = (np.abs(pace) < _CLEAN - 1) & (usual <= _CLEAN * 1.15 * reference[flying])
    return frame.assign(pace=pace).loc[racing, ["car", "lap", "seat", "pace"]]


def _gaps(laps: Crossings, kinds: Kinds, driven: Floats, ends: Floats) -> Floats:
    gaps = np.full(len(kinds), np.nan)
    for kind in dict.fromkeys(kinds):
        members = np.flatnonzero(kinds == kind)
        leader = members[np.lexsort((ends[members], -driven[members]))[0]]
        led = laps.of_car[leader]
        if len(led):
            # Where the leader's own lap is missing its time is taken between its neighbours; lap 0 ended at the start.
            crossed = np.interp(driven[members], np.r_[0.0, laps["lap"][led]], np.r_[0.0, laps["end_ms"][led]])
            gaps[members] = ends[members] - crossed
    return gaps
