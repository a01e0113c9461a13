"""Every car's chances and its next stop, from the leader's lap on."""

from pathlib import Path
from statistics import NormalDist
from typing import Any

from racelab import wall
from racelab.domain.sessions import SessionKey
from racelab.store.protocol import Store
from racelab.strategy.habits import NEVER
from racelab.strategy.model import RaceModel
from racelab.strategy.rules import NO_STOP_LAPS
from racelab.strategy.simulate import VERSION, fit_session, simulate

TARGET = "next_stop_lap"
# How many standard deviations the middle 80 and 90 % of a normal distribution reach.
_REACH = {level: NormalDist().inv_cdf(0.5 + level / 200) for level in (80, 90)}


def write_strategy(store: Store, key: SessionKey, lap: int, races: int, cache: Path) -> tuple[int, int]:
    """Simulate the race from the leader's lap on; chances go to ``simulations``, next stops to ``predictions``.

    Returns:
        The number of cars with chances, and of those with a stop to come.

    Raises:
        BadInput: the session has too few laps.
        StoreError: the store cannot be read or written.
    """
    model = fit_session(store, key, from_lap=lap)
    chances = simulate(model, races=races, cache=cache)
    run_id = model.digest(races, 1, lap, VERSION)
    store.upsert(
        "simulations",
        [
            {"session_id": key.session_id, "run_id": run_id, "car_number": str(row.car_number),
             "position": int(row.position), "probability": float(row.probability), "races": races, "seed": 1,
             "from_lap": lap, "model": VERSION}
            for row in chances[chances["probability"] > 0].itertuples()
        ],
    )  # fmt: skip
    stops = next_stops(model)
    now = wall.now()
    store.upsert(
        "predictions",
        (
            {"session_id": key.session_id, "model": VERSION, "target": TARGET, "sequence": 0, "quality": "predicted",
             "created_utc": now, **stop}
            for stop in stops
        ),
    )  # fmt: skip
    return int(chances["car_number"].nunique()), len(stops)


def next_stops(model: RaceModel) -> list[dict[str, Any]]:
    """The lap at whose end each running car stops next and the window around it, from the usual length of stints.

    ``lap_number`` is the car's next lap. A window begins no earlier than that lap. Cars that need no stop any more, or
    whose class has shown none, have no row.
    """
    m = model.arrays
    found = []
    for car, number in enumerate(model.numbers):
        group, tyre, done = int(m.class_of[car]), int(m.compound[car]), int(m.done[car])
        mean, sd = float(m.stint_mean[group, tyre]), float(m.stint_sd[group, tyre])
        left = _laps_left(model, car)
        stop = max(done + mean - float(m.age[car]), done + 1.0)
        if not m.running[car] or mean >= NEVER or done + left - stop < NO_STOP_LAPS:
            continue
        window = {f"low_{level}": max(stop - reach * sd, done + 1.0) for level, reach in _REACH.items()}
        window |= {f"high_{level}": min(stop + reach * sd, done + left) for level, reach in _REACH.items()}
        found.append({"car_number": number, "lap_number": done + 1, "value": stop, **window})
    return found


def _laps_left(model: RaceModel, car: int) -> float:
    m = model.arrays
    if m.laps:
        return float(m.laps - m.done[car])
    return max(0.0, m.duration - float(m.clock[car])) / float(m.base[car])
