"""What was expected of a lap before it was driven, robustly: mishaps do not move it, a new pace does in a few laps."""

from math import isnan
from statistics import median

import numpy as np
import pandas as pd

RECENT = 5  # judged laps of the car behind what is expected of it
_FEWEST = 2
_OUTLIER_SD = 3.5  # slower than expected by so many scales: not learned from
_NEW_PACE = 8  # as many such laps in a row are the car's new pace
_NEW_DRIVER, _NEW_STINT, _SHORT_STINT = 0.015, 0.006, 0.003  # what they add to the scale, shares of the lap
_CLASS_LAPS = (4, 15)  # at least and at most so many of the class's newest laps tell the common shock
_SCALE_LAPS = 300  # laps of the class behind the scale
_PRIOR_LAPS = 40  # what the usual scale counts beside them


def expected(rows: pd.DataFrame, column: str, usual: float) -> pd.DataFrame:
    """What was expected of each lap, and the scale of what is left, from laps that had ended before it did.

    The median of the car's last five judged laps of this stint, while there are none those of the stint before, times
    the class's common shock: the median of what the class's newest laps were over their own expectation. The scale is
    that of the class's residuals so far, 1.4826 times the median of their sizes, drawn to the usual one while laps are
    few, and wider while few laps of the stint are known, most of all after a change of driver.

    Args:
        rows: the judged laps of one session by car and lap, with ``car_number, car_class, stint, seat, end_ms`` and
            the column.
        column: the time to expect, in ms.
        usual: scale of the series as a share of the lap.

    Returns:
        ``expected_ms``, ``scale_ms`` and ``shock`` (a share) by the rows' index; null before a car's third judged lap.
    """
    times = rows[column].astype("float64")
    outlier = pd.Series(False, index=rows.index)
    for _ in range(2):  # the second pass learns from no lap that stood out in the first
        found = _pass(rows, times, outlier, usual)
        high = (times - found["expected_ms"]) / found["scale_ms"] > _OUTLIER_SD
        outlier = high & ~_long_runs(rows, high)
    return found


def _pass(rows: pd.DataFrame, times: "pd.Series[float]", outlier: "pd.Series[bool]", usual: float) -> pd.DataFrame:
    own, wider = _recent(rows, times.mask(outlier))
    share = times / own - 1
    shock = _by_class(rows, share, _shock).fillna(0.0)
    left = (share - shock).mask(outlier)
    known = _by_class(rows, left.abs(), _spread)
    count = _by_class(rows, left.abs(), _count).fillna(0.0)
    scale = (known.fillna(0.0) * count + usual * _PRIOR_LAPS) / (count + _PRIOR_LAPS)
    expect = own * (1 + shock)
    return pd.DataFrame({"expected_ms": expect, "scale_ms": np.hypot(scale, wider) * expect, "shock": shock})


def _recent(rows: pd.DataFrame, times: "pd.Series[float]") -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """The median of the car's last five laps that count, as it was before each lap, and what a new stint adds to the
    scale, as a share: the new driver's or tyres' pace is not known yet."""
    cars, seats, stints = (rows[name].astype(object).tolist() for name in ("car_number", "seat", "stint"))
    values = times.tolist()
    own, wider = np.full(len(rows), np.nan), np.zeros(len(rows))
    recent: list[float] = []  # of this stint
    earlier: list[float] = []  # of the stint before
    for place, value in enumerate(values):
        same_car = place > 0 and cars[place] == cars[place - 1]
        if not same_car:
            recent, earlier, unknown = [], [], _NEW_STINT
        elif not _same(stints[place], stints[place - 1]) or not _same(seats[place], seats[place - 1]):
            unknown = _NEW_STINT if _same(seats[place], seats[place - 1]) else _NEW_DRIVER
            recent, earlier = [], recent if len(recent) >= _FEWEST else earlier
        known = recent or earlier
        own[place] = median(known[-RECENT:]) if known else np.nan
        wider[place] = unknown if not recent else _SHORT_STINT / len(recent) if len(recent) <= _FEWEST else 0.0
        if not isnan(value):  # an outlier is null and does not count
            recent.append(value)
    return pd.Series(own, index=rows.index), pd.Series(wider, index=rows.index)


def _same(first: object, second: object) -> bool:
    return bool(pd.isna(first) and pd.isna(second)) or first == second


def _by_class(rows: pd.DataFrame, values: "pd.Series[float]", of: object) -> "pd.Series[float]":
    found = []
    for _, group in rows.groupby("car_class", dropna=False):
        order = group["end_ms"].astype("float64").sort_values(kind="stable").index
        found.append(of(values[order], int(group["car_number"].nunique())))  # type: ignore[operator]
    return pd.concat(found).reindex(rows.index) if found else values


def _shock(values: "pd.Series[float]", cars: int) -> "pd.Series[float]":
    laps = int(np.clip(cars, *_CLASS_LAPS))
    return values.shift().rolling(laps, min_periods=3).median()


def _spread(values: "pd.Series[float]", cars: int) -> "pd.Series[float]":
    return 1.4826 * values.shift().rolling(_SCALE_LAPS, min_periods=1).median()


def _count(values: "pd.Series[float]", cars: int) -> "pd.Series[float]":
    return values.shift().rolling(_SCALE_LAPS, min_periods=1).count()


def _long_runs(rows: pd.DataFrame, high: "pd.Series[bool]") -> "pd.Series[bool]":
    """Laps from the eighth of a run of slow ones on: the car's new pace."""
    new = ~high | (rows["car_number"] != rows["car_number"].shift())
    return high & (high.groupby(new.cumsum()).cumcount() >= _NEW_PACE)
