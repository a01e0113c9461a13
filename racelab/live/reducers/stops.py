"""Stops: a car comes in, and goes out on a new stint."""

from dataclasses import replace
from typing import Any

from racelab.domain.flags import Flag
from racelab.domain.laps import PitStop
from racelab.live.reducers.change import car_of, evolved, ledger_of, with_car
from racelab.live.reducers.drives import closed, opened
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
        changed |= {"last_stop_ms": stop.out_ms} | _named_late(car, ledger, stop)
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
    if (ledger.told is None or ledger.told.driver is None) and (driver := _driver(ledger, stop)):
        # Where a line of the provider names who is in the car, that holds.
        changed["driver"] = driver
    gone = evolved(car, changed)
    is_over = car.status in _DONE or (state.is_race and state.flag is Flag.CHEQUERED)
    return changed if is_over else changed | opened(gone, out_ms)


def _stops(car: CarState, ledger: CarLedger) -> int | None:
    return len(ledger.stop_laps) if ledger.told is None or ledger.told.stops is None else car.stops


def _status(car: CarState, ledger: CarLedger, status: str) -> str | None:
    return status if ledger.told is None or ledger.told.status is None else car.status


def _named_late(car: CarState, ledger: CarLedger, stop: PitStop) -> dict[str, Any]:
    """The last stop told again with who left: the whole drive since then is that driver's."""
    driver = _driver(ledger, stop)
    return {"driver": driver} if driver and car.pit_since_ms is None else {}


def _driver(ledger: CarLedger, stop: PitStop) -> str | None:
    return next((driver.name for driver in ledger.crew if driver.seat == stop.seat_out), None)
