"""Griiip's parts in, records out: the same parser for answers, pushes, replays and the importer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from racelab.domain.frames import Frame
from racelab.domain.records import Record
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.cars import CarTrack
from racelab.sources.griiip.clock import SessionClock
from racelab.sources.griiip.field import MOST_CARS, Field
from racelab.sources.griiip.final import half_stops, missed_laps, odd_sectors, results
from racelab.sources.griiip.flags import Flags
from racelab.sources.griiip.of_cars import CarParts
from racelab.sources.griiip.of_session import SessionParts
from racelab.sources.griiip.places import Places
from racelab.sources.griiip.standings import Standings
from racelab.sources.griiip.telling import Telling
from racelab.sources.griiip.values import epoch_ms, items, lap_of

# What a record may stumble over whose parts are not what they should be.
_STRANGE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_KEPT, _MOST_WAITING = 1_000, 5_000
# These are read before the session's start is known.
_FIRST = (spec.INFO, spec.CLOCK, spec.LIMIT)


class Parser:
    """Turns the parts of one session, in any order, into records.

    A frame's payload is ``[part, content]``; the part ``bootstrap`` has all others by its own keys. Session time counts
    from ``start``, else from the start that the service tells; what comes before that is known waits for it, as do
    records of cars whose participant is not known yet. What cannot be read is named in ``skipped``.
    """

    def __init__(self, start: datetime | None = None, *, is_race: bool = True) -> None:
        """Begin before the first frame; the session's own information tells better whether it is a race."""
        self.clock = SessionClock(epoch_ms(start) if start is not None else None, is_fixed=start is not None)
        self.cars: dict[str, CarTrack] = {}
        self.telling = Telling(self.clock, Field(), Flags(), Places(is_race), Standings(), self.cars)
        self.skipped: list[str] = []
        self.unread = 0
        self._session = SessionParts(self.telling, self._car)
        self._of_cars = CarParts(self.telling)
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    def process(self, frame: Frame) -> list[Record]:
        """The records that a frame brings; what cannot be read of it is named in ``skipped``."""
        self.clock.receive(epoch_ms(frame.received_at))
        payload, found = frame.payload, list[Record]()
        if not isinstance(payload, list | tuple) or len(payload) < 2 or not isinstance(payload[0], str):
            self._skip(f"a frame without a part at {frame.received_at:%H:%M:%S}")
            return found
        part, content = payload[0], payload[1]
        if part == spec.BOOTSTRAP and isinstance(content, dict):
            for key, name in spec.BOOTSTRAP_KEYS.items():
                self._read(name, content.get(key), found)
            found += missed_laps(self.cars.values(), spec.KEPT_LAPS)
        elif part in spec.PARTS:
            self._read(spec.PARTS[part], content, found)
        found += self.telling.tell()
        return found

    def finish(self) -> Iterator[Record]:
        """What was never told, by name, and the provisional classification where the chequered flag was seen."""
        yield from missed_laps(self.cars.values())
        yield from half_stops(self.cars.values())
        yield from odd_sectors(self.cars.values())
        if self._session.has_chequered or self.telling.flags.chequered_ms is not None:
            telling = self.telling
            yield from results(self.cars, telling.standings, telling.flags, telling.entrants.entries)

    def _read(self, name: str, content: Any, found: list[Record]) -> None:
        """The records of one part, oldest first: lists come newest first."""
        for item in sorted(items(content), key=_order):
            if self.clock.start is None and name not in _FIRST:
                self._wait(name, item)
            else:
                self._one(name, item, found)
        if self._waiting and self.clock.start is not None and name in (*_FIRST, spec.PARTICIPANTS):
            waiting, self._waiting = self._waiting, []
            for held, item in waiting:
                self._one(held, item, found)

    def _one(self, name: str, item: dict[str, Any], found: list[Record]) -> None:
        try:
            if name in self._session.readers:
                found += self._session.readers[name](item)
            elif name in self._of_cars.readers:
                self._of_car(name, item)
        except _STRANGE as error:
            self._skip(f"{name}: {type(error).__name__}: {str(error)[:80]}")

    def _of_car(self, name: str, item: dict[str, Any]) -> None:
        number = self.telling.entrants.car_of(item)
        if number is None:
            self._wait(name, item)
            return
        car = self._car(number)
        if car is None or not self._of_cars.readers[name](car, item):
            self._skip(f"{name}: a record without its car, lap or time: {str(item)[:120]}")

    def _car(self, number: str) -> CarTrack | None:
        if number not in self.cars and len(self.cars) < MOST_CARS:
            self.cars[number] = CarTrack(number)
        return self.cars.get(number)

    def _wait(self, name: str, item: dict[str, Any]) -> None:
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append((name, item))
        else:
            self._skip(f"{name}: of a car or a session that was never named")

    def _skip(self, why: str) -> None:
        self.unread += 1
        if len(self.skipped) < _KEPT:
            self.skipped.append(why)


def _order(item: dict[str, Any]) -> tuple[str, int]:
    """Records by instant, all of which are ISO text of one form, and by lap where they tell none."""
    instant = item.get(spec.INSTANT)
    return instant if isinstance(instant, str) else "", lap_of(item) or 0
