"""Matrices of earlier values: one row a question, the newest value first, NaN where there are no more."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Work = Callable[["pd.Series[float]"], "pd.Series[float]"]
_SPAN = 10**11  # ms: longer than any race, so that a group and a time make one number


def earlier(values: Floats, groups: Ints, known: Ints, asked: Ints, at: Ints, depth: int) -> Floats:
    """The last ``depth`` values of a group that were known at a moment.

    Args:
        values: what was measured.
        groups: the group of each value, from 0.
        known: since when each value is known (ms, or the number of its lap).
        asked: the group of each question.
        at: the moment of each question, on the scale of ``known``; a value known at that moment counts.
        depth: values a question.

    Returns:
        Shape (questions, depth), the newest first, NaN where the group has no more.
    """
    at_each = places(groups, known, asked, at, depth)
    return taken(values, at_each)


def places(groups: Ints, known: Ints, asked: Ints, at: Ints, depth: int) -> Ints:
    """Where the last ``depth`` values of a group are that were known at a moment, as `earlier` gives the values.

    Returns:
        Shape (questions, depth), the newest first, -1 where the group has no more.
    """
    order, low, high = _found(groups, known, asked, at)
    place = high[:, None] - 1 - np.arange(depth)
    inside = place >= low[:, None]
    return np.where(inside, order[np.where(inside, place, 0)] if len(order) else -1, -1)


def taken(values: Floats, at: Ints) -> Floats:
    """The values at places of `places`, NaN where there is none."""
    if not len(values):
        return np.full(at.shape, np.nan)
    return np.where(at >= 0, values[at], np.nan)


def rolled(values: Floats, groups: Ints, known: Ints, asked: Ints, at: Ints, work: Work) -> Floats:
    """A statistic of a group's newest values at a moment, computed once a value instead of once a question.

    Args:
        values: what was measured; ``groups``, ``known``, ``asked`` and ``at`` are as in `earlier`.
        work: the statistic of each value and of those before it, from the values of one group in their order.
    """
    order, low, high = _found(groups, known, asked, at)
    found = np.full(len(asked), np.nan)
    for group in np.unique(asked):
        mine = asked == group
        first, last = int(low[mine][0]), int(high[mine].max())
        if last == first:
            continue
        done = work(pd.Series(values[order[first:last]])).to_numpy(dtype="float64")
        place = high[mine] - 1 - first
        found[mine] = np.where(place >= 0, done[np.clip(place, 0, None)], np.nan)
    return found


def _found(groups: Ints, known: Ints, asked: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    """The values' order by group and time; where each question's group begins in it, and what is known of it ends."""
    order = np.lexsort((known, groups))
    sorted_groups = groups[order]
    high = np.searchsorted(sorted_groups * _SPAN + known[order], asked * _SPAN + at, side="right")
    return order, np.searchsorted(sorted_groups, asked, side="left"), high


def packed(matrices: list[Floats], keep: Bools) -> list[Floats]:
    """The kept values of each matrix moved to its left in their order, NaN after them."""
    order = np.argsort(~keep, axis=1, kind="stable")
    kept = np.take_along_axis(keep, order, axis=1)
    return [np.where(kept, np.take_along_axis(matrix, order, axis=1), np.nan) for matrix in matrices]


def quantile(matrix: Floats, share: float, least: int = 1) -> Floats:
    """The quantile of each row's values, between neighbours by interpolation; NaN below ``least`` values."""
    ordered = np.sort(matrix, axis=1)  # NaN come last
    count = np.isfinite(ordered).sum(axis=1)
    place = np.clip(count - 1, 0, None) * share
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.clip(count - 1, 0, None))
    rows = np.arange(len(ordered))
    value = ordered[rows, low] + (ordered[rows, high] - ordered[rows, low]) * (place - low)
    return np.where(count >= least, value, np.nan)


def median(matrix: Floats, least: int = 1) -> Floats:
    """The median of each row's values; NaN below ``least`` values."""
    return quantile(matrix, 0.5, least)


def weighted(matrix: Floats, fade: float) -> Floats:
    """The mean of each row's values, each older one weighing ``1 - fade`` of the one after it."""
    weights = np.where(np.isfinite(matrix), (1 - fade) ** np.arange(matrix.shape[1]), 0.0)
    total = weights.sum(axis=1)
    value = np.where(total > 0, (np.nan_to_num(matrix) * weights).sum(axis=1), np.nan)
    return value / np.where(total > 0, total, 1.0)
