"""What a store holds and how much room it takes."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from racelab.runs.database.access import Opened, path_of
from racelab.runs.database.archived import archive_bytes
from racelab.runs.database.counts import row_counts
from racelab.store.migrate import current
from racelab.store.tables import SA_TABLES

_SIZES = (
    "SELECT c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema()"
)
_PAGES = (
    "SELECT m.tbl_name, sum(CASE m.type WHEN 'table' THEN s.pgsize ELSE 0 END),"
    " sum(CASE m.type WHEN 'index' THEN s.pgsize ELSE 0 END) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name"
    " WHERE s.aggregate = 1 GROUP BY m.tbl_name"
)
_UNKNOWN: dict[str, int | None] = {"bytes": None, "index_bytes": None}


def statistics(store: Opened) -> dict[str, Any]:
    """Schema, rows of each table, sessions of each season, and bytes on the disk.

    Keys: schema (None for a folder), tables (table -> {rows, bytes, index_bytes}, bytes None where the database does
    not tell), seasons (list of {series, season, events, sessions}), files (name -> bytes), archive_bytes
    (telemetry in files beside the store), bytes (the store itself).
    """
    sizes = _table_sizes(store)
    files = _files(store)
    counts = row_counts(store.connection)
    return {
        "schema": None if store.kind == "json" else current(store.connection),
        "tables": {name: {"rows": count, **sizes.get(name, _UNKNOWN)} for name, count in counts.items()},
        "seasons": _seasons(store.connection),
        "files": files,
        "archive_bytes": archive_bytes(store.url),
        "bytes": sum(files.values()) if files else _database_size(store),
    }


def _seasons(connection: sa.Connection) -> list[dict[str, Any]]:
    events, sessions = SA_TABLES["events"].c, SA_TABLES["sessions"].c
    query = (
        sa.select(
            events.series, events.season, sa.func.count(events.event_id.distinct()).label("events"),
            sa.func.count(sessions.session_id).label("sessions"),
        )
        .join_from(SA_TABLES["events"], SA_TABLES["sessions"], sessions.event_id == events.event_id)
        .group_by(events.series, events.season)
        .order_by(events.series, events.season)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def _table_sizes(store: Opened) -> dict[str, dict[str, int | None]]:
    """Bytes of each table and of its indexes; SQLite tells of them only if it was built with dbstat."""
    if store.kind == "postgresql":
        query = _SIZES
    elif store.kind == "sqlite" and _has_dbstat(store.connection):
        query = _PAGES
    else:
        return {}
    rows = store.connection.exec_driver_sql(query)
    return {name: {"bytes": table, "index_bytes": indexes} for name, table, indexes in rows}


def _has_dbstat(connection: sa.Connection) -> bool:
    options = connection.exec_driver_sql("PRAGMA compile_options").scalars().all()
    return "ENABLE_DBSTAT_VTAB" in options


def _files(store: Opened) -> dict[str, int]:
    path = path_of(store.url)
    if path is None:
        return {}
    beside = sorted(path.rglob("*")) if path.is_dir() else [path, Path(f"{path}-wal"), Path(f"{path}-shm")]
    return {file.name: file.stat().st_size for file in beside if file.is_file()}


def _database_size(store: Opened) -> int | None:
    if store.kind != "postgresql":
        return None
    return int(store.connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
