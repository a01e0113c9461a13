"""Al Kamel's messages in, records out: live, in replay and from recordings alike.

A frame's payload is a DDP message as it was received. Session time counts on the service's clock from the instant that the
service gives as the session's start; what has no instant of its own has the time at which it came.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from racelab.domain.flags import Flag
from racelab.domain.frames import Frame
from racelab.domain.laps import Result, ResultKind
from racelab.domain.records import Record, Repair, Weather
from racelab.domain.sessions import Session
from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.cars import FINISHED, CarTrack, Moment
from racelab.sources.alkamelddp.control import Control, read_weather
from racelab.sources.alkamelddp.documents import Change, Documents, session_of
from racelab.sources.alkamelddp.gaps import gap_between
from racelab.sources.alkamelddp.rows import Standing
from racelab.sources.alkamelddp.session import SessionTrack, is_elsewhen, is_wanted
from racelab.sources.alkamelddp.standings import Rows
from racelab.sources.alkamelddp.stops import Told
from racelab.sources.alkamelddp.values import duration_ms, part, stamp_ms, text

# Messages of the connection itself.
_OWN = frozenset({"connected", "ping", "pong", "ready", "nosub", "updated", "failed", "error", "result", spec.REMOVED})


class Parser:
    """Turns the messages of one session, in their order, into records; `skipped` counts what was not read, and why."""

    def __init__(self, session: Session) -> None:
        self.session = SessionTrack()
        self.cars: dict[str, CarTrack] = {}
        self.skipped: Counter[str] = Counter()
        self._calendar = session
        self._documents, self._rows, self._control = Documents(), Rows(), Control()
        self._others: set[str] = set()
        self._elsewhen: set[str | None] = set()
        self._has_stops = False
        self._weather: dict[str, Any] = {}

    def process(self, frame: Frame) -> Iterator[Record]:
        """The records that a message brings."""
        message = frame.payload
        if not isinstance(message, dict):
            self.skipped["frames that are no message"] += 1
            return
        change = self._documents.take(message)
        if change is None:
            kind, collection = message.get("msg"), message.get("collection")
            is_data = collection in spec.COLLECTIONS if isinstance(collection, str) else collection is not None
            if not (kind is None or (isinstance(kind, str) and (kind in _OWN or not is_data))):
                self.skipped["messages that cannot be read"] += 1
            return
        yield from self._read(change, frame.received_at)

    def finish(self) -> Iterator[Record]:
        """The provisional classification, if the chequered flag was seen, and what could not be read."""
        if self.session.finished:
            for place, car in enumerate(self._ordered(), 1):
                yield self._result(car, place)
        for reason, number in self.skipped.items():
            yield Repair("unread_frames", "frames", reason, "payload", str(number), None, "left out; the rest was read")

    def _read(self, change: Change, at: datetime) -> Iterator[Record]:
        own, content = session_of(change.document), change.document.get(spec.NESTED[change.collection])
        if change.collection == spec.INFO:
            if own is not None and len(self._others) < spec.DOCUMENTS:
                (self._others.discard if is_wanted(content, self._calendar) else self._others.add)(own)
            return
        if change.collection == spec.STATUS and len(self._elsewhen) < spec.DOCUMENTS:
            (self._elsewhen.add if is_elsewhen(content, self._calendar) else self._elsewhen.discard)(own)
        if own in self._others or own in self._elsewhen:
            return
        if change.collection == spec.STANDINGS:
            yield from self._standings(change.fields.get(spec.STANDINGS), at)
        elif change.collection == spec.ENTRY:
            yield from self._entries(part(change.fields, spec.NESTED[spec.ENTRY]))
        elif change.collection == spec.PIT_INFO:
            yield from self._stops(content)
        elif change.collection == spec.STATUS:
            yield from self.session.read(content, at)
            yield from self._control.timed(self.session.time)
        elif change.collection == spec.CONTROL:
            yield from self._control.read(content, self.session.time)
        else:
            yield from self._sensors(content if isinstance(content, dict) else change.document, at)

    def _standings(self, content: Any, at: datetime) -> Iterator[Record]:
        """The rows that a message brings; gaps are told once all of them are known."""
        time, read = self.session.time, self._rows.read(content)
        for row, fields in read.rows:
            if row.lap_start is not None:
                time.told(row.lap_start, at, is_past=bool(row.laps) or self.session.started)
            time.line(row, is_whole=fields >= {"data", "elapsedTime"})
            if row.laps:
                time.fall_back(self._calendar.start_utc)
        self.skipped["rows that cannot be read"] += read.unread
        self.skipped += Counter()
        # A message that has a car twice is taken at its last word.
        newest = {row.car_number: (row, fields) for row, fields in read.rows}
        believed = [(self._car(number), row, fields) for number, (row, fields) in newest.items()]
        taken = [(car, row, fields) for car, row, fields in believed if car is not None and car.believes(row)]
        if len(taken) < len(believed):
            self.skipped["rows older than the one before, or impossible"] += len(believed) - len(taken)
        order = self._order([row for _, row, _ in taken])
        for car, row, fields in taken:
            if row.laps:
                yield from self.session.start(time.now(at) or 0)
            yield from car.read(row, self._moment(car, row, order, at), is_fresh="lastLapTime" in fields)

    def _order(self, new: list[Standing]) -> list[Standing]:
        rows = {number: car.row for number, car in self.cars.items() if car.row is not None}
        rows |= {row.car_number: row for row in new}
        return sorted(rows.values(), key=lambda row: row.position)

    def _moment(self, car: CarTrack, row: Standing, order: list[Standing], at: datetime) -> Moment:
        session, place = self.session, next(at for at, one in enumerate(order) if one is row)
        own = car.car_class or row.car_class
        mates = [one for one in order[:place] if (self.cars[one.car_number].car_class or one.car_class) == own]
        ahead = place > 0
        finish = session.time.since(order[0].lap_start) if session.flag is Flag.CHEQUERED else None
        return Moment(
            session.time.now(at), session.time.since(row.lap_start) if row.laps else None, finish, session.flag, session.started,
            len(mates) + 1 if own is not None else None,
            gap_between(order[0], row) if ahead else (None, None),
            gap_between(order[place - 1], row) if ahead else (None, None),
        )  # fmt: skip

    def _car(self, number: str) -> CarTrack | None:
        if number not in self.cars and len(self.cars) < spec.CARS:
            self.cars[number] = CarTrack.of(number)
        return self.cars.get(number)

    def _entries(self, listed: Any) -> Iterator[Record]:
        for number, held in list(listed.items())[: spec.CARS] if isinstance(listed, dict) else ():
            car = self._car(str(number)) if text(number, 8) == number and isinstance(held, dict) else None
            if car is None:
                self.skipped["entries that cannot be read"] += 1
                continue
            parts = [text(held.get("firstname")), text(held.get("lastname"))]
            driver = text(held.get("name")) or text(" ".join(filter(None, parts)))
            named = {"driver": driver, "car_class": text(held.get("class"), 40), "team": text(held.get("team")), "vehicle": text(held.get("vehicle"))}  # fmt: skip
            yield from car.enter(named)

    def _stops(self, listed: Any) -> Iterator[Record]:
        for number, held in list(listed.items())[: spec.CARS] if isinstance(listed, dict) else ():
            car = self.cars.get(str(number))
            hour = self.session.time.since(stamp_ms(part(held, "lastPitHour")))
            if car is not None and hour is not None:
                told = Told(hour, duration_ms(part(held, "lastPitTime")))
                yield from car.pitted(told, is_first=not self._has_stops)
        self._has_stops = True

    def _sensors(self, content: dict[str, Any], at: datetime) -> Iterator[Weather]:
        if content != self._weather:
            self._weather = content
            found = read_weather(content, self.session.time.now(at) or 0)
            yield from [found] if found is not None else []

    def _ordered(self) -> list[CarTrack]:
        seen = [(car.row.position, number) for number, car in self.cars.items() if car.row is not None]
        return [self.cars[number] for _, number in sorted(seen)]

    def _result(self, car: CarTrack, position: int) -> Result:
        row, first = car.row, next(iter(self._ordered())).row
        gap = gap_between(first, row) if row is not None and first is not None and row is not first else (None, None)
        status = FINISHED if car.is_done else spec.RESULTS.get((row.result if row else None) or "")
        return Result(
            car.car_number, kind=ResultKind.PROVISIONAL, position=position, status=status,
            class_position=sum(mate.car_class == car.car_class for mate in self._ordered()[:position]),
            laps=row.laps if row else None,
            total_time_ms=(self.session.time.since(row.lap_start) or None) if row and row.laps else None,
            gap_ms=gap[0], gap_laps=gap[1], best_lap_ms=row.best_ms if row else None,
            best_lap_number=row.best_lap if row else None,
        )  # fmt: skip
