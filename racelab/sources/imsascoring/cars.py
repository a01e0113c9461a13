"""One car's row, poll after poll: what changed becomes records."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag
from racelab.domain.laps import Lap, PitStop, Quality
from racelab.domain.records import Record, Repair, Timing
from racelab.sources.imsascoring.lines import LineTime
from racelab.sources.imsascoring.rows import Row
from racelab.sources.imsascoring.sound import EARLY_MS, Extent
from racelab.sources.seen.crew import Crew
from racelab.sources.seen.missed import missed_lap, missed_stop
from racelab.sources.seen.stops import StopTrack

PIT, RUNNING, OUT_LAP, FINISHED = "pit", "running", "out_lap", "finished"
# No car laps a circuit faster than this: a count that rises faster is no count.
_QUICKEST_MS = 20_000


@dataclass(frozen=True, slots=True)
class Poll:
    """What holds for all cars of one poll; times are session times, None before the clock is known.

    ``is_flagged`` says that the chequered flag was out at the poll before, ``leader_laps`` how many the leader has,
    ``extent`` what was told of all cars so far.
    """

    time_ms: int | None
    before_ms: int | None
    flag: Flag | None
    started: bool
    is_flagged: bool
    leader_laps: int
    extent: Extent


@dataclass(slots=True)
class CarTrack:
    """What was seen of one car so far."""

    car_number: str
    stops: StopTrack
    crew: Crew = field(default_factory=Crew)
    line: LineTime = field(default_factory=LineTime)
    row: Row | None = None
    is_done: bool = False
    in_seat: int | None = None
    _named: tuple[str | None, ...] = ()
    _kept: list[Lap] = field(default_factory=list)
    _settled: int | None = None
    _stops_before: int | None = None
    _shown: tuple[object, ...] = ()

    @classmethod
    def of(cls, car_number: str) -> "CarTrack":
        """A car of which nothing was seen yet."""
        return cls(car_number, StopTrack(car_number, quality=Quality.REPAIRED))

    def believes(self, row: Row, poll: Poll) -> bool:
        """Whether the row can be newer than the one before: laps do not go back, and take time."""
        if self.row is None:
            return True
        more = row.laps - self.row.laps
        passed = (poll.time_ms or 0) - (poll.before_ms or 0)
        return 0 <= more <= 2 + max(passed, 0) // _QUICKEST_MS

    def read(self, row: Row, poll: Poll) -> Iterator[Record]:
        """Records of what changed in the car's row."""
        if row.last_ms is not None and poll.time_ms is not None and row.last_ms > max(poll.time_ms, 0) + EARLY_MS:
            # No lap is longer than the session: the time is none.
            row = replace(row, last_ms=None)
        before, self.row = self.row, row
        yield from self._crew(row)
        if before is None:
            yield from self._join(row, poll)
        else:
            if row.in_pit and before.in_pit is False and poll.started and not self.is_done:
                self.in_seat = self.in_seat or self.crew.seat
                yield from self._enter(before, row, poll)
            if row.laps > before.laps:
                yield from self._laps(before, row, poll)
            if row.in_pit is False and before.in_pit:
                yield from self._leave(row, poll)
            if row.in_pit is False:
                yield from self._hidden_stops(before, row)
        self._finish(before, row, poll)
        yield from self._timing(row, poll)

    def _crew(self, row: Row) -> Iterator[Record]:
        named = (row.car_class, row.driver, row.vehicle)
        if named == self._named:
            return
        self._named = named
        changed = self.crew.named(row.driver)
        maker = row.vehicle.split()[0] if row.vehicle else None
        entry = self.crew.enter(Entry(self.car_number, row.car_class, vehicle=row.vehicle, manufacturer=maker))
        if entry is not None:
            yield entry
        if changed and self.crew.seat is not None and self.stops.out_lap is not None:
            yield from self._named_late(self.crew.seat)

    def _named_late(self, seat: int) -> Iterator[Record]:
        told = list(self.stops.driver_named(seat))
        yield from told
        for place, lap in enumerate(self._kept if told else ()):
            if lap.lap_number >= (self.stops.out_lap or 0) and lap.seat != seat:
                self._kept[place] = replace(lap, seat=seat)
                yield self._kept[place]

    def _join(self, row: Row, poll: Poll) -> Iterator[Record]:
        if row.laps == 0:
            self.line.begin()
            return
        best = row.best_lap if row.best_ms is not None and 0 < (row.best_lap or 0) < row.laps else None
        if best is not None:
            yield from self._told(Lap(self.car_number, best, lap_time_ms=row.best_ms), poll)
        for first, last in ((1, (best or row.laps) - 1), ((best or row.laps) + 1, row.laps - 1)):
            if first <= last:
                yield missed_lap(self.car_number, first, last, "the feed was joined later, and tells no past laps")
        if row.last_ms is not None:
            yield from self._told(Lap(self.car_number, row.laps, lap_time_ms=row.last_ms), poll)

    def _enter(self, before: Row, row: Row, poll: Poll) -> Iterator[Record]:
        # Where the line was crossed too, it was in the pit lane: the lap that this ended is the in-lap.
        lap = before.laps + 1 if row.laps <= before.laps + 1 else row.laps
        for stop in self.stops.enter(lap, poll.time_ms, self.crew.seat, poll.flag):
            yield stop
            yield self._bounded(stop, "in_ms", stop.in_ms, poll)

    def _leave(self, row: Row, poll: Poll) -> Iterator[Record]:
        for stop in self.stops.leave(row.laps + 1, poll.time_ms, None, self.crew.seat):
            yield stop
            yield self._bounded(stop, "out_ms", stop.out_ms, poll)
        self.in_seat = None

    def _bounded(self, stop: PitStop, column: str, value: int | None, poll: Poll) -> Repair:
        waited = None if None in (poll.time_ms, poll.before_ms) else (poll.time_ms or 0) - (poll.before_ms or 0)
        span = "an unknown time" if waited is None else f"up to {waited / 1000:.0f} s"
        reason = f"seen in a poll: it happened {span} earlier; the time in the pit lane is not known"
        record = f"{self.car_number}/{stop.lap_number}"
        return Repair("seen_by_poll", "pit_stops", record, column, None, None if value is None else str(value), reason)

    def _hidden_stops(self, before: Row, row: Row) -> Iterator[Record]:
        """Stops that the service counts and no poll shows; its count is looked at while the car stays on the track."""
        if before.in_pit is not False or row.stops is None or self.is_done:
            return
        # Whether a stop counts from its entry or its exit is not known: the count is sure once it has stood still.
        if row.stops != before.stops:
            return
        seen, self._settled = self._settled, row.stops - self.stops.told
        hidden = 0 if seen is None else self._settled - seen
        if hidden > 0:
            first = (row.laps if self._stops_before is None else self._stops_before) + 1
            reason = f"the service counts {hidden} more than any poll shows"
            yield missed_stop(self.car_number, min(first, row.laps + 1), row.laps + 1, reason)
        self._stops_before = row.laps

    def _laps(self, before: Row, row: Row, poll: Poll) -> Iterator[Record]:
        for number in range(before.laps + 1, row.laps):
            if row.best_lap == number and row.best_ms is not None and row.best_ms != before.best_ms:
                yield from self._told(self._lap(number, row, poll, row.best_ms), poll)
            else:
                yield missed_lap(self.car_number, number, number, "no poll shows this lap as the last one")
        was_exact, was_known = self.line.is_exact, self.line.known
        if row.laps > before.laps + 1:
            self.line.lose()
        self.line.cross(row.last_ms, poll.before_ms, poll.time_ms)
        done = self._lap(row.laps, row, poll, row.last_ms)
        known = self.line.known
        start = known - row.last_ms if known is not None and row.last_ms is not None else None
        placed = replace(done, position=row.position, class_position=row.class_position, start_ms=start, end_ms=known)
        yield from self._told(placed, poll)
        if known is not None and not self.line.is_exact and (was_exact or was_known is None):
            yield self._estimated(row.laps, known)

    def _estimated(self, lap: int, known: int) -> Repair:
        half = ((self.line.high or 0) - (self.line.low or 0)) / 2000
        reason = f"the line was crossed between two polls: known to {half:.0f} s; lap times add to it from here on"
        return Repair("line_by_poll", "laps", f"{self.car_number}/{lap}", "end_ms", None, str(known), reason)

    def _lap(self, number: int, row: Row, poll: Poll, lap_ms: int | None) -> Lap:
        comes, goes = number == self.stops.in_lap, number == self.stops.out_lap
        stop = self.stops.last
        return Lap(
            self.car_number, number,
            # Whoever gets in before the line is crossed in the pit lane did not drive the in-lap.
            seat=self.in_seat if comes and self.in_seat else self.crew.seat,
            stint=self.stops.stint, lap_time_ms=lap_ms, pit_in=comes, pit_out=goes,
            pit_in_ms=stop.in_ms if comes and stop else None, pit_out_ms=stop.out_ms if goes and stop else None,
            flag=poll.flag,
        )  # fmt: skip

    def _told(self, lap: Lap, poll: Poll) -> Iterator[Record]:
        """The lap as far as it can be, and what was left out of it by name."""
        sound = poll.extent.sound(lap)
        yield self._keep(sound)
        record = f"{self.car_number}/{lap.lap_number}"
        for column in ("lap_time_ms", "end_ms"):
            if (value := getattr(lap, column)) != getattr(sound, column):
                reason = "it contradicts the line times and lap times that were told before it"
                yield Repair("contradicting_time", "laps", record, column, str(value), None, reason)

    def _keep(self, lap: Lap) -> Lap:
        """Laps of the stint under way are kept: their driver may be named late."""
        self._kept = [one for one in self._kept[-99:] if one.lap_number >= (self.stops.out_lap or 0)]
        self._kept.append(lap)
        return lap

    def _finish(self, before: Row | None, row: Row, poll: Poll) -> None:
        """The car has taken the flag: it crossed the line after the leader did, or has come in since."""
        if self.is_done or poll.flag is not Flag.CHEQUERED:
            return
        crossed = before is None or row.laps > before.laps
        self.is_done = bool((crossed and (poll.is_flagged or row.laps >= poll.leader_laps)) or row.in_pit)

    def _timing(self, row: Row, poll: Poll) -> Iterator[Record]:
        shown = (row, self.is_done, self.crew.seat)
        if shown == self._shown:
            return
        self._shown = shown
        yield Timing(
            self.car_number, poll.time_ms or 0, position=row.position, class_position=row.class_position, laps=row.laps,
            gap_ms=row.gap[0], gap_laps=row.gap[1], interval_ms=row.interval[0], interval_laps=row.interval[1],
            last_lap_ms=row.last_ms, best_lap_ms=row.best_ms, driver=self.crew.driver, stops=row.stops,
            status=self._status(row),
        )  # fmt: skip

    def _status(self, row: Row) -> str | None:
        if self.is_done:
            return FINISHED
        if row.in_pit is None:
            return None
        if row.in_pit:
            return PIT
        return OUT_LAP if self.stops.out_lap == row.laps + 1 else RUNNING
