"""Timing71 states in, records out: the same parser for the importer, a live feed and a replay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from racelab.domain.frames import Frame
from racelab.domain.laps import Result, ResultKind
from racelab.domain.records import Record
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.cars import CarTrack, Front, Moment
from racelab.sources.timing71.columns import Columns
from racelab.sources.timing71.messages import Messages, PitNote, is_penalty, pit_note
from racelab.sources.timing71.session import SessionTrack, start_of
from racelab.sources.timing71.values import car_number, count, duration_ms, gap

Notes = dict[str, list[tuple[PitNote, int]]]


class Parser:
    """Turns full states of one session, in their order, into records.

    Session time counts from the instant at which the race clock was zero. Where that is not given as ``start``, states
    from before the clock runs have the session time 0.
    """

    def __init__(self, manifest: dict[str, Any], start: datetime | None = None) -> None:
        self.start = start
        self.columns = Columns(manifest)
        self.session = SessionTrack(manifest.get("trackDataSpec"))
        self.cars: dict[str, CarTrack] = {}
        self._messages = Messages()
        self._order: list[str] = []
        self._began: datetime | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    def process(self, frame: Frame) -> Iterator[Record]:
        """The records that a state brings. The payload has ``cars``, ``session`` and ``messages``."""
        # Frames are stamped in whole seconds or in ms; time does not run backwards between the two.
        self._last = max(self._last, frame.received_at)
        found = start_of(frame)
        if self._began is None and found is not None:
            self._began = found
            self.start = self.start or found
        start = self.start or frame.received_at
        time_ms = _since(start, self._last)
        running = self._began is not None
        yield from self.session.read(frame.payload["session"], time_ms, running)
        notes: Notes = {}
        yield from self._read_messages(frame.payload["messages"], start, notes)
        moment = Moment(time_ms, running, self.session.flag)
        self._order, front = [], Front()
        for row in frame.payload["cars"]:
            number = car_number(self.columns.cell(row, spec.NUMBER)) if isinstance(row, list) else None
            if number is None or number in self._order:
                continue
            self._order.append(number)
            track = self.cars.get(number)
            if track is None:
                track = self.cars[number] = CarTrack.of(number, self.columns)
            front = front.with_laps(count(self.columns.cell(row, spec.LAPS)))
            yield from track.read(row, len(self._order), moment, front, notes.get(number, []))

    def finish(self) -> Iterator[Record]:
        """The provisional classification: the order of the last state, if the chequered flag was seen."""
        if not self.session.finished:
            return
        for position, number in enumerate(self._order, 1):
            yield _result(self.cars[number], position)

    def _read_messages(self, listed: Any, start: datetime, notes: Notes) -> Iterator[Record]:
        for at, message in self._messages.new(listed):
            record = self._messages.race_control(at, message, start)
            if record is not None:
                yield record
                penalty = is_penalty(record)
                if penalty and record.car_number in self.cars:
                    self.cars[record.car_number].stops.penalty = penalty
            noted = pit_note(at, message)
            if noted is not None:
                notes.setdefault(noted[0], []).append((noted[1], _since(start, at)))


def _since(start: datetime, at: datetime) -> int:
    return (at - start) // timedelta(milliseconds=1)


def _result(track: CarTrack, position: int) -> Result:
    row = track.row or []
    gap_ms, gap_laps = gap(track.columns.cell(row, spec.GAP))
    best = duration_ms(track.columns.cell(row, spec.BEST))
    laps, kept = track.laps.laps, track.laps.kept
    times = [lap.lap_time_ms for lap in kept if lap.lap_time_ms is not None]
    return Result(
        track.car_number,
        kind=ResultKind.PROVISIONAL,
        position=position,
        class_position=count(track.columns.cell(row, spec.CLASS_POSITION)) or None,
        status=track.status,
        laps=laps,
        total_time_ms=sum(times) if times and len(times) == laps else None,
        gap_ms=gap_ms,
        gap_laps=gap_laps,
        best_lap_ms=best,
        best_lap_number=next((lap.lap_number for lap in kept if best is not None and lap.lap_time_ms == best), None),
    )
