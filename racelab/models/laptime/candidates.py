"""The models that compete for the lap time; each learns and predicts `features.target`."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from racelab.models.device import limited_threads, threads, xgboost_device


class Regressor(Protocol):
    """What a candidate offers."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The targets of rows."""


# How far off a target may be before a learner takes it for the same: a tree that chases a lap ten times as far off
# as expected learns nothing of the others.
_FAR = 8.0


def ridge(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """Linear, on robustly scaled features, nulls by their median."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    model = make_pipeline(imputer, RobustScaler(), RidgeCV(alphas=np.logspace(-2, 4, 7)))
    return [model.fit(x, np.clip(y, -2, 2), ridgecv__sample_weight=w)]


def forest(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """A random forest with leaves of twenty laps, so that no lap is learned by heart."""
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(
        n_estimators=40, min_samples_leaf=20, max_features=0.3, max_samples=0.2, n_jobs=threads(len(x)), random_state=0
    )
    return [model.fit(x, np.clip(y, -2, 2), sample_weight=w)]


def boosting(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """Histogram gradient boosting on the absolute error."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=150, learning_rate=0.08, max_leaf_nodes=63, min_samples_leaf=40, max_bins=127,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    told = np.where(np.isnan(x).all(axis=0), 0.0, x)  # scikit-learn 1.9 cannot bin a column without any value
    with limited_threads(len(x)):
        return [model.fit(told, np.clip(y, -_FAR, _FAR), sample_weight=w)]


def xgboost(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """Boosted trees on the pseudo-Huber loss, nearly the absolute error, which is what the score counts."""
    return [_trees(x, y, w, seed=0)]


def blend(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """The mean of three boosted trees of different depth and seed."""
    deeper = {"max_depth": 9, "n_estimators": 220, "learning_rate": 0.045, "min_child_weight": 10, "huber_slope": 0.1}
    return [
        _trees(x, y, w, seed=0),
        _trees(x, y, w, seed=1, **deeper),
        _trees(x, y, w, seed=2, max_depth=8, n_estimators=250, colsample_bytree=0.35),
    ]


def quick(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[Regressor]:
    """Fewer trees, for errors on laps that were not learned from."""
    return [_trees(x, y, w, seed=0, n_estimators=120, learning_rate=0.1, max_depth=6)]


def _trees(x: np.ndarray, y: np.ndarray, w: np.ndarray, seed: int, **changes: Any) -> Regressor:
    from xgboost import XGBRegressor

    settings = {
        "n_estimators": 280, "max_depth": 7, "learning_rate": 0.05, "min_child_weight": 5, "subsample": 0.7,
        "colsample_bytree": 0.5, "huber_slope": 0.15, "objective": "reg:pseudohubererror", "tree_method": "hist",
        "max_bin": 128, "n_jobs": threads(len(x)), "device": xgboost_device(), **changes,
    }  # fmt: skip
    model: Regressor = XGBRegressor(random_state=seed, **settings).fit(x, np.clip(y, -_FAR, _FAR), sample_weight=w)
    return model


def predicted(learned: Sequence[Regressor], x: np.ndarray) -> np.ndarray:
    """The mean of what the learned say; nothing learned says 0, the filter's own answer."""
    if not learned or not len(x):
        return np.zeros(len(x))
    return np.asarray(np.mean([np.asarray(each.predict(x), dtype="float64") for each in learned], axis=0))


Candidate = Callable[[np.ndarray, np.ndarray, np.ndarray], list[Regressor]]
CANDIDATES: dict[str, Candidate] = {
    "ridge": ridge, "forest": forest, "boosting": boosting, "xgboost": xgboost, "blend": blend,
}  # fmt: skip
