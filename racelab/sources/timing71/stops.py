"""A car's visits to the pit lane, from its states and the messages' pit times."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from racelab.domain.flags import Flag
from racelab.domain.laps import PitStop, StopType
from racelab.sources.timing71 import specification as spec


@dataclass(slots=True)
class StopTrack:
    """One car's stops; a stop is told at entry, at exit, and again when the new driver is named."""

    car_number: str
    stint: int = 1
    penalty: str | None = None
    in_lap: int | None = None
    out_lap: int | None = None
    is_in: bool = False
    last: PitStop | None = None

    def enter(self, lap: int, time_ms: int, seat: int | None, flag: Flag | None) -> Iterator[PitStop]:
        """The car comes in on this lap."""
        self.is_in, self.in_lap = True, lap
        self.last = PitStop(self.car_number, lap, in_ms=time_ms, seat_in=seat, flag=flag)
        yield self.last

    def leave(self, lap: int, time_ms: int, pit_time_ms: int | None, seat: int | None) -> Iterator[PitStop]:
        """The car goes out on this lap; a car that was never seen to come in made no stop."""
        self.is_in = False
        if self.last is None or self.last.out_ms is not None:
            return
        self.stint += 1
        self.out_lap = lap
        between = time_ms - self.last.in_ms if self.last.in_ms is not None else None
        # A message with a wrong stamp may put the exit before the entry: the stop is over, and nobody knows when.
        out_ms, between = (None, None) if between is not None and between <= 0 else (time_ms, between)
        duration = pit_time_ms if pit_time_ms is not None else between
        kind = self._kind(self.last.seat_in, seat)
        self.last = replace(self.last, out_ms=out_ms, duration_ms=duration, seat_out=seat, stop_type=kind)
        self.penalty = None
        yield self.last

    def name_driver(self, seat: int | None) -> Iterator[PitStop]:
        """The new driver is named only after the exit."""
        if self.last is not None and self.last.out_ms is not None and seat not in (None, self.last.seat_out):
            self.last = replace(self.last, seat_out=seat, stop_type=StopType.DRIVER_CHANGE)
            yield self.last

    def _kind(self, seat_in: int | None, seat_out: int | None) -> StopType:
        if seat_in != seat_out:
            return StopType.DRIVER_CHANGE
        if self.penalty is None:
            return StopType.REGULAR
        return StopType.DRIVE_THROUGH if self.penalty == "DRIVE" else StopType.PENALTY


def comes_in(before: str | None, now: str | None) -> bool:
    """Whether the car went from the track into the pit lane."""
    return now == spec.PIT and before is not None and before != spec.PIT


def goes_out(before: str | None, now: str | None) -> bool:
    """Whether the car left the pit lane."""
    return before == spec.PIT and now is not None and now != spec.PIT
