"""The features of the lap that each car begins now."""

import numpy as np
import pandas as pd

from racelab.analysis.pace import is_green
from racelab.models.features.endurance import lap_rows
from racelab.models.features.lap import as_rows, is_endurance, lap_features
from racelab.models.features.one_class import one_class_features
from racelab.models.features.race import COLUMNS, race

# A car that has not come by for so many laps is taken to be out.
_STOPPED_LAPS = 3
# Columns that are read of an endurance race, of thousands of laps: what else there is costs time to carry along.
_READ = (*COLUMNS, "tyre_age")


def next_lap_features(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The features of the lap that each car begins now, as `lap_features` gives them; no row for an out-lap.

    A car that has no clean lap yet has a row as soon as the field or an earlier race tells what to expect of it.

    Args:
        laps: laps of one session with ``car_class`` and, where earlier races tell it, ``reference_ms``.
        weather: readings of the session up to now, which rows of endurance races have features of.
    """
    if len(laps) and is_endurance(laps):
        laps = laps[[name for name in _READ if name in laps]]
    coming = coming_laps(laps)
    if coming.empty:
        return lap_features(laps.head(0))
    kinds = {name: kind for name, kind in laps.dtypes.items() if name in coming}
    whole = pd.concat([laps.assign(is_coming=False), coming[list(laps)].astype(kinds).assign(is_coming=True)], ignore_index=True)  # fmt: skip
    if not is_endurance(laps):
        return one_class_features(whole)
    return as_rows(lap_rows(race(whole, whole["is_coming"]), weather))


def coming_laps(laps: pd.DataFrame) -> pd.DataFrame:
    """A row for the lap that each running car begins now, with what is known of it; its end is a guess for no feature.

    A car is running when it has come by within three laps and has not just entered the pits.
    """
    last = _newest(laps)
    if last.empty:
        return last
    typical = last["car_class"].map(_typical(laps)).astype("Float64")
    now = last["end_ms"].max()
    runs = ~last["pit_in"].astype(bool) & (last["end_ms"] > now - _STOPPED_LAPS * typical)
    guess = (now + typical).round().astype("Int64")
    coming = last.assign(
        lap_number=last["lap_number"] + 1, start_ms=last["end_ms"], lap_time_ms=pd.NA, end_ms=guess, pit_in=False,
        pit_out=False, flag=pd.NA, tyre_age=last["tyre_age"] + 1, position=pd.NA, class_position=pd.NA, accurate=pd.NA,
        pit_in_ms=pd.NA, pit_out_ms=pd.NA, pit_time_ms=pd.NA, s1_ms=pd.NA, s2_ms=pd.NA, s3_ms=pd.NA,
    )  # fmt: skip
    return coming[runs.fillna(False).astype(bool)]


def _newest(laps: pd.DataFrame) -> pd.DataFrame:
    """The last lap of each car that has ended, in the order of their numbers."""
    ended = np.flatnonzero(laps["end_ms"].notna().to_numpy(dtype=bool))
    car = pd.factorize(laps["car_number"].iloc[ended].astype(object))[0]
    number = laps["lap_number"].to_numpy(dtype="int64")[ended]
    order = np.lexsort((number, car))
    ends = np.flatnonzero(np.diff(car[order], append=-1) != 0)
    last = order[ends]
    return laps.iloc[ended[last[np.argsort(number[last], kind="stable")]]]


def _typical(laps: pd.DataFrame) -> "pd.Series[float]":
    """About what a lap of each class takes, in ms: its best clean lap, else the median of all."""
    times, classes = laps["lap_time_ms"].astype("float64"), laps["car_class"]
    green = is_green(laps)  # the best of them is the best clean one
    whole = times.groupby(classes, dropna=False).median()
    return times[green].groupby(classes[green], dropna=False).min().reindex(whole.index).fillna(whole)
