"""Stops: a car comes in, and goes out on a new stint."""

from dataclasses import replace
from typing import Any

from racelab.domain.laps import PitStop
from racelab.live.reducers.change import car_of, ledger_of, with_car
from racelab.live.state import OUT_LAP, PIT, CarLedger, CarState, RaceState


def stop(state: RaceState, stop: PitStop) -> RaceState:
    """A stop begins (no exit yet), ends, or is told again."""
    car, ledger = car_of(state, stop.car_number), ledger_of(state, stop.car_number)
    if stop.lap_number not in ledger.stop_laps:
        ledger = replace(ledger, stop_laps=(*ledger.stop_laps, stop.lap_number))
    left = stop.out_ms is not None and stop.lap_number > (ledger.exit_lap if ledger.exit_lap is not None else -1)
    changed = _shown(car, ledger, PIT) if stop.out_ms is None else {}
    if left:
        ledger = replace(ledger, exit_lap=stop.lap_number)
        changed = _shown(car, ledger, OUT_LAP) | _next_stint(car, ledger, stop)
    time = stop.out_ms if stop.out_ms is not None else stop.in_ms
    return with_car(state, replace(car, **changed), ledger, time)


def _shown(car: CarState, ledger: CarLedger, status: str) -> dict[str, Any]:
    told = ledger.told
    stops = len(ledger.stop_laps) if told is None or told.stops is None else car.stops
    return {"stops": stops, "status": status if told is None or told.status is None else car.status}


def _next_stint(car: CarState, ledger: CarLedger, stop: PitStop) -> dict[str, Any]:
    changed: dict[str, Any] = {"stint": (car.stint or 1) + 1, "stint_laps": 0}
    if stop.compound is not None:
        changed |= {"compound": stop.compound.value, "tyre_age": None}
    named = next((driver.name for driver in ledger.crew if driver.seat == stop.seat_out), None)
    if named and (ledger.told is None or ledger.told.driver is None):
        changed["driver"] = named
    return changed
