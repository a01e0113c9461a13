"""Rows as the objects of their files, and back: the spec's keys stand beside our columns, and lose nothing of them.

Where one of our columns says the same as a key of the spec, it is written under the spec's key alone; where it says
it more exactly (milliseconds), both are written and ours is read. Metrics have their own module.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from racelab.store.folder import metric_shapes
from racelab.store.folder.names import Row
from racelab.store.folder.values import INFINITE
from racelab.store.spec import millis, race_type, row_id, sector_millis, sectors
from racelab.store.spec_metrics import from_json, split_value, to_json
from racelab.store.tables import TABLES

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """What other tables know of a session: its circuit and when it was written, by session id."""

    circuits: Mapping[int, str | None] = field(default_factory=dict)
    written: Mapping[int, str] = field(default_factory=dict)


def to_objects(table: str, rows: Iterable[Row], around: Around) -> list[Object]:
    """The objects of a table's file."""
    if table == "driver_metrics":
        return metric_shapes.to_objects(rows)
    shape = _TO.get(table)
    return [shape(row, around) for row in rows] if shape else list(rows)


def to_rows(table: str, thing: Object) -> list[Row]:
    """The rows that an object of a table's file stands for: one, but for driver metrics; a null is left out.

    Raises:
        ValueError: a value of the spec's keys cannot be read.
    """
    if table == "driver_metrics":
        return [_without_nulls(row) for row in metric_shapes.to_rows(thing)]
    shape = _FROM.get(table)
    return [_without_nulls(shape(thing)) if shape else thing]


def _session(row: Row, around: Around) -> Object:
    written = around.written.get(row["session_id"])
    named = {
        "id": row["session_id"], "circuit": around.circuits.get(row["event_id"]),
        "date": row.get("start_utc"), "race_type": race_type(row["code"]),
        "created_at": written, "updated_at": written,
    }  # fmt: skip
    return _without_nulls(named) | {name: value for name, value in row.items() if name != "session_id"}


def _from_session(thing: Object) -> Row:
    ours = _ours("sessions", thing)
    return {"session_id": thing.get("id"), **ours}


def _lap(row: Row, around: Around) -> Object:
    named = {
        "id": _id("laps", row), "session_id": row["session_id"], "driver_id": row["car_number"],
        "lap_number": row["lap_number"], "lap_time": _seconds(row.get("lap_time_ms")), "sectors": sectors(row),
        "lap_type": row.get("lap_type"), "position": row.get("position"),
        "created_at": around.written.get(row["session_id"]),
    }  # fmt: skip
    return _without_nulls(named) | _rest(
        "laps", row, {"session_id", "car_number", "lap_number", "lap_type", "position"}
    )


def _from_lap(thing: Object) -> Row:
    row = {"car_number": _text(thing.get("driver_id")), **_ours("laps", thing)}
    if row.get("lap_time_ms") is None:
        row["lap_time_ms"] = millis(thing.get("lap_time"))
    if all(row.get(key) is None for key in ("s1_ms", "s2_ms", "s3_ms")):
        row |= sector_millis(thing.get("sectors"))
    return {"pit_in": False, "pit_out": False, "quality": "measured", **row}


def _prediction(row: Row, _: Around) -> Object:
    named = {
        "id": _id("predictions", row), "session_id": row["session_id"], "driver_id": row["car_number"],
        "prediction_type": row["target"], "model_path": row["model"] or None, "confidence": row.get("confidence"),
        "created_at": row.get("created_utc"),
    }  # fmt: skip
    value, detail = row.get("value"), row.get("detail")
    rest = _rest("predictions", row, {
        "session_id", "car_number", "target", "value", "model", "confidence", "created_utc", "detail",
    })  # fmt: skip
    if value is None and detail is not None and metric_shapes.can_stand(detail):
        return _without_nulls(named) | {"prediction_value": from_json(detail)} | rest
    return _without_nulls({**named, "prediction_value": value, "detail": detail}) | rest


def _from_prediction(thing: Object) -> Row:
    row = {"lap_number": 0, "sequence": 0, **_ours("predictions", thing)}
    row |= {
        "car_number": _text(thing.get("driver_id")), "target": thing.get("prediction_type"),
        "model": thing.get("model_path") or "", "created_utc": thing.get("created_at"),
    }  # fmt: skip
    given = thing.get("prediction_value")
    value, detail = (given, None) if isinstance(given, str) and given in INFINITE else split_value(given)
    return {**row, "value": value} | ({} if detail is None else {"detail": detail})


def _run(row: Row, _: Around) -> Object:
    named = {
        "id": _id("simulation_runs", row), "session_id": row["session_id"],
        "driver_paces": _opened(row.get("driver_paces")), "n_laps": row.get("laps"), "iterations": row.get("races"),
        "results": _opened(row.get("results")), "created_at": row.get("created_utc"), "run_id": row["run_id"],
    }  # fmt: skip
    return _without_nulls(named)


def _from_run(thing: Object) -> Row:
    return {
        "session_id": thing.get("session_id"), "run_id": thing.get("run_id") or f"{thing.get('id')}",
        "driver_paces": _closed(thing.get("driver_paces")), "laps": thing.get("n_laps"),
        "races": thing.get("iterations"), "results": _closed(thing.get("results")),
        "created_utc": thing.get("created_at"),
    }  # fmt: skip


def _opened(text: str | None) -> Any:
    """A JSON text as its value, where that gives the same text back; a string in the file is a text as it is."""
    if text is None or not metric_shapes.is_exact(text):
        return text
    value = from_json(text)
    return text if value is None or isinstance(value, str) else value


def _closed(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _ours(table: str, thing: Object) -> Row:
    """What an object says in our columns; keys that are neither ours nor the spec's stay, to be refused."""
    return {key: value for key, value in thing.items() if key not in _SPEC_KEYS[table]}


def _rest(table: str, row: Row, told: set[str]) -> Row:
    return {key: row[key] for key in TABLES[table].columns if key in row and key not in told}


def _without_nulls(thing: Object) -> Object:
    return {key: value for key, value in thing.items() if value is not None}


def _id(table: str, row: Row) -> int:
    return row_id(row[key] for key in TABLES[table].key)


def _seconds(given: int | None) -> float | None:
    return None if given is None else given / 1000


def _text(given: object) -> object:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


_SPEC_KEYS = {
    "sessions": {"id", "circuit", "date", "race_type", "created_at", "updated_at"},
    "laps": {"id", "driver_id", "lap_time", "sectors", "created_at"},
    "predictions": {"id", "driver_id", "prediction_type", "prediction_value", "model_path", "created_at"},
}
_TO: dict[str, Callable[[Row, Around], Object]] = {
    "sessions": _session, "laps": _lap, "predictions": _prediction, "simulation_runs": _run,
}  # fmt: skip
_FROM: dict[str, Callable[[Object], Row]] = {
    "sessions": _from_session, "laps": _from_lap, "predictions": _from_prediction, "simulation_runs": _from_run,
}  # fmt: skip
