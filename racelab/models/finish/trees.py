"""Boosted trees of the order: shallow, held to the direction that racing gives them."""

from typing import TYPE_CHECKING, Any

from racelab.models.device import xgboost_device
from racelab.models.finish.linear import Floats

if TYPE_CHECKING:
    from racelab.models.finish.model import Recipe

# Chosen on the seasons 2012 to 2023: deeper trees and more of them score worse.
_SETTINGS: dict[str, Any] = {
    "n_estimators": 200, "max_depth": 3, "learning_rate": 0.04, "subsample": 0.7, "colsample_bytree": 0.3,
    "min_child_weight": 60, "reg_lambda": 5, "tree_method": "hist", "n_jobs": 1, "random_state": 1,
}  # fmt: skip
_FEW = 2000  # rows under which a leaf must do with fewer


def fit_trees(x: Floats, y: Floats, weight: Floats, recipe: "Recipe") -> Any:
    """Boosted trees of y, the place from 0 to 1, on the recipe's tree features."""
    from xgboost import XGBRegressor

    way = tuple(recipe.monotone.get(name, 0) for name in recipe.trees)
    least = _SETTINGS["min_child_weight"] if len(x) >= _FEW else 20
    settings = {**_SETTINGS, "min_child_weight": least, "device": xgboost_device()}
    model = XGBRegressor(**settings, monotone_constraints=way)
    model.fit(x, y, sample_weight=weight)
    return model


def load_trees(part: Any) -> Any:
    """The trees as a part of a saved model: an XGBRegressor, also where the registry gives its booster; None is none."""
    from xgboost import Booster, XGBRegressor

    if not isinstance(part, Booster):
        return part
    model = XGBRegressor()
    model.load_model(part.save_raw("json"))
    return model
