"""Cars close to each other: who attacks, who passes, who holds the place."""

import numpy as np
import pandas as pd

from racelab.analysis.metrics.definitions import ATTACK_MS, LEAST_DUELS, LEAST_LAPS
from racelab.analysis.metrics.estimates import Estimates
from racelab.analysis.metrics.expected import KEYS, Seated
from racelab.analysis.metrics.rows import long_form
from racelab.analysis.pace import class_keys

_MOST_ALIKE = 0.9


def passes(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps begun within a second of the class rival in front, and whether they ended ahead of it.

    Only laps under green count on which neither car stopped.

    Returns:
        The attacker's ``session_id, car_number, seat, lap_number``, the ``rival`` and ``passed``.
    """
    behind = followed(laps)
    return behind.loc[behind["close"], [*KEYS, "lap_number", "rival", "passed"]]


def followed(laps: pd.DataFrame) -> pd.DataFrame:
    """Green laps without stops that were begun behind a class rival on the same lap.

    Returns:
        ``session_id, car_number, seat, lap_number``, the ``rival`` in front, whether the lap was begun ``close`` behind
        it and whether it ended ahead (``passed``).
    """
    free = ~(laps["pit_in"] | laps["pit_out"]) & (laps["flag"].isna() | (laps["flag"] == "green"))
    laps = laps[free.astype(bool) & laps["start_ms"].notna() & laps["end_ms"].notna() & (laps["lap_number"] > 1)]
    order = [*class_keys(laps), "lap_number"]
    laps = laps.sort_values([*order, "start_ms"])
    ahead = laps.groupby(order, dropna=False)[["start_ms", "end_ms", "car_number"]].shift()
    close = ((laps["start_ms"] - ahead["start_ms"]) <= ATTACK_MS).fillna(False).astype(bool)
    passed = (laps["end_ms"] < ahead["end_ms"]).fillna(False).astype(bool)
    frame = laps.assign(rival=ahead["car_number"], close=close, passed=passed)
    return frame.loc[ahead["car_number"].notna(), [*KEYS, "lap_number", "rival", "close", "passed"]]


def aggression(field: Seated) -> list[pd.DataFrame]:
    """attack_success, defence_success, close_share and their mean, aggression_score."""
    behind = followed(field.laps)
    if behind.empty:
        return []
    close = behind[behind["close"]]
    held = close.assign(car_number=close["rival"]).drop(columns="seat")
    held = held.merge(field.laps[[*KEYS, "lap_number"]], on=["session_id", "car_number", "lap_number"])
    parts = {
        "attack_success": _share(field, close, close["passed"]),
        "defence_success": _share(field, held, ~held["passed"]),
        "close_share": _share(field, behind, behind["close"]),
    }
    told = [found.n >= (LEAST_LAPS if name == "close_share" else LEAST_DUELS) for name, found in parts.items()]
    rows = [long_form(name, found, field.drivers, one) for (name, found), one in zip(parts.items(), told, strict=True)]
    value = np.mean([found.value for found in parts.values()], axis=0)
    error = np.sqrt(np.sum([found.error**2 for found in parts.values()], axis=0)) / len(parts)
    total = Estimates(value, error, parts["attack_success"].n + parts["defence_success"].n)
    return [*rows, long_form("aggression_score", total, field.drivers, np.logical_and.reduce(told))]


def _share(field: Seated, rows: pd.DataFrame, hit: "pd.Series[bool]") -> Estimates:
    """The share of rows that hit by driver, with its standard error."""
    names = field.drivers.assign(driver=np.arange(len(field.drivers)))
    known = rows[KEYS].merge(names, on=KEYS, how="left")["driver"].to_numpy(dtype=np.int64)
    drivers = len(field.drivers)
    n = np.bincount(known, minlength=drivers)
    good = np.bincount(known, hit.to_numpy(dtype=float), drivers)
    value = np.divide(good, n, out=np.full(drivers, np.nan), where=n > 0)
    # Agresti and Coull (1998): two successes and two failures more keep the error of 0 of 5 from being none.
    leant = (good + 2) / (n + 4)
    return Estimates(value, np.sqrt(leant * (1 - leant) / (n + 4) * _in_trains(rows, hit)), n)


def _in_trains(rows: pd.DataFrame, hit: "pd.Series[bool]") -> float:
    """By how much trains of cars inflate a share's variance: successive laps of a driver are alike (AR(1))."""
    order = rows.assign(hit=hit.astype(float) - float(hit.mean() if len(hit) else 0)).sort_values([*KEYS, "lap_number"])
    before = order.groupby(KEYS)[["hit", "lap_number"]].shift()
    near = (order["lap_number"] - before["lap_number"] == 1).fillna(False).to_numpy(dtype=bool)
    now, then = order["hit"].to_numpy()[near], before["hit"].to_numpy(dtype=float)[near]
    squares = float(now @ now + then @ then) / 2
    alike = min(max(float(now @ then) / squares, 0.0), _MOST_ALIKE) if squares > 0 else 0.0
    return (1 + alike) / (1 - alike)
