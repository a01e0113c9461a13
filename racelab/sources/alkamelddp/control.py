"""Race control's words and the weather, as the service tells them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from racelab.domain.flags import RaceControlMessage
from racelab.domain.records import Weather
from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.timing import ServiceTime, instant
from racelab.sources.alkamelddp.values import number, part, stamp_ms, text


@dataclass(slots=True)
class Control:
    """Tells each message once, and again where its session time becomes known only later."""

    _seen: set[tuple[int, str]] = field(default_factory=set)
    _untimed: list[tuple[int, RaceControlMessage]] = field(default_factory=list)

    def read(self, held: Any, time: ServiceTime) -> Iterator[RaceControlMessage]:
        """Messages that were not seen before, oldest first."""
        log = part(held, "log")
        listed = list(log.values()) if isinstance(log, dict) else log if isinstance(log, list) else []
        new = {found for found in map(_message, listed[: spec.MESSAGES]) if found is not None} - self._seen
        for stamp, words in sorted(new):
            if len(self._seen) >= spec.MESSAGES:
                return
            self._seen.add((stamp, words))
            flag = spec.MESSAGE_FLAGS.get(words.upper())
            message = RaceControlMessage(
                len(self._seen),
                words,
                time_ms=time.since(stamp),
                time_utc=instant(stamp),
                flag=flag.value if flag else None,
            )
            if message.time_ms is None:
                self._untimed.append((stamp, message))
            yield message

    def timed(self, time: ServiceTime) -> Iterator[RaceControlMessage]:
        """Messages from before the session's start was known, with their times."""
        if self._untimed and time.start is not None:
            held, self._untimed = self._untimed, []
            yield from (replace(message, time_ms=time.since(stamp)) for stamp, message in held)


def _message(held: Any) -> tuple[int, str] | None:
    stamp, words = stamp_ms(part(held, "date")), text(part(held, "message"), 500)
    return (stamp, words) if stamp is not None and words is not None else None


def read_weather(held: Any, time_ms: int) -> Weather | None:
    """The readings whose names say what they are; None where there is none."""
    values: dict[str, Any] = {}
    for key, value in list(held.items())[:50] if isinstance(held, dict) else ():
        name = spec.SENSORS.get(str(key)[:50].replace("_", "").casefold())
        low, high = {
            "air_c": (-30, 60),
            "track_c": (-30, 90),
            "humidity_pct": (0, 100),
            "pressure_hpa": (500, 1100),
        }.get(name or "", (0, 360))
        found = number(value, low, high)
        if name is not None and found is not None:
            values[name] = found
    return Weather(time_ms, **values) if values else None
