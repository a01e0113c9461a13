"""The features of a lap in a race of several classes: WEC, IMSA, GR Cup."""

import numpy as np
import pandas as pd

from racelab.analysis.pace import clean_laps, follows_clean
from racelab.models.features.classes import class_pace, class_shocks, driver_level
from racelab.models.features.earlier import Floats, earlier, median
from racelab.models.features.own_pace import own_pace
from racelab.models.features.race import Race, is_comparable, race, reference
from racelab.models.features.slower_traffic import traffic

# Logs of these over the base, the fading mean of the last laps: what the car and its class drove.
_PACES = (
    "last", "last_2", "last_3", "median_3", "median_5", "median_10", "best_5", "best_10", "best_20", "quarter", "slow_fading",
    "stint_median", "stint_best", "stint_quarter", "stint_fading", "ideal", "class_median", "class_fast", "class_best",
    "driver_pace", "driver_newer_pace", "car_pace",
)  # fmt: skip
# Of the last lap's sectors over their typical ones, as shares of the lap.
_SECTORS = tuple(f"sector_{number}_loss{old}" for number in (1, 2, 3) for old in ("", "_2"))
_SHOCKS = ("class_new", "class_20", "class_60", "field_20", "field_60", "class_change")
_TRAFFIC = (
    "gap_ahead", "gap_behind", "class_ahead", "class_behind", "slower_met", "faster_met", "slower_near", "faster_near",
    "slower_own_class", "cars_ahead", "pace_ahead", "class_pace_ahead",
)  # fmt: skip
# The same of the lap before, and of five: a lap lost in traffic is followed by a better one.
_BEFORE = ("slower_near", "faster_near", "slower_met", "faster_met", "gap_ahead", "class_ahead", "class_behind")
_PHASE = ("stint_lap", "driver_lap", "green_laps", "since_neutral", "stint_laps", "spread", "elapsed_h", "lap_s")
ENDURANCE_FEATURES = (
    *_PACES, *_SECTORS, *_SHOCKS, *_TRAFFIC, *(f"{name}_last" for name in _BEFORE), *(f"{name}_five" for name in _BEFORE),
    *_PHASE, "class_place",
)  # fmt: skip
_OWN = {"naive_ms": "last", "recent_ms": "median_5", "base_ms": "fading"}
_TIMES = ("lap_time_ms", *_OWN)
_KEYS = ("session_id", "car_number", "lap_number", "car_class", "start_ms", "end_ms")


def endurance_features(laps: pd.DataFrame) -> pd.DataFrame:
    """One row a green lap of one race that has a comparable lap of its car before it; see `lap_rows` for the columns.

    Args:
        laps: laps of one session as `load_laps` gives them, with ``car_class``.
    """
    rows = lap_rows(race(laps))
    scored = follows_clean(laps)[["car_number", "lap_number"]].assign(is_scored=True)
    rows = rows.merge(scored, on=["car_number", "lap_number"], how="left")
    rows["is_scored"] = rows["is_scored"].eq(True)
    return _baseline(rows, laps)


def lap_rows(the: Race) -> pd.DataFrame:
    """The features of the laps of a race that are asked for; every one is known when its lap begins.

    Returns:
        ``session_id, car_number, lap_number, car_class, start_ms, end_ms``, ``lap_time_ms`` (NaN of a lap only begun),
        ``naive_ms`` (the car's last comparable lap), ``recent_ms`` (the median of five), ``base_ms`` (the fading mean,
        over which features and target are taken) and `ENDURANCE_FEATURES`.
    """
    rows = np.flatnonzero(the.green | the.asked)
    if not len(rows):
        return pd.DataFrame(columns=[*_KEYS, *_TIMES, *ENDURANCE_FEATURES])
    best = reference(the, the.car_class[rows], the.start[rows])
    own = own_pace(the, rows, best)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {**_paces(the, rows, best, own), **_traffic(the, rows, own["median_5"])}
    found.update(_of_before(the, rows, found))
    found.update(_phase(the, rows))
    named = the.laps.loc[rows, list(_KEYS)].reset_index(drop=True)
    frame = named.assign(lap_time_ms=the.time[rows], **{name: own[key] for name, key in _OWN.items()}, **found)
    kept = the.asked[rows] & np.isfinite(own["last"])
    names = [*_KEYS, *_TIMES, *ENDURANCE_FEATURES]
    return frame.loc[kept, names].sort_values(["start_ms", "car_number"], ignore_index=True)


def _paces(the: Race, rows: np.ndarray, best: Floats, own: dict[str, Floats]) -> dict[str, Floats]:
    base = own["fading"]
    pace = class_pace(the, rows)
    driven = np.where(is_comparable(the.time[rows], best), the.time[rows], np.nan)
    levels = driver_level(the, rows, np.log(driven / pace["class_median"]))
    times = {**own, **pace, "class_best": best}
    for level, name in (
        ("driver_level", "driver_pace"),
        ("driver_newer", "driver_newer_pace"),
        ("car_level", "car_pace"),
    ):
        times[name] = pace["class_median"] * np.exp(levels[level])
    found = {name: np.log(times[name] / base) for name in _PACES}
    for number in (1, 2, 3):
        typical = own[f"sector_{number}_typical"]
        found[f"sector_{number}_loss"] = (own[f"sector_{number}"] - typical) / base
        found[f"sector_{number}_loss_2"] = (own[f"sector_{number}_2"] - typical) / base
    found.update(class_shocks(the, rows, np.log(driven / own["median_5"]), np.log(driven / base)))
    return {**found, "stint_laps": own["stint_laps"], "spread": own["spread"] / base, "lap_s": base / 1000}


def _traffic(the: Race, rows: np.ndarray, pace: Floats) -> dict[str, Floats]:
    """The traffic of the laps that are asked for and of the five green laps before each, which is all that is read."""
    frame = pd.DataFrame({"car": the.car[rows], "asked": the.asked[rows]})
    needed = (
        frame.iloc[::-1].groupby("car")["asked"].transform(lambda each: each.rolling(6, min_periods=1).max()).iloc[::-1]
    )
    late = needed.to_numpy() > 0
    found = {}
    for name, values in traffic(the, rows[late], pace[late]).items():
        found[name] = np.full(len(rows), np.nan)
        found[name][late] = values
    return found


def _of_before(the: Race, rows: np.ndarray, found: dict[str, Floats]) -> dict[str, Floats]:
    """Of `_BEFORE`: the value of the car's last green lap and the mean of its last five."""
    car, lap = the.car[rows], the.lap[rows]
    known = the.green[rows]
    result = {}
    for name in _BEFORE:
        values = earlier(found[name][known], car[known], lap[known], car, lap - 1, 5)
        result[f"{name}_last"] = values[:, 0]
        result[f"{name}_five"] = median(values)
    return result


def _phase(the: Race, rows: np.ndarray) -> dict[str, Floats]:
    laps = the.laps
    place = laps.groupby("car_number")["class_position"].shift().to_numpy(dtype="float64", na_value=np.nan)
    neutral = ~laps["flag"].isna() & ~laps["flag"].isin(["green", "chequered"])
    return {
        "stint_lap": _since(the.car, the.stint)[rows] + 1, "driver_lap": _since(the.car, the.crew)[rows] + 1,
        "green_laps": _run(the)[rows], "since_neutral": _after(the.car, neutral.to_numpy(dtype=bool))[rows],
        "elapsed_h": the.start[rows] / 3.6e6, "class_place": place[rows],
    }  # fmt: skip


def _since(car: np.ndarray, value: np.ndarray) -> Floats:
    """Laps since the value last changed, of the same car."""
    place = np.arange(len(car))
    new = np.r_[True, (car[1:] != car[:-1]) | (value[1:] != value[:-1])]
    since: Floats = place - np.maximum.accumulate(np.where(new, place, 0)).astype(float)
    return since


def _run(the: Race) -> Floats:
    """Green laps of the car in a row before this one."""
    slow = np.r_[True, ~the.green[:-1]] | np.r_[True, the.car[1:] != the.car[:-1]]
    place = np.arange(len(the.car))
    run: Floats = place - np.maximum.accumulate(np.where(slow, place, 0)).astype(float)
    return run


def _after(car: np.ndarray, marked: np.ndarray) -> Floats:
    """Laps of the car since the last marked one, at most 30; NaN where there was none."""
    places = pd.Series(np.where(marked, np.arange(len(car)), np.nan))
    last = places.groupby(car).ffill().groupby(car).shift().to_numpy(dtype="float64")
    after: Floats = np.minimum(np.arange(len(car)) - last, 30.0)
    return after


def _baseline(rows: pd.DataFrame, laps: pd.DataFrame) -> pd.DataFrame:
    """``five_ms``: the naive answer, the median of the car's last five clean laps as the whole race tells them."""
    clean = clean_laps(laps).sort_values(["car_number", "lap_number"])
    times = clean["lap_time_ms"].astype("float64")
    five = times.groupby(clean["car_number"]).transform(lambda each: each.shift().rolling(5, min_periods=1).median())
    return rows.merge(
        clean[["car_number", "lap_number"]].assign(five_ms=five), on=["car_number", "lap_number"], how="left"
    )
