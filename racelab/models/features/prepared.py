"""Laps made ready for the features: in order, with stints, tyres and what of them shows pace."""

import numpy as np
import pandas as pd

from racelab.analysis.pace import CLEAN_WITHIN, clean_laps
from racelab.analysis.stints import number_stints
from racelab.models.features.places import COMPOUND_NAMES

GROUP = ["session_id", "car_class"]
CAR = ["session_id", "car_number"]
_NEUTRAL = ("safety_car", "vsc", "fcy", "code_60", "red")


def prepare(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps that have a start and an end, by session, class, car and number.

    Args:
        laps: of one or more sessions, as `load_laps` gives them, with ``car_class`` and, where earlier events tell it,
            ``reference_ms``, what a clean lap of the class should take there.

    Returns:
        All their columns and ``shows_pace`` (as known at the lap's end), ``clean``, ``follows`` (the lap before of the
        same car is clean), ``same_car`` (there is a lap of the car before it), ``stint_lap``, ``age`` (of the tyres, else laps since the stop),
        ``tyre`` (index of the compound, the last for unknown), ``neutral`` and ``log_lap``.
    """
    lacking = {"car_class": pd.Series(pd.NA, laps.index, dtype="string"), "is_coming": False,
               "reference_ms": pd.Series(pd.NA, laps.index, dtype="Float64")}  # fmt: skip
    laps = laps.assign(**{name: value for name, value in lacking.items() if name not in laps})
    laps = number_stints(laps[laps["start_ms"].notna() & laps["end_ms"].notna()])
    laps = laps.assign(car_class=laps["car_class"].fillna("")).sort_values([*GROUP, "car_number", "lap_number"], ignore_index=True)  # fmt: skip
    same = _same_car(laps)
    number = laps["lap_number"].to_numpy(dtype="int64")
    paced = shows_pace(laps)
    clean = laps.index.isin(counted(laps).index)
    stop = ~same | (laps["stint"].to_numpy(dtype="float64") != _before(laps["stint"].to_numpy(dtype="float64")))
    begun = np.maximum.accumulate(np.where(stop, np.arange(len(laps)), 0))
    stint_lap = np.arange(len(laps)) - begun + 1.0
    age = laps["tyre_age"].to_numpy(dtype="float64", na_value=np.nan)
    follows = same & (_before(number) == number - 1)
    return laps.assign(
        shows_pace=paced, clean=clean, follows=follows & _before(clean).astype(bool), stint_lap=stint_lap,
        age=np.where(np.isnan(age), stint_lap, age), tyre=_tyre(laps), same_car=same,
        neutral=laps["flag"].isin(_NEUTRAL).to_numpy(dtype=bool),
        log_lap=np.log(laps["lap_time_ms"].to_numpy(dtype="float64", na_value=np.nan)),
    )  # fmt: skip


def shows_pace(laps: pd.DataFrame) -> np.ndarray:
    """Which laps teach the filter: what can be told at a lap's end alone, so that nothing later changes it.

    A lap counts as of pace when it is green, timed, not the first, no in-lap or out-lap, and accurate where the source
    tells that; where it does not, within 107 % of the best of its class that had ended by then.
    """
    plain = (laps["lap_number"] > 1) & ~laps["pit_in"].astype(bool) & ~laps["pit_out"].astype(bool)
    times = laps["lap_time_ms"].to_numpy(dtype="float64", na_value=np.nan)
    known = _accuracy_is_told(laps)
    green = ((laps["flag"] == "green") | (laps["flag"].isna() & ~known)).to_numpy(dtype=bool, na_value=False)
    driven = plain.to_numpy(dtype=bool, na_value=False) & green & np.isfinite(times)
    accurate = laps["accurate"].fillna(False).to_numpy(dtype=bool)
    order = np.argsort(laps["end_ms"].to_numpy(dtype="float64"), kind="stable")
    held = pd.Series(np.where(driven, times, np.inf)[order])
    keys = [laps[name].to_numpy()[order] for name in GROUP]
    best = np.empty(len(laps))
    best[order] = held.groupby(keys, sort=False).cummin().to_numpy()
    with np.errstate(invalid="ignore"):
        return np.asarray(driven & np.where(known, accurate, times <= best * CLEAN_WITHIN))


def counted(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps that may be scored: accurate and green where the source tells accuracy, else `clean_laps`."""
    known = _accuracy_is_told(laps)
    return pd.concat([laps[known & shows_pace(laps)], clean_laps(laps[~known])])


def _accuracy_is_told(laps: pd.DataFrame) -> np.ndarray:
    told = laps["accurate"].notna().groupby(laps["session_id"].to_numpy()).transform("any")
    return np.asarray(told.to_numpy(dtype=bool))


def _same_car(laps: pd.DataFrame) -> np.ndarray:
    """Whether the row before is of the same car."""
    same = np.ones(len(laps), dtype=bool)
    for name in CAR:
        values = laps[name].to_numpy()
        same[1:] &= values[1:] == values[:-1]
    same[:1] = False
    return same


def _before(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values[:1] * 0, values[:-1]])


def _tyre(laps: pd.DataFrame) -> np.ndarray:
    index = {name: float(place) for place, name in enumerate(COMPOUND_NAMES)}
    return np.asarray(laps["compound"].map(index).astype("float64").fillna(len(COMPOUND_NAMES)), dtype="float64")
