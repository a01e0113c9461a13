"""Who is around a car when it begins a lap, by the times at which the others last crossed the line."""

from typing import Any

import numba as nb
import numpy as np

from racelab.models.features.places import (
    AGE,
    CARS_AT,
    COMPOUND,
    CROSSED,
    FIELD_AT,
    GAP,
    GAP_BEFORE,
    IN_PIT,
    LAP,
    MISSED,
    MISSED_AT,
    OFFSET_AT,
    ROUND,
    SLOPE_AT,
)  # fmt: skip

_LONG_S = 20.0  # a gap beyond this says no more
_AROUND_LAPS = 1.6  # a car that has not crossed the line for so many laps is out or in the pits
_NEW_LAPS = 1.3  # a miss is news for so many laps
_BLUE_MS, _LAPPER_MS, _SLACK_MS = 20_000.0, 15_000.0, 5_000.0
_FAR = 1e9


@nb.njit(cache=True)
def look_around(x: Any, book: Any, car: int, lap: float, compound: int, age: float, now: float, scale: float, row: Any) -> None:  # fmt: skip
    """Write gaps, paces and places of the cars around into ``row``, from `places.ROUND` on."""
    cars = len(book)
    first, second, behind = -1, -1, -1
    gap_1, gap_2, gap_b = _FAR, _FAR, _FAR
    blue, lappers, active, before = 0, 0, 0, 0
    for j in range(cars):
        since = now - book[j, CROSSED]
        if j == car or since >= _AROUND_LAPS * scale:
            continue
        active += 1
        before += book[j, LAP] >= lap - 1
        if book[j, IN_PIT] > 0:
            continue
        if since < gap_1:
            gap_2, second = gap_1, first
            gap_1, first = since, j
        elif since < gap_2:
            gap_2, second = since, j
        to_come = np.exp(x[FIELD_AT] + pace(x, book, j, cars, False)) - since
        if -_SLACK_MS < to_come < gap_b:
            gap_b, behind = to_come, j
        blue += since < _BLUE_MS and book[j, LAP] < lap - 1
        lappers += to_come < _LAPPER_MS and book[j, LAP] + 1 > lap
    own = x[OFFSET_AT + compound] + x[SLOPE_AT + compound] * age + x[CARS_AT + car]
    neighbours(x, book, np.array([first, second, behind]), np.array([gap_1, gap_2, gap_b]), own, lap, now, scale, row)
    row[ROUND + 9] = blue
    row[ROUND + 10] = lappers
    row[ROUND + 11] = active
    row[ROUND + 12] = before
    row[ROUND + 13] = 1.0 if first >= 0 and first == book[car, GAP + 2] else 0.0
    book[car, GAP_BEFORE] = book[car, GAP]
    book[car, GAP] = min(gap_1 / 1000, _LONG_S)
    book[car, GAP + 2] = first
    rivals(book, car, lap, compound, age, now, scale, row)


@nb.njit(cache=True)
def pace(x: Any, book: Any, j: int, cars: int, is_now: bool) -> float:
    """What car ``j`` adds to the field's level on its tyres; with its transient where ``is_now``."""
    k = max(int(book[j, COMPOUND]), 0)
    level = x[OFFSET_AT + k] + x[CARS_AT + j]
    if not is_now:
        return float(level)
    return float(level + x[SLOPE_AT + k] * book[j, AGE] + x[CARS_AT + cars + j])


@nb.njit(cache=True)
def neighbours(x: Any, book: Any, who: Any, gaps: Any, own: float, lap: float, now: float, scale: float, row: Any) -> None:  # fmt: skip
    """Gap, laps and pace of the cars ahead and behind, as far as there are any."""
    cars = len(book)
    gap_at, lap_at, pace_at = (
        (ROUND, ROUND + 4, ROUND + 6),
        (ROUND + 1, -1, ROUND + 7),
        (ROUND + 2, ROUND + 5, ROUND + 8),
    )
    for n in range(3):
        j = who[n]
        row[gap_at[n]] = min(gaps[n] / 1000, _LONG_S)
        if j < 0:
            continue
        row[pace_at[n]] = pace(x, book, j, cars, True) - own
        if lap_at[n] >= 0:
            row[lap_at[n]] = min(max(book[j, LAP] - (lap - 1), -2), 2)
    j = who[0]
    if j >= 0 and now - book[j, MISSED_AT] < _NEW_LAPS * scale:
        row[ROUND + 3] = book[j, MISSED]


@nb.njit(cache=True)
def rivals(book: Any, car: int, lap: float, compound: int, age: float, now: float, scale: float, row: Any) -> None:
    """The newest misses of the others, and how this car's tyres differ from theirs."""
    cars = len(book)
    news = np.empty(cars)
    count, ahead, known, tyres = 0, 0, 0.0, 0
    hard, old = 0.0, 0.0
    for j in range(cars):
        if j == car:
            continue
        if now - book[j, MISSED_AT] < _NEW_LAPS * scale:
            news[count] = book[j, MISSED]
            count += 1
            if book[j, LAP] >= lap:
                known += book[j, MISSED]
                ahead += 1
        if now - book[j, CROSSED] < _AROUND_LAPS * scale and book[j, COMPOUND] >= 0:
            hard += book[j, COMPOUND]
            old += book[j, AGE]
            tyres += 1
    if count:
        row[ROUND + 14] = np.median(news[:count])
    if tyres:
        row[ROUND + 15] = compound - hard / tyres
        row[ROUND + 16] = age - old / tyres
    if ahead:
        row[ROUND + 17] = known / ahead
    row[ROUND + 18] = ahead
