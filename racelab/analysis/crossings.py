"""Laps that ended at the line: the ones that gaps, places and leaders are counted from."""

import pandas as pd

from racelab.domain.laps import Lap, Quality


def crossings(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps with an end (end_ms) at which the car was seen at the line.

    FastF1 adds the lap on which a car stopped, with an end that it assumes: no car crossed the line then, and the lap of
    a car that retired from 15th place would be the first to end. Such a lap is repaired, untimed and without a place.

    Args:
        laps: with end_ms; quality, lap_time_ms and position where they are known.
    """
    ended = laps[laps["end_ms"].notna()]
    if not {"quality", "lap_time_ms", "position"} <= set(laps.columns):
        return ended
    assumed = ended["quality"].eq(Quality.REPAIRED) & ended["lap_time_ms"].isna() & ended["position"].isna()
    return ended[~assumed.fillna(False).astype(bool)]


def is_assumed(lap: Lap) -> bool:
    """Whether the lap is one that a car did not end, as `crossings` tells it."""
    return lap.quality is Quality.REPAIRED and lap.lap_time_ms is None and lap.position is None
