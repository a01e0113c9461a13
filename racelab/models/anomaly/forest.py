"""The isolation forest on residuals, and from which score on a lap is an anomaly; no label is seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from racelab.errors import NotFound
from racelab.models.anomaly.expectation import Model
from racelab.models.anomaly.residuals import FEATURES
from racelab.models.laptime.kept import of_parts as pace_of_parts

LEAST_ROWS = 100
_PACE = "pace_"  # what the parts of the lap-time model begin with
_TREES, _SAMPLE = 100, 256
_CLIP_SD = 8.0  # beyond it all is rare alike: splits spent there would not tell 3 from 5
_RARE_SD = 4.0
_LEAST_SHARE = 0.0001
_TIE = 1e-9  # laps that are as rare as the threshold are anomalies
_NEARER = (0.9, 0.8, 0.7, 0.6, 0.5)
_LEAST_SD = 3.0  # less than this is never an anomaly, however quiet the races that were learned from


@dataclass(frozen=True, slots=True)
class Forest:
    """A fitted forest, the score from which on a lap is an anomaly, and the lap-time model whose residuals it learned,
    None for the filter that nothing taught."""

    model: Any
    threshold: float
    pace: Model | None = None

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        """Each lap's score: above 0 is an anomaly, which a lap within three scales of what was expected never is."""
        raw = _rarity(self.model, matrix(rows)) - self.threshold if len(rows) else np.zeros(0)
        slow = rows["slower"].to_numpy(dtype="float64") >= _LEAST_SD
        return np.where(slow, raw, np.minimum(raw, -1e-6))

    def parts(self) -> dict[str, Any]:
        """The parts to keep in the registry."""
        pace = {f"{_PACE}{name}": part for name, part in self.pace.parts().items()} if self.pace else {}
        return {"forest": self.model, "threshold": {"threshold": self.threshold}, **pace}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> "Forest":
        """The forest that was kept."""
        pace = {name.removeprefix(_PACE): part for name, part in parts.items() if name.startswith(_PACE)}
        return cls(parts["forest"], float(parts["threshold"]["threshold"]), pace_of_parts(pace) if pace else None)


def fit(rows: pd.DataFrame, pace: Model | None = None) -> Forest:
    """A forest of what is left of laps, and its threshold.

    The threshold needs no label: as large a share of the laps is called an anomaly as is beyond four scales of what was
    expected, at least one in ten thousand; the forest says which.

    Args:
        rows: of `residuals.residuals`.
        pace: the lap-time model that is to judge new laps.

    Raises:
        NotFound: fewer than 100 laps.
    """
    if len(rows) < LEAST_ROWS:
        raise NotFound(f"{len(rows)} judged laps teach no anomaly model, {LEAST_ROWS} are needed: add races with `racelab ingest`")  # fmt: skip
    from sklearn.ensemble import IsolationForest

    x = matrix(rows)
    model = IsolationForest(n_estimators=_TREES, max_samples=min(_SAMPLE, len(x)), random_state=0, n_jobs=1).fit(x)
    rare = max(float((rows["slower"] > _RARE_SD).mean()), _LEAST_SHARE)
    threshold = float(np.quantile(_rarity(model, x), 1 - rare)) - _TIE
    return Forest(model, threshold, pace)


def matrix(rows: pd.DataFrame) -> np.ndarray:
    """The features one-sided, so that a fast lap is as usual as can be; null where the source does not tell."""
    return np.asarray(np.clip(rows[list(FEATURES)].to_numpy(dtype="float64"), 0.0, _CLIP_SD))


def _rarity(model: Any, x: np.ndarray) -> np.ndarray:
    """How easily each lap is set apart, 0 to 1. A slow lap is at least as rare as one that lost less in the same way:
    several equally slow laps stand close together, and a forest alone would find each of them less rare for that."""
    rarity = -np.asarray(model.score_samples(x))
    slow = np.flatnonzero(x[:, 0] >= _LEAST_SD)
    for share in _NEARER if len(slow) else ():
        rarity[slow] = np.maximum(rarity[slow], -np.asarray(model.score_samples(x[slow] * share)))
    return rarity
