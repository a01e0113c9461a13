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
    kept = laps[is_green(laps)]
    if kept.empty:
        return kept
    best = kept.groupby(class_keys(kept), dropna=False)["lap_time_ms"].transform("min")
    return kept[(kept["lap_time_ms"] <= best * CLEAN_WITHIN).to_numpy(dtype=bool)]


def is_green(laps: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each lap is one at racing speed as far as flag and stops tell; its time may still show otherwise.

    The flag of a timing file tells where the line was crossed only: a lap that was slow for a caution until shortly
    before the line is green by flag, so that `clean_laps` looks at the time too. A time in the pits, which such a
    file writes in the row of the out-lap, makes an out-lap whatever else is known.
    """
    driven = laps["lap_time_ms"].notna() & (laps["lap_number"] > 1) & ~laps["pit_in"] & ~laps["pit_out"]
    if "pit_time_ms" in laps.columns:
        driven &= laps["pit_time_ms"].isna()
    green = laps["flag"].isna() | (laps["flag"] == "green")
    return (driven & green).fillna(False).astype(bool)


def follows_clean(laps: pd.DataFrame) -> pd.DataFrame:
    """Clean laps whose lap before (``lap_number - 1`` of the same car) is clean too.

    In endurance series these are the laps that a lap-time model is scored on: green by flag and by pace, no in-lap,
    no out-lap, and so the lap before. By pace means within 107 % of the best clean lap of the class in the whole
    race: what was driven behind a safety car, in a slow zone or after a spin is left out, and so are spells of rain
    in a race that was dry otherwise.

    Args:
        laps: a frame of `load_laps`, of one session or more, with ``car_class``.

    Returns:
        The rows that qualify, with their index.
    """
    clean = clean_laps(laps)
    ordered = clean.sort_values(["session_id", "car_number", "lap_number"])
    cars = ordered.groupby(["session_id", "car_number"])["lap_number"]
    follows = (ordered["lap_number"] - cars.shift() == 1).fillna(False).astype(bool)
    return clean[follows.reindex(clean.index)]


def class_keys(laps: pd.DataFrame) -> list[str]:
    """The columns that name a class of a session, as far as the frame has them."""
    keys = [key for key in ("session_id", "car_class") if key in laps.columns]
    return keys or ["pit_in"]  # clean laps all have the same value there: one group


def robust_sd(values: "pd.Series[float] | np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    """Standard deviation by the median absolute deviation: 1.4826 makes it that of a normal distribution."""
    array = np.asarray(values, dtype=float)
    return float(1.4826 * np.median(np.abs(array - np.median(array)))) if array.size else float("nan")
