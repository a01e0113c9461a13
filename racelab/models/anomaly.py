"""The anomaly model: laps that do not fit what the car was about to do, by an isolation forest."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.pace import class_keys, robust_sd
from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.errors import NotFound
from racelab.models.registry import flat as registry
from racelab.store.protocol import Store

TARGET = "anomaly_score"
FEATURES = ("slower", "slower_than_class", "s1_slower", "s2_slower", "s3_slower")
_RECENT = 5  # laps of the car behind what was expected of it
_RARE_SD = 4.0  # as rare as laps beyond four robust SDs: that share of laps is called an anomaly
_LEAST_ROWS = 100


def residuals(laps: pd.DataFrame) -> pd.DataFrame:
    """How far each racing lap is off what was expected before it, in shares.

    A racing lap is timed, begins and ends under green (or the chequered flag), is no in-lap, no out-lap and not
    the first; a slow one stays, for it is what is looked for.

    Args:
        laps: laps of one or more sessions with ``car_class``.

    Returns:
        ``session_id, car_number, lap_number`` and the `FEATURES`: the lap and its sectors over the median of
        the car's last five, less 1, and the lap over what the class drove on laps of that number, both less 1.
    """
    green = laps["flag"].isna() | laps["flag"].isin(["green", "chequered"])
    racing = laps["lap_time_ms"].notna() & (laps["lap_number"] > 1) & ~laps["pit_in"] & ~laps["pit_out"] & green
    ordered = laps.assign(racing=racing.fillna(False).astype(bool)).sort_values(
        ["session_id", "car_number", "lap_number"]
    )
    begun = ordered.groupby(["session_id", "car_number"])["flag"].shift()
    rows = ordered[ordered["racing"] & (begun.isna() | begun.isin(["green", "yellow"])).astype(bool)]
    found = {}
    columns = {"slower": "lap_time_ms", **{f"{name}_slower": f"{name}_ms" for name in ("s1", "s2", "s3")}}
    for name, column in columns.items():
        found[name] = _over_recent(rows, column)
    rows = rows.assign(**found)
    usual = rows.groupby([*class_keys(rows), "lap_number"], dropna=False)["slower"].transform("median")
    rows = rows.assign(slower_than_class=rows["slower"] - usual)
    rows = rows[rows["slower"].notna()]
    return rows[["session_id", "car_number", "lap_number", *FEATURES]].fillna(dict.fromkeys(FEATURES[1:], 0.0))


def train(store: Store, folder: Path, series: Series | None = None) -> list[dict[str, Any]]:
    """Fit and save an isolation forest for each series that the store holds, and write every lap's score.

    The table ``predictions`` holds a score for each racing lap: above 0 is an anomaly, slower than expected.

    Returns:
        One document a series: series, n, flagged, sessions and path.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    done = []
    for each in [series] if series else list(Series):
        rows = _rows(store, each)
        if len(rows) < _LEAST_ROWS:
            continue
        model, scores = fit(rows)
        sessions = [str(SessionKey.of_id(int(found))) for found in rows["session_id"].unique()]
        meta = {"target": "anomaly", "series": each.value, "n": len(rows), "flagged": int((scores > 0).sum())}
        path = registry.save(folder, f"anomaly_{each.value}", model, {**meta, "features": list(FEATURES), "sessions": sessions})  # fmt: skip
        _write(store, rows, scores, f"anomaly_{each.value}/isolation_forest")
        done.append({**meta, "sessions": sessions, "path": str(path)})
    if not done:
        raise NotFound("no race with enough laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    return done


def fit(rows: pd.DataFrame) -> tuple[Any, np.ndarray]:
    """An isolation forest on residuals, and its score of each row: above 0 where it is rare and the lap slow.

    What counts as rare is told by the laps: the share beyond four robust SDs, at least one in a thousand.
    """
    from sklearn.ensemble import IsolationForest

    slower = rows["slower"].to_numpy(dtype="float64")
    rare = float(np.mean(slower > np.median(slower) + _RARE_SD * robust_sd(slower)))
    x = rows[list(FEATURES)].to_numpy(dtype="float64")
    share = float(np.clip(rare, 0.001, 0.2))
    model = IsolationForest(n_estimators=200, contamination=share, random_state=0, n_jobs=2).fit(x)
    return model, np.where(slower > 0, -model.decision_function(x), -1.0)


def backtest(store: Store, truth: list[dict[str, Any]], series: Series | None = None) -> dict[str, Any]:
    """Score the flagged laps against mishaps that are known: those of the sample season.

    Args:
        store: where the laps are.
        truth: races of `ground_truth`.
        series: one series, or all.

    Returns:
        The document of ``racelab backtest anomaly --json``. Precision and recall count laps, and ``delay_laps``
        is the mean of laps from a mishap's first to the first that was flagged. The naive answer flags laps
        beyond four robust SDs.

    Raises:
        NotFound: the store holds none of the races of the truth.
    """
    found = []
    for race in truth:
        key = SessionKey.read(race["session"])
        if (series is None or key.series is series) and store.digest(key) is not None:
            found.append(_marked(store, key, race["mishaps"]))
    if not found:
        raise NotFound("anomalies are scored against the sample season, which the store lacks: `racelab ingest sample`")
    rows = pd.concat(found, ignore_index=True)
    seasons = [SessionKey.of_id(int(each)).season for each in rows["session_id"].unique()]
    return {
        "target": "anomaly", "series": series.value if series else None, "from": min(seasons), "to": max(seasons),
        "n": len(rows), "score": _score(rows, "flagged"), "baselines": {"four_sd": _score(rows, "naive")},
        "by": [{"session": str(SessionKey.of_id(int(str(each)))), "n": len(part), **_score(part, "flagged")}
               for each, part in rows.groupby("session_id", sort=False)],
    }  # fmt: skip


def _marked(store: Store, key: SessionKey, mishaps: list[dict[str, Any]]) -> pd.DataFrame:
    """A race's laps, what was flagged in them by a forest that learned from that race alone, and the truth."""
    rows = residuals(_laps(store, key))
    _, scores = fit(rows)
    slower = rows["slower"].to_numpy(dtype="float64")
    known = {(each["car_number"], each["lap_number"]) for each in mishaps}
    true = [pair in known for pair in zip(rows["car_number"], rows["lap_number"], strict=True)]
    naive = slower > np.median(slower) + _RARE_SD * robust_sd(slower)
    return rows.assign(flagged=scores > 0, naive=naive, true=true)


def _score(rows: pd.DataFrame, column: str) -> dict[str, float | None]:
    hit = int((rows[column] & rows["true"]).sum())
    flagged, true = int(rows[column].sum()), int(rows["true"].sum())
    delays = _delays(rows, column)
    return {
        "precision": round(hit / flagged, 4) if flagged else None,
        "recall": round(hit / true, 4) if true else None,
        "delay_laps": round(float(np.mean(delays)), 2) if delays else None,
    }


def _delays(rows: pd.DataFrame, column: str) -> list[int]:
    """Laps from the first of each mishap to its first flagged one, for mishaps that were found."""
    delays = []
    true = rows[rows["true"]].sort_values(["session_id", "car_number", "lap_number"])
    new = true.groupby(["session_id", "car_number"])["lap_number"].diff().fillna(99) > 1
    for _, mishap in true.groupby(new.cumsum()):
        found = mishap.loc[mishap[column].astype(bool), "lap_number"]
        if len(found):
            delays.append(int(found.min() - mishap["lap_number"].min()))
    return delays


def _over_recent(rows: pd.DataFrame, column: str) -> "pd.Series[float]":
    times = rows[column].astype("float64")
    cars = [rows["session_id"], rows["car_number"]]
    before = times.groupby(cars).shift()
    recent = before.groupby(cars).rolling(_RECENT, min_periods=2).median().droplevel([0, 1])
    return times / recent.reindex(rows.index) - 1


def _laps(store: Store, key: SessionKey) -> pd.DataFrame:
    classes = store.read("entries", key)[["car_number", "car_class"]]
    return store.read("laps", key).merge(classes, on="car_number", how="left")


def _rows(store: Store, series: Series) -> pd.DataFrame:
    held = store.sessions()
    held = held[(held["series"] == series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    frames = [residuals(_laps(store, SessionKey.of_id(int(each)))) for each in sorted(held["id"].tolist())]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["session_id"])


def _write(store: Store, rows: pd.DataFrame, scores: np.ndarray, model: str) -> None:
    keys = rows[["session_id", "car_number", "lap_number"]].itertuples(index=False)
    store.upsert(
        "predictions",
        (
            {"session_id": int(row.session_id), "car_number": str(row.car_number), "target": TARGET,
             "lap_number": int(row.lap_number), "model": model, "sequence": 0, "value": float(score), "quality": "predicted"}
            for row, score in zip(keys, scores, strict=True)
        ),
    )  # fmt: skip
