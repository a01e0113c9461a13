"""The next laps of a stint, each less sure than the one before it."""

from typing import Protocol

import numpy as np
import pandas as pd

from racelab.errors import BadInput
from racelab.models.features import next_lap_features
from racelab.models.features.filter import DECAY
from racelab.models.laptime.conformal import ENDS

# Half a width grows as the laps ahead to this power: 1.21 times for the second, 1.6 for the fifth, 2.05 for the tenth,
# as errors of the filter on 52,000 pairs of laps in 2021 and 2022 did.
_GROWTH = 0.31
_MOST = 30


class Predicts(Protocol):
    """What tells the next lap of each row."""

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """``value, low_80, high_80, low_90, high_90`` in ms."""


def predict_ahead(model: Predicts, laps: pd.DataFrame, n: int, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The next ``n`` laps of every running car, if it does not stop and the track stays green.

    What is passing (traffic, warming tyres) fades, as far as the features tell it; the rest of the pace stays.

    Args:
        model: of the laps' series.
        laps: of one session up to now, as `race_laps` gives them.
        n: laps ahead, 1 to 30.
        weather: readings of the session.

    Returns:
        ``car_number, lap_number, ahead`` (1 is the lap that begins now) and the columns of `predict`, in ms.

    Raises:
        BadInput: n is out of range.
    """
    if not 1 <= n <= _MOST:
        raise BadInput(f"{n} laps ahead cannot be told: ask for 1 to {_MOST}")
    rows = next_lap_features(laps, weather)
    found = rows[["car_number", "lap_number"]].join(model.predict(rows))
    passing = rows["transient"].fillna(0).to_numpy(dtype="float64") if "transient" in rows else np.zeros(len(rows))
    parts = [_at(found, passing, ahead) for ahead in range(1, n + 1)]
    return pd.concat(parts, ignore_index=True)


def _at(first: pd.DataFrame, passing: np.ndarray, ahead: int) -> pd.DataFrame:
    """What is told of the lap ``ahead``, from what is told of the next one."""
    value = first["value"] * np.exp(passing * (DECAY ** (ahead - 1) - 1))
    ends = {end: value + (first[end] - first["value"]) * ahead**_GROWTH for end in ENDS}
    named = first.assign(lap_number=first["lap_number"] + ahead - 1, value=value, **ends)
    named.insert(2, "ahead", ahead)
    return named
