"""Lap rows to laps and pit stops: the one parser that importer, feed and replay share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from racelab.domain.checks.limits import impossible
from racelab.domain.laps import Lap, PitStop, Quality, StopType
from racelab.domain.records import Record, Repair
from racelab.domain.time import parse_duration
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec

# From here on a stop is a repair in the garage: the longest full service with brakes and nose takes under half of it.
GARAGE_MS = 600_000
# An in- or out-lap this long was spent in the garage even where the pit time is missing or short.
GARAGE_LAP_MS = 1_200_000


@dataclass(slots=True)
class _Car:
    """What the parser remembers of a car between two of its rows."""

    lap: Lap
    stint: int
    row: tuple[str, ...]
    open_stop: PitStop | None = None


class LapParser:
    """Turns the rows of one lap file or feed into records, row by row; the rows of a car must come in order."""

    def __init__(self, header: Sequence[str], path: Path) -> None:
        """Learn the columns.

        Raises:
            BadInput: a column without which a lap is none is missing.
        """
        missing = spec.LAP_COLUMNS - set(header)
        if missing:
            raise BadInput(
                f"{path}, line 1: the header lacks {', '.join(sorted(missing))}: give an Al Kamel lap file "
                "(23_Analysis_Race)"
            )
        twice = sorted(name for name in {*_READ, *spec.SECTORS} if header.count(name) > 1)
        if twice:
            raise BadInput(f"{path}, line 1: the header names {', '.join(twice)} twice: give the file as published")
        self._path = path
        self._cars: dict[str, _Car] = {}
        at = {name: index for index, name in enumerate(header)}
        self._index = [at.get(name, -1) for name in _READ]
        self._flag_at = at.get(spec.FLAG_AT_FL, -1)
        sectors = spec.SECTORS if spec.SECTORS[0] in at else spec.SHORT_SECTORS
        self._sectors = [at.get(name, -1) for name in sectors]

    def process(self, row: Sequence[str], line: int) -> Iterator[Record]:
        """The records that one row brings: its lap, the stop that it closes, the repairs that it needed.

        Raises:
            BadInput: a value is not what its column holds, or the car's laps are not in order.
        """
        try:
            lap = self._lap(row)
        except ValueError as error:
            raise BadInput(f"{self._path}, line {line}: {error}: the file is damaged, fetch it again") from error
        known = self._cars.get(lap.car_number)
        told = tuple(text.strip() for text in row)
        if known is not None and known.row == told:
            record = f"{lap.car_number} lap {lap.lap_number}"
            yield Repair("second_row_of_a_lap", "laps", record, "lap_number", record, None, _TWICE)
            return
        if known is not None and lap.lap_number <= known.lap.lap_number:
            raise BadInput(
                f"{self._path}, line {line}: lap {lap.lap_number} of car {lap.car_number} comes after lap "
                f"{known.lap.lap_number}: the rows are not in order, give the file as published"
            )
        car = self._cars[lap.car_number] = known or _Car(lap, 1, told)
        yield from self._unknown_flag(row, lap)
        yield from _check(lap, known.lap if known else None)
        yield from self._stops(car, lap, first=known is None)
        lap.stint = car.stint
        car.lap, car.row = lap, told
        yield lap

    def finish(self) -> Iterator[Record]:
        """The stops from which a car did not come back; an in-lap at the chequered flag is no stop."""
        for car in self._cars.values():
            if car.open_stop is not None and car.open_stop.flag is not spec.FLAGS["FF"]:
                yield car.open_stop
            car.open_stop = None

    def _unknown_flag(self, row: Sequence[str], lap: Lap) -> Iterator[Repair]:
        written = row[self._flag_at].strip() if self._flag_at >= 0 else ""
        if written and lap.flag is None:
            reason = "the flag at the line is none that is known; it is left out"
            record = f"{lap.car_number} lap {lap.lap_number}"
            yield Repair("unknown_flag", "laps", record, "flag", written, None, reason)
            lap.quality = Quality.REPAIRED

    def _lap(self, row: Sequence[str]) -> Lap:
        values = [row[index].strip() if index >= 0 else "" for index in self._index]
        number, count, time, in_pit, elapsed, seat, pit_time, flag, speed = values
        if not number or not count.isdecimal() or not elapsed:
            raise ValueError(f"car number {number!r}, lap {count!r} and elapsed time {elapsed!r} must all be there")
        sectors = [_millis(row[index]) if index >= 0 else None for index in self._sectors]
        end, lap_time = parse_duration(elapsed), _millis(time)
        lap = Lap(
            car_number=number,
            lap_number=int(count),
            seat=int(seat) if seat else None,
            lap_time_ms=lap_time,
            s1_ms=sectors[0],
            s2_ms=sectors[1],
            s3_ms=sectors[2],
            start_ms=None if lap_time is None else end - lap_time,
            end_ms=end,
            pit_in=in_pit == spec.IN_PIT_MARK,
            pit_out=bool(pit_time),
            pit_time_ms=_millis(pit_time),
            flag=spec.FLAGS.get(flag),
            top_speed_kph=_number(speed),
        )
        _refuse_impossible(lap)
        return lap

    def _stops(self, car: _Car, lap: Lap, *, first: bool) -> Iterator[Record]:
        """Close the stop before this lap, open the one at its end; count stints at out-laps."""
        before, open_stop = car.lap, car.open_stop
        if open_stop is not None:
            lap.pit_out = True
            car.open_stop = None
            stop, repairs = _close(open_stop, before, lap)
            yield from repairs
            yield stop
        unmarked = lap.pit_time_ms if open_stop is None and not first else None
        if unmarked is not None and lap.pit_in:
            lap.pit_out = False
        if lap.pit_out and not first:
            car.stint += 1
        if lap.pit_in:
            car.open_stop = _open(lap, unmarked)
        elif unmarked is not None:
            yield _typed(_open(lap, unmarked), before, lap)


_TWICE = "the file has the row twice, alike; one of them stands"
_READ = (
    spec.NUMBER, spec.LAP_NUMBER, spec.LAP_TIME, spec.IN_PIT, spec.ELAPSED, spec.DRIVER_NUMBER, spec.PIT_TIME,
    spec.FLAG_AT_FL, spec.TOP_SPEED,
)  # fmt: skip


def _refuse_impossible(lap: Lap) -> None:
    """A time or count that cannot be comes of damage; an odd speed or seat of a real file is left out later, by name."""
    for name, value in impossible(lap):
        if name.endswith("_ms") or name == "lap_number":
            raise ValueError(f"{name} {value} cannot be")
    if lap.end_ms is not None and lap.end_ms < 0:
        raise ValueError(f"end_ms {lap.end_ms} cannot be")


def _millis(text: str) -> int | None:
    text = text.strip()
    return parse_duration(text) if text else None


def _number(text: str) -> float | None:
    value = float(text) if text else None
    if value is not None and not isfinite(value):
        raise ValueError(f"{text!r} is no number")
    return value


def _open(lap: Lap, duration_ms: int | None) -> PitStop:
    """The stop at the end of an in-lap; under a red flag its time stands on the in-lap itself."""
    kind = StopType.GARAGE if (duration_ms or 0) >= GARAGE_MS else StopType.UNKNOWN
    return PitStop(lap.car_number, lap.lap_number, None, None, duration_ms, kind, lap.seat, None, None, lap.flag)


def _close(stop: PitStop, in_lap: Lap, out_lap: Lap) -> tuple[PitStop, list[Repair]]:
    """The stop with what its out-lap tells; two times of one stop are added, by name."""
    first, second = stop.duration_ms, out_lap.pit_time_ms
    if first is None or second is None:
        return _typed(replace(stop, duration_ms=first if second is None else second), in_lap, out_lap), []
    record = f"{stop.car_number} lap {stop.lap_number}"
    reason = "the stop has a pit time on its in-lap and one on its out-lap, as under a red flag; they are added"
    repair = Repair("two_pit_times", "pit_stops", record, "duration_ms", str(second), str(first + second), reason)
    total = replace(stop, duration_ms=first + second, quality=Quality.REPAIRED)
    return _typed(total, in_lap, out_lap), [repair]


def _typed(stop: PitStop, in_lap: Lap, out_lap: Lap) -> PitStop:
    """The stop with its type and seats, as far as times and seats tell."""
    longest = max(in_lap.lap_time_ms or 0, out_lap.lap_time_ms or 0)
    if (stop.duration_ms or 0) >= GARAGE_MS or longest >= GARAGE_LAP_MS:
        kind = StopType.GARAGE
    elif in_lap.seat is not None and out_lap.seat is not None and in_lap.seat != out_lap.seat:
        kind = StopType.DRIVER_CHANGE
    else:
        kind = StopType.REGULAR if stop.duration_ms is not None else StopType.UNKNOWN
    return replace(stop, stop_type=kind, seat_in=in_lap.seat, seat_out=out_lap.seat)


def _check(lap: Lap, before: Lap | None) -> Iterator[Repair]:
    """Hold the lap against the sums that every file bears out; what breaks one is named."""
    record = f"{lap.car_number} lap {lap.lap_number}"
    if lap.lap_time_ms is None:
        return
    expected = 0 if before is None and lap.lap_number == 1 else before.end_ms if before else None
    follows = before is None or before.lap_number + 1 == lap.lap_number
    yield from _check_sectors(lap, record, expected if follows else None)
    if follows and expected is not None and lap.start_ms != expected:
        reason = "elapsed time less lap time is not the end of the lap before; elapsed time is kept"
        yield Repair("elapsed_sum", "laps", record, "start_ms", str(expected), str(lap.start_ms), reason)
        lap.quality = Quality.REPAIRED


def _check_sectors(lap: Lap, record: str, expected: int | None) -> Iterator[Repair]:
    """Where sectors and lap time differ, the clock at the line decides which of them stands."""
    sectors = (lap.s1_ms, lap.s2_ms, lap.s3_ms)
    total = sum(s or 0 for s in sectors)
    if None in sectors or total == lap.lap_time_ms:
        return
    if expected is not None and lap.end_ms == expected + total:
        reason = "the sectors and the clock at the line agree, and the lap time does not"
        yield Repair("sector_sum", "laps", record, "lap_time_ms", str(lap.lap_time_ms), str(total), reason)
        lap.lap_time_ms, lap.start_ms = total, expected
    else:
        reason = f"the sectors add up to {total} ms and not to the lap time; the sectors are left out"
        yield Repair("sector_sum", "laps", record, "s1_ms", ", ".join(map(str, sectors)), None, reason)
        lap.s1_ms = lap.s2_ms = lap.s3_ms = None
    lap.quality = Quality.REPAIRED
