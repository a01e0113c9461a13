"""The model of the order at the end: who of two cars ends ahead, and who retires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.models.finish.distribution import LEVELS
from racelab.models.inrace.linear import Logistic, fit_logistic
from racelab.models.inrace.pairs import MOMENT, MONOTONE, expected_places, pairs, swapped
from racelab.models.inrace.places import place_chances

Floats = NDArray[np.float64]
SEED = 0
LINEAR_WEIGHT = 0.3  # of the linear model in the log-odds
_ROOM = 0.5  # at most so much of what a car is expected to lose it loses by retiring
# Chances of pairs are too even for whole orders, the more so the later: strengths are stretched by so much, and by so
# much more at the end; chosen on races before 2024 by the Brier score of the win and the share of places in intervals.
_SHARPER = (1.2, 0.8)
_SURE = 1e-5
_PAIRS_A_TREE = 600  # few races teach few trees
_LEAST_TREES, _MOST_TREES = 60, 200
RETIRE_FEATURES = (
    "stopped", "idle_laps", "in_pit", "slow_laps", "trouble", "gap_laps", "place", "pace_recent", "form_retired", "left",
    "laps_left", "class_cars", "running", "neutral", "hours", "laps", "is_time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrderModel:
    """Boosted trees and a logistic regression on pairs of cars, blended in the log-odds; boosted trees on retirements."""

    trees: Any
    linear: Logistic
    retire: Any

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Expected places and chances of retiring of rows of `features.features`: ``expected, p_retires``."""
        found = pairs(rows)
        chance = np.empty(0)
        if len(found.ahead):
            chance = _logistic(
                (1 - LINEAR_WEIGHT) * self._tree_odds(found.x) + LINEAR_WEIGHT * self.linear.log_odds(found.linear)
            )
        out = self.retire.predict_proba(_retire_x(rows))[:, 1]
        frame = {"expected": expected_places(len(rows), found, chance), "p_retires": out.astype("float64")}
        return pd.DataFrame(frame, index=rows.index)

    def _tree_odds(self, x: Floats) -> Floats:
        chance = np.clip(self.trees.predict_proba(x)[:, 1].astype("float64"), _SURE, 1 - _SURE)
        return np.asarray(np.log(chance / (1 - chance)), dtype="float64")

    def parts(self) -> dict[str, Any]:
        """The parts as the registry keeps them."""
        return {"trees": self.trees, "linear": self.linear.part(), "retire": self.retire}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> "OrderModel":
        """The model that the registry kept."""
        return cls(parts["trees"], Logistic(**parts["linear"]), parts["retire"])


def fit(rows: pd.DataFrame, trees: int | None = None, depth: int = 3) -> OrderModel:
    """Learn from moments of races that are over.

    Args:
        rows: of `features.features`, with ``final`` (place in class at the end) and ``retired`` (0 or 1).
        trees: boosted trees for the order; none: as many as the pairs can teach, 60 to 200.
        depth: their depth.
    """
    from xgboost import XGBClassifier

    found = pairs(rows)
    shared = {"learning_rate": 0.06, "subsample": 0.5, "colsample_bytree": 0.5, "tree_method": "hist", "n_jobs": 1, "random_state": SEED}  # fmt: skip
    y = swapped(rows, found)
    trees = trees or int(np.clip(len(y) / _PAIRS_A_TREE, _LEAST_TREES, _MOST_TREES))
    order = XGBClassifier(
        n_estimators=trees, max_depth=depth, min_child_weight=30, monotone_constraints=MONOTONE, **shared
    )
    weight = 1 / np.sqrt(rows["class_cars"].to_numpy()[found.ahead])
    order.fit(found.x, y, sample_weight=weight)
    retire = XGBClassifier(n_estimators=max(1, trees // 2), max_depth=depth, min_child_weight=10, **shared)
    retire.fit(_retire_x(rows), rows["retired"].to_numpy(dtype="int64"))
    return OrderModel(order, fit_logistic(found.linear, y, SEED), retire)


def distributions(rows: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """The chances of every car's places, class by class and moment by moment.

    Args:
        rows: of `features.features`.
        predicted: of `leaning.leaned`, with the same index.

    Returns:
        ``p_win, p_podium, p_points, p_retires, place`` (the mean), ``median`` and ``expected`` (as they were told),
        ``low_80, high_80, low_90, high_90``, wide enough for the median.
    """
    found = []
    out = _falls_back(rows, predicted)
    for group in rows.groupby(MOMENT, sort=False).indices.values():
        part = predicted.iloc[group]
        sharper = _SHARPER[0] + _SHARPER[1] * float(rows["share"].to_numpy()[group[0]])
        table, _ = place_chances(part["expected"].to_numpy(), out[group], sharper)
        found.append(_around(table.set_index(part.index), part["median"]).join(part))
    return pd.concat(found).reindex(rows.index)


def _around(table: pd.DataFrame, median: pd.Series) -> pd.DataFrame:
    """The distribution without its own median, its intervals stretched to hold the told one."""
    low, high = np.floor(median), np.ceil(median)
    ends = {f"low_{level}": np.minimum(table[f"low_{level}"], low) for level in LEVELS}
    ends |= {f"high_{level}": np.maximum(table[f"high_{level}"], high) for level in LEVELS}
    return table.drop(columns="median").assign(**ends)


def _falls_back(rows: pd.DataFrame, predicted: pd.DataFrame) -> Floats:
    """The chance that a car retires and falls behind all that finish, as far as its expected place leaves room for it.

    It is 0 in endurance, where a car that retires keeps places by the laps it did, and for a car that stands already: the
    expected place says where these end.
    """
    room = (predicted["expected"].to_numpy() - 1) / np.maximum(rows["class_cars"].to_numpy() - 1, 1)
    chance = np.clip(np.minimum(predicted["p_retires"].to_numpy(), _ROOM * room), 0.0, 1.0)
    known = (rows["stopped"].to_numpy() > 0) | (rows["is_time"].to_numpy() > 0)
    return np.asarray(np.where(known, 0.0, chance), dtype="float64")


def _retire_x(rows: pd.DataFrame) -> Floats:
    return np.asarray(rows[list(RETIRE_FEATURES)], dtype="float64")


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype="float64")
