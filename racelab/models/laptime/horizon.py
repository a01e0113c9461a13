"""The next laps of a stint, each less sure than the one before it."""

from typing import Protocol

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.models.features import next_lap_features
from racelab.models.features.filter import DECAY
from racelab.models.laptime.conformal import ENDS

# Half a width grows as the laps ahead to this power: 1.21 times for the second, 1.6 for the fifth, 2.05 for the tenth,
# as errors of the filter on 52,000 pairs of laps in 2021 and 2022 did.
_GROWTH = 0.31
# The same of endurance races: on laps of 2023 about 0.33 at Le Mans (5,936 laps) and 0.45 in IMSA (42,118).
_ENDURANCE_GROWTH = 0.4
HORIZONS = (1, 2, 3, 5, 10)  # laps ahead that a backtest scores
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
    growth = growth_of(rows)
    parts = [_at(found, _passing(rows), ahead, growth) for ahead in range(1, n + 1)]
    return pd.concat(parts, ignore_index=True)


def said_before(rows: pd.DataFrame, ahead: int) -> pd.DataFrame:
    """Scored laps with what was told of them so many laps ahead, if every lap between was scored too.

    Args:
        rows: scored laps with ``value``, the intervals' ends and the naive answers of one lap ahead.
        ahead: laps; 1 leaves the rows as they are.

    Returns:
        The rows that have such a lap before them, their answers replaced by those given when that lap began.
    """
    ordered = rows.sort_values(["session_id", "car_number", "lap_number"])
    number, car = ordered["lap_number"].astype("int64"), [ordered["session_id"], ordered["car_number"]]
    alone = number - number.groupby(car, sort=False).shift() != 1
    answers = [name for name in ("value", *ENDS, "last_lap", "median_of_five") if name in rows]
    told = _at(ordered[answers].assign(lap_number=number), _passing(ordered), ahead, growth_of(rows))
    earlier = told[answers].astype("float64").groupby(alone.cumsum(), sort=False).shift(ahead - 1)
    return ordered.assign(**{name: earlier[name] for name in answers})[earlier["value"].notna()]


def growth_of(rows: pd.DataFrame) -> np.ndarray:
    """The power of the laps ahead that half a width grows by, of each row by its kind of race."""
    kinds = {each: SessionKey.of_id(int(each)).series is Series.F1 for each in rows["session_id"].unique()}
    return np.where(rows["session_id"].map(kinds).astype(bool), _GROWTH, _ENDURANCE_GROWTH)


def _passing(rows: pd.DataFrame) -> np.ndarray:
    return rows["transient"].fillna(0).to_numpy(dtype="float64") if "transient" in rows else np.zeros(len(rows))


def _at(first: pd.DataFrame, passing: np.ndarray, ahead: int, growth: np.ndarray) -> pd.DataFrame:
    """What is told of the lap ``ahead``, from what is told of the next one."""
    value = first["value"] * np.exp(passing * (DECAY ** (ahead - 1) - 1))
    ends = {end: value + (first[end] - first["value"]) * ahead**growth for end in ENDS}
    named = first.assign(lap_number=first["lap_number"] + ahead - 1, value=value, **ends)
    named.insert(2, "ahead", ahead)
    return named
