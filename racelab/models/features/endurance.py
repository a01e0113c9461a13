"""The features of a lap in a race of several classes: WEC, IMSA, GR Cup."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.analysis.pace import clean_laps, follows_clean
from racelab.models.features.classes import class_pace, class_shocks, driver_level, newest
from racelab.models.features.conditions import CONDITIONS, conditions
from racelab.models.features.earlier import Bools, Floats, median, places, taken
from racelab.models.features.own_pace import has_pace, own_pace
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
    *_PHASE, "class_place", *CONDITIONS,
)  # fmt: skip
_OWN = {"naive_ms": "last", "recent_ms": "median_5", "base_ms": "fading"}
_TIMES = ("lap_time_ms", *_OWN)
_KEYS = ("session_id", "car_number", "lap_number", "car_class", "start_ms", "end_ms")


def endurance_features(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a green lap of one race that has a comparable lap of its car before it; see `lap_rows` for the columns.

    Args:
        laps: laps of one session as `load_laps` gives them, with ``car_class``, and as far as known those of `crewed`.
        weather: readings of the session.
    """
    rows = lap_rows(race(laps), weather)
    scored = follows_clean(laps)[["car_number", "lap_number"]].assign(is_scored=True)
    rows = rows.merge(scored, on=["car_number", "lap_number"], how="left")
    rows["is_scored"] = rows["is_scored"].eq(True)
    return _baseline(rows, laps)


def lap_rows(the: Race, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The features of the laps of a race that are asked for; every one is known when its lap begins.

    Returns:
        ``session_id, car_number, lap_number, car_class, start_ms, end_ms``, ``lap_time_ms`` (NaN of a lap only begun),
        ``naive_ms`` (the car's last comparable lap), ``recent_ms`` (the median of five), ``base_ms`` (the fading mean,
        over which features and target are taken) and `ENDURANCE_FEATURES`.
    """
    rows = np.flatnonzero(the.green | the.asked)
    if not the.asked.any():
        return pd.DataFrame(columns=[*_KEYS, *_TIMES, *ENDURANCE_FEATURES])
    field = _field(the, rows)
    few = np.flatnonzero(field.is_needed)  # of the rows: live, when one lap a car is asked for, a few of a whole race
    own = own_pace(the, rows[few], field.best[few])
    late = field.is_late[few]
    with np.errstate(divide="ignore", invalid="ignore"):
        met = traffic(the, rows[few][late], own["median_5"][late])
        found = {**_paces(the, field, few, own), **_of_before(the, rows[few], late, met)}
    last = the.asked[rows[few]]
    found.update({name: values[the.asked[rows[few][late]]] for name, values in met.items()})
    asked = rows[few][last]
    found.update({**_phase(the, asked), **conditions(the, asked, weather)})
    named = the.laps.loc[asked, list(_KEYS)].reset_index(drop=True)
    times = {"lap_time_ms": the.time[asked], **{name: own[key][last] for name, key in _OWN.items()}}
    frame = pd.concat([named, pd.DataFrame({**times, **{name: found[name] for name in ENDURANCE_FEATURES}})], axis=1)
    return frame[np.isfinite(own["last"][last])].sort_values(["start_ms", "car_number"], ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Field:
    """What is known of every lap that tells or is asked for, ``rows``; the masks are over them."""

    rows: np.ndarray
    best: Floats
    pace: dict[str, Floats]
    driven: Floats  # the times of comparable laps
    is_late: Bools  # the asked laps and the five green ones before each, whose traffic is read
    is_needed: Bools  # those, and the laps that tell how the class and the field changed


def _field(the: Race, rows: np.ndarray) -> _Field:
    best = reference(the, the.car_class[rows], the.start[rows])
    driven = np.where(is_comparable(the.time[rows], best), the.time[rows], np.nan)
    late = _late(the.car[rows], the.asked[rows])
    tells = rows[np.isfinite(driven) & has_pace(the, rows, best)]
    needed = np.zeros(len(the.car) + 1, dtype=bool)  # the last one takes the places that are none
    for seen in newest(the, tells, rows[the.asked[rows]]):
        needed[seen.ravel()] = True
    return _Field(rows, best, class_pace(the, rows), driven, late, late | needed[:-1][rows])


def _late(car: np.ndarray, asked: Bools) -> Bools:
    late = asked.copy()
    for back in range(1, 6):
        late[:-back] |= asked[back:] & (car[back:] == car[:-back])
    return late


def _paces(the: Race, field: _Field, few: np.ndarray, own: dict[str, Floats]) -> dict[str, Floats]:
    """Of the laps that are asked for: paces over the base, sectors and what the class and the field show."""
    rows = field.rows[few]
    last = the.asked[rows]
    asked = rows[last]
    levels = driver_level(the, field.rows, asked, np.log(field.driven / field.pace["class_median"]))
    driven, base = field.driven[few], own["fading"]
    shocks = class_shocks(the, rows, asked, np.log(driven / own["median_5"]), np.log(driven / base))
    own = {name: values[last] for name, values in own.items()}
    pace = {name: values[few][last] for name, values in field.pace.items()}
    times, base = {**own, **pace, "class_best": field.best[few][last]}, own["fading"]
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
    found["top_speed_loss"] = np.log(own["top_speed"] / own["top_speed_typical"])
    return {**found, **shocks, "stint_laps": own["stint_laps"], "spread": own["spread"] / base, "lap_s": base / 1000}


def _of_before(the: Race, rows: np.ndarray, late: Bools, met: dict[str, Floats]) -> dict[str, Floats]:
    """Of `_BEFORE`: the value of the car's last green lap and the median of its last five, of the laps asked for."""
    driven = the.green[rows[late]]
    known, asked = rows[late][driven], rows[the.asked[rows]]
    seen = places(the.car[known], the.lap[known], the.car[asked], the.lap[asked] - 1, 5)
    result = {}
    for name in _BEFORE:
        values = taken(met[name][driven], seen)
        result[f"{name}_last"] = values[:, 0]
        result[f"{name}_five"] = median(values)
    return result


def _phase(the: Race, rows: np.ndarray) -> dict[str, Floats]:
    laps = the.laps
    place = laps["class_position"].to_numpy(dtype="float64", na_value=np.nan)
    place = np.where(np.r_[False, the.car[1:] == the.car[:-1]], np.r_[np.nan, place[:-1]], np.nan)
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
