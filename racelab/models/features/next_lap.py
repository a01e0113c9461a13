"""The features of the lap that each car begins now."""

import pandas as pd

from racelab.analysis.pace import clean_laps
from racelab.models.features.endurance import lap_rows
from racelab.models.features.lap import as_rows, is_endurance, lap_features
from racelab.models.features.one_class import one_class_features
from racelab.models.features.race import race

# A car that has not come by for so many laps is taken to be out.
_STOPPED_LAPS = 3


def next_lap_features(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The features of the lap that each car begins now, as `lap_features` gives them; no row for an out-lap.

    A car that has no clean lap yet has a row as soon as the field or an earlier race tells what to expect of it.

    Args:
        laps: laps of one session with ``car_class`` and, where earlier races tell it, ``reference_ms``.
        weather: readings of the session; no feature uses them yet.
    """
    coming = coming_laps(laps)
    if coming.empty:
        return lap_features(laps.head(0))
    kinds = {name: kind for name, kind in laps.dtypes.items() if name in coming}
    whole = pd.concat([laps.assign(is_coming=False), coming.astype(kinds).assign(is_coming=True)], ignore_index=True)
    if not is_endurance(laps):
        return one_class_features(whole)
    return as_rows(lap_rows(race(whole.drop(columns="is_coming"), whole["is_coming"])))


def coming_laps(laps: pd.DataFrame) -> pd.DataFrame:
    """A row for the lap that each running car begins now, with what is known of it; its end is a guess for no feature.

    A car is running when it has come by within three laps and has not just entered the pits.
    """
    last = laps[laps["end_ms"].notna()].sort_values("lap_number").groupby("car_number").tail(1)
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


def _typical(laps: pd.DataFrame) -> "pd.Series[float]":
    """About what a lap of each class takes, in ms: its best clean lap, else the median of all."""
    whole = laps["lap_time_ms"].astype("float64").groupby(laps["car_class"], dropna=False).median()
    clean = clean_laps(laps).groupby("car_class", dropna=False)["lap_time_ms"].min().astype("float64")
    return clean.reindex(whole.index).fillna(whole)
