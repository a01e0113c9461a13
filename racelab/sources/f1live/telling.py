"""Laps and stops as they become known: told at once, and again when more of them is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from racelab.domain.flags import TrackStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Record, Repair
from racelab.sources.f1.stops import find_stops
from racelab.sources.f1live.cars import CarTrack
from racelab.sources.f1live.laps import Around, carried_speeds, make_lap
from racelab.sources.f1live.messages import Messages
from racelab.sources.f1live.sound import sound
from racelab.sources.f1live.sync import Timed, live
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.tyres import TyreSet, set_at
from racelab.sources.f1live.values import text

Key = tuple[str, int]


@dataclass(slots=True)
class Telling:
    """What was told so far: laps and stops by car and lap, and how many cars have completed each lap.

    ``missed`` are the numbers of laps that no message told of some car. ``is_live`` says that nobody else checks the laps.
    """

    track: Track
    messages: Messages
    laps: dict[Key, Lap] = field(default_factory=dict)
    stops: dict[Key, PitStop] = field(default_factory=dict)
    leader_laps: int = 0
    missed: set[int] = field(default_factory=set)
    is_live: bool = False
    _places: dict[int, int] = field(default_factory=dict)
    _open: dict[str, PitStop] = field(default_factory=dict)
    _named: set[Repair] = field(default_factory=set)

    def lap_ended(self, car: CarTrack) -> Iterator[Record]:
        """The car's last complete lap, where it is new or more of it is known than was told."""
        row = car.rows.rows[-2]
        if row.number == 1 and not row.has_data:
            # It may turn out to be no lap at all.
            return
        is_new = not car.live or car.live[-1].row is not row
        if not is_new:
            car.live.pop()
        before = car.live[-1] if car.live else None
        car.live.append(live(row, before))
        if is_new:
            self._places[row.number] = self._places.get(row.number, 0) + 1
            self.leader_laps = max(self.leader_laps, row.number)
        yield from self._told(car, len(car.live) - 1)

    def tyres_told(self, car: CarTrack) -> Iterator[Record]:
        """The car's last lap again, if what was said of its tyres changes it."""
        if car.live:
            yield from self._told(car, len(car.live) - 1)

    def time_judged(self, cars: dict[str, CarTrack], number: str, lap_ms: int) -> Iterator[Record]:
        """The laps of this time again: the stewards deleted it, or gave it back."""
        car = cars.get(number)
        for place, timed in enumerate(car.live if car else ()):
            if car is not None and timed.lap_ms == lap_ms:
                yield from self._told(car, place)

    def pitted(self, car: CarTrack, at: int) -> Iterator[Record]:
        """The car has come into the pit lane of a race, or has left it."""
        number, start, row = car.car_number, self.track.start, car.rows.rows[-1]
        if start is None or at < start:
            return
        if car.rows.is_in and row.pit_in == at:
            stop = PitStop(number, (car.rows.done or 0) + 1, in_ms=at - start, seat_in=1)
        elif not car.rows.is_in and number in self._open:
            held = self._open.pop(number)
            if row.pit_out != at:
                # The full state tells that the car is out again, not since when.
                return
            out = at - start
            duration = out - held.in_ms if held.in_ms is not None else None
            stop = replace(held, out_ms=out, duration_ms=duration, seat_out=1)
        else:
            return
        if stop.out_ms is None:
            self._open[number] = stop
        self.stops[number, stop.lap_number] = stop
        yield stop

    def held(self, lap: Lap) -> tuple[Lap, list[Repair]]:
        """The lap as it is told: in a running session without what contradicts itself, which is named once."""
        if not self.is_live:
            return lap, []
        lap, found = sound(lap)
        return lap, [repair for repair in found if repair not in self._named]

    def place(self, lap_number: int) -> int | None:
        """The place of the car that has just ended its lap; null if other cars may have ended theirs unseen."""
        return None if lap_number in self.missed else self._places.get(lap_number)

    def _told(self, car: CarTrack, place: int) -> Iterator[Record]:
        lap, repairs = self.held(self._lap(car, place))
        key = (car.car_number, lap.lap_number)
        if lap == self.laps.get(key):
            return
        self.laps[key] = lap
        yield lap
        self._named.update(repairs)
        yield from repairs
        if lap.pit_out and self.track.is_race:
            yield from self._whole_stop(lap)

    def _lap(self, car: CarTrack, place: int) -> Lap:
        timed, before = car.live[place], car.live[place - 1] if place else None
        number = timed.number
        held = self.laps.get((car.car_number, number))
        position = None
        if self.track.is_race:
            position = held.position if held is not None else self.place(number)
        tyres, age = tyres_of(car, place, sets_of(car, self.track))
        (speeds,) = carried_speeds([timed], [self.track.worst(timed.row.at, timed.row.at)])
        around = Around(before, tyres, age, position, speeds, is_deleted(self.messages, car.car_number, timed))
        return make_lap(car.car_number, timed, around, self.track)

    def _whole_stop(self, out: Lap) -> Iterator[PitStop]:
        """The stop that an out-lap ends, with its tyres and kind."""
        came = self.laps.get((out.car_number, out.lap_number - 1))
        if came is None or not came.pit_in:
            return
        for stop in find_stops([came, out], statuses(self.track)):
            if stop != self.stops.get((stop.car_number, stop.lap_number)):
                self.stops[stop.car_number, stop.lap_number] = stop
                yield stop


def sets_of(car: CarTrack, track: Track) -> list[TyreSet]:
    """The sets of tyres that a car has run on so far."""
    ends = [one.end for one in car.live if (one.row.pit_in is not None or one.row.was_in) and one.end is not None]
    return car.tyres.sets(ends, track, is_late=car.rows.is_late, is_counted=not car.rows.missed)


def tyres_of(car: CarTrack, place: int, sets: list[TyreSet]) -> tuple[TyreSet | None, int | None]:
    """The tyres of a car's lap, and the laps that the car has done on them by its end; null if some may be missing."""
    own = set_at(sets, car.live[place].end)
    laps = [one.number for one in car.live[: place + 1] if set_at(sets, one.end) is own]
    missed = [lap for lap in car.rows.missed if lap < car.live[place].number]
    if laps[0] - 1 in missed:
        return own, None
    return own, len(laps) + sum(lap > laps[0] for lap in missed)


def is_deleted(messages: Messages, car_number: str, timed: Timed) -> bool | None:
    """Whether the stewards took the lap's time away; null while race control has said nothing at all."""
    if not messages.told:
        return None
    return timed.lap_ms is not None and (car_number, timed.lap_ms) in messages.deleted


def statuses(track: Track) -> list[TrackStatus]:
    """The track's flags on the session's clock."""
    start = track.start or 0
    return [TrackStatus(at - start, flag) for at, flag in zip(track.flags_at, track.flags, strict=True)]


def missed_lap(car_number: str, lap_number: int) -> Repair:
    """The name of a lap that no message told."""
    reason = "no message tells this lap: the stream was not followed while it was driven"
    return Repair("missed_lap", "laps", f"{car_number}/{lap_number}", "lap_number", None, None, reason)


def skipped_message(name: str) -> Repair:
    """The name of a message, or of a recording's line, that cannot be read."""
    reason = "it cannot be read; the messages after it stand as they are"
    return Repair("skipped_message", "messages", text(name) or "", "content", None, None, reason)


def dropped_samples(count: int) -> Repair:
    """The name of telemetry that nobody took in time."""
    reason = "more waited to be written than the memory may hold; the newest were left out"
    return Repair("dropped_samples", "telemetry", f"{count} samples", "sample", None, None, reason)
