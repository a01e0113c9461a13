"""The features of the lap that each car begins now."""

import pandas as pd

from racelab.analysis.pace import clean_laps
from racelab.models.features.lap import lap_features

# A car that has not come by for so many laps is taken to be out.
_STOPPED_LAPS = 3


def next_lap_features(laps: pd.DataFrame) -> pd.DataFrame:
    """The features of the lap that each car begins now, as `models.features` gives them; no row for an out-lap.

    Args:
        laps: laps of one session with ``car_class``.
    """
    last = laps[laps["end_ms"].notna()].sort_values("lap_number").groupby("car_number").tail(1)
    # The lap itself is taken to be as good as the best of its class: no feature sees it.
    clean = clean_laps(laps).groupby("car_class", dropna=False)["lap_time_ms"].min()
    best = last["car_class"].map(clean).astype("Int64")
    now = last["end_ms"].max()
    runs = best.notna() & ~last["pit_in"].astype(bool) & (last["end_ms"] > now - _STOPPED_LAPS * best)
    coming = last.assign(
        lap_number=last["lap_number"] + 1, start_ms=last["end_ms"], lap_time_ms=best, end_ms=now + best,
        pit_in=False, pit_out=False, flag=pd.NA, tyre_age=last["tyre_age"] + 1,
    )[runs.fillna(False).astype(bool)]  # fmt: skip
    if coming.empty:
        return lap_features(laps).head(0)
    whole = pd.concat([laps, coming.astype(laps.dtypes.to_dict())], ignore_index=True)
    rows = lap_features(whole)
    wanted = coming[["car_number", "lap_number"]].astype({"lap_number": "int64"})
    return rows.merge(wanted, on=["car_number", "lap_number"])
