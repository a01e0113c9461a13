"""What is known of a lap before it is driven, and what of it is to be predicted."""

import numpy as np
import pandas as pd

from racelab.analysis.pace import clean_laps
from racelab.analysis.stints import number_stints
from racelab.domain.tyres import Compound

_RECENT = 5  # clean laps of the car behind its recent pace
_CLASS_RECENT = 20  # clean laps of the class behind the class's pace
_NEUTRAL = ("safety_car", "vsc", "fcy", "code_60", "red")
# A compound's place from soft to hard; wet ones apart. Null where the source does not tell.
_HARDNESS = {
    Compound.HYPERSOFT: 0.0, Compound.ULTRASOFT: 1.0, Compound.SUPERSOFT: 2.0, Compound.SOFT: 3.0,
    Compound.MEDIUM: 4.0, Compound.HARD: 5.0, Compound.INTERMEDIATE: 8.0, Compound.WET: 9.0,
}  # fmt: skip
FEATURES = (
    "last_share",  # the car's last clean lap over its recent pace, less 1
    "class_share",  # its class's recent pace over its own, less 1
    "class_trend",  # the class's newest laps over its recent pace, less 1
    "trend",  # the car's newer clean laps over its older ones, less 1
    "stint_lap",  # laps since the last stop
    "tyre_age",  # of the set, as the source tells it, else laps since the stop
    "hardness",  # of the compound
    "lap_number",  # stands for burnt fuel
    "new_stint",  # clean laps of this stint behind the recent pace, 0 to 5
    "was_neutral",  # flag at the line before the lap
    "gap_ahead_s",  # time to the car in front at the line
)


def lap_features(laps: pd.DataFrame) -> pd.DataFrame:
    """One row a clean lap that has a clean lap of the same car before it.

    Every feature is known when the lap begins: what other cars drove counts only if it ended before then.

    Args:
        laps: laps of one or more sessions, as `load_laps` gives them, with ``car_class``.

    Returns:
        ``session_id, car_number, lap_number, car_class``, ``start_ms`` and ``end_ms``, ``lap_time_ms``
        (the target), ``naive_ms`` (the last clean lap), ``recent_ms`` (median of the last five) and the
        `FEATURES`, shares of ``recent_ms``.
    """
    laps = number_stints(laps[laps["start_ms"].notna() & laps["end_ms"].notna()])
    laps = laps.sort_values(["session_id", "car_number", "lap_number"], ignore_index=True)
    laps = laps.assign(clean=laps.index.isin(clean_laps(laps).index))
    own = laps.groupby(["session_id", "car_number"])
    laps["was_neutral"] = own["flag"].shift().isin(_NEUTRAL).astype(float)
    laps["stint_lap"] = laps.groupby(["session_id", "car_number", "stint"]).cumcount() + 1.0
    laps["tyre_age"] = laps["tyre_age"].astype("float64").fillna(laps["stint_lap"])
    laps["hardness"] = laps["compound"].map({str(key): value for key, value in _HARDNESS.items()}).astype("float64")
    laps["gap_ahead_s"] = _gap_ahead(laps)
    rows = _own_pace(laps[laps["clean"]])
    rows = _class_pace(rows)
    rows = rows[rows["recent_ms"].notna() & rows["class_ms"].notna()]
    rows = rows.assign(
        last_share=rows["naive_ms"] / rows["recent_ms"] - 1,
        class_share=rows["class_ms"] / rows["recent_ms"] - 1,
        class_trend=rows["class_new_ms"] / rows["class_ms"] - 1,
        trend=rows["newer_ms"] / rows["older_ms"] - 1,
        lap_time_ms=rows["lap_time_ms"].astype("float64"),
    )
    keep = ["session_id", "car_number", "lap_number", "car_class", "start_ms", "end_ms", "lap_time_ms", "naive_ms", "recent_ms"]  # fmt: skip
    names = [*keep, *(name for name in FEATURES if name not in keep)]
    return rows[names].astype({"lap_number": "int64"}).sort_values(["session_id", "start_ms"], ignore_index=True)


def matrix(rows: pd.DataFrame) -> np.ndarray:
    """The features as a matrix, one row a lap; null where a source does not tell."""
    return np.asarray(rows[list(FEATURES)].astype("float64"))


def target(rows: pd.DataFrame) -> np.ndarray:
    """What is learned: the lap over the car's recent pace, less 1; the same scale for all circuits and classes."""
    return np.asarray(rows["lap_time_ms"] / rows["recent_ms"] - 1, dtype="float64")


def _gap_ahead(laps: pd.DataFrame) -> "pd.Series[float]":
    ordered = laps.sort_values(["session_id", "start_ms"])
    gap = ordered.groupby("session_id")["start_ms"].diff().astype("float64") / 1000
    return gap.clip(upper=10.0).reindex(laps.index)


def _own_pace(clean: pd.DataFrame) -> pd.DataFrame:
    """Medians over the car's clean laps before this one."""
    times = clean["lap_time_ms"].astype("float64")
    before = times.groupby([clean["session_id"], clean["car_number"]]).shift()
    by_car = before.groupby([clean["session_id"], clean["car_number"]])

    def rolled(window: int, least: int) -> "pd.Series[float]":
        return by_car.rolling(window, min_periods=least).median().droplevel([0, 1]).reindex(clean.index)

    older = rolled(2 * _RECENT, 1)
    same = clean.groupby(["session_id", "car_number", "stint"]).cumcount()
    return clean.assign(
        naive_ms=before,
        recent_ms=rolled(_RECENT, 1),
        newer_ms=rolled(2, 1),
        older_ms=older,
        new_stint=same.clip(upper=_RECENT).astype(float),
    )


def _class_pace(rows: pd.DataFrame) -> pd.DataFrame:
    """The class's pace when the lap begins: medians over its last clean laps that have ended by then."""
    found = []
    for _, group in rows.groupby(["session_id", "car_class"], dropna=False):
        ended = group.sort_values("end_ms")
        times = ended["lap_time_ms"].astype("float64")
        pace = pd.DataFrame({
            "known_ms": ended["end_ms"].astype("int64"),
            "class_ms": times.rolling(_CLASS_RECENT, min_periods=3).median(),
            "class_new_ms": times.rolling(_RECENT, min_periods=3).median(),
        })  # fmt: skip
        begun = group.assign(begin_ms=group["start_ms"].astype("int64")).sort_values("begin_ms")
        found.append(pd.merge_asof(begun, pace, left_on="begin_ms", right_on="known_ms"))
    return pd.concat(found, ignore_index=True) if found else rows.assign(class_ms=np.nan, class_new_ms=np.nan)
