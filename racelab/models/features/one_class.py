"""The features of a lap in a race of one class, F1: what the filter expects, and what is seen around the car."""

import numpy as np
import pandas as pd

from racelab.models.features.places import AROUND, CAR_SEEN, FIELD_SEEN
from racelab.models.features.prepared import prepare
from racelab.models.features.seen import see

RECENT = 5  # clean laps of the car behind its recent pace
KEYS = ("session_id", "car_number", "lap_number", "car_class", "compound", "start_ms", "end_ms")
KNOWN = ("lap_time_ms", "follows", "naive_ms", "recent_ms", "base_ms", "scale")
_PLAIN = (
    "stint_lap", "age", "hardness", "fresh", "lap_number", "stint", "progress", "lap_scale_s", "position_before",
    "neutral_before", "yellow_before", "laps_since_neutral", "gap_change", "gap_change_2", "own_over_field",
    "over_reference", "own_over_reference",
)  # fmt: skip
_SHARES = ("own_share", "own_2_share", "field_share", "smooth_30_share", "smooth_50_share", "smooth_70_share")
# All that a model may know of a lap: seen by the filter, of the lap itself, and shares of the expected size of the miss.
ONE_CLASS_FEATURES = ("expected_sd", *FIELD_SEEN, *CAR_SEEN, *AROUND, *_PLAIN, "scale_share", *_SHARES)


def one_class_features(laps: pd.DataFrame) -> pd.DataFrame:
    """One row a clean lap, or a lap that is only begun; every feature is known when the lap begins.

    Args:
        laps: laps of one or more sessions with ``car_class`` and, where earlier events tell it, ``reference_ms``
            (`features.reference`); ``is_coming`` marks laps that are only begun, of which alone rows are then made.

    Returns:
        `KEYS`, `KNOWN` and `ONE_CLASS_FEATURES`, by session and start.
    """
    ready = prepare(laps)
    seen = see(ready)
    rows = _assembled(ready, seen)
    told = (seen["field_laps"].to_numpy() > 0) | ready["reference_ms"].notna().to_numpy()
    wanted = ready["is_coming"].to_numpy(dtype=bool)
    rows = rows[
        (wanted if wanted.any() else ready["clean"].to_numpy()) & told & np.isfinite(rows["base_ms"].to_numpy())
    ]
    return rows.sort_values(["session_id", "start_ms", "car_number"], ignore_index=True)


def _assembled(ready: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    own = seen["log_expected"].to_numpy()
    recent = seen[[f"own_{k}" for k in range(1, RECENT + 1)]].to_numpy()
    has = np.isfinite(recent).any(axis=1)
    median = np.full(len(seen), np.nan)
    median[has] = np.nanmedian(recent[has], axis=1)
    known = {
        "lap_time_ms": ready["lap_time_ms"].to_numpy(dtype="float64", na_value=np.nan),
        "follows": ready["follows"].to_numpy(),
        "naive_ms": np.exp(own + seen["own_1"].to_numpy()),
        "recent_ms": np.exp(own + median),
        "base_ms": np.exp(own),
    }
    plain = _plain(ready, seen)
    shares = _shares(seen)
    frame = pd.concat(
        [ready[[key for key in KEYS if key != "lap_number"]], pd.DataFrame(known), seen.drop(columns=["log_expected", "lap_scale_s"]), plain, shares],
        axis=1,
    )  # fmt: skip
    return frame.assign(lap_number=ready["lap_number"].astype("int64"))[_columns()]


def _columns() -> list[str]:
    return list(dict.fromkeys((*KEYS, *KNOWN, *ONE_CLASS_FEATURES)))


def _plain(ready: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Of the lap itself, and of the lap of the car before it."""
    same = ready["same_car"].to_numpy()
    own = seen["log_expected"].to_numpy()
    reference = np.log(ready["reference_ms"].to_numpy(dtype="float64", na_value=np.nan))
    tyre = ready["tyre"].to_numpy()
    return pd.DataFrame({
        "stint_lap": ready["stint_lap"].to_numpy(),
        "age": ready["age"].to_numpy(),
        "hardness": np.where(tyre == tyre.max(initial=8.0), np.nan, tyre) if (tyre == 8.0).any() else tyre,
        "fresh": ready["fresh_tyre"].to_numpy(dtype="float64", na_value=np.nan),
        "stint": ready["stint"].to_numpy(dtype="float64", na_value=np.nan),
        "progress": ready["start_ms"].to_numpy(dtype="float64") / 5.4e6,
        "lap_scale_s": seen["lap_scale_s"].to_numpy(),
        "position_before": _shifted(ready["position"].to_numpy(dtype="float64", na_value=np.nan), same),
        "neutral_before": _shifted(ready["neutral"].to_numpy(dtype="float64"), same),
        "yellow_before": _shifted((ready["flag"] == "yellow").fillna(False).to_numpy(dtype="float64"), same),
        "laps_since_neutral": _since_neutral(ready),
        "gap_change": seen["gap_ahead_s"].to_numpy() - seen["gap_1"].to_numpy(),
        "gap_change_2": seen["gap_ahead_s"].to_numpy() - seen["gap_2"].to_numpy(),
        "own_over_field": seen["missed_1"].to_numpy() - seen["field_now"].to_numpy(),
        "over_reference": own - reference,
        "own_over_reference": own + seen["own_1"].to_numpy() - reference,
    })  # fmt: skip


def _shares(seen: pd.DataFrame) -> pd.DataFrame:
    """How far off the base may be, and what speaks for either side as shares of that.

    The last lap and the field's newest misses both tell by how much the filter may be wrong; a tree that learns in
    their unit can follow the last lap however far it is.
    """
    own, field = seen["own_1"].to_numpy(), seen["field_now"].to_numpy()
    sd = seen["expected_sd"].clip(0.002, 0.05).to_numpy()
    scale = np.sqrt(sd**2 + np.nan_to_num(np.clip(own, -0.5, 0.5)) ** 2 + np.nan_to_num(field) ** 2)
    named = {"own_share": own, "own_2_share": seen["own_2"], "field_share": field}
    smooth = {f"smooth_{k}_share": seen[f"smooth_{k}"] for k in (30, 50, 70)}
    shares = {name: np.asarray(values) / scale for name, values in {**named, **smooth}.items()}
    return pd.DataFrame({"scale": scale, "scale_share": scale, **shares})


def _shifted(values: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Of the lap of the car before."""
    return np.where(same, np.concatenate([[np.nan], values[:-1]])[: len(values)], np.nan)


def _since_neutral(ready: pd.DataFrame) -> np.ndarray:
    """Laps since the last one that ended under a neutralisation, at most twenty."""
    at, same = np.arange(len(ready)), ready["same_car"].to_numpy()
    first = np.maximum.accumulate(np.where(same, 0, at))
    last = np.maximum.accumulate(np.where(ready["neutral"].to_numpy(), at, -1))
    before = np.concatenate([[-1], last[:-1]])[: len(ready)]
    return np.where(before >= first, np.minimum(at - before, 20.0), np.nan)
