"""Entries and the provider's own timing lines."""

from dataclasses import replace
from typing import Any

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag
from racelab.domain.records import Timing
from racelab.live.reducers.change import car_of, evolved, given, ledger_of, merged, with_car
from racelab.live.reducers.drives import closed, joined, named, opened, resumed
from racelab.live.reducers.marks import counts, timed
from racelab.live.state import DISQUALIFIED, FINISHED, OUT_LAP, RETIRED, RUNNING, STOPPED, CarState, RaceState

_PAIRS = (("gap_ms", "gap_laps"), ("interval_ms", "interval_laps"))
_ENDS = frozenset({FINISHED, RETIRED, DISQUALIFIED, STOPPED})
_NONE: frozenset[str] = frozenset()
_LAST, _SECTORS = frozenset({"last_lap_ms"}), frozenset({"s1_ms", "s2_ms", "s3_ms"})


def enter(state: RaceState, entry: Entry) -> RaceState:
    """A car is named; what was not told keeps its value."""
    car, ledger = car_of(state, entry.car_number), ledger_of(state, entry.car_number)
    changed = given(
        car_class=entry.car_class, team=entry.team, manufacturer=entry.manufacturer, colour=entry.colour,
    )  # fmt: skip
    if car.driver is None and entry.drivers:
        changed |= named(state, car, entry.drivers[0].name, state.time_ms)
    crew = entry.drivers or ledger.crew
    return with_car(state, evolved(car, changed), replace(ledger, crew=crew))


def time(state: RaceState, line: Timing) -> RaceState:
    """The provider's line for a car: what it says wins over what is computed."""
    car, ledger = car_of(state, line.car_number), ledger_of(state, line.car_number)
    changed = given(
        stops=line.stops, energy_pct=line.energy_pct, status=line.status,
        compound=line.compound.value if line.compound else None, tyre_age=line.tyre_age,
        laps=max(line.laps, car.laps or 0) if line.laps is not None else None,
    )  # fmt: skip
    changed |= named(state, car, line.driver, line.time_ms)
    if car.laps is None and line.laps is not None:
        changed |= joined(car, line.laps, line.time_ms)
    if line.status is not None and line.status != car.status:
        is_over = state.is_race and state.flag is Flag.CHEQUERED
        changed |= _ended(evolved(car, changed), car.status, line, is_over=is_over)
    times = _times(line)
    if times:
        changed |= timed(state, car, times, _uncounted(state, car, line))
    if line.best_lap_ms is not None:
        changed["best_lap_ms"] = line.best_lap_ms
    told = evolved(ledger, {"told": _told(ledger.told, line)})
    return with_car(state, evolved(car, changed), told, line.time_ms)


def _ended(car: CarState, before: str | None, line: Timing, *, is_over: bool) -> dict[str, Any]:
    """The drive ends with the car's race; a car that stood and goes on was driven meanwhile, one given up was not."""
    if line.status in _ENDS:
        return closed(car, line.time_ms)
    goes_on = line.status in (RUNNING, OUT_LAP) and before in (STOPPED, RETIRED)
    if is_over or not goes_on or car.driver_since_ms is not None:
        return {}
    return resumed(car) if before == STOPPED else opened(car, line.time_ms) if car.pit_since_ms is None else {}


def _uncounted(state: RaceState, car: CarState, line: Timing) -> frozenset[str]:
    """The last lap belongs to the laps that are done, sectors to the lap that is under way."""
    if car.laps is not None and car.laps > 1 and (line.laps is None or line.laps > 1):
        return _NONE
    told = line.laps if line.laps is not None else car.laps
    done = car.laps if car.laps is not None else line.laps
    last = _NONE if counts(state, told) else _LAST
    return last if counts(state, None if done is None else done + 1) else last | _SECTORS


def _times(line: Timing) -> dict[str, int | None]:
    times: dict[str, int | None] = {} if line.last_lap_ms is None else {"last_lap_ms": line.last_lap_ms}
    if line.s1_ms is not None:
        # A new first sector begins a new lap: the sectors of the lap before go.
        return times | {"s1_ms": line.s1_ms, "s2_ms": line.s2_ms, "s3_ms": line.s3_ms}
    return times | given(s2_ms=line.s2_ms, s3_ms=line.s3_ms)


def _told(before: Timing | None, line: Timing) -> Timing:
    """The provider's word so far. A line with a place is whole; gaps and intervals are replaced together."""
    return line if before is None or line.position is not None else merged(before, line, _PAIRS)
