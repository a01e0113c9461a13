"""Drive time: how long each driver of a crew has driven, and what the rules allow.

A drive runs from the pit exit, or the start, to the pit entry: the time in the pit lane counts for nobody, as the WEC
counts it (https://fiawec.com/en/driving-time/94: "measured without taking pit stops into account").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey

_MINUTE, _HOUR = 60_000, 3_600_000


class Drive(NamedTuple):
    """A driver's time on the track between two stops, in ms of session time."""

    driver: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class DriveTimeRule:
    """What a driver must and may drive in a race; null is a bound that is not known or not set."""

    least_ms: int | None = None
    most_ms: int | None = None
    # The most within any span of so many ms.
    most_in_span_ms: int | None = None
    span_ms: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class DriveTime:
    """Where a driver stands: driven so far and within the span that ends now, and what is still owed and allowed.

    ``owed_ms`` and ``left_ms`` are null where no rule gives a bound; ``left_ms`` is negative for a driver who has
    driven too long, and is the nearer of both bounds.
    """

    driver: str
    driven_ms: int
    in_span_ms: int | None = None
    owed_ms: int | None = None
    left_ms: int | None = None


_NO_RULE = DriveTimeRule()
_LE_MANS = "https://www.fiawec.com/en/news/un-oeil-sur-le-chronometre-temps-minimum-de-conduite/5136"
_SIX_HOURS = "https://fiawec.com/en/driving-time/94"
# Le Mans: the same in all classes. The minimum differs by class, rating and year: it is not set here.
_DAY = DriveTimeRule(None, 14 * _HOUR, 4 * _HOUR, 6 * _HOUR, _LE_MANS)
# Six-hour races of 2021; that of LMGTE Am differs by the driver's rating and is left out.
_OF_2021 = {
    "HYPERCAR": DriveTimeRule(40 * _MINUTE, 270 * _MINUTE, source=_SIX_HOURS),
    "LMGTE PRO": DriveTimeRule(40 * _MINUTE, 270 * _MINUTE, source=_SIX_HOURS),
    "LMP2": DriveTimeRule(75 * _MINUTE, 210 * _MINUTE, source=_SIX_HOURS),
}


def drive_time_rule(key: SessionKey, scheduled_ms: int | None, car_class: str | None) -> DriveTimeRule:
    """The rule that is known for a car's race; one without bounds where none is known for certain.

    Whoever knows better passes a DriveTimeRule of one's own to `drive_time`.
    """
    if key.series is not Series.WEC or not key.is_race or scheduled_ms is None:
        return _NO_RULE
    if scheduled_ms == 24 * _HOUR:
        return _DAY
    if key.season == 2021 and scheduled_ms == 6 * _HOUR:
        return _OF_2021.get((car_class or "").upper(), _NO_RULE)
    return _NO_RULE


def driver_times(drives: Iterable[Drive]) -> dict[str, int]:
    """The ms of each driver's drives, in the order in which they first drove."""
    times: dict[str, int] = {}
    for drive in drives:
        times[drive.driver] = times.get(drive.driver, 0) + drive.end_ms - drive.start_ms
    return times


def drive_time(driver: str, drives: Iterable[Drive], now_ms: int, rule: DriveTimeRule = _NO_RULE) -> DriveTime:
    """Where a driver stands at ``now_ms`` of session time.

    Args:
        driver: the driver's name.
        drives: all drives of the car, the one under way included with ``now_ms`` as its end.
        now_ms: the end of the span that is looked at.
        rule: the bounds.
    """
    own = [drive for drive in drives if drive.driver == driver]
    driven = sum(drive.end_ms - drive.start_ms for drive in own)
    in_span = None if rule.span_ms is None else _within(own, now_ms - rule.span_ms, now_ms)
    left = [] if rule.most_ms is None else [rule.most_ms - driven]
    if rule.most_in_span_ms is not None and in_span is not None:
        left.append(rule.most_in_span_ms - in_span)
    owed = None if rule.least_ms is None else max(rule.least_ms - driven, 0)
    return DriveTime(driver, driven, in_span, owed, min(left, default=None))


def _within(drives: Iterable[Drive], start_ms: int, end_ms: int) -> int:
    return sum(max(min(drive.end_ms, end_ms) - max(drive.start_ms, start_ms), 0) for drive in drives)
