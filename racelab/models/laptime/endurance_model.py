"""Lap times where several classes race: boosted trees on the lap over the car's recent pace, with intervals.

The hour of the day, the weather, ratings and top speeds (`features.conditions`) are known of every row and read by no
tree, as they gained no more than another seed does: mean errors with and without them, by two seeds, are 1040.9 and
1045.0 ms against 1046.5 and 1043.5 at Le Mans 2023 (walk-forward, 5,936 laps), and 485.7 and 483.1 against 484.8 and 484.5 in IMSA 2023
(taught by 40,000 laps of the two seasons before, 42,118 laps). What they change of a lap is in the laps before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from racelab.errors import NotFound
from racelab.models.features.conditions import CONDITIONS
from racelab.models.features.earlier import Floats
from racelab.models.features.endurance import ENDURANCE_FEATURES
from racelab.models.laptime.conformal import LEVELS, width

# The target is the log of the lap over the base in units of half a per cent: beyond it, an error counts by its size and
# not by its square, so that the trees learn about the median.
_UNIT = 0.005
# The hour, the weather, ratings and top speeds stay unread: see above.
READS = tuple(name for name in ENDURANCE_FEATURES if name not in CONDITIONS)
# Chosen on the seasons before 2024.
_CENTRE = {"n_estimators": 150, "max_depth": 5, "learning_rate": 0.08, "min_child_weight": 20, "subsample": 0.8,
           "colsample_bytree": 0.5, "objective": "reg:pseudohubererror", "tree_method": "hist", "max_bin": 64, "random_state": 0}  # fmt: skip
_SCALE = {**_CENTRE, "n_estimators": 60, "max_depth": 4, "min_child_weight": 50}
_RACE = {**_CENTRE, "n_estimators": 40, "learning_rate": 0.05}  # what a race under way adds
_OWN_WEIGHT = 5.0  # of a lap of the own series; those of the others teach too
_LEAST_ROWS = 200  # fewer laps than this teach nothing
_LEAST_SCALE = 0.1  # units: no lap is known better
_OWN_WIDTH = 300  # errors of a class from which its interval has its own width
_WIDEST = 4.0  # units to either side, where no error is known yet


@dataclass(frozen=True)
class EnduranceModel:
    """A fitted model: ``centre`` gives the `target`, ``scale`` how far off it is likely to be.

    ``widths`` are half the intervals' widths as multiples of the scale, by class and level; the class "" stands for
    every other one.
    """

    centre: Any
    scale: Any
    widths: Mapping[str, Mapping[str, float]]

    @property
    def kind(self) -> str:
        """The family of the model, as its card names it."""
        return "xgboost"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return READS

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """``value, low_80, high_80, low_90, high_90`` in ms of rows of `endurance.lap_rows`, with their index."""
        base = rows["base_ms"].to_numpy(dtype="float64")
        log, scale = self._logs(rows)
        found = {"value": base * np.exp(log * _UNIT)}
        for level in LEVELS:
            half = self._half(rows, scale, str(level))
            found[f"low_{level}"] = base * np.exp((log - half) * _UNIT)
            found[f"high_{level}"] = base * np.exp((log + half) * _UNIT)
        return pd.DataFrame(found, index=rows.index)

    def updated(self, rows: pd.DataFrame) -> "EnduranceModel":
        """A model that has learned the driven laps of the race under way too; the same one where they are few."""
        from xgboost import XGBRegressor

        known = taught(rows)
        if len(known) < _LEAST_ROWS:
            return self
        centre = XGBRegressor(**_RACE, n_jobs=1)
        centre.fit(features(known), target(known), xgb_model=self.centre.get_booster())
        return replace(self, centre=centre)

    def errors(self, rows: pd.DataFrame) -> pd.DataFrame:
        """``car_class`` and ``ratio``, the absolute error over the scale, of driven laps that were not learned from."""
        log, scale = self._logs(rows)
        ratio = np.abs(target(rows) - log) / scale
        return pd.DataFrame({"car_class": rows["car_class"].to_numpy(), "ratio": ratio})

    def with_widths(self, errors: pd.DataFrame) -> "EnduranceModel":
        """The model with intervals as wide as errors of `errors` ask for: conformal, by class where a class has enough."""
        held = {
            "": errors,
            **{str(name): each for name, each in errors.groupby("car_class") if len(each) >= _OWN_WIDTH},
        }
        widths = {name: {str(level): width(each["ratio"].to_numpy(), level) for level in LEVELS} for name, each in held.items()}  # fmt: skip
        return replace(
            self, widths={name: each for name, each in widths.items() if np.isfinite(list(each.values())).all()}
        )

    def parts(self) -> dict[str, Any]:
        """What the registry keeps: both forests of boosted trees and the widths as plain data."""
        return {
            "centre": self.centre,
            "scale": self.scale,
            "widths": {name: dict(each) for name, each in self.widths.items()},
        }

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> "EnduranceModel":
        """The model that `parts` took apart."""
        return cls(parts["centre"], parts["scale"], parts["widths"])

    def _logs(self, rows: pd.DataFrame) -> tuple[Floats, Floats]:
        x = features(rows)
        log = np.asarray(self.centre.predict(x), dtype="float64")
        return log, np.clip(np.asarray(self.scale.predict(x), dtype="float64"), _LEAST_SCALE, None)

    def _half(self, rows: pd.DataFrame, scale: Floats, level: str) -> Floats:
        none: Mapping[str, float] = {}
        other = self.widths.get("", none).get(level)
        named = [self.widths.get(str(name), none).get(level, other) for name in rows["car_class"]]
        return scale * np.array(named, dtype="float64") if other is not None else np.full(len(rows), _WIDEST)


def fit(rows: pd.DataFrame, series: str) -> EnduranceModel | None:
    """Learn from driven laps of any endurance series, those of the own one weighing more; None where they are too few.

    The forest of scales learns the absolute errors of laps that the first one learned from, which are a little small;
    the widths, which come from laps that were not learned from, make up for it.

    Args:
        rows: of `endurance_features`, with ``series``.
        series: the series to be predicted.
    """
    from xgboost import XGBRegressor

    known = taught(rows)
    if len(known) < _LEAST_ROWS:
        return None
    x, y = features(known), target(known)
    weights = np.where(known["series"] == series, _OWN_WEIGHT, 1.0)
    centre = XGBRegressor(**_CENTRE, n_jobs=1).fit(x, y, sample_weight=weights)
    error = np.abs(y - np.asarray(centre.predict(x), dtype="float64"))
    return EnduranceModel(centre, XGBRegressor(**_SCALE, n_jobs=1).fit(x, error, sample_weight=weights), {})


def learn(rows: pd.DataFrame, series: str) -> EnduranceModel:
    """A model of laps that were driven, as `fit` makes it.

    Raises:
        NotFound: there are too few to learn from.
    """
    model = fit(rows, series)
    if model is None:
        raise NotFound(
            f"{len(taught(rows))} clean laps are not enough to learn lap times from, at least {_LEAST_ROWS} are"
        )
    return model


def taught(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that teach: laps that are scored, that is clean ones after a clean one."""
    return rows[rows["is_scored"].to_numpy(dtype=bool) & rows["lap_time_ms"].notna().to_numpy(dtype=bool)]


def features(rows: pd.DataFrame) -> Floats:
    """The features as a matrix, one row a lap; NaN where the race does not tell."""
    return np.asarray(rows[list(READS)], dtype="float64")


def target(rows: pd.DataFrame) -> Floats:
    """What is learned: the log of the lap time over the base, on one scale for all circuits and classes."""
    ratio = rows["lap_time_ms"].to_numpy(dtype="float64") / rows["base_ms"].to_numpy(dtype="float64")
    return np.asarray(np.log(ratio) / _UNIT)
