"""The tracker: records in, incidents out, record by record, so that frames and batches make no difference."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from racelab.domain.entries import Entry
from racelab.domain.flags import RaceControlMessage, TrackStatus
from racelab.domain.incidents import Incident, IncidentPhase
from racelab.domain.laps import Lap, PitStop, StopType
from racelab.domain.records import Clock, Record, Repair, Timing
from racelab.live.incidents import control, flags, pits, stopped
from racelab.live.incidents.losses import judge
from racelab.live.incidents.pace import LAP
from racelab.live.incidents.watch import CarWatch, Track
from racelab.live.link import RULE
from racelab.live.state import DISQUALIFIED, FINISHED, OUT_LAP, PIT, RETIRED, RUNNING, STOPPED

log = logging.getLogger("racelab")
# How often cars that do not come round, or do not come out, are looked at, in session time.
_CHECK_MS = 5_000
_PENALTIES = frozenset({StopType.DRIVE_THROUGH, StopType.PENALTY})
_OUT = frozenset({RETIRED, FINISHED, DISQUALIFIED})
# Messages told again are known by number and text; services repeat the last ones.
_MESSAGES = 500
_SHOWN = 30


class IncidentTracker:
    """Follows one session.

    It knows only the records that it was given, in their order: the same records give the same incidents with the same
    numbers, also when a session is followed again from its recording.
    """

    def __init__(self, *, is_race: bool = True, name: str = "") -> None:
        """Begin before the first record; outside races only flags, stopped cars and race control are followed.

        What is confirmed is logged behind the session's ``name``; without one, nothing is.
        """
        self._name = name
        self._track = Track(is_race=is_race)
        self._next_check = 0
        self._is_back = False
        self._messages: deque[tuple[int, str]] = deque(maxlen=_MESSAGES)
        self._logged: deque[int] = deque(maxlen=_MESSAGES)
        self._takers: dict[type, Callable[[Any], None]] = {
            Timing: self._timing, Lap: self._lap, PitStop: self._stop, TrackStatus: self._flag, Clock: self._clock,
            RaceControlMessage: self._message, Entry: self._entry,
            Repair: self._repair,
        }  # fmt: skip

    @property
    def latest(self) -> tuple[Incident, ...]:
        """The newest incidents that are open or were until lately, oldest first, for dashboards."""
        book = self._track.book
        return tuple(sorted((*book.over, *book.open.values()), key=lambda one: one.sequence)[-_SHOWN:])

    @property
    def open(self) -> list[Incident]:
        """The incidents that are not over, oldest first."""
        return list(self._track.book.open.values())

    def take(self, records: Iterable[Record]) -> list[Incident]:
        """What is new or has changed: an incident that changes is told again, whole, under its number."""
        for record in records:
            taker = self._takers.get(type(record))
            if taker is not None:
                taker(record)
        told = self._track.book.told
        if not told:
            return []
        self._track.book.told = []
        for one in told if self._name else ():
            if one.phase is IncidentPhase.CONFIRMED and one.sequence not in self._logged:
                log.info("%s: %s", self._name, one.text)
                self._logged.append(one.sequence)
        return told

    def _to(self, time_ms: int | None) -> None:
        """Session time has come to here; it never runs backwards."""
        book = self._track.book
        if time_ms is None or time_ms <= book.now:
            return
        book.pass_to(time_ms)
        if self._is_back:
            self._resume(time_ms)
        if time_ms >= self._next_check:
            self._next_check = time_ms - time_ms % _CHECK_MS + _CHECK_MS
            for car in self._track.cars.values():
                stopped.check(self._track, car)
                pits.check(self._track, car)

    def _repair(self, repair: Repair) -> None:
        self._is_back = self._is_back or repair.rule == RULE

    def _resume(self, time_ms: int) -> None:
        """The feed is back after an interruption: what the cars did meanwhile is not known, so nobody is late."""
        self._is_back = False
        for car in self._track.cars.values():
            car.seen_ms = time_ms if car.seen_ms is not None else None
            car.unjudged_stop, car.out_lap = car.in_pit, max(car.out_lap, car.laps + 1)

    def _clock(self, clock: Clock) -> None:
        self._to(clock.time_ms)

    def _entry(self, entry: Entry) -> None:
        car = self._track.car(entry.car_number)
        car.car_class = entry.car_class or car.car_class
        car.crew |= {driver.seat: driver.name for driver in entry.drivers}

    def _flag(self, status: TrackStatus) -> None:
        self._to(status.time_ms)
        flags.shown(self._track, status)

    def _message(self, message: RaceControlMessage) -> None:
        known = (message.sequence, message.text)
        if known in self._messages:
            return
        self._messages.append(known)
        self._to(message.time_ms)
        control.spoke(self._track, message)

    def _stop(self, stop: PitStop) -> None:
        car = self._track.car(stop.car_number)
        if stop.out_ms is None:
            if stop.lap_number > car.last_stop:
                car.last_stop = stop.lap_number
                self._to(stop.in_ms)
                pits.enters(self._track, car, stop.in_ms if stop.in_ms is not None else self._track.book.now)
        elif stop.lap_number > car.last_exit:
            car.last_stop, car.last_exit = max(car.last_stop, stop.lap_number), stop.lap_number
            self._to(stop.out_ms)
            pits.leaves(self._track, car, stop.out_ms, stop.duration_ms, stop.lap_number)
            if stop.stop_type in _PENALTIES:
                control.served_in_pits(self._track, car.number)
        if stop.seat_out in car.crew and not car.is_driver_told:
            pits.drives(self._track, car, car.crew[stop.seat_out])

    def _timing(self, line: Timing) -> None:
        self._to(line.time_ms)
        car = self._track.car(line.car_number)
        if line.status is not None and line.status != car.status:
            self._status(car, line.status, line.time_ms)
        if line.s1_ms is not None or line.s2_ms is not None or line.s3_ms is not None:
            self._sectors(car, (line.s1_ms, line.s2_ms, line.s3_ms), line.time_ms)
        if line.driver is not None and line.driver != car.driver:
            car.is_driver_told = True
            pits.drives(self._track, car, line.driver)

    def _status(self, car: CarWatch, status: str, at: int) -> None:
        before, car.status = car.status, status
        if status == STOPPED:
            stopped.told(self._track, car, at)
        elif status in _OUT:
            car.is_out = True
            stopped.moves(self._track, car, status)
            pits.gives_up(self._track, car, status)
        elif status in (RUNNING, OUT_LAP):
            car.is_out = False
            stopped.moves(self._track, car, "went on")
        if status == PIT:
            pits.enters(self._track, car, at)
        elif before == PIT and car.in_pit and status in (RUNNING, OUT_LAP):
            pits.leaves(self._track, car, at)

    def _sectors(self, car: CarWatch, told: tuple[int | None, int | None, int | None], at: int) -> None:
        """Sectors as the live timing shows them: what differs from before has just been done."""
        new = [part for part in (0, 1, 2) if told[part] is not None and told[part] != car.sectors[part]]
        if not new:
            return
        car.has_sectors = True
        if new[0] == 0:
            car.sectors = told
        else:
            car.sectors = tuple(now if now is not None else old for now, old in zip(told, car.sectors, strict=True))  # type: ignore[assignment]
        self._passes(car, at)
        for part in new:
            took = told[part]
            if took is not None:
                judge(self._track, car, part, took, at)

    def _passes(self, car: CarWatch, at: int) -> None:
        """The car has crossed a line: it is not standing anywhere."""
        car.seen_ms = max(at, car.seen_ms or at)
        if car.late is not None and car.stopped_ms is None:
            stopped.moves(self._track, car, "came round")

    def _lap(self, lap: Lap) -> None:
        car = self._track.car(lap.car_number)
        if lap.lap_number <= car.laps or lap.end_ms is None:
            return
        self._to(lap.end_ms)
        if lap.seat in car.crew and not car.is_driver_told:
            pits.drives(self._track, car, car.crew[lap.seat])
        raced = not (lap.pit_out or lap.deleted or (lap.flag is not None and lap.flag.is_neutral))
        if raced and lap.lap_time_ms is not None:
            if car.has_sectors and (lap.s1_ms, lap.s2_ms) == car.sectors[:2]:
                # The lap may be told a moment before the live line of its last sector.
                self._sectors(car, (lap.s1_ms, lap.s2_ms, lap.s3_ms), lap.end_ms)
            elif not car.has_sectors:
                self._stored(car, lap, lap.end_ms)
            if not lap.pit_in:
                judge(self._track, car, LAP, lap.lap_time_ms, lap.end_ms)
            if not lap.pit_in and car.laps >= max(1, car.out_lap) and self._track.is_free(lap.end_ms - lap.lap_time_ms):
                car.pace.add(LAP, lap.lap_time_ms)
        car.laps = lap.lap_number
        self._passes(car, lap.end_ms)

    def _stored(self, car: CarWatch, lap: Lap, end: int) -> None:
        """A lap that comes whole: its sectors one after another, where they are told."""
        s1, s2, s3 = lap.s1_ms, lap.s2_ms, lap.s3_ms
        if s1 is None or s2 is None or s3 is None:
            return
        # The last sector of an in-lap is driven in the pit lane.
        for part, took, at in ((0, s1, end - s3 - s2), (1, s2, end - s3), (2, s3, end))[: 2 if lap.pit_in else 3]:
            judge(self._track, car, part, took, at)
