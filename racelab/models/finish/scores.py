"""Scores of a predicted finishing order: race by race, class by class, then the mean over races."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

RACE = ("race",)
_PODIUM = 3


def scores(rows: pd.DataFrame, by: Sequence[str] = RACE) -> dict[str, float | None]:
    """The scores of `backtest finish` and `backtest inrace`, each the mean over races (over classes of races).

    Args:
        rows: a row a car: the columns of ``by``, ``place`` (as it came: 1 is first; the place in the class where
            ``by`` names the class), ``expected`` (the predicted place) and, where known, ``p_win`` and ``p_podium``.
        by: the columns that name one order: the race, or the race and the class.

    Returns:
        ``spearman`` (correlation of the two orders, from three cars), ``place_mae`` (places, of
        ``median`` where it is known, for it has the least absolute error, else of ``expected``), ``order_mae``
        (places, of the order of ``expected`` without gaps), ``winner_hit`` (share of races whose likeliest
        winner won), ``podium_hit`` (share of the first three among the three likeliest, from four cars) and
        ``brier_win`` (mean over cars of (p_win - won)²); None where nothing could be scored.
    """
    parts = [_one(group) for _, group in rows.groupby(list(by), sort=False, dropna=False)]
    frame = pd.DataFrame(parts, columns=list(_SCORES), dtype="float64")
    means = frame.mean()
    weights = _brier(rows)
    found = {name: round(float(means[name]), 4) if np.isfinite(means[name]) else None for name in _SCORES}
    return {**found, "brier_win": weights}


def naive_chances(rows: pd.DataFrame, order: str, by: Sequence[str] = RACE) -> pd.Series:
    """How often the car that a naive order puts at this place has won, over all rows: the naive answer's P(win).

    Every race is judged by all the others, so that the answer does not know its own result.
    """
    rank = rows.groupby(list(by), dropna=False)[order].rank(method="first")
    won = rows["place"].eq(1).astype("float64")
    others = won.groupby(rank).transform("size") - 1
    return (won.groupby(rank).transform("sum") - won) / others.where(others > 0)


def calibration(chance: pd.Series, happened: pd.Series, bins: int = 10) -> pd.DataFrame:
    """The calibration curve: predicted chances in bins of equal numbers of cars beside what came.

    Returns:
        One row a bin: ``low``, ``high`` and ``predicted`` (the least, greatest and mean chance), ``happened`` (the
        share in which it came) and ``n``.
    """
    frame = pd.DataFrame({"chance": chance.astype("float64"), "happened": happened.astype("float64")}).dropna()
    if frame.empty:
        return pd.DataFrame(columns=["low", "high", "predicted", "happened", "n"])
    part = pd.qcut(frame["chance"].rank(method="first"), min(bins, len(frame)), labels=False)
    grouped = frame.groupby(part)
    curve = grouped["chance"].agg(low="min", high="max", predicted="mean")
    return curve.assign(happened=grouped["happened"].mean(), n=grouped.size()).reset_index(drop=True)


def coverage(rows: pd.DataFrame, level: int) -> float | None:
    """The share of cars whose place lies in their interval of this level in %, or None without intervals."""
    known = rows.dropna(subset=[f"low_{level}", f"high_{level}"])
    if known.empty:
        return None
    return float(known["place"].between(known[f"low_{level}"], known[f"high_{level}"]).mean())


def _one(group: pd.DataFrame) -> dict[str, float]:
    return {name: score(group) for name, score in _SCORES.items()}


def _spearman(group: pd.DataFrame) -> float:
    if len(group) < _PODIUM or group["expected"].nunique() < 2:
        return np.nan
    return float(np.corrcoef(group["expected"].rank(), group["place"].rank())[0, 1])


def _place_mae(group: pd.DataFrame) -> float:
    known = "median" in group and group["median"].notna().all()
    return float((group["median" if known else "expected"] - group["place"].rank()).abs().mean())


def _order_mae(group: pd.DataFrame) -> float:
    return float((group["expected"].rank() - group["place"].rank()).abs().mean())


def _winner(group: pd.DataFrame) -> float:
    if len(group) < 2:
        return np.nan
    return float(group.loc[_likeliest(group, "p_win", 1), "place"].eq(group["place"].min()).any())


def _podium(group: pd.DataFrame) -> float:
    if len(group) <= _PODIUM:
        return np.nan
    first = set(group.nsmallest(_PODIUM, "place").index)
    return len(first & set(_likeliest(group, "p_podium", _PODIUM))) / _PODIUM


def _likeliest(group: pd.DataFrame, chance: str, cars: int) -> list[int]:
    known = chance in group and group[chance].notna().all()
    # Shuffled first: rows often come in the order of the result, which must not decide between equals.
    order = group.assign(_chance=-group[chance] if known else 0.0).sample(frac=1, random_state=1)
    return list(order.sort_values(["_chance", "expected"], kind="stable").index[:cars])


def _brier(rows: pd.DataFrame) -> float | None:
    if "p_win" not in rows or rows["p_win"].isna().all():
        return None
    known = rows.dropna(subset=["p_win"])
    return round(float(((known["p_win"] - known["place"].eq(1)) ** 2).mean()), 5)


_SCORES: dict[str, Callable[[pd.DataFrame], float]] = {
    "spearman": _spearman,
    "place_mae": _place_mae,
    "order_mae": _order_mae,
    "winner_hit": _winner,
    "podium_hit": _podium,
}
