"""What is known of each car at a moment that bears on where it ends; one definition for training, backtest and live."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.inrace.lengths import done
from racelab.models.inrace.races import Race
from racelab.models.inrace.state import State, relative_pace, state

Floats = NDArray[np.float64]
_RECENT = 8
_LEAST_CLEAN = 4  # clean laps that show a driver's pace
_LONG_LAP = 1.6  # a lap so much slower than usual outside the pits: off, a puncture, a repair
_FALLBACK_LOSS = 0.35  # time lost by a stop in laps, until the race itself shows it

# Per car; a pair's features are the difference of two cars' values.
CAR_FEATURES = (
    "place", "gap_losses", "gap_laps", "projected", "projected_bare", "pace_recent", "pace_all", "pace_best", "pace_stint",
    "stops", "owed", "stint_laps", "stint_share", "tyre_age", "soft", "wet_tyre", "in_pit", "idle_laps", "stopped",
    "slow_laps", "trouble", "place_first", "place_gain", "crew_pace", "ace_pace", "driver_pace", "spread", "form_place", "form_retired", "form_pace", "form_n",
)  # fmt: skip
# The same for all cars of a class at a moment.
RACE_FEATURES = (
    "left",
    "laps_left",
    "class_cars",
    "running",
    "neutral",
    "slow",
    "neutral_share",
    "loss_laps",
    "is_time",
    "hours",
)


def features(race: Race, at: float, form: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a starter, with the state's columns, the `CAR_FEATURES` and the `RACE_FEATURES`.

    Args:
        race: the race; nothing of it that ended after ``at`` is used.
        at: the moment in ms of session time.
        form: of `form.Form.of`: ``form_place, form_retired, form_pace, form_n`` of each car before the race.
    """
    now = state(race, at)
    share = done(race.length, race.laps, at)
    cars = now.cars.reset_index(drop=True)
    rows = cars.assign(session_id=race.session_id, at_ms=at, share=share, left=1 - share)
    rows["laps_left"] = _laps_left(race, rows, at)
    rows = _stops(now, rows)
    rows = _pace(now, rows)
    rows = _flags(now, rows)
    rows["is_time"] = float(race.length.laps is None)
    rows["hours"] = (race.length.ms or np.nan) / 3.6e6
    groups = rows.groupby("car_class", sort=False)
    rows["class_cars"] = groups["place"].transform("size").astype("float64")
    rows["running"] = groups["stopped"].transform(lambda stopped: float((~stopped).sum()))
    rows = _first_laps(now, rows)
    rows["gap_laps"] = rows["gap_ms"] / rows["reference_ms"]
    rows["spread"] = rows["gap_laps"] / np.sqrt(np.maximum(1.0, groups["laps"].transform("max")))
    rows["gap_losses"] = rows["gap_laps"] / rows["loss_laps"]
    names = ("form_place", "form_retired", "form_pace", "form_n")
    for name in names:
        rows[name] = np.nan if form is None else form[name].to_numpy()
    rows["stopped"] = rows["stopped"].astype("float64")
    return _projected(rows)


def _laps_left(race: Race, rows: pd.DataFrame, at: float) -> Floats:
    """Laps that each car has still to go, by its class's usual lap."""
    if race.length.laps is not None:
        lead = float(rows["laps"].max())
        return np.full(len(rows), max(0.0, race.length.laps - lead))
    left = max(0.0, float(race.length.ms or 0) - at)
    return np.asarray(left / rows["reference_ms"], dtype="float64")


def _stops(now: State, rows: pd.DataFrame) -> pd.DataFrame:
    """Stops done and still owed, laps since the last one, tyres."""
    laps = now.laps
    cars = range(len(rows))
    stops = laps[laps["pit_in"] == 1].groupby("car").agg(stops=("lap", "size"), last_in=("lap", "max"))
    stops = stops.reindex(cars)
    rows["stops"] = stops["stops"].fillna(0.0).to_numpy()
    rows["stint_laps"] = rows["laps"].to_numpy() - stops["last_in"].fillna(0.0).to_numpy()
    last = laps.groupby("car").tail(1).set_index("car").reindex(cars)
    for name in ("tyre_age", "soft", "wet_tyre"):
        rows[name] = last[name].to_numpy()
    rows["in_pit"] = last["pit_in"].fillna(0.0).to_numpy()
    rows["loss_laps"] = _losses(laps, rows)
    usual = _usual_stint(laps, rows)
    rows["stint_share"] = rows["stint_laps"] / usual
    rows["owed"] = (rows["laps_left"] + rows["stint_laps"]) / usual
    return rows


def _losses(laps: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """Time that a stop costs, in laps, as a value a car: the median of the class so far over usual laps."""
    ordered = laps.sort_values(["car", "lap"], kind="stable")
    after = ordered.groupby("car")["time_ms"].shift(-1)
    two = ordered["time_ms"] + after
    stops = ordered.assign(two=two)[(ordered["pit_in"] == 1) & (ordered["lap"] > 1)].dropna(subset=["two"])
    index = stops["car"].astype(int)
    lost = stops["two"] / rows["reference_ms"].to_numpy()[index] - 2
    lost = lost[lost.between(0.02, 3.0)]
    usual = lost.groupby(rows["car_class"].to_numpy()[lost.index.map(stops["car"]).astype(int)]).agg(["median", "size"])
    known = usual.loc[usual["size"] >= 3, "median"]
    field = float(lost.median()) if len(lost) >= 3 else _FALLBACK_LOSS
    return np.array([float(known.get(kind, field)) for kind in rows["car_class"]])


def _usual_stint(laps: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """Laps of a usual stint of the class so far: the 70 % quantile of those that ended, and no less than runs now."""
    ordered = laps[laps["pit_in"] == 1].sort_values(["car", "lap"], kind="stable")
    length = ordered["lap"] - ordered.groupby("car")["lap"].shift().fillna(0.0)
    length = length[length > 3]
    kinds = rows["car_class"].to_numpy()
    ended = length.groupby(kinds[ordered.loc[length.index, "car"].astype(int)]).quantile(0.7)
    running = rows[~rows["stopped"]].groupby("car_class")["stint_laps"].quantile(0.5)
    return np.array([max(float(ended.get(kind, 0.0)), float(running.get(kind, 0.0)), 5.0) for kind in kinds])


def _pace(now: State, rows: pd.DataFrame) -> pd.DataFrame:
    """Pace over that of the class at the same time: recent laps, all laps, the best fifth, this stint, the whole crew."""
    clean = relative_pace(now.laps, rows)
    cars = range(len(rows))
    groups = clean.groupby("car")["pace"]
    rows["pace_all"] = groups.median().reindex(cars).to_numpy()
    rows["pace_best"] = groups.quantile(0.2).reindex(cars).to_numpy()
    rows["pace_recent"] = clean.groupby("car").tail(_RECENT).groupby("car")["pace"].median().reindex(cars).to_numpy()
    began = (rows["laps"] - rows["stint_laps"]).to_numpy()[clean["car"].astype(int)]
    rows["pace_stint"] = clean[clean["lap"] > began].groupby("car")["pace"].median().reindex(cars).to_numpy()
    seats = clean.groupby(["car", "seat"])["pace"].agg(["median", "size"])
    crew = seats.loc[seats["size"] >= _LEAST_CLEAN, "median"]
    rows["crew_pace"] = crew.groupby("car").mean().reindex(cars).to_numpy() - rows["pace_all"].to_numpy()
    rows["ace_pace"] = crew.groupby("car").min().reindex(cars).to_numpy()
    seat = now.laps.groupby("car")["seat"].last().reindex(cars)
    rows["driver_pace"] = crew.reindex(pd.MultiIndex.from_arrays([list(cars), seat])).to_numpy()
    return rows


def _flags(now: State, rows: pd.DataFrame) -> pd.DataFrame:
    """Cautions: on the last lap, over the race; and how slow the last laps were; laps lost to trouble of its own."""
    laps, cars = now.laps, range(len(rows))
    last = laps.groupby("car").tail(1)
    seen = float(laps["end_ms"].max()) if len(laps) else 0.0
    index = last["car"].astype(int)
    reference = rows["reference_ms"].to_numpy()
    fresh = last[(last["end_ms"].to_numpy() > seen - 1.5 * reference[index])]
    rows["neutral"] = float(fresh["neutral"].mean()) if len(fresh) else np.nan
    flying = fresh[(fresh["pit_in"] == 0) & (fresh["pit_out"] == 0)]
    slow = flying["time_ms"] / reference[flying["car"].astype(int)]
    rows["slow"] = float(slow.median()) if len(slow) else np.nan
    rows["neutral_share"] = float(laps["neutral"].mean()) if len(laps) else np.nan
    bare = laps[(laps["pit_in"] == 0) & (laps["pit_out"] == 0) & (laps["lap"] > 1) & (laps["neutral"] != 1)]
    over = bare["time_ms"] / reference[bare["car"].astype(int)]
    rows["slow_laps"] = (
        (over > _LONG_LAP).groupby(bare["car"]).sum().reindex(cars).fillna(0.0).to_numpy(dtype="float64")
    )
    spent = laps["time_ms"] / reference[laps["car"].astype(int)] - 1
    lost = spent.clip(lower=0).groupby(laps["car"]).sum().reindex(cars).fillna(0.0)
    rows["trouble"] = lost.to_numpy() - lost.groupby(rows["car_class"].to_numpy()).transform("median").to_numpy()
    return rows


def _first_laps(now: State, rows: pd.DataFrame) -> pd.DataFrame:
    """Place in class after the first lap, and what was won or lost since."""
    first = now.laps[now.laps["lap"] == 1].groupby("car")["end_ms"].min().reindex(range(len(rows)))
    rows["place_first"] = first.groupby(rows["car_class"].to_numpy()).rank(method="first").to_numpy()
    rows["place_gain"] = rows["place_first"] - rows["place"]
    return rows


def _projected(rows: pd.DataFrame) -> pd.DataFrame:
    """Time behind at the end in laps if pace and stops go on as usual; bare without the pace."""
    pace = (0.5 * rows["pace_recent"].fillna(0.0) + 0.5 * rows["pace_all"].fillna(0.0)).clip(-0.04, 0.06)
    owed = np.floor(rows["owed"]).clip(lower=0)
    rows["projected_bare"] = rows["gap_laps"].fillna(rows["laps_left"]) + owed * rows["loss_laps"]
    rows["projected"] = rows["projected_bare"] + 0.7 * pace * rows["laps_left"]
    return rows
