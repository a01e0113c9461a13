"""What a car's own earlier laps tell of its next one."""

import numpy as np

from racelab.models.features.earlier import Bools, Floats, Ints, median, packed, places, quantile, taken, weighted
from racelab.models.features.race import Race, is_comparable

_DEPTH = 20  # green laps looked back on, of which the comparable ones count


def own_pace(the: Race, rows: np.ndarray, best: Floats) -> dict[str, Floats]:
    """The last laps, medians, best laps and sectors of each row's car, of its comparable green laps before the row.

    Args:
        the: the race.
        rows: positions of the laps to be described.
        best: the best pace of each row's class when its lap begins.

    Returns:
        Times in ms, one array a name: ``last``, ``last_2``, ``last_3``, ``median_3``, ``median_5``, ``median_10``,
        ``best_5``, ``best_10``, ``quarter``, ``fading``, ``stint_median``, ``stint_best``, ``stint_quarter``,
        ``ideal`` (best sectors of five laps), ``spread``; ``top_speed`` in km/h; ``sector_<n>``; those two also ``_typical`` (of five laps).
    """
    times, stints, speeds, sectors = _history(the, rows, best)
    same = np.where(stints == the.stint[rows][:, None], times, np.nan)
    (stint,) = packed([times], np.isfinite(same))
    five = [sector[:, :5] for sector in sectors]
    found = {
        "last": times[:, 0], "last_2": times[:, 1], "last_3": times[:, 2],
        "median_3": median(times[:, :3]), "median_5": median(times[:, :5]), "median_10": median(times[:, :10]),
        "best_5": quantile(times[:, :5], 0), "best_10": quantile(times[:, :10], 0), "best_20": quantile(times, 0),
        "quarter": quantile(times[:, :10], 0.25), "fading": weighted(times, 0.3), "slow_fading": weighted(times, 0.12),
        "stint_median": median(stint), "stint_best": quantile(stint, 0), "stint_quarter": quantile(stint, 0.25),
        "stint_fading": weighted(stint, 0.3), "stint_laps": np.isfinite(stint).sum(axis=1).astype(float),
        "ideal": np.sum([quantile(sector, 0) for sector in five], axis=0),
        "spread": quantile(times[:, :10], 0.75) - quantile(times[:, :10], 0.25),
        "top_speed": speeds[:, 0], "top_speed_typical": median(speeds[:, :5]),
    }  # fmt: skip
    for number, sector in enumerate(five, start=1):
        found[f"sector_{number}"] = sector[:, 0]
        found[f"sector_{number}_2"] = sector[:, 1]
        found[f"sector_{number}_typical"] = median(sector)
    return found


def has_pace(the: Race, rows: np.ndarray, best: Floats) -> Bools:
    """Whether a comparable lap of the car stands before each row, so that `own_pace` tells of it."""
    return np.asarray(is_comparable(taken(the.time, _seen(the, rows)), best[:, None]).any(axis=1))


def _history(the: Race, rows: np.ndarray, best: Floats) -> tuple[Floats, Floats, Floats, list[Floats]]:
    seen = _seen(the, rows)
    times = taken(the.time, seen)
    kept = is_comparable(times, best[:, None])
    told = [the.stint.astype(float), the.speed, *the.sectors.T]
    every = packed([times, *(taken(each, seen) for each in told)], kept)
    return every[0], every[1], every[2], every[3:]


def _seen(the: Race, rows: np.ndarray) -> Ints:
    green = np.flatnonzero(the.green)
    found = places(the.car[green], the.lap[green], the.car[rows], the.lap[rows] - 1, _DEPTH)
    return np.where(found >= 0, green[np.clip(found, 0, None)] if len(green) else -1, -1)
