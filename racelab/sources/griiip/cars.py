"""One car: what was told of it, as laps and stops."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.laps import Lap, PitStop, Quality, StopType
from racelab.domain.records import Repair, Timing
from racelab.domain.tyres import Compound, read_compound
from racelab.sources.griiip.flags import Flags
from racelab.sources.griiip.laps import LapBook
from racelab.sources.griiip.places import Places
from racelab.sources.griiip.stops import PitBook, Visit


@dataclass(slots=True)
class CarTrack:
    """What was told of one car so far.

    ``seat`` is that of who sits in it now, ``shown`` are further fields of its timing line, ``named`` what repairs named.
    """

    car_number: str
    laps: LapBook = field(default_factory=LapBook)
    pits: PitBook = field(default_factory=PitBook)
    told: dict[int, Lap] = field(default_factory=dict)
    stops: dict[int, PitStop] = field(default_factory=dict)
    seat: int | None = None
    grid: int | None = None
    fastest: tuple[int, int | None] | None = None
    shown: dict[str, Any] = field(default_factory=dict)
    line: Timing | None = None
    named: set[tuple[str, int]] = field(default_factory=set)

    def changed_laps(self, numbers: list[int], flags: Flags, places: Places, car_class: str | None) -> Iterator[Lap]:
        """The laps among these that are new, or of which more is known than was told."""
        for number in numbers:
            if number not in self.laps.told:
                continue
            lap = self._lap(number, flags, places, car_class)
            if lap != self.told.get(number):
                self.told[number] = lap
                yield lap

    def changed_stops(self, flags: Flags) -> Iterator[PitStop]:
        """The stops that are new, or of which more is known than was told."""
        for place, visit in enumerate(self.pits.visits, 1):
            stop = self._stop(visit, place, flags)
            if stop != self.stops.get(stop.lap_number):
                self.stops[stop.lap_number] = stop
                yield stop

    def sit(self, seat: int, at: int) -> bool:
        """A driver sits in the car at this session time; False where that was told already."""
        if self.pits.sat.get(at) == seat:
            return False
        self.pits.sat[at] = seat
        self.seat = self.pits.sat[max(self.pits.sat)]
        return True

    def time_best(self, time_ms: int, lap: int | None) -> None:
        """A lap of this time counts: it may be the fastest."""
        if self.fastest is None or time_ms < self.fastest[0]:
            self.fastest = (time_ms, lap)

    def repairs(self, numbers: list[int]) -> Iterator[Repair]:
        """The names of laps among these whose instant contradicts the laps around them."""
        for number in numbers:
            lap = self.laps.told.get(number)
            if lap is None or lap.at is None or ("instant", number) in self.named:
                continue
            end = self.laps.end(number)
            if end != lap.at:
                self.named.add(("instant", number))
                reason = "the told instant contradicts the laps around it; the lap times give this one"
                record = f"{self.car_number}/{number}"
                yield Repair("lap_instant", "laps", record, "end_ms", str(lap.at), str(end), reason)

    def _lap(self, number: int, flags: Flags, places: Places, car_class: str | None) -> Lap:
        told, end = self.laps.told[number], self.laps.end(number)
        came = next((visit for visit in self.pits.visits if visit.in_lap == number), None)
        left = next((visit for visit in self.pits.visits if visit.out_lap == number), None)
        sectors, stint = self.laps.sectors_of(number), self.pits.stint(number)
        overall, in_class = places.of(self.car_number, number, car_class)
        return Lap(
            self.car_number, number, seat=self.pits.seat(stint), stint=stint, lap_time_ms=told.time_ms,
            s1_ms=sectors.get(1), s2_ms=sectors.get(2), s3_ms=sectors.get(3),
            start_ms=end - told.time_ms if end is not None and told.time_ms is not None else None, end_ms=end,
            pit_in=came is not None, pit_out=left is not None,
            pit_in_ms=came.in_at if came else None, pit_out_ms=left.out_at if left else None,
            pit_time_ms=left.duration_ms if left else None,
            position=overall, class_position=in_class, compound=self._compound(stint), flag=flags.at(end),
            accurate=told.is_valid, quality=Quality.MEASURED if end == told.at else Quality.REPAIRED,
        )  # fmt: skip

    def _stop(self, visit: Visit, place: int, flags: Flags) -> PitStop:
        left = visit.out_lap is not None
        before, after = self.pits.seat(place), self.pits.seat(place + 1) if left else None
        kind = StopType.UNKNOWN
        if before is not None and after is not None:
            kind = StopType.REGULAR if before == after else StopType.DRIVER_CHANGE
        return PitStop(
            self.car_number, visit.in_lap, in_ms=visit.in_at, out_ms=visit.out_at, duration_ms=visit.duration_ms,
            stop_type=kind, seat_in=before, seat_out=after, compound=self._compound(place + 1) if left else None,
            flag=flags.at(visit.in_at),
        )  # fmt: skip

    def _compound(self, stint: int) -> Compound | None:
        return read_compound(self.pits.compound(stint))
