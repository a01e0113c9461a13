"""Who drives, and since when: a drive begins at the start or a pit exit and ends at the pit entry or the finish."""

from typing import Any

from racelab.domain.drive_time import Drive
from racelab.live.state import CarState, RaceState


def opened(car: CarState, at_ms: int) -> dict[str, Any]:
    """What changes when the car goes on the track; a drive begins after the one before and not before the start."""
    before = car.drives[-1].end_ms if car.drives else 0
    return {"driver_since_ms": max(at_ms, before, 0)}


def closed(car: CarState, at_ms: int) -> dict[str, Any]:
    """What changes when the drive under way ends; nobody's time is kept for nobody."""
    since = car.driver_since_ms
    if since is None:
        return {}
    if car.driver is None or at_ms <= since:
        return {"driver_since_ms": None}
    return {"drives": (*car.drives, Drive(car.driver, since, at_ms)), "driver_since_ms": None}


def resumed(car: CarState) -> dict[str, Any]:
    """What changes when a car that stood on the track goes on: the drive that ended there is still under way."""
    if car.pit_since_ms is not None or not car.drives or car.drives[-1].driver != car.driver:
        return {}
    return {"drives": car.drives[:-1], "driver_since_ms": car.drives[-1].start_ms}


def named(state: RaceState, car: CarState, driver: str | None, at_ms: int) -> dict[str, Any]:
    """What changes when somebody is told to drive the car.

    Drivers change in the pits only: a name that comes on the stint's first lap belongs to the whole drive. One that
    comes later tells of a stop that nobody saw, and the drive is divided where the name was told.
    """
    if driver is None or driver == car.driver:
        return {}
    changed: dict[str, Any] = {"driver": driver}
    if car.driver is None and car.driver_since_ms is None and car.pit_since_ms is None and state.is_race:
        return changed | opened(car, at_ms if (car.laps or 0) > 1 else 0)
    if car.driver is None or car.driver_since_ms is None or not car.stint_laps:
        return changed
    ended = closed(car, at_ms)
    return changed | ended | {"driver_since_ms": max(at_ms, car.driver_since_ms)}


def joined(car: CarState, laps: int | None, at_ms: int | None) -> dict[str, Any]:
    """What changes when the first that is known of the car's laps is that it has done some: before, nobody looked.

    Whoever drives has driven from then on; what was driven before, and by whom, is not known.
    """
    is_late = car.laps is None and (laps or 0) > 1 and car.pit_since_ms is None and not car.drives
    return opened(car, at_ms) if is_late and at_ms is not None else {}
