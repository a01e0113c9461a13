"""The models that compete for the lap time; each learns and predicts the share of `features.target`."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Regressor(Protocol):
    """What a candidate offers."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Learn from rows and their targets."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The targets of rows."""


def ridge() -> Regressor:
    """Linear, on robustly scaled features, nulls by their median."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(imputer, RobustScaler(), RidgeCV(alphas=np.logspace(-2, 4, 13)))  # type: ignore[no-any-return]


def forest() -> Regressor:
    """A random forest with leaves of twenty laps, so that no lap is learned by heart."""
    from sklearn.ensemble import RandomForestRegressor

    model: Regressor = RandomForestRegressor(
        n_estimators=60, min_samples_leaf=20, max_features=0.5, max_samples=0.5, n_jobs=2, random_state=0
    )
    return model


def xgboost() -> Regressor:
    """Boosted trees on the absolute error, which is what the score counts and what outliers move little."""
    from xgboost import XGBRegressor

    return XGBRegressor(
        n_estimators=200, max_depth=4, learning_rate=0.05, min_child_weight=10, subsample=0.8, colsample_bytree=0.8,
        objective="reg:absoluteerror", tree_method="hist", n_jobs=2, random_state=0,
    )  # fmt: skip


CANDIDATES: dict[str, Callable[[], Regressor]] = {"ridge": ridge, "forest": forest, "xgboost": xgboost}
