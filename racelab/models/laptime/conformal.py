"""Intervals by split conformal prediction: as wide as the errors on laps that were not learned from."""

import numpy as np
import pandas as pd

LEVELS = (80, 90)


def width(errors: np.ndarray, level: int) -> float:
    """Half the width of the interval that holds ``level`` % of new errors, for exchangeable errors.

    The (n + 1) level-th smallest absolute error (Vovk et al. 2005); infinite where there are too few.
    """
    rank = int(np.ceil((len(errors) + 1) * level / 100))
    return float(np.sort(np.abs(errors))[rank - 1]) if rank <= len(errors) else float("inf")


def intervals(scored: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add ``low_80``, ``high_80``, ``low_90`` and ``high_90`` in ms to predictions in folds.

    A fold's width comes from the errors of the folds before it, as shares of the car's recent pace; the first
    fold has none.
    """
    scored = scored.assign(**{f"{end}_{level}": np.nan for level in LEVELS for end in ("low", "high")})
    share = ((scored["lap_time_ms"] - scored[column]) / scored["recent_ms"]).to_numpy(dtype="float64")
    fold = scored["fold"].to_numpy()
    for number in np.unique(fold)[1:]:
        own = fold == number
        for level in LEVELS:
            half = width(share[fold < number], level) * scored.loc[own, "recent_ms"]
            if np.isfinite(half).all():
                scored.loc[own, f"low_{level}"] = scored.loc[own, column] - half
                scored.loc[own, f"high_{level}"] = scored.loc[own, column] + half
    return scored


def coverage(scored: pd.DataFrame, level: int) -> float | None:
    """The share of laps inside their interval, of those that have one; None where there is none."""
    held = scored[scored[f"low_{level}"].notna()]
    if held.empty:
        return None
    inside = (held["lap_time_ms"] >= held[f"low_{level}"]) & (held["lap_time_ms"] <= held[f"high_{level}"])
    return float(inside.mean())
