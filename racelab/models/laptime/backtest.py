"""The lap-time model: what the next lap will take, chosen and scored by a walk-forward backtest."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.errors import NotFound
from racelab.models.registry import flat as registry
from racelab.models.features import FEATURES, lap_features, matrix, target
from racelab.models.laptime.candidates import CANDIDATES
from racelab.models.laptime.conformal import LEVELS, coverage, intervals, width
from racelab.models.laptime.walkforward import folds, predict_folds
from racelab.store.protocol import Store

TARGET = "lap_time_ms"
BASELINES = ("last_lap", "median_of_five")
_SESSIONS = 30  # the last so many races teach; older cars and tyres teach little
_BLOCKS, _FEW = 4, 6  # four blocks a race where races are few; one where there are more than six


def backtest(
    store: Store, series: Series | None = None, first: int | None = None, last: int | None = None
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Score all candidates on laps that they had not seen, series by series.

    Args:
        store: where the laps are.
        series: one series, or all that the store holds.
        first: the first season, or all.
        last: the last season, or all.

    Returns:
        The document of ``racelab backtest laptime --json`` and the scored laps with every prediction.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    parts = [_backtest_one(store, each, first, last) for each in ([series] if series else list(Series))]
    scored = [part for part in parts if part is not None]
    if not scored:
        raise NotFound("no race with enough clean laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    rows = pd.concat(scored, ignore_index=True)
    return document(rows, series), rows


def document(rows: pd.DataFrame, series: Series | None) -> dict[str, Any]:
    """The scores of backtested laps: of the winner, of every other prediction, and by session."""
    seasons = [SessionKey.of_id(int(each)).season for each in rows["session_id"].unique()]
    return {
        "target": "laptime",
        "series": series.value if series else None,
        "from": min(seasons),
        "to": max(seasons),
        "n": len(rows),
        "score": _score(rows, "predicted"),
        "baselines": {name: _errors(rows, name) for name in (*BASELINES, *CANDIDATES)},
        "by": [_by(each, part) for each, part in rows.groupby("session_id", sort=False)],
    }


def train(store: Store, folder: Path, series: Series | None = None) -> list[dict[str, Any]]:
    """Backtest, choose and save the lap-time model of each series that the store holds.

    The winner of the backtest is fitted anew on all laps and saved in the folder as ``laptime_<series>``; its
    backtest predictions, none of which saw its lap, go to the table ``predictions``.

    Returns:
        One document a series: that of `backtest`, with ``model`` (the winner), ``path`` and ``trained_on``.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    _, every = backtest(store, series)
    done = []
    for name, rows in every.groupby("series", sort=False):
        each = Series(name)
        learned = _rows(store, each, None, None)
        winner = str(rows["winner"].iloc[0])
        model = CANDIDATES[winner]()
        model.fit(matrix(learned), target(learned))
        found = {**document(rows, each), "model": winner, "trained_on": len(learned)}
        path = registry.save(folder, f"laptime_{each.value}", model, {**_meta(learned, rows), **found})
        _write(store, rows, f"laptime_{each.value}/{winner}")
        done.append({**found, "path": str(path)})
    return done


def _backtest_one(store: Store, series: Series, first: int | None, last: int | None) -> pd.DataFrame | None:
    rows = _rows(store, series, first, last)
    if rows.empty:
        return None
    parts = list(folds(rows, _BLOCKS if rows["session_id"].nunique() <= _FEW else 1))
    if not parts:
        return None
    scored = predict_folds(rows, parts)
    winner = min(CANDIDATES, key=lambda name: _errors(scored, name)["mae_ms"])
    scored = scored.assign(series=series.value, winner=winner, predicted=scored[winner])
    return intervals(scored, "predicted")


def _rows(store: Store, series: Series, first: int | None, last: int | None) -> pd.DataFrame:
    held = store.sessions()
    held = held[(held["series"] == series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    held = held[held["season"].between(first or 0, last or 9999)]
    frames = []
    for session_id in sorted(held["id"].tolist())[-_SESSIONS:]:
        key = SessionKey.of_id(int(session_id))
        classes = store.read("entries", key)[["car_number", "car_class"]]
        frames.append(lap_features(store.read("laps", key).merge(classes, on="car_number", how="left")))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["session_id"])


def _errors(rows: pd.DataFrame, column: str) -> dict[str, float]:
    error = (rows[column] - rows["lap_time_ms"]).abs()
    return {"mae_ms": round(float(error.mean()), 1), "median_ae_ms": round(float(error.median()), 1)}


def _score(rows: pd.DataFrame, column: str) -> dict[str, float | None]:
    shares = {f"coverage_{level}": coverage(rows, level) for level in LEVELS}
    return {**_errors(rows, column), **{key: share if share is None else round(share, 4) for key, share in shares.items()}}  # fmt: skip


def _by(session_id: object, rows: pd.DataFrame) -> dict[str, Any]:
    named = {"session": str(SessionKey.of_id(int(str(session_id)))), "model": str(rows["winner"].iloc[0])}
    naive = {f"{name}_mae_ms": _errors(rows, name)["mae_ms"] for name in BASELINES}
    return {**named, "n": len(rows), **_score(rows, "predicted"), **naive}


def _meta(learned: pd.DataFrame, scored: pd.DataFrame) -> dict[str, Any]:
    sessions = [str(SessionKey.of_id(int(each))) for each in learned["session_id"].unique()]
    share = ((scored["lap_time_ms"] - scored["predicted"]) / scored["recent_ms"]).to_numpy(dtype="float64")
    widths = {str(level): width(share, level) for level in LEVELS}
    return {
        "learns": "lap time over the median of the car's last five clean laps, less 1; clean laps only",
        "features": list(FEATURES),
        "sessions": sessions,
        "interval_half_width_share": {key: half if np.isfinite(half) else None for key, half in widths.items()},
    }


def _write(store: Store, rows: pd.DataFrame, model: str) -> None:
    ends = [f"{end}_{level}" for level in LEVELS for end in ("low", "high")]
    whole = rows[["session_id", "car_number", "lap_number", "predicted", *ends]].astype(object)
    whole = whole.where(whole.notna(), None)
    store.upsert(
        "predictions",
        (
            {"session_id": int(row["session_id"]), "car_number": row["car_number"], "target": TARGET,
             "lap_number": int(row["lap_number"]), "model": model, "sequence": 0, "value": row["predicted"],
             **{end: row[end] for end in ends}, "quality": "predicted"}
            for row in whole.to_dict("records")
        ),
    )  # fmt: skip
