"""Matrices of earlier values: one row a question, the newest value first, NaN where there are no more."""

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
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
    if not len(values):
        return np.full((len(asked), depth), np.nan)
    order = np.lexsort((known, groups))
    keys = groups[order] * _SPAN + known[order]
    high = np.searchsorted(keys, asked * _SPAN + at, side="right")
    low = np.searchsorted(groups[order], asked, side="left")
    place = high[:, None] - 1 - np.arange(depth)
    found: Floats = values[order][np.clip(place, 0, None)]
    return np.where(place >= low[:, None], found, np.nan)


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
