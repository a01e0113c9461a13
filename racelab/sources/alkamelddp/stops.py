"""What the service says of a car's stops in a place of its own, held against the stops that its rows show.

Clients disagree whether ``lastPitHour`` is the entry or the exit, and whether ``lastPitTime`` is the time in the pit lane:
both are taken only where they fit the entry and the exit that were seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Record
from racelab.sources.seen.missed import missed_stop
from racelab.sources.seen.stops import StopTrack

_CLOSE_MS = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """The service's word for a car's last stop: an instant as session time and a duration, in ms."""

    hour_ms: int
    duration_ms: int | None


@dataclass(slots=True)
class ToldStops:
    """The service's word that waits to be matched, and the one before."""

    waiting: Told | None = None
    known: Told | None = None

    def take(self, told: Told, *, is_first: bool) -> None:
        """The service says this; what it says when the feed is joined may be of a stop before that."""
        if told != self.known:
            self.known = told
            self.waiting = None if is_first else told

    def match(self, stops: StopTrack) -> Iterator[PitStop]:
        """The last stop again with its times, where the service's word fits it."""
        told, last = self.waiting, stops.last
        if told is None or last is None or stops.is_in or last.in_ms is None or last.out_ms is None:
            return
        if not last.in_ms - _CLOSE_MS <= told.hour_ms <= last.out_ms + _CLOSE_MS:
            return
        self.waiting = None
        duration = told.duration_ms
        if duration is None or abs(last.out_ms - last.in_ms - duration) > _CLOSE_MS:
            return
        # On a short stop both ends may be near: the nearer one is meant.
        to_in, to_out = abs(told.hour_ms - last.in_ms), abs(told.hour_ms - last.out_ms)
        if min(to_in, to_out) > _CLOSE_MS:
            yield from stops.timed(None, None, duration)
        elif to_in <= to_out:
            yield from stops.timed(told.hour_ms, told.hour_ms + duration, duration)
        else:
            yield from stops.timed(told.hour_ms - duration, told.hour_ms, duration)

    def missed(self, stops: StopTrack, laps: list[Lap], done: int) -> Iterator[Record]:
        """A lap later no row has shown the stop: it is named, between the laps that its instant lies in."""
        told, self.waiting = self.waiting, None
        if told is None or stops.is_in:
            self.waiting = told
            return
        before = [lap.lap_number for lap in laps if lap.end_ms is not None and lap.end_ms <= told.hour_ms]
        after = [lap.lap_number for lap in laps if lap.end_ms is not None and lap.end_ms >= told.hour_ms]
        first, last = max(before, default=1), min(after, default=done)
        reason = "the service tells a stop that no row shows; its lap is one of these"
        yield missed_stop(stops.car_number, min(first, last), last, reason)
