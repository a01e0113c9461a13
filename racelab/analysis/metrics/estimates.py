"""Means and slopes by driver, each with a standard error that knows that laps of a stint resemble each other."""

from dataclasses import dataclass

import numpy as np

from racelab.analysis.metrics.expected import Floats, Ints, Seated

_PRIOR = 5.0  # a driver's own scatter leans on the class's as if by so many laps
_MOST_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Estimates:
    """A value for each driver by code, its standard error, and the number of laps or stints behind it."""

    value: Floats
    error: Floats
    n: Ints


@dataclass(frozen=True, slots=True)
class Scatter:
    """Variance of a lap within stints by driver, its inflation by autocorrelation, and variance between stints."""

    lap: Floats
    stint: Floats


def scatter(values: Floats, field: Seated) -> Scatter:
    """What laps scatter by: within a stint by driver, leaning on the class; between the stints of a driver by class.

    Successive laps are alike: the variance within is that of so many independent laps (AR(1): times
    (1 + r) / (1 - r), with the class's lag-one correlation r).
    """
    size, drivers, groups = int(field.stint.max()) + 1, len(field.drivers), int(field.of_group.max()) + 1
    n = np.bincount(field.stint, minlength=size)
    mean = ratio(np.bincount(field.stint, values, size), n)
    within = values - mean[field.stint]
    freedom = np.bincount(field.driver, minlength=drivers) - _stints_of(field, n)
    squares = np.bincount(field.driver, within**2, drivers)
    pooled = ratio(np.bincount(field.of_group, squares, groups), np.bincount(field.of_group, freedom, groups))
    usual = pooled[field.of_group]
    alike = _alike(within, field, groups)
    lap = (squares + _PRIOR * usual) / (freedom + _PRIOR) * ((1 + alike) / (1 - alike))[field.of_group]
    return Scatter(lap, _between(mean, n, lap, field, groups))


def _stints_of(field: Seated, n: Ints) -> Ints:
    return np.bincount(_owner(field, len(n))[n > 0], minlength=len(field.drivers))


def _owner(field: Seated, size: int) -> Ints:
    owner = np.zeros(size, dtype=np.int64)
    owner[field.stint] = field.driver
    return owner


def _alike(within: Floats, field: Seated, groups: int) -> Floats:
    number = field.numbers("lap_number")
    pair = (np.diff(field.stint) == 0) & (np.diff(number) == 1)
    group = field.group[1:][pair]
    products = np.bincount(group, (within[1:] * within[:-1])[pair], groups)
    squares = np.bincount(group, ((within[1:] ** 2 + within[:-1] ** 2) / 2)[pair], groups)
    return np.clip(ratio(products, squares), 0, _MOST_ALIKE)


def _between(mean: Floats, n: Ints, lap: Floats, field: Seated, groups: int) -> Floats:
    """Variance of stints about their driver's mean beyond what their laps explain, by class (method of moments)."""
    owner, drivers = _owner(field, len(n)), len(field.drivers)
    told = n >= 3
    count = np.bincount(owner[told], minlength=drivers)
    centre = ratio(np.bincount(owner[told], mean[told], drivers), count)
    told &= count[owner] >= 2
    square = (mean - centre[owner]) ** 2 * ratio(count, count - 1)[owner] - lap[owner] / np.maximum(n, 1)
    group = field.of_group[owner[told]]
    found = ratio(np.bincount(group, square[told], groups), np.bincount(group, minlength=groups))
    return np.maximum(found, 0)[field.of_group]


def means(values: Floats, field: Seated) -> Estimates:
    """Each driver's mean; its standard error from laps within stints and from stints."""
    spread, drivers = scatter(values, field), len(field.drivers)
    n = np.bincount(field.driver, minlength=drivers)
    value = ratio(np.bincount(field.driver, values, drivers), n)
    of_stint = np.bincount(field.stint)
    squares = np.bincount(_owner(field, len(of_stint)), of_stint.astype(float) ** 2, drivers)
    error = np.sqrt(ratio(spread.lap, n) + spread.stint * ratio(squares, n.astype(float) ** 2))
    return Estimates(np.where(n > 0, value, np.nan), error, n)


def slopes(values: Floats, x: Floats, field: Seated) -> tuple[Estimates, Floats]:
    """Each driver's slope of values on x within stints, by least squares; and the spread of x behind it (its sum of squares).

    The standard error holds the scatter of laps about the slope and that of stints' own slopes about the driver's.
    """
    drivers, size = len(field.drivers), int(field.stint.max()) + 1
    count = np.bincount(field.stint, minlength=size)
    centred = x - ratio(np.bincount(field.stint, x, size), count)[field.stint]
    of_stint: Floats = np.bincount(field.stint, centred**2, size).astype(float)
    owner = _owner(field, size)
    products = np.bincount(field.stint, centred * values, size)
    squares: Floats = np.bincount(owner, of_stint, drivers).astype(float)
    value = ratio(np.bincount(owner, products, drivers), squares)
    lap = scatter(values - value[field.driver] * centred, field).lap
    own = _slopes_differ(ratio(products, of_stint) - value[owner], of_stint, lap, owner, field)
    error = np.sqrt(ratio(lap, squares) + own * ratio(np.bincount(owner, of_stint**2, drivers), squares**2))
    n = np.bincount(field.driver, minlength=drivers)
    return Estimates(np.where(squares > 0, value, np.nan), error, n), squares


def _slopes_differ(rest: Floats, squares: Floats, lap: Floats, owner: Ints, field: Seated) -> Floats:
    """Variance of stints' slopes about their driver's beyond what their laps explain, by class, weighted by spread of x."""
    groups = int(field.of_group.max()) + 1
    stints = np.bincount(owner[squares > 0], minlength=len(field.drivers))
    told = (squares > 0) & (stints[owner] >= 2)
    beyond = rest**2 * ratio(stints, stints - 1)[owner] - ratio(lap[owner], squares)
    group = field.of_group[owner[told]]
    weight = squares[told]
    found = ratio(np.bincount(group, beyond[told] * weight, groups), np.bincount(group, weight, groups))
    return np.maximum(found, 0)[field.of_group]


def ratio(top: np.ndarray, bottom: np.ndarray) -> Floats:
    """Top over bottom, 0 where nothing lies at the bottom."""
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    zero = np.zeros(np.broadcast(top, bottom).shape)
    return np.asarray(np.divide(top, bottom, out=zero, where=bottom > 0), dtype=float)
