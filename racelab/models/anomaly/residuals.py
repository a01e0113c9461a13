"""What is left of a lap after what was expected of it: the features of the forest."""

import numpy as np
import pandas as pd

from racelab.analysis.stints import number_stints
from racelab.models.anomaly.expectation import expected
from racelab.models.anomaly.racing import left_out
from racelab.models.anomaly.traffic import held_up_ms, lapped_ms, lost_to_ahead_ms, shared_ms

USUAL_SCALE = 0.005  # of a series nothing is known of: share of the lap
SECTORS = ("s1", "s2", "s3")
# All in scales (robust SDs) of what is usually left; positive is slower. `forest.matrix` takes them one-sided.
FEATURES = (
    "slower",  # the lap over what was expected, less what cars in front explain
    "sector",  # the worst sector over what was expected of it
)
KEYS = ["session_id", "car_number", "lap_number"]
_FLOOR_SHARE = 0.0015  # no scale is finer than this share of the lap: timing and lines driven differ by that


def residuals(laps: pd.DataFrame, status: pd.DataFrame | None = None, usual: float = USUAL_SCALE) -> pd.DataFrame:
    """What is left of each judged lap of one session after what was expected of it.

    Each row is made of what had ended when its lap ended, so that it is the same live as afterwards; `racing.left_out`
    says which laps are judged.

    Args:
        laps: laps of one session with ``car_class``.
        status: its ``track_status``, if known.
        usual: scale of the series as a share of the lap.

    Returns:
        ``session_id, car_number, lap_number, car_class, start_ms, end_ms, lap_time_ms, expected_ms, scale_ms,
        loss_ms, held_ms``, the sectors' ``s1_lost_ms`` to ``s3_lost_ms`` (null where not told) ``gap_lost_ms``
        to the car of the class directly ahead, and the `FEATURES`.
    """
    laps = number_stints(laps).sort_values(["car_number", "lap_number"], ignore_index=True)
    rows = _plain(laps[left_out(laps, status) == ""])
    rows = rows.join(expected(rows, "lap_time_ms", usual))
    rows = rows[rows["expected_ms"].notna()].copy()
    rows["scale_ms"] = rows["scale_ms"].clip(lower=_FLOOR_SHARE * rows["expected_ms"])
    rows["held_ms"] = held_up_ms(laps, rows)
    rows["loss_ms"] = rows["lap_time_ms"] - rows["expected_ms"]
    shared = shared_ms(rows).fillna(0.0).clip(lower=0.0)
    rows["lapped_ms"] = np.minimum(lapped_ms(laps, rows), rows["loss_ms"].clip(lower=0.0))
    explained = np.maximum(rows["held_ms"], shared) + rows["lapped_ms"]
    rows["slower"] = (rows["loss_ms"] - explained) / rows["scale_ms"]
    rows = _sectors(rows, usual)
    rows["sector"] = rows["sector"] - explained / rows["scale_ms"]
    rows["gap_lost_ms"] = lost_to_ahead_ms(rows)
    return rows


def _plain(laps: pd.DataFrame) -> pd.DataFrame:
    times = ["start_ms", "end_ms", "lap_time_ms", *(f"{name}_ms" for name in SECTORS)]
    rows = laps[[*KEYS, "car_class", "stint", "seat", *times]].copy()
    rows[times] = rows[times].astype("float64")
    return rows.astype({"lap_number": "int64"})


def _sectors(rows: pd.DataFrame, usual: float) -> pd.DataFrame:
    """Time lost in each sector, and the worst one in its own scale."""
    worst = pd.Series(np.nan, index=rows.index)
    for name in SECTORS:
        known = rows[rows[f"{name}_ms"].notna()]
        found = expected(known, f"{name}_ms", usual * 2).reindex(rows.index)
        lost = rows[f"{name}_ms"] - found["expected_ms"]
        rows[f"{name}_lost_ms"] = lost
        worst = np.fmax(worst, lost / found["scale_ms"].clip(lower=_FLOOR_SHARE * rows["expected_ms"]))
    rows["sector"] = worst
    return rows
