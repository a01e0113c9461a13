"""What the lap-time model expected of each lap when it began, and how far off it expected to be."""

import numpy as np
import pandas as pd

from racelab.models.features.endurance import lap_rows
from racelab.models.features.one_class import one_class_features
from racelab.models.features.race import race
from racelab.models.laptime.endurance_model import EnduranceModel
from racelab.models.laptime.model import LapTimeModel
from racelab.models.laptime.walkforward import untaught

Model = LapTimeModel | EnduranceModel
_KEYS = ["car_number", "lap_number"]
_SD_OF_80 = 1.2816  # half of an 80 % interval in standard deviations of a normal distribution
_STRETCH_LAPS = 300  # laps of the class behind the stretch
_PRIOR_LAPS = 40  # what the model's own intervals count beside them


def expected(laps: pd.DataFrame, wanted: "pd.Series[bool]", model: Model | None) -> pd.DataFrame:
    """What the lap-time model predicts of the wanted laps, from laps that had ended when each began.

    Args:
        laps: all laps of one session with ``car_class``, and ``reference_ms`` where earlier races tell it.
        wanted: which of them.
        model: the series' lap-time model; without it the filter that nothing taught.

    Returns:
        ``expected_ms`` and ``error_ms``, the standard deviation that the model's 80 % interval stands for, by the index
        of the wanted laps; null where nothing tells what to expect.
    """
    kept = laps.loc[wanted, _KEYS]
    columns = ["expected_ms", "error_ms"]
    if isinstance(model, EnduranceModel):
        rows = lap_rows(race(laps))
    else:
        rows = one_class_features(laps.assign(is_coming=wanted)) if len(kept) else kept
    if kept.empty or rows.empty:
        return pd.DataFrame(np.nan, index=kept.index, columns=columns)
    found = (model or untaught(rows)).predict(rows)
    error = (found["high_80"] - found["low_80"]) / 2 / _SD_OF_80
    told = rows[_KEYS].assign(expected_ms=found["value"], error_ms=error).astype({"lap_number": "int64"})
    joined = kept.astype({"lap_number": "int64"}).merge(told, on=_KEYS, how="left")
    return joined[columns].set_axis(kept.index).astype("float64")


def stretch(rows: pd.DataFrame, ratio: "pd.Series[float]") -> "pd.Series[float]":
    """By how much the race so far is less predictable than the model's intervals say, of the class's laps that had ended.

    1.4826 times the median of the sizes of the last 300 ratios, drawn to 1 while they are few: what ``ratio`` has to be
    divided by to be in standard deviations of this race.

    Args:
        rows: the judged laps of one session with ``car_class, start_ms`` and ``end_ms``.
        ratio: what is left of each over its expected error.
    """
    found = pd.Series(1.0, index=rows.index)
    for _, group in rows.groupby("car_class", dropna=False):
        order = group["end_ms"].sort_values(kind="stable").index
        sizes = ratio[order].abs().dropna()
        if sizes.empty:
            continue
        rolled = sizes.rolling(_STRETCH_LAPS, min_periods=1)
        count = rolled.count()
        after = ((1.4826 * rolled.median() * count + _PRIOR_LAPS) / (count + _PRIOR_LAPS)).to_numpy()
        ends = group.loc[sizes.index, "end_ms"].to_numpy()
        place = np.searchsorted(ends, group["start_ms"].to_numpy(), side="right") - 1
        found[group.index] = np.where(place >= 0, after[np.clip(place, 0, None)], 1.0)
    return found
