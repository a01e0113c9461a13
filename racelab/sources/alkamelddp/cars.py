"""One car, row after row: what changed becomes records."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.domain.records import Record, Timing
from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.gaps import Gap
from racelab.sources.alkamelddp.laps import LapTrack, belonging
from racelab.sources.alkamelddp.rows import Standing
from racelab.sources.alkamelddp.stops import Told, ToldStops
from racelab.sources.seen.crew import Crew
from racelab.sources.seen.stops import StopTrack

FINISHED = "finished"
# No car laps a circuit faster than this: a count that rises faster is no count.
_QUICKEST_MS = 20_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for a row when it comes: session time, that of the car's last line, flag and places.

    ``finish_ms`` is the session time at which the leader took the chequered flag; None before that.
    """

    time_ms: int | None
    line_ms: int | None
    finish_ms: int | None
    flag: Flag | None
    started: bool
    class_position: int | None
    gap: Gap
    interval: Gap


@dataclass(slots=True)
class CarTrack:
    """What was seen of one car so far."""

    car_number: str
    laps: LapTrack
    stops: StopTrack
    told: ToldStops = field(default_factory=ToldStops)
    crew: Crew = field(default_factory=Crew)
    row: Standing | None = None
    car_class: str | None = None
    is_done: bool = False
    in_seat: int | None = None

    @classmethod
    def of(cls, car_number: str) -> "CarTrack":
        """A car of which nothing was seen yet."""
        return cls(car_number, LapTrack(car_number), StopTrack(car_number))

    def believes(self, row: Standing) -> bool:
        """Whether the row can be newer than the one before: laps and loops do not go back, and laps take time."""
        before = self.row
        if before is None:
            return True
        more, begun, began = row.laps - before.laps, row.lap_start, before.lap_start
        if more == 0:
            return begun != began or not row.loops or not row.loops.items() < before.loops.items()
        if more < 0 or begun is None or began is None:
            return more in (1, 2)
        return begun - began >= _QUICKEST_MS * (more - 1)

    def enter(self, held: dict[str, str | None]) -> Iterator[Record]:
        """The entry list names the car: class, team, vehicle and who drives now."""
        changed = self.crew.named(held["driver"])
        self.car_class = held["car_class"] or self.car_class
        vehicle = held["vehicle"]
        named = Entry(
            self.car_number, self.car_class, team=held["team"], vehicle=vehicle,
            manufacturer=vehicle.split()[0] if vehicle else None,
        )  # fmt: skip
        entry = self.crew.enter(named)
        if entry is not None:
            yield entry
        seat, out_lap = self.crew.seat, self.stops.out_lap
        if changed and seat is not None and out_lap is not None:
            told = list(self.stops.driver_named(seat))
            yield from told
            yield from self.laps.name_driver(out_lap, seat) if told else ()

    def read(self, row: Standing, moment: Moment, *, is_fresh: bool) -> Iterator[Record]:
        """Records of what changed in the car's row; ``is_fresh`` says that its last lap time came with it."""
        before, self.row = self.row, row
        if self.car_class is None or self.crew.entry is None:
            self.car_class = self.car_class or row.car_class
            held = self.crew.entry or Entry(self.car_number)
            entry = self.crew.enter(replace(held, car_class=self.car_class))
            yield from [entry] if entry is not None else []
        if before is None:
            yield from self.laps.join(row, self._lap(row, moment))
        else:
            yield from self._changed(before, row, moment, is_fresh=is_fresh)
        self.is_done = self.is_done or row.is_checkered
        yield self._timing(row, moment)

    def pitted(self, told: Told, *, is_first: bool) -> Iterator[Record]:
        """The service says something of the car's last stop."""
        self.told.take(told, is_first=is_first)
        yield from self.told.match(self.stops)

    def _changed(self, before: Standing, row: Standing, moment: Moment, *, is_fresh: bool) -> Iterator[Record]:
        was_in = before.state == spec.BOX
        if row.state == spec.BOX and not was_in and moment.started and not self.is_done:
            self.in_seat = self.crew.seat
            yield from self.stops.enter(before.laps + 1, moment.time_ms, self.crew.seat, moment.flag)
        if row.laps > before.laps:
            yield from self.laps.cross(row, self._lap(row, moment), is_fresh=is_fresh)
            yield from self.told.missed(self.stops, self.laps.kept, row.laps)
            finish, line = moment.finish_ms, moment.line_ms
            self.is_done = self.is_done or (finish is not None and line is not None and line >= finish)
        else:
            yield from self.laps.more(row, is_fresh=is_fresh)
        if was_in and row.state != spec.BOX:
            yield from self.stops.leave(row.laps + 1, moment.time_ms, None, self.crew.seat)
            yield from self.told.match(self.stops)

    def _lap(self, row: Standing, moment: Moment) -> Lap:
        stop = self.stops.last
        comes, goes = row.laps == self.stops.in_lap, row.laps == self.stops.out_lap
        return Lap(
            self.car_number, row.laps,
            # Whoever gets in before the line is crossed in the pit lane did not drive the in-lap.
            seat=self.in_seat if comes and self.in_seat else self.crew.seat,
            stint=self.stops.stint, end_ms=moment.line_ms, pit_in=comes, pit_out=goes,
            pit_in_ms=stop.in_ms if comes and stop else None, pit_out_ms=stop.out_ms if goes and stop else None,
            pit_time_ms=stop.duration_ms if goes and stop else None,
            position=row.position, class_position=moment.class_position, flag=moment.flag,
        )  # fmt: skip

    def _timing(self, row: Standing, moment: Moment) -> Timing:
        # Until the first sector of a lap is done, the sectors of the lap before are shown.
        is_old = belonging(row.sectors, row.last_ms)[0] is not None
        s1, s2, s3 = (None, None, None) if is_old else row.sectors
        return Timing(
            self.car_number, moment.time_ms or 0, position=row.position, class_position=moment.class_position,
            laps=row.laps, gap_ms=moment.gap[0], gap_laps=moment.gap[1],
            interval_ms=moment.interval[0], interval_laps=moment.interval[1],
            last_lap_ms=row.last_ms, best_lap_ms=row.best_ms, s1_ms=s1, s2_ms=s2, s3_ms=s3,
            driver=self.crew.driver, status=self._status(row),
        )  # fmt: skip

    def _status(self, row: Standing) -> str | None:
        if self.is_done:
            return FINISHED
        return spec.RESULTS.get(row.result or "") or spec.STATES.get(row.state or "")
