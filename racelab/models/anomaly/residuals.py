"""What is left of a lap after what was expected of it: the features of the forest."""

import numpy as np
import pandas as pd

from racelab.analysis.stints import number_stints
from racelab.models.anomaly.expectation import Model, expected, stretch
from racelab.models.anomaly.racing import left_out, yellow_came
from racelab.models.anomaly.traffic import held_up_ms, lapped_ms, lost_to_ahead_ms, shared_ms

SECTORS = ("s1", "s2", "s3")
# All in scales (robust SDs) of what is usually left; positive is slower. `forest.matrix` takes them one-sided.
FEATURES = (
    "slower",  # the lap over what was expected, less what cars in front explain
    "sector",  # the worst sector over what was expected of it
)
KEYS = ["session_id", "car_number", "lap_number"]
_YELLOW_SHARE = 0.02  # of a lap: a yellow on the way explains no more
_RECENT = 5  # laps behind a car's share of the lap in a sector
_FLOOR_SHARE = 0.0015  # no scale is finer than this share of the lap: timing and lines driven differ by that


def residuals(laps: pd.DataFrame, status: pd.DataFrame | None = None, model: Model | None = None) -> pd.DataFrame:
    """What is left of each judged lap of one session after what the lap-time model expected of it.

    Each row is made of what had ended when its lap ended. Which laps are judged, said by `racing.left_out`, is known
    for certain when the other cars have ended the laps whose middle lies in it, and a lap that is withdrawn so counts
    no longer for the others' explanations: a score is final half a lap after its lap, and then the same live as
    afterwards.

    Args:
        laps: laps of one session with ``car_class``.
        status: its ``track_status``, if known.
        model: the lap-time model of the series; without it the filter that nothing taught.

    Returns:
        ``session_id, car_number, lap_number, car_class, start_ms, end_ms, lap_time_ms, expected_ms, scale_ms,
        loss_ms, held_ms, lapped_ms, yellow_ms``, the sectors' ``s1_lost_ms`` to ``s3_lost_ms`` (null where not told) ``gap_lost_ms``
        to the car of the class directly ahead, and the `FEATURES`.
    """
    laps = number_stints(laps).sort_values(["car_number", "lap_number"], ignore_index=True)
    wanted = left_out(laps, status) == ""
    rows = _plain(laps[wanted]).join(expected(laps, wanted, model))
    rows = rows[rows["expected_ms"].notna() & rows["error_ms"].notna()].copy()
    rows["loss_ms"] = rows["lap_time_ms"] - rows["expected_ms"]
    floor = _FLOOR_SHARE * rows["expected_ms"]
    rows["scale_ms"] = np.maximum(rows["error_ms"] * stretch(rows, rows["loss_ms"] / rows["error_ms"]), floor)
    rows["held_ms"] = held_up_ms(laps, rows)
    shared = shared_ms(rows).fillna(0.0).clip(lower=0.0)
    rows["lapped_ms"] = np.minimum(lapped_ms(laps, rows), rows["loss_ms"].clip(lower=0.0))
    rows["yellow_ms"] = _YELLOW_SHARE * rows["expected_ms"] * yellow_came(laps, status)[rows.index]
    explained = np.maximum(np.maximum(rows["held_ms"], shared), rows["yellow_ms"]) + rows["lapped_ms"]
    rows["slower"] = (rows["loss_ms"] - explained) / rows["scale_ms"]
    rows = _sectors(rows)
    rows["sector"] = rows["sector"] - explained / rows["scale_ms"]
    rows["gap_lost_ms"] = lost_to_ahead_ms(rows)
    return rows


def _plain(laps: pd.DataFrame) -> pd.DataFrame:
    times = ["start_ms", "end_ms", "lap_time_ms", *(f"{name}_ms" for name in SECTORS)]
    rows = laps[[*KEYS, "car_class", *times]].copy()
    rows[times] = rows[times].astype("float64")
    return rows.astype({"lap_number": "int64"})


def _sectors(rows: pd.DataFrame) -> pd.DataFrame:
    """Time lost in each sector, and the worst one in its own scale.

    Of a sector is expected the car's recent share of the lap in it, the median of its last five laps, of what was
    expected of the lap.
    """
    worst = pd.Series(np.nan, index=rows.index)
    for name in SECTORS:
        share = rows[f"{name}_ms"] / rows["lap_time_ms"]
        recent = share.groupby(rows["car_number"]).transform(lambda each: each.shift().rolling(_RECENT, min_periods=2).median())  # fmt: skip
        lost = rows[f"{name}_ms"] - recent * rows["expected_ms"]
        error = rows["error_ms"] * np.sqrt(recent)
        rows[f"{name}_lost_ms"] = lost
        scale = error * stretch(rows, lost / error)
        worst = np.fmax(worst, lost / np.maximum(scale, _FLOOR_SHARE * rows["expected_ms"]))
    rows["sector"] = worst
    return rows
