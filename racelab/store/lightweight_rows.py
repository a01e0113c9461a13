"""Frames of the store as the lists of dictionaries that the lightweight interface gives."""

from itertools import groupby
from typing import Any

import pandas as pd

from racelab.store.spec import moment_text, race_type, row_id, seconds, sectors
from racelab.store.spec_metrics import join_value, metrics_of
from racelab.store.tables import TABLES

Dicts = list[dict[str, Any]]
# Every driver's dictionary has these, null where the metric is not known.
METRICS = ("consistency_index", "aggression_score", "sector_strength", "pace_stability", "fatigue_dropoff")
# What a driver's dictionary says of itself, beside the metrics.
OWN = frozenset({"id", "session_id", "driver_id", "seat", "created_at"})


def sessions(listed: pd.DataFrame, runs: pd.DataFrame, circuit: str | None) -> Dicts:
    """Sessions as a store lists them; an event without a circuit goes by its own name."""
    when = written(runs)
    rows = [{**row, "circuit": row["circuit"] or row["event"]} for row in _rows(listed)]
    return [
        {
            "id": row["id"], "circuit": row["circuit"], "date": moment_text(row["start_utc"]),
            "race_type": race_type(row["session"]), "created_at": when.get(row["id"]), "updated_at": when.get(row["id"]),
        }
        for row in rows
        if circuit is None or row["circuit"].casefold() == str(circuit).strip().casefold()
    ]  # fmt: skip


def written(runs: pd.DataFrame) -> dict[int, str | None]:
    """When each session was written, by its id."""
    return {row["session_id"]: moment_text(row["read_utc"]) for row in _rows(runs)}


def laps(frame: pd.DataFrame, when: str | None) -> Dicts:
    """Laps in seconds; ``when`` the session was written."""
    return [
        {
            "id": _id("laps", row), "session_id": row["session_id"], "driver_id": row["car_number"],
            "lap_number": row["lap_number"], "lap_time": seconds(row["lap_time_ms"]), "sectors": sectors(row),
            "lap_type": row["lap_type"], "position": row["position"], "created_at": when,
        }
        for row in _rows(frame)
    ]  # fmt: skip


def predictions(frame: pd.DataFrame) -> Dicts:
    """Predictions as they were saved one after the other; one for a whole session has no lap number."""
    found = [
        {
            "id": _id("predictions", row), "session_id": row["session_id"], "driver_id": row["car_number"],
            "prediction_type": row["target"], "prediction_value": join_value(row["value"], row["detail"]),
            "model_path": row["model"] or None, "confidence": row["confidence"],
            "created_at": moment_text(row["created_utc"]), "lap_number": row["lap_number"] or None,
        }
        for row in _rows(frame)
    ]  # fmt: skip
    return sorted(found, key=lambda one: one["created_at"] or "")


def metrics(frame: pd.DataFrame, when: str | None) -> Dicts:
    """Metrics by name, a dictionary a driver; ``when`` the session was written stands for metrics without a time."""
    groups = groupby(_rows(frame), key=lambda row: (row["session_id"], row["car_number"], row["seat"]))
    return [_driver(key, list(rows), when) for key, rows in groups]


def _driver(key: tuple[Any, ...], rows: Dicts, when: str | None) -> dict[str, Any]:
    saved = max((row["created_utc"] for row in rows if row["created_utc"] is not None), default=None)
    own = {"id": row_id(key), "session_id": key[0], "driver_id": key[1], "seat": key[2]}
    return {**own, **dict.fromkeys(METRICS), **metrics_of(rows), "created_at": moment_text(saved) or when}


def _rows(frame: pd.DataFrame) -> Dicts:
    """A frame's rows as plain dictionaries: missing is None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _id(table: str, row: dict[str, Any]) -> int:
    return row_id(row[key] for key in TABLES[table].key)
