"""What a race shows beside pace: stops, starts, passes, retirements, neutralisations; each fitted from laps.

All functions take laps prepared by `state.prepare`: with ``car``, ``group`` and ``tyre`` as indices, ``age``
and ``expected``, the clean lap that the pace fit gives.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.analysis.metrics import passes
from racelab.analysis.pace import robust_sd
from racelab.domain.flags import Flag
from racelab.domain.series import Series
from racelab.strategy.model import Floats, Ints

NEVER = 1e9  # a stint that no race reaches
_PRIOR_STOPS = 3  # a compound's stints lean on the class's as if by so many stints


@dataclass(frozen=True, slots=True)
class Stops:
    """Stops by class (G) and compound (K)."""

    stint_mean: Floats
    stint_sd: Floats
    follows: Ints
    pit_in: Floats
    pit_out: Floats
    pit_sd: Floats


def fit_stops(laps: pd.DataFrame, groups: int, compounds: int) -> Stops:
    """Lengths of completed stints, the usual next compound, and what in-lap and out-lap cost under green."""
    runs = laps.groupby(["car", "stint"])[["group", "tyre", "age", "pit_in"]].last()
    mean, sd = np.full((groups, compounds), NEVER), np.zeros((groups, compounds))
    for group in range(groups):
        own = runs[runs["group"] == group]
        for tyre in range(compounds):
            mean[group, tyre], sd[group, tyre] = _length(own if len(own) else runs, tyre)
    after = laps.assign(
        next_tyre=laps.groupby("car")["tyre"].shift(-1), next_loss=_loss(laps).groupby(laps["car"]).shift(-1)
    )
    pit_in, pit_out, pit_sd = _costs(after[after["pit_in"]], groups)
    return Stops(mean, sd, _follows(after[after["pit_in"]], laps, groups, compounds), pit_in, pit_out, pit_sd)


def _length(runs: pd.DataFrame, tyre: int) -> tuple[float, float]:
    """Usual length of a class's stint on a compound and its SD; `NEVER` where most cars do not stop at all."""
    own = runs[runs["tyre"] == tyre]
    usual, of_tyre, stops = _median_stint(runs), _median_stint(own), int(own["pit_in"].sum())
    if usual == NEVER:
        return NEVER, 0.0
    if of_tyre == NEVER:  # few stop on this compound: it lasts at least as long as it was seen to
        of_tyre, stops = max(usual, float(own["age"].max()) if len(own) else usual), len(own)
    done = (own if own["pit_in"].sum() > 2 else runs).loc[lambda frame: frame["pit_in"], "age"]
    spread = robust_sd(done) if len(done) > 2 else 1.0
    return (stops * of_tyre + _PRIOR_STOPS * usual) / (stops + _PRIOR_STOPS), max(spread, 1.0)


def _median_stint(runs: pd.DataFrame) -> float:
    """Median length of stints by Kaplan and Meier: one that has not ended in the pits counts as longer than seen."""
    at_least, held = len(runs), 1.0
    for age, ended in runs.groupby("age")["pit_in"]:
        held *= 1 - float(ended.sum()) / at_least
        at_least -= len(ended)
        if held <= 0.5:
            return float(age)
    return NEVER


def _loss(laps: pd.DataFrame) -> "pd.Series[float]":
    green = laps["flag"].isna() | (laps["flag"] == "green")
    return (laps["lap_time_ms"].astype("float64") - laps["expected"]).where(green)


def _costs(stops: pd.DataFrame, groups: int) -> tuple[Floats, Floats, Floats]:
    costs = np.zeros((3, groups))
    before, after = _loss(stops), stops["next_loss"]
    known = before.notna() & after.notna()
    for group in range(groups):
        own = known & (stops["group"] == group)
        own = own if own.sum() >= 3 else known
        if own.any():
            costs[:, group] = before[own].median(), after[own].median(), robust_sd(after[own])
    return costs[0], costs[1], np.minimum(costs[2], np.abs(costs[1]) / 3)


def _follows(stops: pd.DataFrame, laps: pd.DataFrame, groups: int, compounds: int) -> Ints:
    used = laps["tyre"].value_counts().reindex(range(compounds), fill_value=0)
    follows = np.zeros((groups, compounds), dtype=np.int64)
    for group in range(groups):
        for tyre in range(compounds):
            seen = stops.loc[(stops["group"] == group) & (stops["tyre"] == tyre), "next_tyre"].dropna()
            others = used.drop(tyre) if compounds > 1 else used
            follows[group, tyre] = int(seen.mode().iloc[0]) if len(seen) else int(others.idxmax())
    return follows


def fit_start(laps: pd.DataFrame, grid: Ints, groups: int) -> tuple[Floats, float, float]:
    """Lap 1 of a class less its base, what a place on the grid costs, and the scatter, all in ms."""
    first = laps[(laps["lap_number"] == 1) & laps["lap_time_ms"].notna()]
    if len(first) < 3:
        return np.zeros(groups), 0.0, 0.0
    extra = (first["lap_time_ms"].astype("float64") - first["expected"]).to_numpy()
    place, group = grid[first["car"].to_numpy(dtype=int)].astype(float), first["group"].to_numpy(dtype=int)
    slopes = [_slope(place[group == g], extra[group == g]) for g in np.unique(group) if (group == g).sum() > 4]
    step = max(0.0, float(np.median(slopes))) if slopes else 0.0
    rest = extra - step * place
    of_class = [float(np.median(rest[group == g] if (group == g).any() else rest)) for g in range(groups)]
    return np.array(of_class), step, robust_sd(rest - np.array(of_class)[group])


def _slope(x: Floats, y: Floats) -> float:
    """The median of the slopes between all pairs (Theil and Sen): a car that was hit does not tilt it."""
    dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]
    return float(np.median(dy[dx > 0] / dx[dx > 0]))


def fit_passing(laps: pd.DataFrame) -> tuple[float, float]:
    """Log odds of passing: their value without an advantage, and what each ms of it adds.

    The advantage is how far ahead of its class rival a car within a second behind it would end the lap by the
    pace of both. A weak prior (even odds, no effect, SD 2) holds where few have tried.
    """
    tried = passes(laps)
    if tried.empty:
        return 0.0, 0.0
    keys = ["session_id", "car_number", "lap_number"]
    ends = laps.assign(line_ms=laps["start_ms"].astype("float64") + laps["expected"])[[*keys, "line_ms"]]
    rivals = ends.rename(columns={"car_number": "rival", "line_ms": "rival_ms"})
    both = tried.merge(ends, on=keys).merge(rivals, on=["session_id", "rival", "lap_number"])
    advantage = (both["rival_ms"] - both["line_ms"]).clip(-3000, 3000).to_numpy(dtype=float) / 1000
    x, y, weights = np.column_stack([np.ones(len(both)), advantage]), both["passed"].to_numpy(dtype=float), np.zeros(2)
    for _ in range(20):  # Newton's method on the penalised likelihood
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - weights / 4
        weights = weights + np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + np.eye(2) / 4, gradient)
    return float(weights[0]), max(0.0, float(weights[1])) / 1000


@dataclass(frozen=True, slots=True)
class Neutral:
    """Neutralisations: rate a ms, mean length in ms, ratio of lap times, whether the field bunches."""

    rate: float
    mean: float
    ratio: float
    bunches: int


def fit_neutral(races: list[pd.DataFrame], series: Series) -> Neutral:
    """Over one race or more; half a neutralisation in one more race is added, so that none seen is not never."""
    count, under, exposure, ratios = 0.5, 0.0, 0.0, []
    bunching = {str(Flag.SAFETY_CAR)} | ({str(Flag.FCY)} if series in (Series.IMSA, Series.GRCUP) else set())
    kinds = []
    for laps in races:
        neutral = laps["flag"].isin([str(flag) for flag in Flag if flag.is_neutral and flag is not Flag.RED])
        shown = neutral.groupby(laps["lap_number"]).mean() > 0.5
        runs = int((shown & ~shown.shift(fill_value=False)).sum())
        slow = laps[neutral & ~laps["pit_in"] & ~laps["pit_out"] & laps["lap_time_ms"].notna()]
        usual = float(laps["expected"].median())
        count, exposure = count + runs, exposure + float(laps["end_ms"].max())
        ratio = (slow["lap_time_ms"].astype("float64") / slow["expected"]).clip(lower=1.0)
        under += float(shown.sum()) * usual * (float(ratio.median()) if len(ratio) else 1.0)
        ratios += ratio.tolist()
        kinds += slow["flag"].tolist()
    typical = exposure / max(len(races), 1)
    seen = count - 0.5
    bunched = np.mean([kind in bunching for kind in kinds]) > 0.5 if kinds else True
    mean = under / seen if seen and under else 3 * float(races[0]["expected"].median())
    return Neutral(count / (exposure + typical), mean, float(np.median(ratios)) if ratios else 1.3, int(bunched))


def fit_retirement(races: list[pd.DataFrame], lasts: list[Ints], groups: int) -> Floats:
    """Retirements a car-lap by class, over races; the whole field's rate counts as one race more of the class.

    ``lasts`` holds for each race one 1 or 0 a car (by index of its first appearance): whether it retired.
    """
    out = sum(float(last.sum()) for last in lasts)
    driven = sum(len(laps) for laps in races)
    overall = (out + 0.5) / (driven + 1)
    own, last = races[0], lasts[0]
    cars = own.groupby("car")["group"].first()
    laps = own.groupby("group").size()
    rates = [overall] * groups
    for group in range(groups):
        retired = float(last[cars.index[cars == group].to_numpy(dtype=int)].sum())
        n = float(laps.get(group, 0))
        rates[group] = (retired + overall * max(n, 1)) / (n + max(n, 1))
    return np.array(rates)
