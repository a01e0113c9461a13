"""What of everything read is new: laps and stops at once and again when more is known, and whole timing lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Record, Timing
from racelab.domain.tyres import read_compound
from racelab.sources.griiip.cars import CarTrack
from racelab.sources.griiip.clock import SessionClock
from racelab.sources.griiip.field import Field
from racelab.sources.griiip.flags import Flags
from racelab.sources.griiip.places import Places
from racelab.sources.griiip.standings import Standings

_SHOWN = tuple(held.name for held in fields(Timing) if held.name not in ("car_number", "time_ms"))


@dataclass(slots=True)
class Telling:
    """Gathers what a frame touches; `tell` gives the records of it."""

    clock: SessionClock
    entrants: Field
    flags: Flags
    places: Places
    standings: Standings
    cars: dict[str, CarTrack]
    leader_laps: int = 0
    _laps: dict[str, set[int]] = field(default_factory=dict)
    _stops: dict[str, None] = field(default_factory=dict)
    _lines: dict[str, None] = field(default_factory=dict)

    def lap(self, car: CarTrack, lap: int) -> None:
        """A lap was told: its neighbours' ends may follow from it."""
        self._touch(car, (lap - 1, lap, lap + 1))
        self.leader_laps = max(self.leader_laps, lap)

    def sector(self, car: CarTrack, lap: int) -> None:
        """A sector's time was told."""
        self._touch(car, (lap,))

    def stint(self, car: CarTrack) -> None:
        """A stop, a driver or a set of tyres was told: laps of that stint and of later ones may be others."""
        first = car.pits.changed_from()
        if first is not None:
            self._touch(car, (lap for lap in car.laps.told if lap >= first))
        self._stops[car.car_number] = None

    def flag_from(self, time_ms: int) -> None:
        """A flag was told: laps and stops from then on may be under it."""
        for car in self.cars.values():
            late = [lap for lap, told in car.told.items() if told.end_ms is not None and told.end_ms >= time_ms]
            if late:
                self._touch(car, late)
                self._stops[car.car_number] = None

    def line(self, car: CarTrack, **shown: Any) -> None:
        """Something of the car's timing line was told."""
        car.shown |= shown
        self._lines[car.car_number] = None

    def tell(self) -> Iterator[Record]:
        """The records of everything touched since the last call, in the order of their time."""
        named = (self.entrants.unnamed(number) for number in dict.fromkeys((*self._laps, *self._stops)))
        yield from (entry for entry in named if entry is not None)
        self._put()
        timed: list[tuple[int, Lap | PitStop]] = []
        for number, laps in self._laps.items():
            car, listed = self.cars[number], sorted(laps)
            yield from car.repairs(listed)
            told = car.changed_laps(listed, self.flags, self.places, self.entrants.class_of(number))
            timed += [(lap.end_ms or 0, lap) for lap in told]
        for number in self._stops:
            stops = self.cars[number].changed_stops(self.flags)
            timed += [((stop.out_ms if stop.out_ms is not None else stop.in_ms) or 0, stop) for stop in stops]
        yield from (record for _, record in sorted(timed, key=lambda one: one[0]))
        for number in self._lines:
            yield from self._line(self.cars[number])
        shown = self.clock.show(self.leader_laps) if self.clock.start is not None else None
        if shown is not None:
            yield shown
        self._laps, self._stops, self._lines = {}, {}, {}

    def _touch(self, car: CarTrack, laps: Iterable[int]) -> None:
        self._laps.setdefault(car.car_number, set()).update(laps)
        self._lines[car.car_number] = None

    def _put(self) -> None:
        """Ends of the touched laps, and the cars whose places change by them."""
        for number in list(self._laps):
            car = self.cars[number]
            for lap in sorted(self._laps[number] & car.laps.told.keys()):
                end = car.laps.end(lap)
                for other, moved in self.places.put(number, lap, end) if end is not None else ():
                    self._laps.setdefault(other, set()).add(moved)

    def _line(self, car: CarTrack) -> Iterator[Timing]:
        number, book = car.car_number, car.laps
        newest = book.told.get(book.newest)
        running = book.sectors.get(book.newest + 1, {})
        held: dict[str, Any] = {
            "laps": book.newest or None, "last_lap_ms": newest.time_ms if newest else None,
            "best_lap_ms": car.fastest[0] if car.fastest else None,
            "s1_ms": running.get(1), "s2_ms": running.get(2), "s3_ms": running.get(3),
            "driver": self.entrants.driver_name(number, car.seat), "stops": len(car.pits.visits),
        }  # fmt: skip
        held |= self.standings.line(number, self.places.classes)
        held |= {name: value for name, value in car.shown.items() if name in _SHOWN}
        held["compound"] = read_compound(held.get("compound"))
        before = car.line
        if before is not None and all(getattr(before, name) == held.get(name) for name in _SHOWN):
            return
        car.line = Timing(number, self.clock.time_ms, **held)
        yield car.line
