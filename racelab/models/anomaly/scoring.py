"""Precision, recall and delay of what was flagged, against labels; everything is counted in events."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from racelab.models.anomaly.labels import PARTLY, merged

RUN = ["session_id", "car_number"]


def runs(rows: pd.DataFrame, flagged: "pd.Series[bool]") -> pd.DataFrame:
    """Consecutive flagged laps of a car as one event: ``session_id, car_number, first_lap, last_lap``."""
    laps = rows.loc[flagged.to_numpy(dtype=bool), [*RUN, "lap_number"]].sort_values([*RUN, "lap_number"])
    same = laps[RUN].eq(laps[RUN].shift()).all(axis=1) & laps["lap_number"].diff().eq(1)
    grouped = laps.groupby([*RUN, (~same).cumsum().rename("event")], sort=False)["lap_number"]
    return grouped.agg(first_lap="min", last_lap="max").reset_index()[[*RUN, "first_lap", "last_lap"]]


def in_scope(rows: pd.DataFrame, labels: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a label can be found or missed at all: every lap of its window is judged, for those that end in the pits
    or off the track at least one. The others, under caution or in the pits, are left out and counted."""
    held = labels.assign(place=range(len(labels)))[[*RUN, "first_lap", "last_lap", "place"]]
    joined = held.merge(rows[[*RUN, "lap_number"]], on=RUN)
    inside = joined[(joined["lap_number"] >= joined["first_lap"]) & (joined["lap_number"] <= joined["last_lap"])]
    judged = inside.groupby("place").size().reindex(range(len(labels)), fill_value=0).to_numpy()
    whole = (labels["last_lap"] - labels["first_lap"] + 1).to_numpy()
    needed = np.where(labels["kind"].isin(PARTLY), 1, whole)
    return pd.Series(judged >= needed, index=labels.index)


def score(rows: pd.DataFrame, flagged: "pd.Series[bool]", labels: pd.DataFrame) -> dict[str, Any]:
    """Scores of flagged laps.

    Args:
        rows: the judged laps.
        flagged: which of them are anomalies.
        labels: labels of the same sessions; windows of one car that overlap count once, whatever their kinds.

    Returns:
        ``precision`` (events that touch a window, over all events), ``recall`` (windows in scope in which a lap was
        flagged), ``f1``, ``delay_laps`` (mean of the first flagged lap less ``at_lap``: negative before race
        control said so), ``events``, ``labels`` and ``left_out`` (labels not in scope). Null where nothing is
        counted.
    """
    return _counted(rows, flagged, _windows(rows, labels))


@dataclass(frozen=True, slots=True)
class _Windows:
    """Windows of labels: all that an event may touch, those that can be found, and how many labels cannot."""

    known: pd.DataFrame
    scoped: pd.DataFrame
    left_out: int


def _windows(rows: pd.DataFrame, labels: pd.DataFrame) -> _Windows:
    inside = in_scope(rows, labels).to_numpy() if len(labels) else np.zeros(0, dtype=bool)
    known, scoped = merged(labels.assign(kind="")), merged(labels[inside].assign(kind=""))
    return _Windows(known, scoped, int(np.sum(~inside)))


def _counted(rows: pd.DataFrame, flagged: "pd.Series[bool]", windows: _Windows) -> dict[str, Any]:
    events, scoped = runs(rows, flagged), windows.scoped
    first = _hits(scoped, rows.loc[flagged.to_numpy(dtype=bool), [*RUN, "lap_number"]])
    precision = _share(_touches(events, windows.known))
    recall = _share(first.notna())
    delay = (first - scoped["at_lap"]).dropna()
    return {
        "precision": precision,
        "recall": recall,
        "f1": None if not precision or not recall else round(2 * precision * recall / (precision + recall), 4),
        "delay_laps": round(float(delay.mean()), 2) if len(delay) else None,
        "events": len(events),
        "labels": len(scoped),
        "left_out": windows.left_out,
    }


def by_kind(rows: pd.DataFrame, flagged: "pd.Series[bool]", labels: pd.DataFrame) -> list[dict[str, Any]]:
    """Recall and delay of each kind of label; precision has no kind."""
    found = []
    for kind, part in labels.groupby("kind"):
        one = score(rows, flagged, part)
        found.append(
            {"label": str(kind), "n": one["labels"], **{key: one[key] for key in ("recall", "delay_laps", "left_out")}}
        )
    return found


def curve(rows: pd.DataFrame, values: "pd.Series[float]", labels: pd.DataFrame, precision: float = 0.8) -> float | None:
    """The best recall at this precision at least, over all thresholds: what the order of the scores is worth."""
    best, windows = None, _windows(rows, labels)
    for level in values.quantile([1 - 0.05 * 0.8**step for step in range(24)]).unique():
        one = _counted(rows, values > level, windows)
        if one["precision"] is not None and one["precision"] >= precision and one["recall"] is not None:
            best = max(best or 0.0, one["recall"])
    return best


def _hits(labels: pd.DataFrame, laps: pd.DataFrame) -> "pd.Series[float]":
    """The first of these laps in each label's window, by the labels' order; null where there is none."""
    held = labels.assign(place=range(len(labels)))[[*RUN, "first_lap", "last_lap", "place"]]
    joined = held.merge(laps, on=RUN)
    inside = joined[(joined["lap_number"] >= joined["first_lap"]) & (joined["lap_number"] <= joined["last_lap"])]
    first = inside.groupby("place")["lap_number"].min().astype("float64")
    return pd.Series(first.reindex(range(len(labels))).to_numpy(), index=labels.index)


def _touches(events: pd.DataFrame, labels: pd.DataFrame) -> "pd.Series[bool]":
    held = events.assign(place=range(len(events)))
    joined = held.merge(labels[[*RUN, "first_lap", "last_lap"]], on=RUN, suffixes=("", "_of"))
    touching = joined[(joined["first_lap"] <= joined["last_lap_of"]) & (joined["last_lap"] >= joined["first_lap_of"])]
    return held["place"].isin(touching["place"])


def _share(hits: "pd.Series[bool]") -> float | None:
    return round(float(hits.mean()), 4) if len(hits) else None
