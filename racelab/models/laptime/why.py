"""Why a lap-time model predicts what it does: contributions in ms that add up to the prediction."""

import numpy as np
import pandas as pd

from racelab.models.explain import sampled_contributions, table, tree_contributions
from racelab.models.features import matrix
from racelab.models.laptime.candidates import Regressor, predicted
from racelab.models.laptime.endurance_model import EnduranceModel, features
from racelab.models.laptime.model import LapTimeModel, without_lap

_BASE = "expected of the car and the field"


def contributions(model: LapTimeModel | EnduranceModel, row: pd.DataFrame) -> pd.DataFrame:
    """The contributions to one prediction, in ms.

    Models learn the logarithm of a lap over its base. The base and the model's mean are the first row; the rest of the
    prediction is shared among the features in proportion to their Shapley values of that logarithm.

    Args:
        model: a lap-time model.
        row: one row of `lap_features` or `next_lap_features`.

    Returns:
        ``feature, value, contribution_ms``, the largest first, which add up to the model's prediction.
    """
    if isinstance(model, EnduranceModel):
        x = features(row)
        logs, scale = tree_contributions(model.centre, x)[0], 1.0
    else:
        x = matrix(row)
        logs, scale = _mean(() if without_lap(row).any() else model.learned, x), float(row["scale"].iloc[0])
    value, base = float(model.predict(row)["value"].iloc[0]), float(row["base_ms"].iloc[0])
    start = base * float(np.exp(logs[-1] * scale))
    total = float(logs[:-1].sum())
    shares = logs[:-1] * ((value - start) / total) if abs(total) > 1e-12 else np.zeros(len(logs) - 1)
    shown = x[0].astype("float64")
    return table(model.features, shown, np.append(shares, value - shares.sum()), _BASE)


def _mean(learned: tuple[Regressor, ...], x: np.ndarray) -> np.ndarray:
    """The members' mean contributions; a filter, which learned nothing, has none."""
    if not learned:
        return np.zeros(x.shape[1] + 1)
    if all(type(each).__module__.startswith("xgboost") for each in learned):
        shares: np.ndarray = np.mean([tree_contributions(each, x)[0] for each in learned], axis=0)
        return shares
    return np.asarray(sampled_contributions(lambda grid: predicted(learned, grid), x, np.zeros(x.shape[1]))[0])
