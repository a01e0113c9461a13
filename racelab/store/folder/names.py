"""The files of the folder, and how a table's rows are grouped in its file."""

from typing import Any

from racelab.store.tables import TABLES

# The five files of the lightweight interface keep their names; `simulations` there are runs, not shares of places.
_NAMED = {
    "sessions": "race_sessions.json",
    "driver_metrics": "driver_metrics.json",
    "laps": "lap_data.json",
    "predictions": "predictions.json",
    "simulation_runs": "simulations.json",
    "simulations": "simulation_places.json",
}
FILES = {table: _NAMED.get(table, f"{table}.json") for table in TABLES}
SPEC_TABLES = ("sessions", "driver_metrics", "laps", "predictions", "simulation_runs")
# A group is written and read as one piece: a session (of telemetry: a car in it), or a
# provider's season.
_GROUPS = ("session_id", "car_number"), ("session_id",), ("provider", "season"), ("provider",)
Row = dict[str, Any]
Group = tuple[Any, ...]


def group_keys(table: str) -> tuple[str, ...]:
    """The columns by which a table's rows are grouped: the first of its key, or none for a table of one group."""
    key = TABLES[table].key
    groups = _GROUPS if table == "telemetry" else _GROUPS[1:]
    return next((keys for keys in groups if key[: len(keys)] == keys), ())


def group_of(table: str, row: Row) -> Group:
    """The group that a row belongs to."""
    return tuple(row[key] for key in group_keys(table))


def natural_key(table: str, row: Row) -> tuple[Any, ...]:
    """The values of a row's natural key, which is also the order of rows."""
    return tuple(row[key] for key in TABLES[table].key)
