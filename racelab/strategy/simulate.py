"""Simulate a stored race many times: the chances of every car for every place."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.sessions import RACES, SessionKey
from racelab.errors import BadInput
from racelab.store.protocol import Store
from racelab.strategy.fit import RaceFrames, fit_race
from racelab.strategy.model import RaceModel

log = logging.getLogger("racelab")
VERSION = "race-1"
_EARLIER = 10  # so many earlier races of the series tell how often cars retire and races are neutralised


def simulate_session(
    store: Store, key: SessionKey, *, races: int = 2000, from_lap: int = 0, seed: int = 1, cache: Path | None = None
) -> pd.DataFrame:
    """Simulate a stored race from a lap of the leader on, and keep the result in the table ``simulations``.

    Args:
        store: the store that holds the race.
        key: the race.
        races: simulated races.
        from_lap: the leader's completed lap from which on it is simulated; 0 is the start (in hindsight: the
            cars' pace is then that of the whole race, see `fit_race`).
        seed: the same seed gives the same answer, on any number of threads.
        cache: a folder for compiled code; without it every process compiles for ten seconds.

    Returns:
        One row a car and place that occurred: ``car_number, car_class, position, probability,
        class_position, class_probability`` (the chance of the same place within the class).

    Raises:
        BadInput: the session is no race, has too few laps, or nobody completed ``from_lap``.
    """
    model = fit_session(store, key, from_lap=from_lap)
    frame = simulate(model, races=races, seed=seed, cache=cache)
    run_id = model.digest(races, seed, from_lap, VERSION)
    rows = [
        {"session_id": key.session_id, "run_id": run_id, "car_number": row.car_number, "position": int(row.position),
         "probability": float(row.probability), "races": races, "seed": seed, "from_lap": from_lap, "model": VERSION}
        for row in frame[frame["probability"] > 0].itertuples()
    ]  # fmt: skip
    store.upsert("simulations", rows)
    frame.attrs.update(session=str(key), run_id=run_id, races=races, seed=seed, from_lap=from_lap, fitted_from=model.fitted_from)  # fmt: skip
    return frame


def fit_session(store: Store, key: SessionKey, *, from_lap: int = 0) -> RaceModel:
    """The race model of a stored race, from a lap of the leader on.

    Raises:
        BadInput: the session is no race, has too few laps, or nobody completed ``from_lap``.
    """
    if key.code not in RACES:
        raise BadInput(f"{key} is no race: choose one that `racelab sessions` lists as R, S, R1, R2 or R3")
    return fit_race(read_frames(store, key), _earlier(store, key), from_lap)


def simulate(model: RaceModel, *, races: int = 2000, seed: int = 1, cache: Path | None = None) -> pd.DataFrame:
    """The chances of a fitted race, as `simulate_session` returns them.

    Raises:
        BadInput: no race is to be simulated.
    """
    if races < 1 or seed < 0:
        raise BadInput(f"--races {races} --seed {seed}: simulate at least one race, with a seed of 0 or more")
    places = _kernel(cache)(model.arrays, races, seed, model.most_laps)
    return _chances(model, places.astype(np.int64))


def _kernel(cache: Path | None) -> Any:
    """The compiled kernel; numba keeps what it compiled in the cache folder."""
    from numba import config

    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        setattr(config, "CACHE_DIR", str(cache))  # noqa: B010 - numba makes its settings at run time
    if cache is None or not any(cache.rglob("kernel.run_races*")):
        log.info("compiling the simulator, once: about ten seconds")
    from racelab.strategy.kernel import run_races

    return run_races


def _chances(model: RaceModel, places: "np.ndarray[Any, np.dtype[np.int64]]") -> pd.DataFrame:
    cars, group = len(model.numbers), np.array(model.arrays.class_of)
    in_class = np.empty_like(places)
    for each in np.unique(group):
        members = np.flatnonzero(group == each)
        in_class[:, members] = np.argsort(np.argsort(places[:, members], axis=1), axis=1)
    rows = []
    for car in range(cars):
        overall = np.bincount(places[:, car], minlength=cars) / len(places)
        own = np.bincount(in_class[:, car], minlength=cars) / len(places)
        for place in np.flatnonzero((overall > 0) | (own > 0)):
            rows.append((model.numbers[car], model.classes[car] or None, int(place) + 1, overall[place], own[place]))
    frame = pd.DataFrame(rows, columns=["car_number", "car_class", "position", "probability", "class_probability"])
    return frame.astype({"car_number": "string", "car_class": "string", "position": "Int64"})


def summarise(chances: pd.DataFrame) -> pd.DataFrame:
    """One row a car: chance of the win and the podium, overall and in class, and the expected place; best first."""
    weighted = chances.assign(
        expected_position=chances["position"].astype("float64") * chances["probability"],
        win=chances["probability"].where(chances["position"] == 1, 0.0),
        podium=chances["probability"].where(chances["position"] <= 3, 0.0),
        class_win=chances["class_probability"].where(chances["position"] == 1, 0.0),
        class_podium=chances["class_probability"].where(chances["position"] <= 3, 0.0),
    )
    keys = ["win", "podium", "class_win", "class_podium", "expected_position"]
    table = weighted.groupby(["car_number", "car_class"], dropna=False)[keys].sum().reset_index()
    return table.sort_values("expected_position", ignore_index=True)


def read_frames(store: Store, key: SessionKey) -> RaceFrames:
    """A race as the store holds it; of its results the official ones, or the next best kind."""
    results = store.read("results", key)
    order = results["kind"].map({"official": 0, "provisional": 1, "road": 2})
    results = results.assign(order=order).sort_values("order").drop_duplicates("car_number")
    session = store.read("sessions", key).iloc[0]
    return RaceFrames(key, store.read("laps", key), store.read("entries", key), results, session)


def _earlier(store: Store, key: SessionKey) -> list[RaceFrames]:
    """The last races of the series before this one that have laps."""
    held = store.sessions()
    held = held[(held["series"] == key.series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    ids = sorted((int(i) for i in held["id"] if int(i) < key.session_id), reverse=True)[:_EARLIER]
    return [read_frames(store, SessionKey.of_id(i)) for i in ids]
