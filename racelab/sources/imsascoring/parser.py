"""IMSA's scoring files in, records out: live, in replay and from recordings alike.

A frame's payload is ``[file, content]``. Session time is what the race clock shows. What a poll shows happened since the
poll before it: flags, entries to the pit lane and exits have the time of the poll, and stops say so in `repairs`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from racelab.domain.frames import Frame
from racelab.domain.laps import Result, ResultKind
from racelab.domain.records import Record, Repair
from racelab.domain.sessions import Session
from racelab.sources.imsascoring import specification as spec
from racelab.sources.imsascoring.cars import FINISHED, CarTrack, Poll
from racelab.sources.imsascoring.rows import Row, read_rows
from racelab.sources.imsascoring.session import SessionTrack
from racelab.sources.imsascoring.sound import Extent
from racelab.sources.imsascoring.text import read_jsonp


class Parser:
    """Turns polled files of one session, in their order, into records; `skipped` counts what was not read, and why."""

    def __init__(self, session: Session) -> None:
        self.session = SessionTrack(session)
        self.cars: dict[str, CarTrack] = {}
        self.skipped: Counter[str] = Counter()
        self._polled_ms: int | None = None
        self._was_flagged = False
        self._extent = Extent()

    def process(self, frame: Frame) -> Iterator[Record]:
        """The records that a file brings."""
        file, content = _opened(frame.payload)
        if content is None:
            self.skipped["frames that are no scoring file"] += 1
        elif file == spec.INFO:
            yield from self.session.read_info(content, frame.received_at)
        elif file == spec.DATA:
            yield from self.session.read_data(content, frame.received_at)
        else:
            yield from self._results(content, frame)

    def finish(self) -> Iterator[Record]:
        """The provisional classification, if the chequered flag was seen, and what could not be read."""
        ordered = sorted(self.cars.values(), key=_place)
        if self.session.finished:
            yield from (_result(car, car.row, place) for place, car in enumerate(ordered, 1) if car.row is not None)
        for reason, number in self.skipped.items():
            yield Repair("unread_frames", "frames", reason, "payload", str(number), None, "left out; the rest was read")

    def _results(self, content: dict[str, Any], frame: Frame) -> Iterator[Record]:
        session, at = self.session, frame.received_at
        if not session.is_wanted(content.get(spec.SESSION)):
            session.is_ours = False
            return
        session.is_ours = True
        listed = content.get(spec.ROWS)
        rows = read_rows(listed)
        # Between sessions the files are shells: what was known stays.
        if not rows or session.is_old:
            return
        if session.is_late(spec.RESULTS, content.get(spec.RESULTS_TIME)):
            self.skipped["files older than the one before"] += 1
            return
        if any(row.laps for row in rows):
            yield from session.start(at)
        time_ms = session.clock.since(at)
        leader = max(row.laps for row in rows)
        poll = Poll(time_ms, self._polled_ms, session.flag, session.started, self._was_flagged, leader, self._extent)
        for row in rows:
            yield from self._car(row, poll)
        self._polled_ms, self._was_flagged = time_ms, session.finished

    def _car(self, row: Row, poll: Poll) -> Iterator[Record]:
        car = self.cars.get(row.car_number)
        if car is None:
            if len(self.cars) >= spec.CARS:
                self.skipped["rows of more cars than there can be"] += 1
                return
            car = self.cars[row.car_number] = CarTrack.of(row.car_number)
        if not car.believes(row, poll):
            self.skipped["rows whose laps go back or rise too fast"] += 1
            return
        yield from car.read(row, poll)


def _opened(payload: Any) -> tuple[str, dict[str, Any] | None]:
    """The file's name and its content; no content where the payload is no such file."""
    if not isinstance(payload, list | tuple) or len(payload) != 2 or payload[0] not in spec.FILES:
        return "", None
    file, content = payload
    if isinstance(content, str):
        try:
            content = read_jsonp(content)
        except ValueError:
            return file, None
    return file, content if isinstance(content, dict) else None


def _place(car: CarTrack) -> tuple[bool, int, str]:
    place = car.row.position if car.row is not None else None
    return place is None, place or 0, car.car_number


def _result(car: CarTrack, row: Row, position: int) -> Result:
    total = car.line.known if car.line.is_exact else None
    return Result(
        car.car_number, kind=ResultKind.PROVISIONAL, position=position, class_position=row.class_position,
        status=FINISHED if car.is_done else None, laps=row.laps, total_time_ms=total or None,
        gap_ms=row.gap[0], gap_laps=row.gap[1], best_lap_ms=row.best_ms, best_lap_number=row.best_lap,
    )  # fmt: skip
