"""A car's laps: one is complete when the car's count of laps rises."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from racelab.domain.laps import Lap
from racelab.domain.records import Record
from racelab.sources.alkamelddp.rows import Sectors, Standing
from racelab.sources.seen.missed import missed_lap

# Laps of the stint under way are kept: their driver may be named late.
_KEPT = 100
# The first lap may begin so long before the session's clock.
_EARLY_MS = 60_000


@dataclass(slots=True)
class LapTrack:
    """One car's laps so far; ``laps`` is its count, None before the car was seen."""

    car_number: str
    laps: int | None = None
    lap_start: int | None = None
    kept: list[Lap] = field(default_factory=list)

    def join(self, seen: Standing, lap: Lap) -> Iterator[Record]:
        """The car is seen for the first time: its last and its best lap are known, the others are not."""
        self.laps, self.lap_start = seen.laps, seen.lap_start
        best = seen.best_lap if seen.best_ms is not None and 0 < (seen.best_lap or 0) < seen.laps else None
        if best is not None:
            yield Lap(self.car_number, best, lap_time_ms=seen.best_ms)
        for first, last in ((1, (best or seen.laps) - 1), ((best or seen.laps) + 1, seen.laps - 1)):
            if first <= last:
                yield missed_lap(self.car_number, first, last, "the feed was joined later, and tells no past laps")
        if seen.laps and seen.last_ms is not None:
            yield self._kept(_timed(lap, seen))

    def cross(self, seen: Standing, lap: Lap, *, is_fresh: bool) -> Iterator[Record]:
        """The lap that has ended; ``is_fresh`` says that its time came with it."""
        known = self.laps if self.laps is not None else seen.laps - 1
        for number in range(known + 1, seen.laps):
            if number == seen.best_lap and seen.best_ms is not None:
                yield self._kept(replace(lap, lap_number=number, lap_time_ms=seen.best_ms, position=None, end_ms=None))
            else:
                yield missed_lap(self.car_number, number, number, "no message tells this lap")
        before, self.lap_start = self.lap_start, seen.lap_start
        is_next = before is not None and seen.lap_start is not None and seen.laps == known + 1
        between = (seen.lap_start or 0) - (before or 0) if is_next else None
        self.laps = seen.laps
        # The instants of two lines tell whether the time beside them is that of the lap between them.
        is_own = abs(between - (seen.last_ms or 0)) <= 2 if between is not None and known > 0 else is_fresh
        yield self._kept(_timed(lap, seen) if is_own or is_fresh else lap)

    def more(self, seen: Standing, *, is_fresh: bool) -> Iterator[Record]:
        """The last lap again, where its time or its sectors are told only later."""
        last = self.kept[-1] if self.kept else None
        if last is None or last.lap_number != seen.laps or (last.lap_time_ms is None and not is_fresh):
            return
        told = _timed(last, seen)
        if told != last and (last.lap_time_ms is None or told.lap_time_ms == last.lap_time_ms):
            self.kept[-1] = told
            yield told

    def name_driver(self, from_lap: int, seat: int) -> Iterator[Lap]:
        """Laps from the out-lap on again, when the driver is named only later: drivers change in the pits."""
        for place, lap in enumerate(self.kept):
            if lap.lap_number >= from_lap and lap.seat != seat:
                self.kept[place] = replace(lap, seat=seat)
                yield self.kept[place]

    def _kept(self, lap: Lap) -> Lap:
        self.kept = [*self.kept[-_KEPT:], lap]
        return lap


def _timed(lap: Lap, seen: Standing) -> Lap:
    if lap.end_ms is not None and (seen.last_ms or 0) > max(lap.end_ms, 0) + _EARLY_MS:
        # No lap is longer than the session: the time is none.
        return lap
    start = lap.end_ms - seen.last_ms if lap.end_ms is not None and seen.last_ms is not None else None
    s1, s2, s3 = belonging(seen.last_sectors, seen.last_ms)
    if s1 is None:
        s1, s2, s3 = lap.s1_ms, lap.s2_ms, lap.s3_ms
    return replace(lap, lap_time_ms=seen.last_ms, start_ms=start, s1_ms=s1, s2_ms=s2, s3_ms=s3)


def belonging(sectors: Sectors, lap_ms: int | None) -> Sectors:
    """The sectors where they are the lap's own: those of another lap do not sum to its time."""
    s1, s2, s3 = sectors
    if s1 is None or s2 is None or s3 is None or lap_ms is None or abs(s1 + s2 + s3 - lap_ms) > 1:
        return None, None, None
    return sectors
