"""What is known of each starter of an endurance race after its first lap, class by class."""

import logging
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models.finish.form import Memory, decayed
from racelab.models.finish.model import Recipe
from racelab.models.inrace.finals import finals
from racelab.models.inrace.races import Race, races, read_race
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
ENDURANCE = (Series.WEC, Series.IMSA, Series.GRCUP)
_RATINGS = {"platinum": 3.0, "gold": 2.0, "silver": 1.0, "bronze": 0.0}
_UNRATED = 1.5
_QUICK, _LEAST_LAPS = 0.3, 8
_RACES = 6  # races of a key after which one counts half
_FORM = ("team_ended", "car_ended", "maker_ended", "crew_ended", "crew_best", "team_pace", "maker_pace", "crew_pace")
FEATURES = ("lap1", "lap1_log", "lap1_gap", "first_row", "rating_field", "lap1_hours", *_FORM)
# Few orders to learn from: two linear learners, more shrinkage, no trees, no model of the winner alone; who retires is
# the class's past, for teams' own does not tell (IMSA 2021 to 2023).
RECIPE = Recipe(FEATURES, (), ("class_out", "hours"), half_life=6, penalty=30, winner_penalty=None, paid=3, blend=("ridge", "plackett"), naive="lap1_place")  # fmt: skip


def starters(store: Store, series: Series) -> pd.DataFrame:
    """One row for each car of each class of each endurance race, in an order in which the past teaches.

    Races of the other endurance series teach too, from the season after theirs on.

    Returns:
        ``race`` (one class of one race), ``event`` (one race; less is earlier), ``session_id``, ``series``,
        ``season``, ``round``, ``circuit``, ``car_number``, ``car_class``, ``driver`` (the crew), ``team``, ``maker``,
        ``cars`` (in the class), ``place`` (in the class), ``out``, ``lap1_place`` (in the class) and what `features`
        needs. Without stored races the frame is empty.
    """
    return ordered(every_starter(store), series)


def every_starter(store: Store) -> pd.DataFrame:
    """The rows of `starters` for all endurance series, each series in its own time, not yet ordered for one of them."""
    frames: list[pd.DataFrame] = []
    for series in ENDURANCE:
        for key in races(store, series):
            race = read_race(store, key)
            if len(race.laps):
                frames.append(_rows(store, race).assign(number=len(frames)))
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["series", "season", "number"])
    log.info("finishing order: %d cars of %d endurance races read", len(rows), len(frames))
    return rows


def ordered(rows: pd.DataFrame, series: Series) -> pd.DataFrame:
    """The rows of `every_starter` as one series may learn from them: the others' races at the end of their season."""
    if rows.empty:
        return rows.assign(race=[], event=[], place=[])
    other = rows["series"].ne(series.value)
    event = rows.assign(other=other).groupby(["season", "other", "number"]).ngroup()
    race = rows.assign(event=event).groupby(["event", "car_class"]).ngroup()
    return rows.assign(event=event, race=race).sort_values(["race", "car_number"], ignore_index=True)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `FEATURES`, none of which knows more than the first lap of the own race."""
    if rows.empty:
        return rows
    rows = rows.assign(ended=(rows["place"] - 0.5) / rows["cars"])
    races_ = rows["race"]
    memory = Memory(_RACES, 0.5, 2.0, 0.7)
    lap1 = (rows["lap1_place"] - 0.5) / rows["cars"]
    whole = rows["series"] + rows["car_class"]
    found = rows.assign(class_key=whole, team_key=rows["team"] + whole, car_key=rows["car_number"] + whole, maker_key=rows["maker"] + whole)  # fmt: skip
    found = found.assign(
        lap1=lap1,
        lap1_log=np.log(rows["lap1_place"]),
        first_row=rows["lap1_place"].le(2).astype("float64"),
        rating_field=rows["rating"] - rows["rating"].groupby(races_).transform("mean"),
        team_ended=decayed(found, "team_key", "ended", memory),
        car_ended=decayed(found, "car_key", "ended", memory),
        maker_ended=decayed(found, "maker_key", "ended", Memory(_RACES, 0.5, 4.0, 0.7)),
        team_pace=decayed(found, "team_key", "pace", Memory(_RACES, 0.2, 2.0, 0.7)),
        maker_pace=decayed(found, "maker_key", "pace", Memory(_RACES, 0.1, 3.0, 0.7)),
        class_out=decayed(found, "class_key", "out", Memory(10, 0.12, 30)),
        lap1_hours=(lap1 - 0.5) * rows["hours"],
        new_team=(found.groupby("team_key").cumcount() == 0).astype("float64"),
    )
    found = found.assign(**_crews(found))
    return found.assign(unknown=found["new_team"])


def _rows(store: Store, race: Race) -> pd.DataFrame:
    ended = finals(store, race)
    rows = race.cars.assign(place=ended["place"].to_numpy(dtype="float64"), out=ended["retired"].to_numpy(dtype="float64"))  # fmt: skip
    first = race.laps[race.laps["lap"] == 1].groupby("car")["end_ms"].min().reindex(range(len(rows)))
    classes = rows["car_class"]
    lap1 = first.fillna(first.max() + 1e6)
    gap = (lap1 - lap1.groupby(classes).transform("min")) / max(float(first.median()), 1.0) * 100
    entries = store.read("entries", race.key).set_index("car_number")
    rated = _ratings(store, race.key)
    names = rows["car_number"]
    return rows.assign(
        session_id=race.session_id, series=race.key.series.value, season=race.key.season, round=race.key.round,
        circuit=race.circuit, cars=classes.groupby(classes).transform("size"),
        maker=names.map(entries["manufacturer"]).fillna(names.map(entries["vehicle"])).fillna("").astype(str),
        lap1_place=lap1.groupby(classes).rank(method="first"), lap1_gap=gap.clip(0, 20),
        rating=names.map(rated["mean"]).fillna(_UNRATED), rating_least=names.map(rated["min"]).fillna(_UNRATED),
        driver=[" / ".join(each) for each in rows["crew"]], names=rows["crew"], crew=[float(len(each)) for each in rows["crew"]],
        hours=_hours(store, race), **_paces(race),
    )  # fmt: skip


def _paces(race: Race) -> dict[str, Any]:
    """Each car's racing pace in % over its class, and that of each of its drivers where the laps tell who drove.

    A pace is the lap time that three in ten of the clean laps beat: traffic and slow phases of a race are left out.
    """
    laps = race.laps
    clean = laps[(laps["lap"] > 1) & laps["neutral"].ne(1) & laps["pit_in"].ne(1) & laps["pit_out"].ne(1)]
    cars = clean.groupby("car")["time_ms"].quantile(_QUICK).where(clean.groupby("car").size() >= _LEAST_LAPS)
    classes = race.cars["car_class"]
    own = cars.reindex(range(len(classes)))
    least = own.groupby(classes).transform("median")
    seats = clean.groupby(["car", "seat"])["time_ms"].agg([lambda times: times.quantile(_QUICK), "size"])
    seats = seats[seats["size"] >= _LEAST_LAPS].iloc[:, 0]
    driven = [
        {name: (seats[car, seat] / least[car] - 1) * 100 for seat, name in enumerate(crew, start=1) if (car, seat) in seats.index}
        for car, crew in enumerate(race.cars["crew"])
    ]  # fmt: skip
    return {"pace": ((own / least - 1) * 100).clip(-3, 6).to_numpy(), "driver_paces": driven}


def _hours(store: Store, race: Race) -> float:
    """The scheduled length in hours; where it is not known, two: it may not come from how long the race took."""
    known = store.read("sessions", race.key)["scheduled_ms"].iloc[0]
    return float(known) / 3.6e6 if pd.notna(known) else 2.0


def _ratings(store: Store, key: SessionKey) -> pd.DataFrame:
    drivers = store.read("drivers", key)
    rating = drivers["rating"].astype(object).map(lambda text: _RATINGS.get(str(text).lower(), np.nan))
    return rating.astype("float64").groupby(drivers["car_number"]).agg(["mean", "min"])


def _crews(rows: pd.DataFrame) -> dict[str, list[float]]:
    """The mean and the best of the drivers' past places in their classes, from 0 to 1, and their mean pace in %."""
    places: dict[str, list[float]] = defaultdict(lambda: [0.5, 1.0])
    paces: dict[str, list[float]] = defaultdict(lambda: [0.2, 1.0])
    found = {name: [0.0] * len(rows) for name in ("crew_ended", "crew_best", "crew_pace")}
    ended, names, driven = rows["ended"].tolist(), rows["names"].tolist(), rows["driver_paces"].tolist()
    for positions in rows.groupby("event", sort=False).indices.values():
        for each in positions:
            form = [places[name][0] / places[name][1] for name in names[each]] or [0.5]
            pace = [paces[name][0] / paces[name][1] for name in names[each]] or [0.2]
            found["crew_ended"][each], found["crew_best"][each] = float(np.mean(form)), min(form)
            found["crew_pace"][each] = float(np.mean(pace))
        for each in positions:
            for name in names[each] if ended[each] == ended[each] else ():
                places[name] = _added(places[name], ended[each])
            for name, pace in driven[each].items():
                paces[name] = _added(paces[name], float(np.clip(pace, -3, 6)))
    return found


def _added(past: list[float], value: float) -> list[float]:
    """Sum and weight of a mean that keeps nine tenths of the past, with one value more."""
    return [past[0] * 0.9 + value, past[1] * 0.9 + 1]
