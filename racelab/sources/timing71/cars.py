"""One car's row, state after state: what changed becomes records."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.domain.records import Record, Timing
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.columns import Columns
from racelab.sources.timing71.laps import Crossing, LapTrack
from racelab.sources.timing71.messages import PitNote
from racelab.sources.timing71.stops import StopTrack, comes_in, goes_out
from racelab.sources.timing71.values import count, duration_ms, gap, mark, number, text


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for all cars in one state."""

    time_ms: int
    started: bool
    flag: Flag | None


@dataclass(frozen=True, slots=True)
class Front:
    """The laps of a car, of the car in front of it and of the leader, in one state."""

    leader: int | None = None
    ahead: int | None = None
    own: int | None = None

    def with_laps(self, laps: int | None) -> "Front":
        """The same for the next car in the order."""
        return Front(laps, laps, laps) if self.leader is None else Front(self.leader, self.own, laps)


@dataclass(slots=True)
class CarTrack:
    """What was seen of one car so far."""

    car_number: str
    columns: Columns
    laps: LapTrack
    stops: StopTrack
    crew: list[str] = field(default_factory=list)
    entry: Entry | None = None
    status: str | None = None
    seat: int | None = None
    lap_seat: int | None = None
    is_done: bool = False
    position: int | None = None
    row: list[Any] | None = None
    _named: tuple[Any, ...] = ()

    @classmethod
    def of(cls, car_number: str, columns: Columns) -> "CarTrack":
        """A car of which nothing was seen yet."""
        return cls(car_number, columns, LapTrack(car_number), StopTrack(car_number))

    def read(
        self, row: list[Any], position: int, moment: Moment, front: Front, notes: list[tuple[PitNote, int]]
    ) -> Iterator[Record]:
        """Records of what changed in the car's row; notes are the pit messages that came with it, with their times."""
        if row == self.row and position == self.position and not notes:
            return
        self.row, self.position = row, position
        yield from self._crew()
        before, self.status = self.status, spec.CAR_STATES.get(str(text(self._cell(spec.STATE))), None)
        if comes_in(before, self.status) and moment.started and not self.is_done:
            self.lap_seat = self.lap_seat or self.seat
            yield from self._enter(moment, notes)
        yield from self._laps(moment)
        if goes_out(before, self.status):
            yield from self._leave(moment, notes)
        self.is_done = self.is_done or self.status == spec.FINISHED
        yield self._timing(moment.time_ms, front)

    def _cell(self, heading: str) -> Any:
        return self.columns.cell(self.row or [], heading)

    def _crew(self) -> Iterator[Record]:
        named = tuple(self._cell(heading) for heading in (spec.DRIVER, spec.CLASS, spec.TEAM, spec.CAR))
        if named == self._named:
            return
        self._named = named
        name = driver_name(text(self._cell(spec.DRIVER)))
        if name and name not in self.crew:
            self.crew.append(name)
        self.seat = self.crew.index(name) + 1 if name else self.seat
        vehicle = text(self._cell(spec.CAR))
        entry = Entry(
            self.car_number,
            car_class=text(self._cell(spec.CLASS)),
            team=text(self._cell(spec.TEAM)),
            vehicle=vehicle,
            manufacturer=maker(vehicle),
            drivers=tuple(Driver(seat, known) for seat, known in enumerate(self.crew, 1)),
        )
        if entry != self.entry:
            self.entry = entry
            yield entry
        if self.seat is not None and not self.stops.is_in and self.stops.last is not None:
            yield from self._named_late(self.seat)

    def _named_late(self, seat: int) -> Iterator[Record]:
        told = list(self.stops.name_driver(seat))
        if told and self.stops.out_lap is not None:
            yield from told
            yield from self.laps.name_driver(self.stops.out_lap, seat)

    def _enter(self, moment: Moment, notes: list[tuple[PitNote, int]]) -> Iterator[Record]:
        time = next((at for note, at in notes if note.style == spec.PIT_IN_STYLE), moment.time_ms)
        yield from self.stops.enter((self.laps.laps or 0) + 1, time, self.seat, moment.flag)

    def _leave(self, moment: Moment, notes: list[tuple[PitNote, int]]) -> Iterator[Record]:
        found = next(((note.pit_time_ms, at) for note, at in notes if note.style == spec.PIT_OUT_STYLE), None)
        pit_time, time = found or (None, moment.time_ms)
        yield from self.stops.leave((self.laps.laps or 0) + 1, time, pit_time, self.seat)
        self.lap_seat = None

    def _laps(self, moment: Moment) -> Iterator[Record]:
        shown = count(self._cell(spec.LAPS))
        sectors = self._sectors()
        if shown is None:
            return
        if self.laps.laps is None:
            self.laps.join(shown)
        elif shown > self.laps.laps:
            seen = Crossing(shown, moment.time_ms, duration_ms(self._cell(spec.LAST)), sectors)
            yield from self.laps.cross(seen, self._lap(shown, moment))
            self.is_done = self.is_done or moment.flag is Flag.CHEQUERED
        else:
            yield from self.laps.late_sectors(sectors)

    def _lap(self, lap_number: int, moment: Moment) -> Lap:
        stop = self.stops.last
        comes, goes = lap_number == self.stops.in_lap, lap_number == self.stops.out_lap
        return Lap(
            self.car_number, lap_number,
            # A driver who gets in before the line is crossed in the pit lane did not drive the in-lap.
            seat=self.lap_seat if comes and self.lap_seat else self.seat,
            stint=self.stops.stint, pit_in=comes, pit_out=goes,
            pit_in_ms=stop.in_ms if comes and stop else None,
            pit_out_ms=stop.out_ms if goes and stop else None,
            pit_time_ms=stop.duration_ms if goes and stop else None,
            position=self.position, class_position=count(self._cell(spec.CLASS_POSITION)) or None, flag=moment.flag,
        )  # fmt: skip

    def _sectors(self) -> tuple[int | None, int | None, int | None]:
        s1, s2, s3 = (duration_ms(self._cell(heading)) for heading in spec.SECTORS)
        return s1, s2, s3

    def _timing(self, time_ms: int, front: Front) -> Timing:
        # Until a car has crossed after the one in front of it, the service shows how far the ends of two different laps
        # are apart: no gap.
        gap_ms, gap_laps = gap(self._cell(spec.GAP))
        gap_ms, gap_laps = (None, None) if gap_laps == 0 and front.own != front.leader else (gap_ms, gap_laps)
        between = gap(self._cell(spec.INTERVAL))
        interval_ms, interval_laps = (None, None) if between[1] == 0 and front.own != front.ahead else between
        # A sector marked old belongs to the lap before the one that the car is on.
        # Off the track a car's row shows its best sectors instead of its last ones.
        on_track = self.status not in (spec.PIT, spec.FINISHED)
        cells = [self._cell(heading) for heading in spec.SECTORS]
        s1, s2, s3 = (duration_ms(cell) if on_track and mark(cell) != spec.OLD else None for cell in cells)
        energy = number(self._cell(spec.ENERGY))
        return Timing(
            self.car_number, time_ms, position=self.position,
            class_position=count(self._cell(spec.CLASS_POSITION)) or None,
            laps=count(self._cell(spec.LAPS)),
            gap_ms=gap_ms, gap_laps=gap_laps, interval_ms=interval_ms, interval_laps=interval_laps,
            last_lap_ms=duration_ms(self._cell(spec.LAST)), best_lap_ms=duration_ms(self._cell(spec.BEST)),
            s1_ms=s1, s2_ms=s2, s3_ms=s3,
            driver=self.crew[self.seat - 1] if self.seat else None,
            stops=count(self._cell(spec.PITS)),
            energy_pct=energy if energy is not None and 0 <= energy <= 100 else None,
            status=self.status,
        )  # fmt: skip


def driver_name(shown: str | None) -> str | None:
    """``BAMBER, Earl`` as ``Earl BAMBER``; other spellings stay as they are."""
    last, comma, first = (shown or "").partition(", ")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else shown


def maker(vehicle: str | None) -> str | None:
    """The maker's name at the head of the vehicle's."""
    words = (vehicle or "").split()
    if not words:
        return None
    return next((name for name in spec.MAKERS if (vehicle or "").upper().startswith(name)), words[0])
