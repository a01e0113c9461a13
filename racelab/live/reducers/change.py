"""Small steps that the reducers share."""

from dataclasses import replace
from typing import Any

from racelab.live.state import CarLedger, CarState, RaceState


def at(state: RaceState, time_ms: int | None) -> int:
    """The state's time after something that happened at this session time; it never runs backwards."""
    return state.time_ms if time_ms is None else max(state.time_ms, time_ms)


def car_of(state: RaceState, car_number: str) -> CarState:
    """The car, or a new one of which only the number is known."""
    return state.cars.get(car_number) or CarState(car_number)


def ledger_of(state: RaceState, car_number: str) -> CarLedger:
    """What is remembered of the car."""
    return state.ledger.get(car_number) or CarLedger()


def with_car(state: RaceState, car: CarState, ledger: CarLedger | None = None, time_ms: int | None = None) -> RaceState:
    """The state with this car, and what is remembered of it, in place of the one before."""
    changed: dict[str, Any] = {"cars": {**state.cars, car.car_number: car}, "time_ms": at(state, time_ms)}
    if ledger is not None:
        changed["ledger"] = {**state.ledger, car.car_number: ledger}
    return replace(state, **changed)


def given(**values: Any) -> dict[str, Any]:
    """The values that are not None: null says nothing new."""
    return {name: value for name, value in values.items() if value is not None}
