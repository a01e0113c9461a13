"""The race itself: cars start their laps in the order of time, each lap knows those under way."""

import heapq
from dataclasses import dataclass, field

import numpy as np

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.sources.sample.field import Racer
from racelab.sources.sample.incidents import Script, Window, race_laps
from racelab.sources.sample.pace import QUEUE_MS, cross_line, held_up, window_at
from racelab.sources.sample.season import Plan
from racelab.sources.sample.stops import TyrePlan, tyre_plan, wants_stop

_FASTEST_OUT_MS = 60_000  # a lap under way that ends later than this after ours is no traffic for us


@dataclass(slots=True)
class Car:
    """A car during the race; ``lap`` is the one under way, from ``start_ms`` to ``end_ms``."""

    racer: Racer
    grid: int
    plan: TyrePlan
    lap: int = 0
    start_ms: int = 0
    end_ms: int = 0
    seat: int = 1
    stint: int = 1
    stint_lap: int = 0
    noise: float = 0.0
    leaves_pit: bool = False
    enters_pit: bool = False
    laps: list[Lap] = field(default_factory=list)
    retired: bool = False
    passable: bool = False  # stops, leaves the pits or has had a mishap: nobody queues behind it


class Race:
    """One race: `run` fills the laps of all cars."""

    def __init__(self, plan: Plan, grid: list[Racer], script: Script, wear: float, rng: np.random.Generator) -> None:
        """``grid`` is in starting order; ``wear`` scales the compounds' wear in this race."""
        self.plan, self.script, self.wear, self.rng = plan, script, wear, rng
        self.total = race_laps(plan)
        self.cars = [
            Car(racer, place, tyre_plan(plan.model.tyres, self.total, rng)) for place, racer in enumerate(grid)
        ]
        self.flag_ms: int | None = None

    def run(self) -> list[Car]:
        """Run the race to its end; cars with their laps, in starting order."""
        heap = [(0, car.grid) for car in self.cars]
        while heap:
            now, index = heapq.heappop(heap)
            car = self.cars[index]
            if self._ends(car, now):
                continue
            self._drive(car, now)
            if not car.retired:
                heapq.heappush(heap, (car.end_ms, index))
        return self.cars

    def _ends(self, car: Car, now: int) -> bool:
        """Whether the car takes the chequered flag at this crossing of the line."""
        if self.flag_ms is None and car.lap == max(other.lap for other in self.cars if not other.retired):
            done = car.lap >= self.plan.laps if self.plan.laps else now >= (self.plan.duration_ms or 0)
            if done and car.lap:
                self.flag_ms = now
        ended = self.flag_ms is not None and now >= self.flag_ms
        if ended and car.laps:
            car.laps[-1].flag, car.laps[-1].pit_in = Flag.CHEQUERED, False
        return ended

    def _drive(self, car: Car, now: int) -> None:
        leads = all(car.lap >= other.lap for other in self.cars if other is not car and not other.retired)
        car.lap, car.start_ms, car.stint_lap = car.lap + 1, now, car.stint_lap + 1
        if self.script.retirements.get(car.racer.entry.car_number) == car.lap:
            car.retired, car.end_ms = True, now
            return
        window = window_at(self.script.windows, now)
        mishap = self.script.mishaps.get((car.racer.entry.car_number, car.lap))
        left = self.total / car.racer.car_class.pace - car.lap
        car.enters_pit = self.plan.model.pit is not None and (
            wants_stop(car.plan, car.racer.car_class, car.lap, car.stint_lap, left, window is not None, self.rng)
            or (mishap is not None and mishap.kind == "puncture" and left > 1)
        )
        car.passable = car.enters_pit or car.leaves_pit or mishap is not None
        end = cross_line(
            now, self._own_lap(car, window) + (mishap.loss_ms if mishap else 0), self.script.windows, leads
        )
        car.end_ms = round(self._traffic(car, end, leads)) if car.lap > 1 else round(end)
        self._record(car)

    def _own_lap(self, car: Car, window: Window | None) -> float:
        """The lap without flags and traffic, in ms, from the car's pace, tyres, fuel, noise and stop."""
        model, cls = self.plan.model, car.racer.car_class
        car.noise = model.memory * car.noise + self.rng.normal(0, cls.noise * np.sqrt(1 - model.memory**2))
        fuel_lap = car.stint_lap - (cls.tank_laps or 0) / 2 if cls.tank_laps else car.lap - self.total / 2
        share = car.racer.pace[car.seat - 1] + car.noise + model.fuel * fuel_lap + model.worn * car.stint_lap
        if car.plan.tyres:
            tyre = car.plan.tyres[0]
            share += tyre.offset + tyre.wear * self.wear * car.stint_lap
        own = self.plan.lap_ms * cls.pace * (1 + share)
        if car.lap == 1:
            own += cls.lap1_ms + car.grid * model.grid_step_ms + self.rng.normal(0, model.start_scatter_ms)
        return own + self._stop_loss(car, window)

    def _stop_loss(self, car: Car, window: Window | None) -> float:
        pit = self.plan.model.pit
        if pit is None:
            return 0.0
        loss = float(pit.in_loss_ms) if car.enters_pit else 0.0
        if car.leaves_pit:
            lane = car.laps[-1].pit_time_ms or pit.lane_ms  # what this stop took more or less than usual is lost too
            loss += pit.out_loss_ms + lane - pit.lane_ms
        return loss / (window.ratio if window else 1.0)  # chosen: a stop costs less while the others go slowly

    def _traffic(self, car: Car, end: float, leads: bool) -> float:
        window = window_at(self.script.windows, end)
        others = [
            other for other in self.cars if other is not car and not other.retired and other.end_ms > car.start_ms
        ]
        if window is not None and window.bunches and not leads and not car.passable:
            ahead = [o.end_ms for o in others if not o.passable and o.start_ms <= car.start_ms]
            return max(end, max(ahead, default=0) + QUEUE_MS)
        if car.enters_pit or car.leaves_pit or window is not None:
            return end
        near = [o for o in others if not o.passable and end - 300 < o.end_ms < end + _FASTEST_OUT_MS]
        fights = [o.end_ms for o in near if o.lap == car.lap and o.racer.car_class is car.racer.car_class]
        slower = sum(o.lap < car.lap for o in near)
        return held_up(end, fights[:3], slower, self.rng)

    def _record(self, car: Car) -> None:
        pit, tyre = self.plan.model.pit, car.plan.tyres[0] if car.plan.tyres else None
        lap = Lap(
            car.racer.entry.car_number, car.lap, car.seat, car.stint, car.end_ms - car.start_ms,
            start_ms=car.start_ms, end_ms=car.end_ms, pit_in=car.enters_pit, pit_out=car.leaves_pit,
            compound=tyre.compound if tyre else None, tyre_age=car.stint_lap if tyre else None,
            fresh_tyre=True if tyre else None,
        )  # fmt: skip
        car.laps.append(lap)
        car.leaves_pit = car.enters_pit
        if not car.enters_pit or pit is None:
            return
        changes = len(car.racer.pace) > 1 and self.rng.random() < 0.5
        lap.pit_time_ms = round(pit.lane_ms + (pit.change_ms if changes else 0) + self.rng.gamma(4, pit.scatter_ms / 2) - 2 * pit.scatter_ms)  # fmt: skip
        car.seat = car.seat % len(car.racer.pace) + 1 if changes else car.seat
        car.stint, car.stint_lap = car.stint + 1, 0
        if len(car.plan.tyres) > 1:
            car.plan.tyres.pop(0)
        if car.plan.changes:
            car.plan.changes.pop(0)
