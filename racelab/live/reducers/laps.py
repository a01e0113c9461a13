"""Completed laps: counts, times, crossings, stints and tyres."""

from dataclasses import replace
from typing import Any

from racelab.analysis.crossings import is_assumed
from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.live.reducers.change import car_of, evolved, given, ledger_of, with_car
from racelab.live.reducers.drives import closed, joined, named
from racelab.live.reducers.marks import counts, timed
from racelab.live.state import DISQUALIFIED, FINISHED, PIT, RETIRED, RUNNING, CarLedger, CarState, RaceState


def complete(state: RaceState, lap: Lap) -> RaceState:
    """A car has completed a lap, or a lap is told again with more of it known."""
    car, ledger = car_of(state, lap.car_number), ledger_of(state, lap.car_number)
    if lap.deleted and lap.lap_time_ms is not None and lap.lap_time_ms == car.best_lap_ms:
        # The best before it is told by the provider, or set again.
        car = replace(car, best_lap_ms=None)
        state = with_car(state, car)
    if lap.lap_number < ledger.newest or is_assumed(lap):
        return state
    is_new = lap.lap_number > ledger.newest
    changed = given(
        laps=max(car.laps or 0, lap.lap_number),
        compound=lap.compound.value if lap.compound else None,
        tyre_age=_tyre_age(car, ledger, lap, is_new=is_new),
        last_line_ms=lap.end_ms,
    )
    times = _times(lap)
    changed |= named(state, car, _driver(ledger, lap.seat), car.last_line_ms or 0)
    changed |= joined(car, lap.lap_number, lap.end_ms) if state.is_race else {}
    changed |= timed(state, car, times, frozenset() if counts(state, lap.lap_number) else frozenset(times))
    changed |= _stint(car, lap) if is_new else {}
    if ledger.told is None or ledger.told.status is None:
        changed["status"] = _status(state, car, lap, is_new=is_new)
    if _is_last(state, lap, is_new=is_new) and lap.end_ms is not None:
        changed |= closed(evolved(car, changed), lap.end_ms)
    crossed = _crossed(ledger, lap) if is_new else ledger
    return with_car(state, evolved(car, changed), crossed, lap.end_ms)


def _driver(ledger: CarLedger, seat: int | None) -> str | None:
    # The provider's own line names who is in the car now; a lap names who drove it.
    if ledger.told is not None and ledger.told.driver is not None:
        return None
    return next((driver.name for driver in ledger.crew if driver.seat == seat), None)


def _times(lap: Lap) -> dict[str, int | None]:
    times = given(last_lap_ms=lap.lap_time_ms) if not lap.deleted else {}
    own = (lap.s1_ms, lap.s2_ms, lap.s3_ms)
    if all(sector is None for sector in own):
        return times
    return times | dict(zip(("s1_ms", "s2_ms", "s3_ms"), own, strict=True))


def _stint(car: CarState, lap: Lap) -> dict[str, Any]:
    stint = lap.stint if lap.stint is not None else car.stint or 1
    return {"stint": stint, "stint_laps": 1 if stint != car.stint else (car.stint_laps or 0) + 1}


def _tyre_age(car: CarState, ledger: CarLedger, lap: Lap, *, is_new: bool) -> int | None:
    """The provider's word; where it tells no ages but that of the set when it went on, a lap counts one."""
    if lap.tyre_age is not None or car.tyre_age is None or not is_new:
        return lap.tyre_age
    tells = ledger.told is not None and ledger.told.tyre_age is not None
    return None if tells else car.tyre_age + 1


def _is_last(state: RaceState, lap: Lap, *, is_new: bool) -> bool:
    """Whether the chequered flag ended the lap; one of before it that is told again is not the car's last."""
    return lap.flag is Flag.CHEQUERED or (state.flag is Flag.CHEQUERED and is_new)


def _status(state: RaceState, car: CarState, lap: Lap, *, is_new: bool) -> str | None:
    if car.status in (RETIRED, DISQUALIFIED):
        return car.status
    if _is_last(state, lap, is_new=is_new):
        return FINISHED
    if not is_new and car.status is not None:
        # Told again, a lap says nothing of where the car is by now.
        return car.status
    return PIT if lap.pit_in else RUNNING


def _crossed(ledger: CarLedger, lap: Lap) -> CarLedger:
    """The crossing is remembered where its time is known and not before the last one."""
    ledger = replace(ledger, newest=lap.lap_number)
    if lap.end_ms is None or (ledger.times and lap.end_ms < ledger.times[-1]):
        return ledger
    return replace(ledger, laps=(*ledger.laps, lap.lap_number), times=(*ledger.times, lap.end_ms))
