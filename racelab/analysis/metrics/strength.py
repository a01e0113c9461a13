"""Pace against the class: by sector, and on a wet track."""

import numpy as np
import pandas as pd

from racelab.analysis.metrics.definitions import LEAST_LAPS, LEAST_WET
from racelab.analysis.metrics.estimates import Estimates, means
from racelab.analysis.metrics.expected import Floats, Seated, off_expected
from racelab.analysis.metrics.rows import long_form
from racelab.analysis.pace import CLEAN_WITHIN
from racelab.domain.tyres import Compound

_WET_CARS = 4  # cars of a class on a lap that make a median to compare with
_WET_LAPS = 2.0  # width of a step of time on a wet track, in laps
_WETS = [str(Compound.INTERMEDIATE), str(Compound.WET)]


def sectors(field: Seated) -> list[pd.DataFrame]:
    """sector_strength_s1 to _s3 of every driver with laps enough."""
    return [_sector(field, number) for number in (1, 2, 3)]


def _sector(field: Seated, number: int) -> pd.DataFrame:
    column = f"s{number}_ms"
    timed = field.take(field.numbers(column) > 0)
    if not len(timed.laps):
        return pd.DataFrame()
    off, own = off_expected(timed, column)
    found = means(off, timed)
    faster = Estimates(against_class(-own, timed.of_group, found.n >= LEAST_LAPS), found.error, found.n)
    return long_form(f"sector_strength_s{number}", faster, field.drivers, found.n >= LEAST_LAPS)


def against_class(values: Floats, group: np.ndarray, told: np.ndarray) -> Floats:
    """Values less the median of their class's drivers who are told."""
    known = pd.Series(np.where(told, values, np.nan))
    return np.asarray(values - known.groupby(group).transform("median").to_numpy())


def wet(field: Seated, weather: pd.DataFrame | None) -> pd.DataFrame:
    """wet_pace of every driver with wet laps enough; none where nothing tells that the track was wet."""
    laps = field.laps
    free = laps["lap_time_ms"].notna() & (laps["lap_number"] > 1) & ~laps["pit_in"] & ~laps["pit_out"]
    green = laps["flag"].isna() | (laps["flag"] == "green")
    driven = field.take((free & green).fillna(False).to_numpy(dtype=bool) & _is_wet(laps, weather))
    if not len(driven.laps):
        return pd.DataFrame()
    over = _over_class(driven)
    kept = np.abs(over) <= CLEAN_WITHIN - 1
    if not kept.any():
        return pd.DataFrame()
    driven, over = driven.take(kept), over[kept]
    found = means(over, driven)
    faster = Estimates(against_class(-found.value, field.of_group, found.n >= LEAST_WET), found.error, found.n)
    return long_form("wet_pace", faster, field.drivers, found.n >= LEAST_WET)


def _is_wet(laps: pd.DataFrame, weather: pd.DataFrame | None) -> np.ndarray:
    """Laps on wet tyres; where a session's source tells no compounds, laps during which rain was reported."""
    if laps["compound"].notna().any() or weather is None:
        return np.asarray(laps["compound"].isin(_WETS), dtype=bool)
    rain = weather[weather["rain"].fillna(False).astype(bool)].sort_values("time_ms")
    found = np.zeros(len(laps), dtype=bool)
    for session, times in rain.groupby("session_id")["time_ms"]:
        at = times.to_numpy(dtype=float)
        start, end = (laps[key].to_numpy(dtype=float, na_value=np.nan) for key in ("start_ms", "end_ms"))
        fell = np.searchsorted(at, end) > np.searchsorted(at, start)
        found |= fell & (laps["session_id"] == session).to_numpy(dtype=bool)
    return found


def _over_class(field: Seated) -> Floats:
    """Lap times over the class's median at the same time, less 1; NaN where too few cars were out."""
    times = field.numbers("lap_time_ms")
    usual = pd.Series(times).groupby(field.group).transform("median").to_numpy()
    frame = pd.DataFrame({"group": field.group, "step": np.floor(field.numbers("end_ms") / (_WET_LAPS * usual)), "time": times, "driver": field.driver})  # fmt: skip
    steps = frame.groupby(["group", "step"])
    enough = (steps["driver"].transform("nunique") >= _WET_CARS).to_numpy()
    return np.where(enough, times / steps["time"].transform("median").to_numpy() - 1, np.nan)
