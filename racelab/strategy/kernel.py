"""The simulator: compiled loops over race, lap and car. `reference.py` holds the same rules in NumPy.

The rules of a lap, for all cars that begin their lap of the same number, in the order in which they begin it:
1. It may retire, and then does not complete the lap.
2. Its own time: base, form of the day, trend, tyre offset and wear, noise; the start on lap 1; a stop's loss.
3. Neutralisations stretch what of it lies in them. Where the field bunches only the first car keeps their
   pace, the others close up and queue a second apart.
4. A car that would end the lap ahead of the class rival in front gets past by chance, or ends just behind.
The race ends when its first car completes the last lap, or the first lap after its time is up; the others
finish the lap that they are on.
"""

import math
from typing import Any

import numba as nb
import numpy as np

from racelab.strategy import draws
from racelab.strategy.draws import draw, mix, normal, uniform
from racelab.strategy.rules import BEHIND_MS, CATCH_UP, LEAST_SHARE, NO_STOP_LAPS, QUEUE_MS, WINDOWS

_FORM, _NOISE, _START, _STOP_AT, _PIT = draws.FORM, draws.NOISE, draws.START, draws.STOP_AT, draws.PIT
_PASS, _RETIRE, _W_START, _W_LENGTH = draws.PASS, draws.RETIRE, draws.WINDOW_START, draws.WINDOW_LENGTH


@nb.njit(cache=True)
def _state(race_state: Any, lap: int) -> Any:
    return mix(race_state, np.uint64(lap))


@nb.njit(cache=True)
def _bits(state: Any, car: int, purpose: int) -> Any:
    return draw(state, np.uint64(car), np.uint64(purpose))


@nb.njit(cache=True)
def _sort(order: Any, now: Any) -> None:
    """Sort cars by time, then by index; by insertion, for the order changes little from lap to lap."""
    for index in range(1, order.size):
        car, back = order[index], index
        while back > 0 and (now[order[back - 1]], order[back - 1]) > (now[car], car):
            order[back] = order[back - 1]
            back -= 1
        order[back] = car


@nb.njit(cache=True)
def _cross(start: float, own: float, starts: Any, ends: Any, ratio: float) -> float:
    now, left = start, own
    for index in range(WINDOWS):
        if ends[index] <= now:
            continue
        if now + left <= starts[index]:
            break
        if now < starts[index]:
            left -= starts[index] - now
            now = starts[index]
        if now + left * ratio <= ends[index]:
            return now + left * ratio
        left -= (ends[index] - now) / ratio
        now = ends[index]
    return now + left


@nb.njit(cache=True)
def _inside(time: float, starts: Any, ends: Any) -> bool:
    for index in range(WINDOWS):  # noqa: SIM110 - compiled code has no generators
        if starts[index] <= time < ends[index]:
            return True
    return False


@nb.njit(cache=True)
def _draw_windows(race_state: Any, m: Any, starts: Any, ends: Any) -> None:
    now = m.clock.max()
    for index in range(WINDOWS):
        state = _state(race_state, index)
        wait = -math.log(uniform(_bits(state, 0, _W_START))) / m.neutral_rate
        length = m.neutral_mean * (0.5 + uniform(_bits(state, 0, _W_LENGTH)))
        starts[index] = now + wait
        ends[index] = starts[index] + length
        now = ends[index]


@nb.njit(cache=True)
def _target(state: Any, car: int, m: Any, compound: int, age: int) -> Any:
    group = m.class_of[car]
    z = normal(_bits(state, car, _STOP_AT))
    return max(m.stint_mean[group, compound] + m.stint_sd[group, compound] * z, age + 2.0)


@nb.njit(cache=True)
def _own_time(state: Any, lap: int, car: int, m: Any, base: float, compound: int, age: int) -> Any:
    own = base + m.trend * lap + m.offset[compound] + m.wear[compound] * (age + 1.0)
    own += m.noise[car] * normal(_bits(state, car, _NOISE))
    if lap == 0:
        own += m.start_extra[m.class_of[car]] + m.grid[car] * m.start_step
        own += m.start_sd * normal(_bits(state, car, _START))
    return own


@nb.njit(cache=True)
def _one_race(race_state: Any, m: Any, most: int, clock: Any, done: Any) -> None:  # noqa: PLR0912 - a call a car is slow
    """Fill ``clock`` (cars, laps + 1) with the times at the line and ``done`` with the laps of every car."""
    cars, starts, ends = m.base.size, np.empty(WINDOWS), np.empty(WINDOWS)
    _draw_windows(race_state, m, starts, ends)
    alive, age, compound, leaves = m.running.copy(), m.age.copy(), m.compound.copy(), np.zeros(cars, np.int64)
    base, target, now, last = m.base.copy(), np.empty(cars), m.clock.copy(), np.empty(m.pit_in.size)
    state, order, late = _state(race_state, 0), np.arange(cars), m.duration + 3.0 * m.base.max()
    for car in range(cars):
        base[car] += m.base_sd[car] * normal(_bits(state, car, _FORM))
        target[car] = _target(state, car, m, compound[car], age[car])
        done[car] = m.done[car]
    for lap in range(m.done.min(), most):
        first, queue = True, 0.0
        last[:] = 0.0
        _sort(order, now)
        state = _state(race_state, lap)
        for car in order:
            group = m.class_of[car]
            if alive[car] == 0 or done[car] != lap or (m.laps == 0 and now[car] > late):
                continue
            if uniform(_bits(state, car, _RETIRE)) < m.retire[group]:
                alive[car] = 0
                continue
            own = _own_time(state, lap, car, m, base[car], compound[car], age[car])
            left = m.laps - lap - 1.0 if m.laps > 0 else (m.duration - now[car]) / base[car] - 1.0
            stops = age[car] + 1 >= target[car] and left >= NO_STOP_LAPS
            free = stops or leaves[car] == 1
            if stops:
                own += m.pit_in[group]
            if leaves[car] == 1:
                own += m.pit_out[group] + m.pit_sd[group] * normal(_bits(state, car, _PIT))
            ratio = m.neutral_ratio if first or m.bunches == 0 else min(CATCH_UP, m.neutral_ratio)
            end = _cross(now[car], max(own, LEAST_SHARE * base[car]), starts, ends, ratio)
            if _inside(end, starts, ends):
                if m.bunches == 1 and not first and not free:
                    end = max(end, queue + QUEUE_MS)
            elif not free and lap > 0 and end < last[group]:
                odds = m.pass_level + m.pass_slope * (last[group] - end)
                if uniform(_bits(state, car, _PASS)) >= 1.0 / (1.0 + math.exp(-odds)):
                    end = last[group] + BEHIND_MS
            end = math.floor(end + 0.5)
            if not free:
                first, queue, last[group] = False, end, end
            now[car], clock[car, lap + 1], done[car], leaves[car] = end, end, lap + 1, 0
            age[car] += 1
            if stops:
                leaves[car], age[car], compound[car] = 1, 0, m.follows[group, compound[car]]
                target[car] = _target(_state(race_state, lap + 1), car, m, compound[car], 0)


@nb.njit(cache=True)
def _flag(clock: Any, m: Any) -> float:
    """When the chequered flag falls: the first car's last lap, or its first after the time is up."""
    for lap in range(1, clock.shape[1]):
        first = np.inf
        for car in range(clock.shape[0]):
            if 0.0 < clock[car, lap] < first:
                first = clock[car, lap]
        if first < np.inf and (lap == m.laps if m.laps > 0 else first >= m.duration):
            return first
    return np.inf


@nb.njit(cache=True)
def _classify(clock: Any, m: Any, done: Any, places: Any) -> None:
    """Places from 0: laps begun before the flag, then time."""
    flag, key = _flag(clock, m), np.empty(done.size)
    for car in range(done.size):
        laps = done[car]
        while laps > m.done[car] + 1 and clock[car, laps - 1] >= flag:
            laps -= 1
        time = clock[car, laps] if laps > m.done[car] else m.clock[car]
        key[car] = time - laps * 1e12
    for place, car in enumerate(np.argsort(key, kind="mergesort")):
        places[car] = place


@nb.njit(parallel=True, cache=True)
def run_races(m: Any, races: int, seed: int, most: int) -> Any:
    """Places from 0, shape (races, cars); ``most`` bounds the laps of a race."""
    places = np.empty((races, m.base.size), np.int16)
    for race in nb.prange(races):
        clock, done = np.zeros((m.base.size, most + 1)), np.zeros(m.base.size, np.int64)
        _one_race(mix(np.uint64(seed), np.uint64(race)), m, most, clock, done)
        _classify(clock, m, done, places[race])
    return places
