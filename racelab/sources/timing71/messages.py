"""The state's messages: race control's words, and the instants of pit entries and exits."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from racelab.domain.flags import RaceControlMessage
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.values import car_number, text

# Messages of 2020 are stamped in seconds, those of 2026 in milliseconds.
_MILLISECONDS_FROM = 100_000_000_000
_FURTHEST = timedelta(hours=30)


@dataclass(frozen=True, slots=True)
class PitNote:
    """What a message says of a car at the pit lane: entry or exit, when, and how long it was there."""

    style: str
    at: datetime
    pit_time_ms: int | None = None


@dataclass(slots=True)
class Messages:
    """Reads each message once; key frames repeat the last hundred."""

    _seen: set[tuple[Any, ...]] = field(default_factory=set)
    _count: int = 0

    def new(self, listed: Any) -> Iterator[tuple[datetime, list[Any]]]:
        """Messages not seen before, oldest first, with their instants."""
        for message in reversed(listed if isinstance(listed, list) else []):
            at = _instant(message)
            if at is None:
                continue
            identity = (at, str(message[1]), str(message[2]))
            if identity not in self._seen:
                self._seen.add(identity)
                yield at, message

    def race_control(self, at: datetime, message: list[Any], start: datetime) -> RaceControlMessage | None:
        """The message as race control's, or None where it is the service's own."""
        said = text(message[2])
        if len(message) < 4 or message[3] != spec.RACE_CONTROL or said is None:
            return None
        self._count += 1
        flag = spec.MESSAGE_FLAGS.get(said.upper())
        # A stamp that is days away from the session is wrong.
        is_near = abs(at - start) < _FURTHEST
        return RaceControlMessage(
            sequence=self._count,
            text=said,
            time_ms=round((at - start).total_seconds() * 1000) if is_near else None,
            time_utc=at if is_near else None,
            category=text(message[1]),
            flag=flag.value if flag else None,
            car_number=car_number(message[4]) if len(message) > 4 else None,
        )


def pit_note(at: datetime, message: list[Any]) -> tuple[str, PitNote] | None:
    """The car and what the message says of its pit visit, or None for other messages."""
    if len(message) < 5 or message[3] not in (spec.PIT_IN_STYLE, spec.PIT_OUT_STYLE):
        return None
    number, time = car_number(message[4]), spec.PIT_TIME.search(str(message[2]))
    seconds = (int(time[1] or 0) * 60 + int(time[2])) * 60 + int(time[3]) if time else None
    return (number, PitNote(str(message[3]), at, seconds and seconds * 1000)) if number else None


def is_penalty(record: RaceControlMessage) -> str | None:
    """DRIVE or STOP where the message gives the car a penalty to serve in the pit lane, else None."""
    found = spec.PENALTY.search(record.text) if record.car_number else None
    return found[1].upper()[:5].rstrip() if found else None


def _instant(message: Any) -> datetime | None:
    if not isinstance(message, list) or len(message) < 3 or not isinstance(message[0], int | float):
        return None
    seconds = message[0] / 1000 if message[0] > _MILLISECONDS_FROM else message[0]
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
