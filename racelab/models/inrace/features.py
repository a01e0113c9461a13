"""What is known of each car at a moment that bears on where it ends; one definition for training, backtest and live."""

import numpy as np
import pandas as pd

from racelab.models.inrace.grouped import Floats, Places, by_car, by_kind, mean_known, median, ranks
from racelab.models.inrace.lengths import done
from racelab.models.inrace.races import Race
from racelab.models.inrace.state import State, relative_pace, state
from racelab.models.inrace.stops import stops

_RECENT = 8  # clean laps that show how fast a car is now
_LEAST_CLEAN = 4  # clean laps that show a driver's pace
_LONG_LAP = 1.6  # a lap so much slower than usual outside the pits: off, a puncture, a repair
_FRESH_LAPS = 1.5  # a lap that ended within so many laps tells what the track is like now
_SLOWEST, _FASTEST, _KEEPS = 0.06, -0.04, 0.7  # pace that is projected: its limits, and how much of it lasts
_FORM = ("form_place", "form_retired", "form_pace", "form_n")

# Per car; a pair's features are the difference of two cars' values.
CAR_FEATURES = (
    "place", "gap_losses", "gap_laps", "projected", "projected_bare", "pace_recent", "pace_all", "pace_best", "pace_stint",
    "stops", "owed", "stint_laps", "stint_share", "tyre_age", "soft", "wet_tyre", "in_pit", "idle_laps", "stopped",
    "slow_laps", "trouble", "place_first", "place_gain", "crew_pace", "ace_pace", "driver_pace", "spread", *_FORM,
)  # fmt: skip
# The same for all cars of a class at a moment.
RACE_FEATURES = ("left", "laps_left", "class_cars", "running", "neutral", "slow", "neutral_share", "loss_laps", "is_time", "hours")  # fmt: skip


def features(race: Race, at: float, form: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a starter, with the state's columns, the `CAR_FEATURES` and the `RACE_FEATURES`.

    Args:
        race: the race; nothing of it that ended after ``at`` is used.
        at: the moment in ms of session time.
        form: of `form.Form.of`: ``form_place, form_retired, form_pace, form_n`` of each car before the race.
    """
    now = state(race, at)
    share = done(race.length, race.laps, at)
    left = _laps_left(race, now)
    known: dict[str, Floats] = {"laps_left": left, **stops(now, left), **_flags(now), **_trouble(now), **_field(now)}
    known |= _pace(now, known["stint_laps"])
    known |= _gaps(now, known["loss_laps"])
    known |= {name: np.full(len(left), np.nan) if form is None else np.asarray(form[name], dtype="float64") for name in _FORM}  # fmt: skip
    known |= _projected(known)
    alike = {
        "session_id": race.session_id, "at_ms": at, "share": share, "left": 1 - share,
        "is_time": float(race.length.laps is None), "hours": (race.length.ms or np.nan) / 3.6e6,
    }  # fmt: skip
    cars = now.cars.reset_index(drop=True).astype({"stopped": "float64"})
    return pd.concat([cars, pd.DataFrame(known)], axis=1).assign(**alike)


def _laps_left(race: Race, now: State) -> Floats:
    """Laps that each car has still to go, by its class's usual lap."""
    if race.length.laps is not None:
        return np.full(len(now.cars), max(0.0, race.length.laps - float(now.column("laps").max())))
    return max(0.0, float(race.length.ms or 0) - now.at) / now.column("reference_ms")


def _pace(now: State, stint_laps: Floats) -> dict[str, Floats]:
    """Pace over that of the class at the same time: recent laps, all laps, the best fifth, this stint, the crew's."""
    clean = relative_pace(now)
    cars = len(now.cars)
    car, pace = clean["car"].to_numpy(dtype="int64"), clean["pace"].to_numpy(dtype="float64")
    every = by_car(pace, car, cars, median)
    in_stint = clean["lap"].to_numpy() > (now.column("laps") - stint_laps)[car]
    return {
        "pace_all": every,
        "pace_best": by_car(pace, car, cars, lambda values: float(np.quantile(values, 0.2))),
        "pace_recent": by_car(pace, car, cars, lambda values: float(np.median(values[-_RECENT:]))),
        "pace_stint": by_car(pace[in_stint], car[in_stint], cars, median),
        **_crew(now, clean["seat"].to_numpy(dtype="float64"), car, pace, every),
    }


def _crew(now: State, seat: Floats, car: Places, pace: Floats, every: Floats) -> dict[str, Floats]:
    """The mean pace of a car's drivers over that of its laps, the pace of its fastest driver and of the one in it now."""
    found = {name: np.full(len(every), np.nan) for name in ("crew_pace", "ace_pace", "driver_pace")}
    for index, laps in enumerate(now.laps.of_car):
        own, seats = car == index, now.laps["seat"][laps]
        paces = {each: pace[own & (seat == each)] for each in np.unique(seats[np.isfinite(seats)])}
        shown = {each: float(np.median(values)) for each, values in paces.items() if len(values) >= _LEAST_CLEAN}
        if shown:
            found["crew_pace"][index] = float(np.mean(list(shown.values()))) - every[index]
            found["ace_pace"][index] = min(shown.values())
            found["driver_pace"][index] = shown.get(seats[np.isfinite(seats)][-1], np.nan)
    return found


def _flags(now: State) -> dict[str, Floats]:
    """Cautions: on the last laps and over the race; and how slow the last laps were."""
    laps, reference = now.laps, now.column("reference_ms")
    last = np.array([each[-1] for each in laps.of_car if len(each)], dtype="int64")
    fresh = last[laps["end_ms"][last] > laps["end_ms"].max(initial=0.0) - _FRESH_LAPS * reference[laps.car[last]]]
    flying = fresh[(laps["pit_in"][fresh] == 0) & (laps["pit_out"][fresh] == 0)]
    slow = laps["time_ms"][flying] / reference[laps.car[flying]]
    slow = slow[np.isfinite(slow)]
    values = {
        "neutral": mean_known(laps["neutral"][fresh]),
        "slow": float(np.median(slow)) if len(slow) else np.nan,
        "neutral_share": mean_known(laps["neutral"]),
    }
    return {name: np.full(len(reference), value) for name, value in values.items()}


def _trouble(now: State) -> dict[str, Floats]:
    """Long laps outside the pits and cautions, and time lost to slow laps over what is usual in the class, in laps."""
    laps, cars = now.laps, len(now.cars)
    over = laps["time_ms"] / now.column("reference_ms")[laps.car]
    bare = (laps["pit_in"] == 0) & (laps["pit_out"] == 0) & (laps["lap"] > 1) & (laps["neutral"] != 1)
    lost = by_car(np.maximum(over - 1, 0.0), laps.car, cars, lambda values: float(values.sum()), empty=0.0)
    usual = by_kind(lost, now.kinds, median)
    long = (over[bare] > _LONG_LAP).astype("float64")
    return {
        "slow_laps": by_car(long, laps.car[bare], cars, lambda values: float(values.sum()), empty=0.0),
        "trouble": lost - np.array([usual[kind] for kind in now.kinds]),
    }


def _field(now: State) -> dict[str, Floats]:
    """Cars of the class, those that still run, the place after the first lap and what was won or lost since."""
    running = by_kind(1.0 - now.column("stopped"), now.kinds, lambda values: float(values.sum()))
    cars = by_kind(np.ones(len(now.kinds)), now.kinds, lambda values: float(values.sum()))
    first = now.laps["lap"] == 1
    ends = by_car(now.laps["end_ms"][first], now.laps.car[first], len(now.kinds), lambda values: float(values.min()))
    place = np.where(np.isfinite(ends), ranks(now.kinds, (np.nan_to_num(ends, nan=np.inf),)), np.nan)
    return {
        "class_cars": np.array([cars[kind] for kind in now.kinds]),
        "running": np.array([running[kind] for kind in now.kinds]),
        "place_first": place,
        "place_gain": place - now.column("place"),
    }


def _gaps(now: State, loss_laps: Floats) -> dict[str, Floats]:
    """The gap to the class leader in laps, in stops, and beside what a race of this many laps usually parts."""
    lead = by_kind(now.column("laps"), now.kinds, lambda values: float(values.max()))
    gap = now.column("gap_ms") / now.column("reference_ms")
    most = np.array([max(1.0, lead[kind]) for kind in now.kinds])
    return {"gap_laps": gap, "gap_losses": gap / loss_laps, "spread": gap / np.sqrt(most)}


def _projected(known: dict[str, Floats]) -> dict[str, Floats]:
    """Time behind at the end in laps if pace and stops go on as usual; bare without the pace."""
    pace = np.clip(
        0.5 * np.nan_to_num(known["pace_recent"]) + 0.5 * np.nan_to_num(known["pace_all"]), _FASTEST, _SLOWEST
    )
    gap = np.where(np.isfinite(known["gap_laps"]), known["gap_laps"], known["laps_left"])
    bare = gap + np.maximum(np.floor(known["owed"]), 0.0) * known["loss_laps"]
    return {"projected_bare": bare, "projected": bare + _KEEPS * pace * known["laps_left"]}
