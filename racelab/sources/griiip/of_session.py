"""Records of the session as a whole: its start, clock and length, entries, flags, race log and weather."""

from collections.abc import Callable
from typing import Any

from racelab.domain.entries import Entry
from racelab.domain.records import Record
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.cars import CarTrack
from racelab.sources.griiip.flags import flag_of, is_local
from racelab.sources.griiip.log import Messages
from racelab.sources.griiip.telling import Telling
from racelab.sources.griiip.weather import read_weather

Item = dict[str, Any]


class SessionParts:
    """Readers of the session's records by the name of their part; each gives the records that follow at once."""

    def __init__(self, telling: Telling, car: Callable[[str], CarTrack | None]) -> None:
        self._telling, self._clock, self._field, self._car = telling, telling.clock, telling.entrants, car
        self._messages = Messages()
        self.has_chequered = False
        self.readers: dict[str, Callable[[Item], list[Record]]] = {
            spec.INFO: self._info, spec.CLOCK: self._time, spec.LIMIT: self._limit, spec.PARTICIPANTS: self._entry,
            spec.FLAGS: self._flag, spec.LOG: self._log, spec.WEATHER: self._weather,
        }  # fmt: skip

    def _info(self, item: Item) -> list[Record]:
        if isinstance(item.get(spec.IS_RACE), bool):
            self._telling.places.is_race = item[spec.IS_RACE]
        self.has_chequered = self.has_chequered or item.get(spec.HAS_CHEQUERED) is True
        self._clock.read_start(item)
        return []

    def _time(self, item: Item) -> list[Record]:
        self._clock.read(item)
        return []

    def _limit(self, item: Item) -> list[Record]:
        self._clock.read_limit(item)
        return []

    def _entry(self, item: Item) -> list[Record]:
        entry: Entry | None = self._field.read(item)
        number = self._field.car_of(item)
        car = self._car(number) if number is not None else None
        if number is None or car is None:
            return []
        if entry is not None:
            self._telling.places.classes[number] = entry.car_class
        seat = self._field.seat(number, item.get(spec.CURRENT_DRIVER))
        at = self._clock.since(self._clock.at(item))
        at = self._clock.time_ms if at is None else at
        if seat is not None and car.sit(seat, at):
            self._telling.stint(car)
        return [entry] if entry is not None else []

    def _flag(self, item: Item) -> list[Record]:
        at, flag, flags = self._clock.at(item), flag_of(item), self._telling.flags
        time_ms = self._clock.time_ms if at is None else self._clock.since(at) or 0
        if is_local(item):
            zone = self._messages.zone(item, self._clock.now if at is None else at, time_ms)
            return [zone] if zone is not None else []
        if flag is None or (at is None and flag is flags.newest) or not flags.add(time_ms, flag):
            return []
        self._telling.flag_from(time_ms)
        return list(flags.told(time_ms))

    def _log(self, item: Item) -> list[Record]:
        at = self._clock.at(item)
        time_ms = self._clock.since(at)
        if at is None or time_ms is None:
            return []
        if item.get(spec.LOG_TYPE) == spec.SWAP:
            self._swap(item, time_ms)
        message = self._messages.control(item, at, time_ms) if item.get(spec.LOG_TYPE) == spec.MESSAGE else None
        return [message] if message is not None else []

    def _swap(self, item: Item, time_ms: int) -> None:
        number = self._field.car_of(item)
        car = self._car(number) if number is not None else None
        if number is None or car is None:
            return
        before, after = (self._field.seat(number, item.get(key)) for key in (spec.OLD_DRIVER, spec.NEW_DRIVER))
        if car.pits.swap(time_ms, before, after):
            self._telling.stint(car)

    def _weather(self, item: Item) -> list[Record]:
        at = self._clock.at(item)
        at = self._clock.now if at is None else at
        reading = read_weather(item, at, self._clock.since(at) or 0)
        return [reading] if reading is not None else []
