"""Runs the filter over sessions and classes and gives what it saw at the start of each lap."""

from itertools import pairwise

import numpy as np
import pandas as pd

from racelab.models.features.places import SEEN
from racelab.models.features.prepared import GROUP

_RACE_MS, _LAP_MS = 5.4e6, 90_000.0  # what fuel and tyres are counted in: ninety minutes, and a lap of ninety seconds


def see(ready: pd.DataFrame) -> pd.DataFrame:
    """The columns `places.SEEN` of each lap of `prepared.prepare`, and ``lap_scale_s``, about what a lap takes."""
    from racelab.models.features.filter import follow

    out = np.full((len(ready), len(SEEN)), np.nan)
    scales = np.full(len(ready), np.nan)
    for low, high in _groups(ready):
        part = ready.iloc[low:high]
        scale = _scale(part)
        scales[low:high] = scale / 1000
        cars, given = _given(part, scale)
        when, which, is_start = _events(part)
        reference = np.log(part["reference_ms"].to_numpy(dtype="float64", na_value=np.nan)[0])
        neutral = part["neutral"].to_numpy(dtype="float64")
        follow(when, which, is_start, given, neutral, cars, scale, reference, out[low:high])
    return pd.DataFrame(out, columns=list(SEEN), index=ready.index).assign(lap_scale_s=scales)


def _groups(ready: pd.DataFrame) -> list[tuple[int, int]]:
    if ready.empty:
        return []
    new = np.zeros(len(ready), dtype=bool)
    for name in GROUP:
        values = ready[name].to_numpy()
        new[1:] |= values[1:] != values[:-1]
    cuts = [0, *np.flatnonzero(new).tolist(), len(ready)]
    return list(pairwise(cuts))


def _scale(part: pd.DataFrame) -> float:
    """About what a lap takes: the reference, else the lap that ended first; known to every lap that begins later."""
    reference = part["reference_ms"].to_numpy(dtype="float64", na_value=np.nan)[0]
    if np.isfinite(reference):
        return float(reference)
    first = int(np.argmin(part["end_ms"].to_numpy(dtype="float64")))
    row = part.iloc[first]
    return max(float(row["end_ms"] - row["start_ms"]), 1000.0)


def _given(part: pd.DataFrame, scale: float) -> tuple[int, np.ndarray]:
    """How many cars, and the laps as the filter takes them."""
    codes, cars = pd.factorize(part["car_number"])
    number = part["lap_number"].to_numpy(dtype="float64")
    log_lap = part["log_lap"].to_numpy()
    columns = (
        codes, number, log_lap, part["shows_pace"].to_numpy() & np.isfinite(log_lap), part["tyre"].to_numpy(),
        part["age"].to_numpy() * scale / _LAP_MS, number * scale / _RACE_MS, part["pit_in"].to_numpy(dtype=bool),
    )  # fmt: skip
    return len(cars), np.column_stack([np.asarray(column, dtype="float64") for column in columns])


def _events(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends and beginnings of laps in the order of time, ends first."""
    count = len(part)
    when = np.concatenate([part["end_ms"].to_numpy(dtype="float64"), part["start_ms"].to_numpy(dtype="float64")])
    is_start = np.repeat([0, 1], count)
    order = np.lexsort((is_start, when))
    return when[order], np.tile(np.arange(count), 2)[order], is_start[order]
