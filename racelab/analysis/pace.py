"""Which laps show a car's pace, and what pace they show."""

import numpy as np
import pandas as pd

CLEAN_WITHIN = 1.07  # the sport's own limit of what is a racing lap: the 107 % rule


def clean_laps(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps that show pace: timed, under green, not the first, no in-lap or out-lap, within 107 % of the best.

    The best is the fastest such lap of the same session and class. A lap whose flag is unknown is
    taken by its time alone; one that the stewards deleted was driven all the same and stays.

    Args:
        laps: a frame of `load_laps`, of one session or more; ``car_class`` may be missing.

    Returns:
        The rows that are clean, with their index.
    """
    driven = laps["lap_time_ms"].notna() & (laps["lap_number"] > 1) & ~laps["pit_in"] & ~laps["pit_out"]
    green = laps["flag"].isna() | (laps["flag"] == "green")
    kept = laps[(driven & green).fillna(False).astype(bool)]
    if kept.empty:
        return kept
    best = kept.groupby(class_keys(kept), dropna=False)["lap_time_ms"].transform("min")
    return kept[(kept["lap_time_ms"] <= best * CLEAN_WITHIN).to_numpy(dtype=bool)]


def class_keys(laps: pd.DataFrame) -> list[str]:
    """The columns that name a class of a session, as far as the frame has them."""
    keys = [key for key in ("session_id", "car_class") if key in laps.columns]
    return keys or ["pit_in"]  # clean laps all have the same value there: one group


def robust_sd(values: "pd.Series[float] | np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    """Standard deviation by the median absolute deviation: 1.4826 makes it that of a normal distribution."""
    array = np.asarray(values, dtype=float)
    return float(1.4826 * np.median(np.abs(array - np.median(array)))) if array.size else float("nan")
