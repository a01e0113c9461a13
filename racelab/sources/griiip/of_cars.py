"""Records of single cars: each kind is read here, and what it changes is marked to be told."""

from collections.abc import Callable
from typing import Any

from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.cars import CarTrack
from racelab.sources.griiip.laps import ToldLap
from racelab.sources.griiip.standings import Standing
from racelab.sources.griiip.telling import Telling
from racelab.sources.griiip.values import lap_of, number, text, whole

Item = dict[str, Any]
_MOST_AGE, _MOST_PLACES, _SECTORS = 1_000, 200, 3
_SPARE_MS = 30_000


class CarParts:
    """Readers of car records by the name of their part; each says False of a record without its lap or time."""

    def __init__(self, telling: Telling) -> None:
        self._telling, self._clock, self._standings = telling, telling.clock, telling.standings
        self.readers: dict[str, Callable[[CarTrack, Item], bool]] = {
            spec.RANKS: self._rank, spec.OFFICIAL: self._official, spec.GAPS: self._gap, spec.LAPS: self._lap,
            spec.BEST: self._best, spec.SECTORS: self._sector, spec.CURRENT_SECTORS: self._sector,
            spec.PIT_IN: self._pit_in, spec.PIT_OUT: self._pit_out, spec.RUNNING: self._running,
            spec.TYRES: self._tyres, spec.ENERGY: self._energy, spec.GRID: self._grid,
        }  # fmt: skip

    def _rank(self, car: CarTrack, item: Item) -> bool:
        if self._standings.rank(car.car_number, item, self._clock.at(item)):
            self._telling.line(car)
        return True

    def _official(self, car: CarTrack, item: Item) -> bool:
        classes = self._telling.places.classes
        if self._standings.official(car.car_number, item, self._clock.at(item), classes):
            self._telling.line(car)
        return True

    def _gap(self, car: CarTrack, item: Item) -> bool:
        if self._standings.gap(car.car_number, item, self._clock.at(item)):
            self._telling.line(car)
        return True

    def _lap(self, car: CarTrack, item: Item) -> bool:
        lap, time, valid = lap_of(item), whole(item.get(spec.LAP_TIME), least=1), item.get(spec.VALID)
        at = self._at(item)
        if lap is None or time is None or time > (self._clock.time_ms if at is None else at) + _SPARE_MS:
            # No lap begins before the session.
            return False
        told = ToldLap(lap, time, at, valid if isinstance(valid, bool) else None)
        if car.laps.tell(told):
            self._telling.lap(car, lap)
            if told.is_valid is not False:
                car.time_best(time, lap)
        return True

    def _best(self, car: CarTrack, item: Item) -> bool:
        time = whole(item.get(spec.LAP_TIME), least=1)
        if time is None:
            return False
        car.time_best(time, lap_of(item))
        self._telling.line(car)
        return True

    def _sector(self, car: CarTrack, item: Item) -> bool:
        """A crossing may be told without its time, and other courses have more sectors: neither is a fault."""
        lap, sector = lap_of(item), whole(item.get(spec.SECTOR), _SECTORS, 1)
        time = whole(item.get(spec.SECTOR_TIME), least=1)
        if lap is not None and sector is not None and time is not None and car.laps.tell_sector(lap, sector, time):
            self._telling.sector(car, lap)
        return True

    def _pit_in(self, car: CarTrack, item: Item) -> bool:
        at, lap = self._at(item), lap_of(item)
        if lap is None or at is None:
            # Lap 0 is on the way to the grid.
            return item.get(spec.LAP) == 0
        if car.pits.enter(lap, at):
            self._telling.stint(car)
        return True

    def _pit_out(self, car: CarTrack, item: Item) -> bool:
        at, lap = self._at(item), lap_of(item)
        if lap is None or at is None:
            return item.get(spec.LAP) == 0
        if car.pits.leave(lap, at, whole(item.get(spec.DURATION))):
            self._telling.stint(car)
        return True

    def _running(self, car: CarTrack, item: Item) -> bool:
        status = spec.CAR_STATES.get((text(item.get(spec.STATUS)) or "").casefold())
        held = self._standings.cars.setdefault(car.car_number, Standing())
        # A car that runs is told in more detail by its laps and stops; only what ends that is the service's to say.
        said = None if status == spec.IS_RUNNING and car.shown.get("status") is None else status
        if said is not None and held.is_newer("status", self._clock.at(item)):
            self._telling.line(car, status=said)
        return True

    def _tyres(self, car: CarTrack, item: Item) -> bool:
        told = item.get(spec.CORNERS)
        corners = [corner for corner in told if isinstance(corner, dict)] if isinstance(told, list) else []
        names = {name for corner in corners if (name := text(corner.get(spec.COMPOUND))) is not None}
        ages = [age for corner in corners if (age := whole(corner.get(spec.AGE), _MOST_AGE)) is not None]
        # Four corners of different compounds have no one name.
        name = names.pop() if len(names) == 1 else None
        self._telling.line(car, compound=name, tyre_age=max(ages, default=None))
        at = self._at(item)
        at = self._clock.time_ms if at is None else at
        if name is not None and car.pits.fitted.get(at) != name:
            car.pits.fitted[at] = name
            self._telling.stint(car)
        return True

    def _energy(self, car: CarTrack, item: Item) -> bool:
        left = number(item.get(spec.ENERGY_LEFT), 0, 100)
        if left is not None:
            self._telling.line(car, energy_pct=left)
        return True

    def _grid(self, car: CarTrack, item: Item) -> bool:
        car.grid = whole(item.get(spec.STARTING_AT), _MOST_PLACES, 1)
        return True

    def _at(self, item: Item) -> int | None:
        return self._clock.since(self._clock.at(item))
