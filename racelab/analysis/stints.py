"""Stints: what a car does between two stops."""

import pandas as pd

from racelab.analysis.pace import clean_laps

STINT_COLUMNS = (
    "session_id", "car_number", "stint", "first_lap", "last_lap", "laps", "seat", "compound", "clean_laps", "median_ms",
    "best_ms",
)  # fmt: skip


def number_stints(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps with ``stint`` filled in where the source does not tell it: an out-lap begins the next stint."""
    ordered = laps.sort_values(["session_id", "car_number", "lap_number"])
    counted = ordered.groupby(["session_id", "car_number"])["pit_out"].cumsum().astype("Int64") + 1
    return ordered.assign(stint=ordered["stint"].fillna(counted))


def stints(laps: pd.DataFrame) -> pd.DataFrame:
    """One row a car and stint.

    Args:
        laps: a frame of `load_laps`.

    Returns:
        ``session_id, car_number, stint, first_lap, last_lap, laps``, ``seat`` and ``compound`` of the
        stint's first lap, the number of clean laps and their median and best in ms (NA where there is none).
    """
    if laps.empty:
        return pd.DataFrame({key: pd.Series(dtype="Int64") for key in STINT_COLUMNS})
    numbered = number_stints(laps)
    keys = ["session_id", "car_number", "stint"]
    rows = numbered.groupby(keys).agg(
        first_lap=("lap_number", "min"),
        last_lap=("lap_number", "max"),
        laps=("lap_number", "size"),
        seat=("seat", "first"),
        compound=("compound", "first"),
    )
    times = clean_laps(numbered).groupby(keys)["lap_time_ms"]
    rows = rows.join(times.agg(clean_laps="size", median_ms="median", best_ms="min"))
    rows["median_ms"] = rows["median_ms"].astype("Float64").round()
    whole = dict.fromkeys(("laps", "clean_laps", "median_ms", "best_ms"), "Int64")
    return rows.fillna({"clean_laps": 0}).astype(whole).reset_index()[list(STINT_COLUMNS)]
