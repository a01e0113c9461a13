"""What a stint costs: from its first to its last third, into a second stint, with each lap of the tyres, and in traffic."""

import numpy as np
import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.analysis.metrics.definitions import (
    FREE_AIR_MS,
    LEAST_LEG,
    LEAST_STINT,
    LEAST_TRAFFIC,
    LEAST_TYRE,
    TRAFFIC_MS,
)
from racelab.analysis.metrics.estimates import Estimates, ratio, scatter, slopes
from racelab.analysis.metrics.expected import KEYS, Floats, Seated
from racelab.analysis.metrics.rows import long_form

_LEAST_AGES = 60.0  # sum of squares of tyre ages about their stint's mean: that of nine laps in a row


def stint_dropoff(off: Floats, field: Seated) -> pd.DataFrame:
    """fatigue_dropoff of every driver with a stint long enough."""
    frame = pd.DataFrame({"unit": field.stint, "driver": field.driver, "off": off})
    size = frame.groupby("unit")["off"].transform("size")
    third = (frame.groupby("unit").cumcount() * 3 // size).to_numpy()
    part = np.where(third == 2, 1, np.where(third == 0, 0, -1))
    kept = (size >= LEAST_STINT).to_numpy() & (part >= 0)
    found = _differences(frame[kept].assign(part=part[kept]), scatter(off, field).lap, LEAST_STINT // 3, field)
    return long_form("fatigue_dropoff", found, field.drivers, found.n > 0)


def double_dropoff(off: Floats, field: Seated) -> pd.DataFrame:
    """fatigue_dropoff_double of every driver of a crew who stayed in the car over a stop."""
    drive, later = _drives(field)
    crew = (field.drivers.groupby(KEYS[:2])["seat"].transform("size") > 1).to_numpy(dtype=bool)
    kept = crew[field.driver]
    frame = pd.DataFrame({"unit": drive, "driver": field.driver, "off": off, "part": later})[kept]
    spread = scatter(off, field)
    found = _differences(frame, spread.lap, LEAST_LEG, field)
    error = np.sqrt(found.error**2 + 2 * spread.stint / np.maximum(found.n, 1))
    found = Estimates(found.value, error, found.n)
    return long_form("fatigue_dropoff_double", found, field.drivers, found.n > 0)


def _drives(field: Seated) -> tuple[np.ndarray, np.ndarray]:
    """The drive of each lap, as a code, and whether it lies beyond the drive's first stint.

    A drive is the laps of a driver between two changes; its stints are next to each other by number.
    """
    stint = field.numbers("stint")
    new_driver = np.diff(field.driver, prepend=-1) != 0
    gap = np.diff(stint, prepend=np.nan)
    begins = new_driver | (gap > 1)
    drive = np.cumsum(begins) - 1
    first = pd.Series(stint).groupby(drive).transform("min").to_numpy()
    return drive, (stint > first).astype(int)


def _differences(frame: pd.DataFrame, lap: Floats, least: int, field: Seated) -> Estimates:
    """Part 1 less part 0 of each unit, averaged by driver with the laps as weights, less the class's mean."""
    table = frame.groupby(["driver", "unit", "part"])["off"].agg(["mean", "size"]).unstack("part")
    table = table.reindex(columns=pd.MultiIndex.from_product([["mean", "size"], [0, 1]]))
    table = table[(table["size"].fillna(0) >= least).all(axis=1)]
    size, driver = table["size"].to_numpy(dtype=float), table.index.get_level_values("driver").to_numpy(dtype=np.int64)
    weight = size.prod(axis=1) / size.sum(axis=1) if len(size) else np.zeros(0)
    drop = (table["mean", 1] - table["mean", 0]).to_numpy(dtype=float)
    drivers, groups = len(field.drivers), int(field.of_group.max()) + 1
    usual = ratio(np.bincount(field.of_group[driver], drop * weight, groups), np.bincount(field.of_group[driver], weight, groups))  # fmt: skip
    total = np.bincount(driver, weight, drivers)
    value = ratio(np.bincount(driver, drop * weight, drivers), total) - usual[field.of_group]
    return Estimates(value, np.sqrt(ratio(lap, total)), np.bincount(driver, minlength=drivers))


def tyres(off: Floats, field: Seated) -> pd.DataFrame:
    """tyre_management of every driver with laps enough on tyres of known age; none where no source tells ages."""
    known = ~np.isnan(field.numbers("tyre_age"))
    if not known.any():
        return pd.DataFrame()
    field, off = field.take(known), off[known]
    found, squares = slopes(off, field.numbers("tyre_age"), field)
    told = (found.n >= LEAST_TYRE) & (squares >= _LEAST_AGES)
    weight = np.where(told, squares, 0.0)
    usual = ratio(np.bincount(field.of_group, weight * np.nan_to_num(found.value)), np.bincount(field.of_group, weight))
    value = usual[field.of_group] - found.value
    return long_form("tyre_management", Estimates(value, found.error, found.n), field.drivers, told)


def traffic(off: Floats, field: Seated, every: pd.DataFrame) -> pd.DataFrame:
    """traffic_pace of every driver with laps enough in traffic and in free air."""
    gap = gap_ahead(field, every)
    close, free = gap <= TRAFFIC_MS, gap > FREE_AIR_MS
    kept = close | free
    if not kept.any():
        return pd.DataFrame()
    own, x = field.take(kept), close[kept].astype(float)
    found, _ = slopes(off[kept], x, own)
    drivers = len(field.drivers)
    n = np.bincount(own.driver, x, drivers).astype(np.int64)
    told = (n >= LEAST_TRAFFIC) & (found.n - n >= LEAST_TRAFFIC)
    return long_form("traffic_pace", Estimates(found.value, found.error, n), field.drivers, told)


def gap_ahead(field: Seated, every: pd.DataFrame) -> Floats:
    """Time in ms between the start of each lap and the crossing before it of any car, in its session.

    NaN where no car crossed before or the start is not known. Cars on their way into the pits do not count.
    """
    lines = crossings(every)
    lines = lines[~lines["pit_in"].fillna(False).astype(bool)]
    start, session = field.numbers("start_ms"), field.laps["session_id"].to_numpy(dtype=np.int64)
    found = np.full(len(start), np.nan)
    for key, own in lines.groupby("session_id")["end_ms"]:
        at = np.sort(own.to_numpy(dtype=float))
        rows = (session == key) & ~np.isnan(start)
        place = np.searchsorted(at, start[rows]) - 1  # strictly before: the lap's own start is a crossing, too
        before = at[np.maximum(place, 0)]
        found[rows] = np.where(place >= 0, start[rows] - before, np.nan)
    return found
