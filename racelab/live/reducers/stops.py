"""Stops: a car comes in, and goes out on a new stint."""

from dataclasses import replace
from typing import Any

from racelab.domain.laps import PitStop
from racelab.live.reducers.change import car_of, evolved, ledger_of, with_car
from racelab.live.reducers.drives import closed, named, opened
from racelab.live.state import DISQUALIFIED, FINISHED, OUT_LAP, PIT, RETIRED, CarLedger, CarState, RaceState

_DONE = frozenset({FINISHED, RETIRED, DISQUALIFIED})


def stop(state: RaceState, stop: PitStop) -> RaceState:
    """A stop begins (no exit yet), ends, or is told again."""
    car, ledger = car_of(state, stop.car_number), ledger_of(state, stop.car_number)
    if stop.lap_number not in ledger.stop_laps:
        ledger = replace(ledger, stop_laps=(*ledger.stop_laps, stop.lap_number))
    left_lap = ledger.exit_lap if ledger.exit_lap is not None else -1
    time = max((at for at in (stop.in_ms, stop.out_ms) if at is not None), default=None)
    changed: dict[str, Any] = {"stops": _stops(car, ledger)}
    if stop.lap_number > left_lap and stop.out_ms is None:
        changed |= _in(state, car, ledger, stop)
    elif stop.lap_number > left_lap and stop.out_ms is not None:
        ledger = replace(ledger, exit_lap=stop.lap_number)
        changed |= _out(state, car, ledger, stop, stop.out_ms)
    elif stop.lap_number == left_lap and stop.out_ms is not None:
        # Told again, with the driver or the exit better known.
        changed |= {"last_stop_ms": stop.out_ms} | named(state, car, _driver(ledger, stop), stop.out_ms)
    return with_car(state, evolved(car, changed), ledger, time)


def _in(state: RaceState, car: CarState, ledger: CarLedger, stop: PitStop) -> dict[str, Any]:
    came = stop.in_ms if stop.in_ms is not None else state.time_ms
    return {"pit_since_ms": stop.in_ms, "status": _status(car, ledger, PIT)} | closed(car, came)


def _out(state: RaceState, car: CarState, ledger: CarLedger, stop: PitStop, out_ms: int) -> dict[str, Any]:
    came = stop.in_ms if stop.in_ms is not None else min(state.time_ms, out_ms)
    changed = closed(car, came) | {"status": _status(car, ledger, OUT_LAP), "last_stop_ms": out_ms}
    changed |= {"pit_since_ms": None, "stint": (car.stint or 1) + 1, "stint_laps": 0}
    if stop.compound is not None:
        changed |= {"compound": stop.compound.value, "tyre_age": None}
    if (driver := _driver(ledger, stop)) is not None:
        changed["driver"] = driver
    gone = evolved(car, changed)
    return changed if car.status in _DONE else changed | opened(gone, out_ms)


def _stops(car: CarState, ledger: CarLedger) -> int | None:
    return len(ledger.stop_laps) if ledger.told is None or ledger.told.stops is None else car.stops


def _status(car: CarState, ledger: CarLedger, status: str) -> str | None:
    return status if ledger.told is None or ledger.told.status is None else car.status


def _driver(ledger: CarLedger, stop: PitStop) -> str | None:
    """Who left, where no line of the provider names who is in the car."""
    if ledger.told is not None and ledger.told.driver is not None:
        return None
    return next((driver.name for driver in ledger.crew if driver.seat == stop.seat_out), None)
