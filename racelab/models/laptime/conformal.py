"""Intervals by split conformal prediction: as wide as the errors on laps that were not learned from.

The error of a lap is taken over the size that a model expects of it, so that an interval is narrow on a lap like many
and wide on one in rain or after a restart (normalised conformal prediction, Papadopoulos et al. 2008).
"""

import numpy as np
import pandas as pd

LEVELS = (80, 90)
ENDS = tuple(f"{end}_{level}" for level in LEVELS for end in ("low", "high"))


def width(errors: np.ndarray, level: int) -> float:
    """Half the width of the interval that holds ``level`` % of new errors, for exchangeable errors.

    The (n + 1) level-th smallest absolute error (Vovk et al. 2005); infinite where there are too few.
    """
    rank = int(np.ceil((len(errors) + 1) * level / 100))
    return float(np.sort(np.abs(errors))[rank - 1]) if rank <= len(errors) else float("inf")


def bounds(value: np.ndarray, half: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns `ENDS` of intervals around values, from half their width by level; a width of NaN has no interval."""
    found = {}
    for level, each in half.items():
        found[f"low_{level}"], found[f"high_{level}"] = value - each, value + each
    return found


def coverage(scored: pd.DataFrame, level: int) -> float | None:
    """The share of laps inside their interval, of those that have one; None where there is none."""
    held = scored[scored[f"low_{level}"].notna()]
    if held.empty:
        return None
    inside = (held["lap_time_ms"] >= held[f"low_{level}"]) & (held["lap_time_ms"] <= held[f"high_{level}"])
    return float(inside.mean())
