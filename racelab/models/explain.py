"""Why a prediction is what it is: each feature's share of it, by Shapley values, which add up to the prediction."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

Predict = Callable[[np.ndarray], np.ndarray]
_ORDERS = 24  # orders of the features, and as many reversed ones, behind a sampled Shapley value


def tree_contributions(model: Any, x: np.ndarray) -> np.ndarray:
    """Exact Shapley values of boosted trees, by XGBoost's own TreeSHAP (Lundberg et al. 2020).

    Args:
        model: an estimator or Booster of XGBoost.
        x: one row a prediction, a column a feature; NaN is missing.

    Returns:
        A row a prediction: a column a feature, and last what the model says of an average row. A row adds up to the
        model's prediction (of a classifier or ranker: to its margin).
    """
    from xgboost import DMatrix

    booster = model if type(model).__name__ == "Booster" else model.get_booster()
    data = DMatrix(np.asarray(x, dtype="float64"), feature_names=booster.feature_names)
    return np.asarray(booster.predict(data, pred_contribs=True), dtype="float64")


def gains(model: Any, names: Sequence[str]) -> dict[str, float]:
    """What each feature of boosted trees weighs: its share of the total gain, the heaviest first.

    Args:
        model: an estimator or Booster of XGBoost.
        names: the features in the order of its columns; gains under the same name are added up.

    Returns:
        Shares that add up to 1, of the features that the trees use; empty where they use none.
    """
    booster = model if type(model).__name__ == "Booster" else model.get_booster()
    gain = booster.get_score(importance_type="total_gain")
    held = booster.feature_names or [f"f{place}" for place in range(len(names))]
    found = pd.Series([gain.get(each, 0.0) for each in held], dtype="float64").groupby(list(names)).sum()
    found = found[found > 0].sort_values(ascending=False)
    return {str(name): round(float(value), 5) for name, value in (found / found.sum()).items()}


def sampled_contributions(predict: Predict, x: np.ndarray, reference: np.ndarray, seed: int = 0) -> np.ndarray:
    """Shapley values of any model, by features that change from the reference one by one (Strumbelj & Kononenko 2014).

    The mean over random orders and their reverses; every order adds up, so that the mean does too.

    Args:
        predict: predictions of a matrix of features.
        x: one row a prediction to explain.
        reference: the row to start from, such as every feature's median.
        seed: of the orders.

    Returns:
        As `tree_contributions`; last is the prediction of the reference.
    """
    rng = np.random.default_rng(seed)
    count = x.shape[1]
    drawn = [rng.permutation(count) for _ in range(_ORDERS)]
    orders = [order for one in drawn for order in (one, one[::-1])]
    return np.vstack([_one(predict, row, reference, orders) for row in x])


def _one(predict: Predict, row: np.ndarray, reference: np.ndarray, orders: Sequence[np.ndarray]) -> np.ndarray:
    steps = len(row) + 1
    grid = np.tile(reference, (len(orders) * steps, 1))
    for number, order in enumerate(orders):
        for step, feature in enumerate(order, 1):
            grid[number * steps + step : (number + 1) * steps, feature] = row[feature]
    said = np.asarray(predict(grid), dtype="float64").reshape(len(orders), steps)
    shares = np.zeros(len(row) + 1)
    for order, values in zip(orders, said, strict=True):
        shares[order] += np.diff(values) / len(orders)
    shares[-1] = said[0, 0]
    return shares


def table(names: Sequence[str], row: np.ndarray, contributions: np.ndarray, base: str) -> pd.DataFrame:
    """One prediction's contributions, the largest first, above them what it starts from.

    Args:
        names: the features' names.
        row: their values.
        contributions: one a feature and, last, the base, in the unit of the prediction.
        base: in words, what the prediction starts from.

    Returns:
        ``feature, value, contribution_ms``, whose contributions add up to the prediction.
    """
    shares = pd.DataFrame({"feature": list(names), "value": row, "contribution_ms": contributions[:-1]})
    order = shares["contribution_ms"].abs().sort_values(ascending=False, kind="stable").index
    first = pd.DataFrame({"feature": [base], "value": [np.nan], "contribution_ms": [contributions[-1]]})
    return pd.concat([first, shares.loc[order]], ignore_index=True)
