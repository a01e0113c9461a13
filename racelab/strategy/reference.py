"""The simulator's rules in plain NumPy, all races at once: slow, and the measure for `kernel.py`."""

from typing import Any

import numpy as np

from racelab.strategy import draws
from racelab.strategy.draws import draw, mix, normal, uniform
from racelab.strategy.model import Floats, RaceArrays
from racelab.strategy.rules import BEHIND_MS, CATCH_UP, LEAST_SHARE, NO_STOP_LAPS, QUEUE_MS, WINDOWS

Any1 = np.ndarray[Any, np.dtype[Any]]


class Reference:
    """All races side by side: arrays of shape (races, cars)."""

    def __init__(self, m: RaceArrays, races: int, seed: int, most: int) -> None:
        """``most`` bounds the laps of a race."""
        self.m, self.races, self.cars, self.seed = m, races, m.base.size, seed
        shape = (races, self.cars)
        self.alive, self.leaves = np.tile(m.running == 1, (races, 1)), np.zeros(shape, bool)
        self.age, self.compound = np.tile(m.age, (races, 1)), np.tile(m.compound, (races, 1))
        self.now, self.done = np.tile(m.clock, (races, 1)), np.tile(m.done, (races, 1))
        self.clock = np.zeros((races, self.cars, most + 1))
        every = np.arange(self.cars)[None, :]
        self.base = m.base + m.base_sd * normal(self._bits(0, every, draws.FORM))
        self.target = self._target(0, every, self.compound, self.age)
        self.starts, self.ends = self._windows()

    def _bits(self, lap: int, cars: Any1, purpose: int) -> Any1:
        races = np.arange(self.races, dtype=np.uint64)[:, None]
        state = mix(mix(np.full_like(races, self.seed), races), np.full_like(races, lap))
        return np.asarray(draw(state, np.asarray(cars).astype(np.uint64), np.full_like(races, purpose)))

    def _target(self, lap: int, cars: Any1, compound: Any1, age: Any1) -> Floats:
        group = self.m.class_of[cars]
        z = normal(self._bits(lap, cars, draws.STOP_AT))
        drawn = self.m.stint_mean[group, compound] + self.m.stint_sd[group, compound] * z
        return np.asarray(np.maximum(drawn, age + 2.0))

    def _windows(self) -> tuple[Floats, Floats]:
        now, starts, ends, car = np.full(self.races, self.m.clock.max()), [], [], np.zeros((1, 1))
        for index in range(WINDOWS):
            wait = -np.log(uniform(self._bits(index, car, draws.WINDOW_START)))[:, 0] / self.m.neutral_rate
            length = self.m.neutral_mean * (0.5 + uniform(self._bits(index, car, draws.WINDOW_LENGTH))[:, 0])
            starts.append(now + wait)
            ends.append(starts[-1] + length)
            now = ends[-1]
        return np.stack(starts), np.stack(ends)

    def run(self) -> Any1:
        """Places from 0, shape (races, cars)."""
        for lap in range(int(self.m.done.min()), self.clock.shape[2] - 1):
            self._lap(lap)
        return self._places()

    def _lap(self, lap: int) -> None:
        first, queue = np.ones(self.races, bool), np.zeros(self.races)
        last = np.zeros((self.races, self.m.pit_in.size))
        order = np.argsort(self.now, axis=1, kind="stable")
        for rank in range(self.cars):
            self._car(lap, order[:, rank], first, queue, last)

    def _car(self, lap: int, car: Any1, first: Any1, queue: Floats, last: Floats) -> None:
        m, rows, cars = self.m, np.arange(self.races), car[:, None]
        group, now, base = m.class_of[car], self.now[rows, car], self.base[rows, car]
        racing = self.alive[rows, car] & (self.done[rows, car] == lap)
        racing &= (m.laps > 0) | (now <= m.duration + 3.0 * m.base.max())
        out = uniform(self._bits(lap, cars, draws.RETIRE))[:, 0] < m.retire[group]
        self.alive[rows, car] &= ~(racing & out)
        racing &= ~out
        left = m.laps - lap - 1.0 if m.laps else (m.duration - now) / base - 1.0
        stops = (self.age[rows, car] + 1 >= self.target[rows, car]) & (left >= NO_STOP_LAPS)
        leaves = self.leaves[rows, car]
        free = stops | leaves
        own = self._own(lap, car, base, stops, leaves)
        ratio = np.where(first | (m.bunches == 0), m.neutral_ratio, min(CATCH_UP, m.neutral_ratio))
        end = self._cross(now, np.maximum(own, LEAST_SHARE * base), ratio)
        inside = ((self.starts <= end) & (end < self.ends)).any(axis=0)
        queued = inside & ~first & ~free & (m.bunches == 1)
        odds = m.pass_level + m.pass_slope * np.maximum(last[rows, group] - end, 0.0)
        missed = uniform(self._bits(lap, cars, draws.PASS))[:, 0] >= 1.0 / (1.0 + np.exp(-odds))
        held = ~inside & ~free & (lap > 0) & (end < last[rows, group]) & missed
        end = np.where(queued, np.maximum(end, queue + QUEUE_MS), np.where(held, last[rows, group] + BEHIND_MS, end))
        end = np.floor(end + 0.5)
        led = racing & ~free
        first[led] = False
        queue[led] = end[led]
        last[rows[led], group[led]] = end[led]
        self._book(lap, rows[racing], car[racing], end[racing], stops[racing])

    def _own(self, lap: int, car: Any1, base: Floats, stops: Any1, leaves: Any1) -> Floats:
        m, rows, cars = self.m, np.arange(self.races), car[:, None]
        group, tyre = m.class_of[car], self.compound[rows, car]
        own = base + m.trend * lap + m.offset[tyre] + m.wear[tyre] * (self.age[rows, car] + 1.0)
        own = own + m.noise[car] * normal(self._bits(lap, cars, draws.NOISE))[:, 0]
        if lap == 0:
            own = own + m.start_extra[group] + m.grid[car] * m.start_step
            own = own + m.start_sd * normal(self._bits(lap, cars, draws.START))[:, 0]
        own = np.where(stops, own + m.pit_in[group], own)
        lost = m.pit_out[group] + m.pit_sd[group] * normal(self._bits(lap, cars, draws.PIT))[:, 0]
        return np.asarray(np.where(leaves, own + lost, own))

    def _cross(self, start: Floats, own: Floats, ratio: Floats) -> Floats:
        now, left, end = start.copy(), own.copy(), np.full(self.races, np.nan)
        for begin, stop in zip(self.starts, self.ends, strict=True):
            met = np.isnan(end) & (stop > now) & (now + left > begin)
            before = np.where(met & (now < begin), begin - now, 0.0)
            left, now = left - before, np.where(before > 0, begin, now)
            inside = met & (now + left * ratio <= stop)
            end = np.where(inside, now + left * ratio, end)
            through = met & ~inside
            left, now = np.where(through, left - (stop - now) / ratio, left), np.where(through, stop, now)
        return np.where(np.isnan(end), now + left, end)

    def _book(self, lap: int, rows: Any1, car: Any1, end: Floats, stops: Any1) -> None:
        self.now[rows, car], self.clock[rows, car, lap + 1], self.done[rows, car] = end, end, lap + 1
        self.age[rows, car] += 1
        self.leaves[rows, car] = stops
        rows, car = rows[stops], car[stops]
        self.age[rows, car] = 0
        self.compound[rows, car] = self.m.follows[self.m.class_of[car], self.compound[rows, car]]
        every = np.arange(self.cars)[None, :]
        self.target[rows, car] = self._target(lap + 1, every, self.compound, np.zeros_like(self.age))[rows, car]

    def _places(self) -> Any1:
        m, key = self.m, np.empty((self.races, self.cars))
        for race in range(self.races):
            flag = self._flag(self.clock[race])
            for car in range(self.cars):
                laps = self.done[race, car]
                while laps > m.done[car] + 1 and self.clock[race, car, laps - 1] >= flag:
                    laps -= 1
                time = self.clock[race, car, laps] if laps > m.done[car] else m.clock[car]
                key[race, car] = time - laps * 1e12
        return np.argsort(np.argsort(key, axis=1, kind="stable"), axis=1)

    def _flag(self, clock: Floats) -> float:
        first = np.where(clock > 0, clock, np.inf).min(axis=0)
        first[0] = np.inf
        laps = np.arange(len(first))
        over = (laps == self.m.laps) if self.m.laps else (first >= self.m.duration)
        over &= np.isfinite(first)
        return float(first[over].min()) if over.any() else np.inf


def run_reference(m: RaceArrays, races: int, seed: int, most: int) -> Any1:
    """Places from 0, shape (races, cars), by the NumPy rules."""
    return Reference(m, races, seed, most).run()
