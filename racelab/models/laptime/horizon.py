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
# The same of endurance races: of 0.15 to 0.45 the best mean coverage in IMSA 2022 (40,873 laps); wide at Le Mans 2021 and 2023.
_ENDURANCE_GROWTH = 0.35
# How much of what sets the next lap apart from the car's own fading pace (traffic, most of all) is told of later laps
# of endurance races: this share a lap further, at least a half. Of 0.2 to 1, near the best at Le Mans 2021 and 2023
# (14,949 laps) and in IMSA 2022 (40,873): five laps ahead 711 ms instead of 775 there.
_LASTS, _STAYS = 0.8, 0.5
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
    passing, growth = _passing(rows, found["value"]), growth_of(rows)
    parts = [_at(found, passing * _gone(rows, ahead), ahead, growth) for ahead in range(1, n + 1)]
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
    gone = _passing(ordered, ordered["value"]) * _gone(ordered, ahead)
    told = _at(ordered[answers].assign(lap_number=number), gone, ahead, growth_of(ordered))
    earlier = told[answers].astype("float64").groupby(alone.cumsum(), sort=False).shift(ahead - 1)
    return ordered.assign(**{name: earlier[name] for name in answers})[earlier["value"].notna()]


def growth_of(rows: pd.DataFrame) -> np.ndarray:
    """The power of the laps ahead that half a width grows by, of each row by its kind of race."""
    return np.where(_is_f1(rows), _GROWTH, _ENDURANCE_GROWTH)


def _is_f1(rows: pd.DataFrame) -> np.ndarray:
    kinds = {each: SessionKey.of_id(int(each)).series is Series.F1 for each in rows["session_id"].unique()}
    return np.asarray(rows["session_id"].map(kinds).astype(bool))


def _passing(rows: pd.DataFrame, value: "pd.Series[float]") -> np.ndarray:
    """By how much (in logarithms) the next lap differs from the car's lasting pace."""
    apart = np.log((value / rows["base_ms"]).to_numpy(dtype="float64"))
    transient = rows["transient"].to_numpy(dtype="float64") if "transient" in rows else apart
    return np.asarray(np.nan_to_num(np.where(_is_f1(rows), transient, apart)))


def _gone(rows: pd.DataFrame, ahead: int) -> np.ndarray:
    """The share of it, negative, that is over by the lap so many laps ahead."""
    lasts = max(_LASTS ** (ahead - 1), _STAYS)
    return np.where(_is_f1(rows), DECAY ** (ahead - 1), lasts) - 1


def _at(first: pd.DataFrame, change: np.ndarray, ahead: int, growth: np.ndarray) -> pd.DataFrame:
    """What is told of the lap ``ahead``, from what is told of the next one and the change (in logarithms) until then."""
    value = first["value"] * np.exp(change)
    ends = {end: value + (first[end] - first["value"]) * ahead**growth for end in ENDS}
    named = first.assign(lap_number=first["lap_number"] + ahead - 1, value=value, **ends)
    named.insert(2, "ahead", ahead)
    return named
