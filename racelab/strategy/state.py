"""The race at a lap: which laps are known then, where every car stands, how long the race is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.analysis.stints import number_stints
from racelab.domain.series import Series
from racelab.errors import BadInput
from racelab.strategy.model import Floats, Ints

_QUARTER_MS = 15 * 60_000
_STOPPED_LAPS = 3.0  # a car that has not crossed the line for so many laps is taken to be out


@dataclass(frozen=True, slots=True)
class Prepared:
    """Laps with indices instead of names, and the names behind the indices."""

    laps: pd.DataFrame
    numbers: tuple[str, ...]
    groups: tuple[str, ...]
    compounds: tuple[str, ...]
    class_of: Ints


def prepare(laps: pd.DataFrame, entries: pd.DataFrame) -> Prepared:
    """Number cars, classes and compounds, and count tyre age from the last stop where the source does not tell it.

    Raises:
        BadInput: no lap has a time.
    """
    laps = laps[laps["end_ms"].notna() & laps["lap_number"].notna() & (laps["lap_number"] > 0)]
    if laps["lap_time_ms"].notna().sum() < 3:
        raise BadInput("the session has no timed laps to fit a race from: ingest its laps first")
    laps = number_stints(laps.drop(columns=["car_class"], errors="ignore"))
    laps = laps.merge(entries[["car_number", "car_class"]], on="car_number", how="left")
    laps["car_class"] = laps["car_class"].fillna("")
    numbers, groups = sorted(laps["car_number"].unique()), sorted(laps["car_class"].unique())
    compounds = sorted(laps["compound"].dropna().unique()) or [""]
    laps = laps.assign(
        car=laps["car_number"].map({name: index for index, name in enumerate(numbers)}).astype(int),
        group=laps["car_class"].map({name: index for index, name in enumerate(groups)}).astype(int),
        tyre=laps["compound"].map({name: index for index, name in enumerate(compounds)}).astype("float64"),
        age=laps.groupby(["car_number", "stint"]).cumcount() + 1,
        pit_in=laps["pit_in"].astype(bool),
        pit_out=laps["pit_out"].astype(bool),
    )
    usual = laps["tyre"].mode()
    laps["tyre"] = laps["tyre"].fillna(usual.iloc[0] if len(usual) else 0).astype(int)
    class_of = laps.groupby("car")["group"].first().to_numpy(dtype=np.int64)
    return Prepared(laps, tuple(numbers), tuple(groups), tuple(compounds), class_of)


def known_at(laps: pd.DataFrame, from_lap: int) -> tuple[pd.DataFrame, float]:
    """The laps that were completed when the leader completed ``from_lap``, and that time in ms.

    Raises:
        BadInput: nobody completed that lap.
    """
    ended = crossings(laps)
    at = ended.loc[ended["lap_number"] == from_lap, "end_ms"]
    if at.empty:
        most = int(laps["lap_number"].max())
        raise BadInput(f"nobody completed lap {from_lap}: the race has {most} laps, choose --from-lap below that")
    now = float(at.min())
    return laps[laps["end_ms"].astype("float64") <= now], now


@dataclass(frozen=True, slots=True)
class Standing:
    """Where every car stands; the arrays are those of `RaceArrays`. ``leaves``: it has just stopped."""

    clock: Floats
    done: Ints
    age: Ints
    compound: Ints
    running: Ints
    leaves: Ints


def standing(known: pd.DataFrame, cars: int, now: float, lap_ms: float) -> Standing:
    """Every car at its last crossing of the line up to now; one that has not come by for three laps is out."""
    last = known.sort_values("lap_number").groupby("car").last().reindex(range(cars))
    clock = last["end_ms"].astype("float64").fillna(0.0).to_numpy()
    in_pit = last["pit_in"].fillna(False).astype(bool).to_numpy()
    whole: dict[str, Any] = {key: last[key].fillna(0).to_numpy(dtype=np.int64) for key in ("lap_number", "age", "tyre")}
    running = (clock > now - _STOPPED_LAPS * lap_ms).astype(np.int64)
    return Standing(
        clock, whole["lap_number"], np.where(in_pit, 0, whole["age"]), whole["tyre"], running, in_pit.astype(np.int64)
    )


def at_start(first: pd.DataFrame, cars: int) -> Standing:
    """Every car on the grid with the tyre that it starts on."""
    zero = np.zeros(cars, dtype=np.int64)
    opening = first.sort_values("lap_number").groupby("car").first().reindex(range(cars))
    tyre = opening["tyre"].fillna(0).to_numpy(dtype=np.int64)
    return Standing(np.zeros(cars), zero, zero, tyre, zero + 1, zero)


def retired(laps: pd.DataFrame, cars: int) -> Ints:
    """1 for each car that did not cross the line any more after the winner had finished."""
    order = laps.groupby("car").agg(laps=("lap_number", "max"), end=("end_ms", "max")).reindex(range(cars))
    most = order[order["laps"] == order["laps"].max()]
    late = order["end"].astype("float64") < float(most["end"].min())
    return np.asarray(late, dtype=np.int64)


def grid_places(laps: pd.DataFrame, results: pd.DataFrame, numbers: tuple[str, ...]) -> Ints:
    """Places on the grid from 0: the results' own, or the order at the end of lap 1 where they have none."""
    held = (
        results.dropna(subset=["grid_position"]).drop_duplicates("car_number").set_index("car_number")["grid_position"]
    )
    if len(held) < len(numbers) / 2:
        first = laps[laps["lap_number"] == 1].set_index("car_number")["end_ms"]
        held = first.rank(method="first")
    held = held.astype("float64").replace(0.0, np.inf)  # grid 0 is the pit lane: last
    order = held.reindex(list(numbers)).fillna(np.inf)
    return np.argsort(np.argsort(order.to_numpy(), kind="stable")).astype(np.int64)


def race_length(laps: pd.DataFrame, session: "pd.Series[Any]", series: Series) -> tuple[int, float]:
    """Laps (0: by time) and duration in ms (0: by laps): as scheduled, or as the laps themselves show.

    A race whose winner crosses the line less than two laps after a quarter of an hour was run for that time.
    """
    if pd.notna(session["scheduled_ms"]):
        return 0, float(session["scheduled_ms"])
    if pd.notna(session["scheduled_laps"]):
        return int(session["scheduled_laps"]), 0.0
    most = int(laps["lap_number"].max())
    time = float(laps.loc[laps["lap_number"] == most, "end_ms"].min())
    past = time % _QUARTER_MS
    if series is not Series.F1 and past < 2 * float(laps["lap_time_ms"].astype("float64").median()):
        return 0, time - past
    return most, 0.0
