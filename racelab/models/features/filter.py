"""The state-space model of pace: what each car's next lap should take, from all laps that had ended when it begins.

The logarithm of a lap is the sum of a level of the field (a random walk: track, weather), a slope of burnt fuel, an
offset and a slope of age for each compound, a level of the car (a slower random walk) and a transient of the car (it
decays: traffic, tyres warming, a mistake). A Kalman filter follows all of them at once (Durbin and Koopman 2012, ch.
4), with innovations bounded as Huber (1964) does, and with a field that may move faster while it is seen to move.
Events are taken in the order of time, a lap's end before another's beginning at the same instant, so that nothing is
known of a lap that had not ended.

Numba compiles this file; `book` keeps what the last lap of each car told, a row a car, a column of `Book`.
"""

from typing import Any

import numba as nb
import numpy as np

from racelab.models.features.neighbours import look_around
from racelab.models.features.places import (
    AGE,
    CARS_AT,
    COMPOUND,
    COMPOUNDS,
    CROSSED,
    EWM,
    FIELD,
    FIELD_AT,
    FUEL_AT,
    GAP,
    GAP_BEFORE,
    IN_PIT,
    LAP,
    LAPS_CLEAN,
    MISSED,
    MISSED_AT,
    NOISE,
    OFFSET_AT,
    OTHER,
    OUT,
    OWN,
    SLOPE_AT,
    STARTED_AGE,
)  # fmt: skip

# Found by coordinate descent on the mean absolute error of 2019 to 2023: variances are of the logarithm of a lap.
Q_FIELD, Q_NEUTRAL, CHASE = 1.03e-5, 7.0e-8, 10.6  # a lap's step of the field; the same under neutralisation; its haste
Q_CAR, Q_TRANSIENT, DECAY, NOISE_VARIANCE = 4.0e-7, 2.6e-5, 0.861, 2.5e-5
BOUND = 0.87  # standard deviations beyond which an innovation counts no more
JUMP = 1.25e-7  # variance that a stop adds to the car's level
FUEL, FUEL_SD = -0.0477, 0.022  # of a lap's time over 90 minutes of racing
OFFSET_SD, OFFSET_WET_SD, SLOPE_SD = 0.00075, 0.002, 0.00023
CAR_SD, FIELD_SD, REFERENCE_SD = 0.012, 0.05, 0.03
# By compound, softest first, intermediate, wet, unknown: seconds a second slower than a soft one, and a lap of age.
OFFSETS = np.array([-0.006, -0.004, -0.002, 0.0, 0.004, 0.007, 0.04, 0.06, 0.0])
SLOPES = np.array([0.0012, 0.001, 0.0009, 0.0008, 0.0005, 0.0003, 0.0, 0.0, 0.0005])
_START_FUEL = 0.02  # a reference is of mid-race: at the start the cars are heavier by this share of a lap
_MOST = 0.03  # a miss beyond this share says no more of the next lap
_HASTE = 0.15  # a miss beyond this share moves the field no faster
_FAST, _MEDIUM, _SLOW = 0.2, 0.06, 0.02  # weights of the newest miss in the averages of the field's misses
_SMOOTH = (0.3, 0.5, 0.7)  # weights of the newest lap in the averages of the car's laps


@nb.njit(cache=True)
def initial(cars: int, reference: float) -> Any:
    """State and covariance before the first lap; ``reference`` is the logarithm of the lap expected there, or NaN."""
    size = CARS_AT + 2 * cars
    x, p = np.zeros(size), np.zeros((size, size))
    x[FIELD_AT], p[FIELD_AT, FIELD_AT] = 0.0, FIELD_SD**2
    if np.isfinite(reference):
        x[FIELD_AT], p[FIELD_AT, FIELD_AT] = reference + _START_FUEL, REFERENCE_SD**2
    x[FUEL_AT], p[FUEL_AT, FUEL_AT] = FUEL, FUEL_SD**2
    for k in range(COMPOUNDS):
        offset_sd = OFFSET_WET_SD if k >= 6 else OFFSET_SD
        x[OFFSET_AT + k], p[OFFSET_AT + k, OFFSET_AT + k] = OFFSETS[k], offset_sd**2
        x[SLOPE_AT + k], p[SLOPE_AT + k, SLOPE_AT + k] = SLOPES[k], SLOPE_SD**2
    for c in range(cars):
        p[CARS_AT + c, CARS_AT + c] = CAR_SD**2
        own = CARS_AT + cars + c
        p[own, own] = Q_TRANSIENT / (1 - DECAY**2)
    return x, p


@nb.njit(cache=True)
def parts(car: int, cars: int, compound: int) -> Any:
    """Where in the state the six parts of a lap are."""
    return np.array([FIELD_AT, FUEL_AT, OFFSET_AT + compound, SLOPE_AT + compound, CARS_AT + car, CARS_AT + cars + car])


@nb.njit(cache=True)
def step(x: Any, p: Any, car: int, cars: int) -> None:
    """A car has ended a lap: its transient decays, its level may have moved."""
    own = CARS_AT + cars + car
    for j in range(len(x)):
        p[own, j] *= DECAY
    for j in range(len(x)):
        p[j, own] *= DECAY
    x[own] *= DECAY
    p[own, own] += Q_TRANSIENT
    p[CARS_AT + car, CARS_AT + car] += Q_CAR


@nb.njit(cache=True)
def observe(x: Any, p: Any, at: Any, weights: Any, log_lap: float) -> float:
    """Take in a clean lap; returns the miss, the logarithm of the lap less what was expected of it."""
    size = len(x)
    ph = np.zeros(size)
    expected = 0.0
    for a in range(6):
        expected += weights[a] * x[at[a]]
        for j in range(size):
            ph[j] += weights[a] * p[j, at[a]]
    variance = NOISE_VARIANCE
    for a in range(6):
        variance += weights[a] * ph[at[a]]
    miss = log_lap - expected
    bounded = max(abs(miss) / (BOUND * np.sqrt(variance)), 1.0)
    total = variance * bounded
    for j in range(size):
        gain = ph[j] / total
        x[j] += gain * miss
        for k in range(size):
            p[j, k] -= gain * ph[k]
    return float(miss)


@nb.njit(cache=True)
def expect(x: Any, p: Any, at: Any, weights: Any) -> Any:
    """Mean and standard deviation of the logarithm of a lap that begins now."""
    mean, variance = 0.0, Q_CAR + Q_TRANSIENT + NOISE_VARIANCE
    for a in range(6):
        mean += weights[a] * x[at[a]]
        for b in range(6):
            variance += weights[a] * weights[b] * p[at[a], at[b]]
    return mean, np.sqrt(max(variance, 0.0))


@nb.njit(cache=True)
def remember(book: Any, field: Any, car: int, miss: float, log_lap: float, now: float) -> None:
    """Keep a clean lap's miss and time for the features of laps to come."""
    bounded = min(max(miss, -_MOST), _MOST)
    field[3] += _HASTE * (min(max(miss, -_HASTE), _HASTE) - field[3])
    field[0] += _FAST * (bounded - field[0])
    field[1] += _MEDIUM * (bounded - field[1])
    field[2] += _SLOW * (bounded - field[2])
    field[4] += 0.04 * (abs(bounded) - field[4])
    own = book[car]
    own[MISSED + 2] = own[MISSED + 1]
    own[MISSED + 1] = own[MISSED]
    own[MISSED] = bounded
    own[MISSED_AT] = now
    own[NOISE] += 0.1 * (abs(bounded) - own[NOISE])
    own[OTHER] = 0.0
    own[LAPS_CLEAN] += 1
    for k in range(5, 0, -1):
        own[OWN + k] = own[OWN + k - 1]
    own[OWN] = log_lap
    for k in range(3):
        old = own[EWM + k]
        own[EWM + 3 + k] = 1.0 + (1.0 - _SMOOTH[k]) * own[EWM + 3 + k]  # the sum of all weights, so that early laps
        own[EWM + k] = (
            log_lap if np.isnan(old) else old + (log_lap - old) / own[EWM + 3 + k]
        )  # weigh no more than theirs


@nb.njit(cache=True)
def blank(cars: int) -> Any:
    """The book before the first lap."""
    book = np.full((cars, EWM + 6), np.nan)
    for c in range(cars):
        for at in (LAP, AGE, IN_PIT, LAPS_CLEAN, EWM + 3, EWM + 4, EWM + 5):
            book[c, at] = 0.0
        book[c, CROSSED] = -1e18
        book[c, MISSED_AT] = -1e18
        book[c, COMPOUND] = -1.0
        book[c, GAP + 2] = -1.0
        book[c, NOISE] = np.sqrt(NOISE_VARIANCE + Q_TRANSIENT)
    return book


@nb.njit(cache=True)
def ended(x: Any, p: Any, book: Any, field: Any, i: int, now: float, cars: int, given: Any) -> None:
    """Lap ``i`` has ended."""
    c, k = int(given[i, 0]), int(given[i, 4])
    log_lap, age, fuel = given[i, 2], given[i, 5], given[i, 6]
    step(x, p, c, cars)
    book[c, CROSSED] = now
    book[c, LAP] = given[i, 1]
    book[c, IN_PIT] = given[i, 7]
    book[c, COMPOUND] = k
    book[c, AGE] = age
    at, weights = parts(c, cars, k), np.array([1.0, fuel, 1.0, age, 1.0, 1.0])
    if given[i, 3] > 0:
        if field[6] == 0.0 and x[FIELD_AT] == 0.0:
            x[FIELD_AT] = log_lap - (x[FUEL_AT] * fuel + x[OFFSET_AT + k] + x[SLOPE_AT + k] * age)
        field[6] += 1
        miss = observe(x, p, at, weights, log_lap)
        remember(book, field, c, miss, log_lap, now)
    elif np.isfinite(log_lap):
        book[c, OTHER] = log_lap - x[FIELD_AT] - x[CARS_AT + c]
    else:
        book[c, OTHER] = np.nan


@nb.njit(cache=True)
def begins(x: Any, p: Any, book: Any, field: Any, i: int, now: float, scale: float, given: Any, out: Any) -> None:
    """Lap ``i`` begins: write what is expected of it and what is seen around it."""
    cars = len(book)
    c, k = int(given[i, 0]), int(given[i, 4])
    age, fuel = given[i, 5], given[i, 6]
    own = book[c]
    if age < own[STARTED_AGE]:  # newer tyres than on the lap before; never so on the first, where it is NaN
        p[CARS_AT + c, CARS_AT + c] += JUMP
    own[STARTED_AGE] = age
    at, weights = parts(c, cars, k), np.array([1.0, fuel, 1.0, age, 1.0, DECAY])
    row = out[i]
    row[0], row[1] = expect(x, p, at, weights)
    for n in range(5):
        row[FIELD + n] = field[n] if n < 3 else field[n + 1 + (n == 4)]
    row[OUT] = x[at[5]]
    row[OUT + 1] = x[at[4]]
    row[OUT + 2] = np.sqrt(p[at[4], at[4]])
    for n in range(3):
        row[OUT + 3 + n] = own[MISSED + n]
        row[OUT + 16 + n] = own[EWM + n] - row[0]
    row[OUT + 6] = own[NOISE]
    row[OUT + 7] = own[OTHER]
    row[OUT + 8] = (now - own[MISSED_AT]) / scale if own[MISSED_AT] > -1e17 else np.nan
    row[OUT + 9] = own[LAPS_CLEAN]
    for n in range(6):
        row[OUT + 10 + n] = own[OWN + n] - row[0]
    row[OUT + 19] = own[GAP]
    row[OUT + 20] = own[GAP_BEFORE]
    row[OUT + 21] = own[GAP + 2]
    look_around(x, book, c, given[i, 1], k, age, now, scale, row)


@nb.njit(cache=True)
def follow(when: Any, which: Any, is_start: Any, given: Any, neutral: Any, cars: int, scale: float, reference: float, out: Any) -> None:  # fmt: skip
    """Follow a session of one class through the ends and beginnings of its laps.

    Args:
        when: instants in ms, in order; ``which`` lap ends or (``is_start``) begins then.
        given: a row a lap: car, lap number, logarithm of the lap, whether clean, compound, age, fuel, in-lap.
        neutral: whether the lap ended under a neutralisation.
        cars: how many cars.
        scale: about what a lap takes, in ms.
        reference: logarithm of the lap expected before the race, or NaN.
        out: a row a lap, written as `places.SEEN` names its columns.
    """
    x, p = initial(cars, reference)
    book, field = blank(cars), np.zeros(7)
    last = when[0] if len(when) else 0.0
    for e in range(len(when)):
        i, now = which[e], when[e]
        passed = (now - last) / scale
        if passed > 0:
            q = Q_NEUTRAL if field[5] > 0 else Q_FIELD
            p[FIELD_AT, FIELD_AT] += q * min(passed, 3.0) + CHASE * field[3] ** 2 * min(passed, 1.0)
            last = now
        if is_start[e]:
            begins(x, p, book, field, i, now, scale, given, out)
        else:
            field[5] = neutral[i]
            ended(x, p, book, field, i, now, cars, given)
