"""What other cars explain of a slow lap: one was held up behind a car, and lost places on the track."""

import numpy as np
import pandas as pd

from racelab.analysis.crossings import crossings

_CLOSE_MS = 1_500.0  # at the line this close behind a car that began its lap earlier: held up by it
_LEAST_GAP_MS = 300.0  # the least gap between two cars at the line
_FEWEST_OTHERS = 3
_LAPPED_SHARE = 0.02  # each car that laps it explains no more than this share of the expected lap
_MOST_SHARE = 0.03  # a car in the way explains no more than this share of the expected lap


def held_up_ms(laps: pd.DataFrame, rows: pd.DataFrame) -> "pd.Series[float]":
    """How much later each lap had to end because of a car of its class in front of it, in ms.

    A lap that ends within 1.5 s behind a car that was already ahead when it began could not have ended earlier than
    that car; at most 3 % of the expected lap is explained so. What had ended when the lap ended is all that counts.

    Args:
        laps: all laps of the session with ``start_ms, end_ms, car_class, pit_in`` and ``pit_out``.
        rows: the judged laps with ``start_ms, end_ms, car_class`` and ``expected_ms``.
    """
    ended = crossings(laps)
    ended = ended[ended["start_ms"].notna() & ~(ended["pit_in"] | ended["pit_out"]).astype(bool)].sort_values("end_ms")
    found = pd.Series(0.0, index=rows.index)
    for name, group in rows.groupby("car_class", dropna=False):
        same = ended[ended["car_class"].isna() if pd.isna(name) else ended["car_class"] == name]
        found[group.index] = _held(same, group) if len(same) else 0.0
    return found


def _held(ended: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    ends, starts = ended["end_ms"].to_numpy(dtype="float64"), ended["start_ms"].to_numpy(dtype="float64")
    own_end, own_start = rows["end_ms"].to_numpy(dtype="float64"), rows["start_ms"].to_numpy(dtype="float64")
    place = np.searchsorted(ends, own_end, side="left") - 1
    ahead_end = np.where(place >= 0, ends[place], np.nan)
    ahead_start = np.where(place >= 0, starts[place], np.nan)
    expected = rows["expected_ms"].to_numpy(dtype="float64")
    close = (own_end - ahead_end < _CLOSE_MS) & (ahead_start <= own_start)
    late = np.where(close, ahead_end + _LEAST_GAP_MS - (own_start + expected), 0.0)
    return np.asarray(np.nan_to_num(np.clip(late, 0.0, _MOST_SHARE * expected)))


def shared_ms(rows: pd.DataFrame) -> "pd.Series[float]":
    """What the other cars lost at the same time, in ms: the median of their losses, as a share of the lap.

    Laps of other cars count whose middle lies in the lap's time and that ended before it did, so that nothing later
    changes it: a shower, or a caution between two lines, slows all. Null where fewer than three are known.

    Args:
        rows: the judged laps of one session with ``car_number, start_ms, end_ms, expected_ms`` and ``loss_ms``.
    """
    share = (rows["loss_ms"] / rows["expected_ms"]).to_numpy()
    start, end = rows["start_ms"].to_numpy(), rows["end_ms"].to_numpy()
    order = np.argsort(start + end, kind="stable")
    middle, shares, cars = ((start + end) / 2)[order], share[order], rows["car_number"].to_numpy()[order]
    ends = end[order]
    low, high = np.searchsorted(middle, start), np.searchsorted(middle, end)
    found = np.full(len(rows), np.nan)
    for place, (first, last, own) in enumerate(zip(low, high, rows["car_number"], strict=True)):
        others = shares[first:last][(cars[first:last] != own) & (ends[first:last] <= end[place])]
        if len(others) >= _FEWEST_OTHERS:
            found[place] = float(np.median(others))
    return pd.Series(found, index=rows.index) * rows["expected_ms"]


def lapped_ms(laps: pd.DataFrame, rows: pd.DataFrame) -> "pd.Series[float]":
    """What letting cars by explains, in ms: up to 2 % of the expected lap for each car of the class that passed a lap
    or more ahead. Faster classes pass on every lap, which the expectation knows already.

    Args:
        laps: all laps of the session with ``start_ms, end_ms, car_class`` and ``lap_number``.
        rows: the judged laps with ``start_ms, end_ms, car_class, lap_number`` and ``expected_ms``.
    """
    ended = crossings(laps)
    ended = ended[ended["start_ms"].notna()].sort_values("start_ms")
    found = pd.Series(0.0, index=rows.index)
    for name, group in rows.groupby("car_class", dropna=False):
        same = ended[ended["car_class"].isna() if pd.isna(name) else ended["car_class"] == name]
        found[group.index] = _passed(same, group)
    return found * _LAPPED_SHARE * rows["expected_ms"]


def _passed(others: pd.DataFrame, rows: pd.DataFrame) -> list[float]:
    """How many of the laps of others began after each row's lap, ended before it and had a higher number."""
    starts, ends = others["start_ms"].to_numpy(dtype="float64"), others["end_ms"].to_numpy(dtype="float64")
    numbers = others["lap_number"].to_numpy(dtype="int64")
    start, end = rows["start_ms"].to_numpy(), rows["end_ms"].to_numpy()
    low, high = np.searchsorted(starts, start, side="right"), np.searchsorted(starts, end)
    return [
        float(np.sum((ends[first:last] < own_end) & (numbers[first:last] > number)))
        for first, last, own_end, number in zip(low, high, end, rows["lap_number"], strict=True)
    ]


def lost_to_ahead_ms(rows: pd.DataFrame) -> "pd.Series[float]":
    """How much more each lap lost to what was expected than the lap of the class's car directly ahead did, in ms.

    What slows both, such as wind or rain, is not in it. Null where no car of the class with a judged lap was ahead at
    the start of the lap, or where it had not ended that lap when this one ended.

    Args:
        rows: the judged laps of one session with ``car_class, start_ms, end_ms`` and ``loss_ms``.
    """
    found = pd.Series(np.nan, index=rows.index)
    for _, group in rows.groupby("car_class", dropna=False):
        ordered = group.sort_values("start_ms", kind="stable")
        ahead = ordered[["end_ms", "loss_ms"]].shift()
        lost = ordered["loss_ms"] - ahead["loss_ms"]
        found[ordered.index] = lost.where(ahead["end_ms"] <= ordered["end_ms"])
    return found
