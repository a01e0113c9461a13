"""A car's visits to the pit lane as they are seen, each told at entry, at exit, and again when more of it is known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from racelab.domain.flags import Flag
from racelab.domain.laps import PitStop, Quality, StopType


@dataclass(slots=True)
class StopTrack:
    """One car's stops. ``last`` is the newest one, ``told`` how many were told, ``quality`` that of their times."""

    car_number: str
    stint: int = 1
    in_lap: int | None = None
    out_lap: int | None = None
    is_in: bool = False
    told: int = 0
    last: PitStop | None = None
    quality: Quality = Quality.MEASURED

    def enter(self, lap: int, time_ms: int | None, seat: int | None, flag: Flag | None) -> Iterator[PitStop]:
        """The car comes in on this lap; a second visit on one lap goes on with the first."""
        self.is_in = True
        if self.last is not None and self.last.lap_number == lap:
            return
        self.in_lap = lap
        self.told += 1
        self.last = PitStop(self.car_number, lap, in_ms=time_ms, seat_in=seat, flag=flag, quality=self.quality)
        yield self.last

    def leave(self, lap: int, time_ms: int | None, duration_ms: int | None, seat: int | None) -> Iterator[PitStop]:
        """The car goes out on this lap; one that was never seen to come in made no stop that could be told."""
        was_in, self.is_in = self.is_in, False
        if not was_in or self.last is None:
            return
        if time_ms is not None and self.last.in_ms is not None and time_ms < self.last.in_ms:
            # The service's clock went back meanwhile.
            time_ms = None
        if self.last.out_ms is None:
            self.stint += 1
        self.out_lap = lap
        kind = self._kind(self.last.seat_in, seat)
        self.last = replace(self.last, out_ms=time_ms, duration_ms=duration_ms, seat_out=seat, stop_type=kind)
        yield self.last

    def driver_named(self, seat: int) -> Iterator[PitStop]:
        """The new driver is named only after the exit."""
        last = self.last
        if last is not None and not self.is_in and last.seat_out is not None and seat != last.seat_out:
            kind = self._kind(last.seat_in, seat)
            self.last = replace(last, seat_out=seat, stop_type=kind)
            yield self.last

    def timed(self, in_ms: int | None, out_ms: int | None, duration_ms: int) -> Iterator[PitStop]:
        """The service tells the stop's times after the exit."""
        if self.last is None:
            return
        held = replace(
            self.last, duration_ms=duration_ms,
            in_ms=self.last.in_ms if in_ms is None else in_ms, out_ms=self.last.out_ms if out_ms is None else out_ms,
        )  # fmt: skip
        if held != self.last:
            self.last = held
            yield held

    @staticmethod
    def _kind(seat_in: int | None, seat_out: int | None) -> StopType:
        if seat_in is None or seat_out is None:
            return StopType.UNKNOWN
        return StopType.DRIVER_CHANGE if seat_in != seat_out else StopType.UNKNOWN
