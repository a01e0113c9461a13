"""Driver metrics from lap times: plain formulas, each with its range, none of them a judgement of character."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from racelab.analysis.pace import class_keys, clean_laps, robust_sd
from racelab.analysis.stints import number_stints

Array = np.ndarray[tuple[int], np.dtype[np.float64]]
# Two robust SDs of a clean lap in F1 (0.43 %) and the GR Cup (0.52 %), one and a half in WEC (0.7 %).
CONSISTENT_WITHIN = 0.01
ATTACK_MS = 1_000  # F1's own mark of being close enough to attack
_KEYS = ["session_id", "car_number", "seat"]
_CLEAN = [*_KEYS, "car_class", "stint", "lap_number", "lap_time_ms", "s1_ms", "s2_ms", "s3_ms"]
_MIN_LAPS = 3  # thirds of a stint and a median need one lap each


def driver_metrics(laps: pd.DataFrame) -> pd.DataFrame:
    """Metrics of every car and driver, in long form: ``session_id, car_number, seat, metric, value, n``.

    - ``consistency_index``: share of clean laps within 1 % of the driver's median; 0 to 1, 1 is steady.
    - ``aggression_score``: share of laps begun within a second of the class rival in front and ended ahead of
      it, green laps without stops; 0 to 1. Passing, not manners: timing does not see contact.
    - ``sector_strength_s1`` to ``_s3``: 1 less the driver's median sector over the class's median of drivers;
      0.01 is one per cent faster than the class, negative is slower.
    - ``pace_stability``: 1 less the robust SD of clean laps about each stint's own line, over the median lap;
      up to 1.
    - ``fatigue_dropoff``: median over stints of (last third less first third) over the median lap, less the
      class's median of the same; positive loses more over a stint than the class does.

    Args:
        laps: a frame of `load_laps`; a missing seat counts as seat 1.

    Returns:
        One row a metric, with ``n`` the laps (of ``fatigue_dropoff``: stints) behind it; a driver without them
        has no row.
    """
    seated = number_stints(laps).assign(seat=lambda frame: frame["seat"].fillna(1))
    clean = clean_laps(seated)
    # Thousands of small groups are taken from it: few columns make that quick.
    clean = clean[[key for key in _CLEAN if key in clean]]
    parts = [*_steadiness(clean), _sectors(clean), _dropoff(clean), _passing(seated)]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else _rows([])
    return rows.sort_values([*_KEYS, "metric"], ignore_index=True)


def _rows(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*_KEYS, "metric", "value", "n"])
    return frame.astype({"session_id": "Int64", "seat": "Int64", "value": "float64", "n": "Int64"})


def _drivers(clean: pd.DataFrame) -> Iterator[tuple[tuple[object, ...], Array, list[tuple[Array, Array]]]]:
    """Key, lap times and, stint by stint, lap numbers and lap times of every driver with laps enough.

    Arrays by position, not a frame a driver: a day's race has hundreds of drivers and thousands of stints.
    """
    clean = clean.sort_values("lap_number")
    times, laps, runs = (clean[key].to_numpy(dtype=float) for key in ("lap_time_ms", "lap_number", "stint"))
    for key, rows in clean.groupby(_KEYS).indices.items():
        if len(rows) >= _MIN_LAPS:
            cuts = [rows[runs[rows] == run] for run in np.unique(runs[rows])]
            yield key, times[rows], [(laps[cut], times[cut]) for cut in cuts]


def _steadiness(clean: pd.DataFrame) -> list[pd.DataFrame]:
    consistent, stable = [], []
    for key, times, runs in _drivers(clean):
        median = float(np.median(times))
        near = float(np.mean(np.abs(times - median) <= CONSISTENT_WITHIN * median))
        consistent.append((*key, "consistency_index", near, len(times)))
        rest = np.concatenate([_detrended(laps, run) for laps, run in runs])
        stable.append((*key, "pace_stability", 1 - robust_sd(rest) / median, len(rest)))
    return [_rows(consistent), _rows(stable)]


def _detrended(laps: Array, times: Array) -> Array:
    """Times less their line of least squares over the laps; less their median where they are few."""
    if len(times) < _MIN_LAPS:
        return np.asarray(times - np.median(times))
    centred = laps - laps.mean()
    slope = float(centred @ times / (centred @ centred))
    return np.asarray(times - times.mean() - slope * centred)


def _sectors(clean: pd.DataFrame) -> pd.DataFrame:
    found = []
    for sector in ("s1", "s2", "s3"):
        medians = clean.dropna(subset=[f"{sector}_ms"]).groupby([*_KEYS, *class_keys(clean)[1:]], dropna=False)
        frame = medians[f"{sector}_ms"].agg(["median", "size"]).reset_index()
        usual = frame.groupby(class_keys(frame), dropna=False)["median"].transform("median")
        frame = frame.assign(value=1 - frame["median"] / usual, metric=f"sector_strength_{sector}", n=frame["size"])
        found.append(frame[[*_KEYS, "metric", "value", "n"]])
    return pd.concat(found, ignore_index=True)


def _dropoff(clean: pd.DataFrame) -> pd.DataFrame:
    found = []
    for key, _, runs in _drivers(clean):
        drops = [_drop(times) for _, times in runs if len(times) >= _MIN_LAPS]
        if drops:
            found.append((*key, "fatigue_dropoff", float(np.median(drops)), len(drops)))
    rows = _rows(found)
    if "car_class" in clean:
        rows = rows.merge(clean[["session_id", "car_number", "car_class"]].drop_duplicates(), how="left")
    usual = rows.groupby(class_keys(rows), dropna=False)["value"].transform("median")
    return rows.assign(value=rows["value"] - usual)[[*_KEYS, "metric", "value", "n"]]


def _drop(times: Array) -> float:
    """A stint's last third less its first, over its median; times in the order of laps."""
    third = len(times) // 3
    return float((np.median(times[-third:]) - np.median(times[:third])) / np.median(times))


def passes(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps begun within a second of the class rival in front, and whether they ended ahead of it.

    Only laps under green count on which neither car stopped.

    Returns:
        The attacker's ``session_id, car_number, seat, lap_number``, the ``rival`` and ``passed``.
    """
    free = ~(laps["pit_in"] | laps["pit_out"]) & (laps["flag"].isna() | (laps["flag"] == "green"))
    laps = laps[free.astype(bool) & laps["start_ms"].notna() & laps["end_ms"].notna() & (laps["lap_number"] > 1)]
    order = [*class_keys(laps), "lap_number"]
    laps = laps.sort_values([*order, "start_ms"])
    ahead = laps.groupby(order, dropna=False)[["start_ms", "end_ms", "car_number"]].shift()
    close = ((laps["start_ms"] - ahead["start_ms"]) <= ATTACK_MS).fillna(False).astype(bool)
    frame = laps.assign(rival=ahead["car_number"], passed=laps["end_ms"] < ahead["end_ms"])[close]
    return frame[[*_KEYS, "lap_number", "rival", "passed"]]


def _passing(laps: pd.DataFrame) -> pd.DataFrame:
    grouped = passes(laps).groupby(_KEYS)["passed"].agg(["mean", "size"]).reset_index()
    grouped = grouped.assign(metric="aggression_score", value=grouped["mean"], n=grouped["size"])
    return grouped[[*_KEYS, "metric", "value", "n"]]
