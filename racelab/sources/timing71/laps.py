"""A car's laps: one is complete when the car's count of laps rises."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from racelab.domain.laps import Lap
from racelab.domain.records import Record, Repair

# A crossing is seen up to some seconds late; a running sum of lap times that is off by more has lost its hold.
_EARLY_MS, _LATE_MS = 1_500, 15_000


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a state shows of a car that has just crossed the line."""

    laps: int
    time_ms: int
    lap_time_ms: int | None
    sectors: tuple[int | None, int | None, int | None]


@dataclass(slots=True)
class LapTrack:
    """One car's laps so far. ``line_ms`` is the session time of its last crossing, to the ms where lap times allow."""

    car_number: str
    laps: int | None = None
    line_ms: int | None = None
    kept: list[Lap] = field(default_factory=list)

    def join(self, laps: int) -> None:
        """The car is seen for the first time, with this count; at 0 its sum of lap times starts with the session."""
        self.laps, self.line_ms = laps, 0 if laps == 0 else None

    def cross(self, seen: Crossing, lap: Lap) -> Iterator[Record]:
        """The lap that the crossing completes, and a repair for each lap that no frame shows."""
        known = self.laps if self.laps is not None else seen.laps - 1
        for missed in range(known + 1, seen.laps):
            yield _missed(self.car_number, missed)
        if seen.laps > known + 1:
            self.line_ms = None
        start = self.line_ms
        self.line_ms = _line(start, seen)
        # States without a clock come at one time.
        start = start if start is not None and start < self.line_ms else None
        self.laps = seen.laps
        s1, s2, s3 = belonging(seen.sectors, seen.lap_time_ms)
        done = replace(
            lap, lap_number=seen.laps, lap_time_ms=seen.lap_time_ms, s1_ms=s1, s2_ms=s2, s3_ms=s3,
            start_ms=start, end_ms=self.line_ms,
        )  # fmt: skip
        self.kept.append(done)
        yield done

    def late_sectors(self, sectors: tuple[int | None, int | None, int | None]) -> Iterator[Lap]:
        """The last lap again, when its sectors are shown only later, as after a stop."""
        last = self.kept[-1] if self.kept else None
        if last is None or last.s1_ms is not None:
            return
        s1, s2, s3 = belonging(sectors, last.lap_time_ms)
        if s1 is not None:
            self.kept[-1] = replace(last, s1_ms=s1, s2_ms=s2, s3_ms=s3)
            yield self.kept[-1]

    def name_driver(self, from_lap: int, seat: int) -> Iterator[Lap]:
        """Laps from the out-lap on again, when the driver is named only later: drivers change in the pits."""
        for place, lap in enumerate(self.kept):
            if lap.lap_number >= from_lap and lap.seat != seat:
                self.kept[place] = replace(lap, seat=seat)
                yield self.kept[place]


def belonging(
    sectors: tuple[int | None, int | None, int | None], lap_time_ms: int | None
) -> tuple[int | None, int | None, int | None]:
    """The sectors where they are this lap's own: those of another lap do not sum to its time."""
    s1, s2, s3 = sectors
    if None in (s1, s2, s3, lap_time_ms) or abs((s1 or 0) + (s2 or 0) + (s3 or 0) - (lap_time_ms or 0)) > 1:
        return None, None, None
    return sectors


def _line(start: int | None, seen: Crossing) -> int:
    if start is None or seen.lap_time_ms is None:
        return seen.time_ms
    summed = start + seen.lap_time_ms
    return summed if -_EARLY_MS <= seen.time_ms - summed <= _LATE_MS else seen.time_ms


def _missed(car_number: str, lap: int) -> Repair:
    reason = "no frame of the recording shows this lap as the last one; the lap is left out"
    return Repair("missed_lap", "laps", f"{car_number}/{lap}", "lap_time_ms", None, None, reason)
