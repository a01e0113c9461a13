"""Bulk writes: columns to the driver's own executemany, in chunks of bounded memory."""

from collections.abc import Iterator
from datetime import UTC
from enum import Enum
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from racelab.domain.vocabulary import COLUMNS
from racelab.store.protocol import Progress
from racelab.store.rows import Columns
from racelab.store.tables import SA_TABLES, TABLES

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(
    connection: sa.Connection, table: str, columns: Columns, chunk_rows: int, progress: Progress | None = None
) -> int:
    """Insert rows that are not there yet; returns their number."""
    statement = sa.insert(SA_TABLES[table])
    return _send(connection, statement, table, columns, chunk_rows, progress)


def upsert(connection: sa.Connection, table: str, columns: Columns, chunk_rows: int) -> int:
    """Insert rows, or overwrite those with the same natural key; returns their number."""
    spec = TABLES[table]
    statement = _INSERTS[connection.dialect.name](SA_TABLES[table])
    updates = {key: statement.excluded[key] for key in spec.values if key in columns}
    if updates:
        statement = statement.on_conflict_do_update(index_elements=list(spec.key), set_=updates)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(spec.key))
    return _send(connection, statement, table, columns, chunk_rows)


def _send(
    connection: sa.Connection,
    statement: Any,
    table: str,
    columns: Columns,
    chunk_rows: int,
    progress: Progress | None = None,
) -> int:
    keys = [key for key in TABLES[table].columns if key in columns]
    if not keys or not columns[keys[0]]:
        return 0
    compiled = statement.compile(dialect=connection.dialect, column_keys=keys)
    sql, sent = str(compiled), 0
    for rows in _chunks(
        zip(*(_plain(key, columns[key], connection.dialect.name) for key in keys), strict=True), chunk_rows
    ):
        values = rows if compiled.positional else [dict(zip(keys, row, strict=True)) for row in rows]
        connection.exec_driver_sql(sql, values)
        sent += len(rows)
        if progress is not None:
            progress(table, sent)
    return sent


def _plain(key: str, values: list[Any], dialect: str) -> list[Any]:
    """Values as the driver takes them: enums as their text, instants in UTC (as text for SQLite)."""
    kind = COLUMNS[key].kind
    if kind == "text":
        return [value.value if isinstance(value, Enum) else value for value in values]
    if kind == "instant":
        moments = [None if value is None else value.astimezone(UTC) for value in values]
        return moments if dialect != "sqlite" else [m and m.strftime("%Y-%m-%d %H:%M:%S.%f") for m in moments]
    return values


def _chunks(rows: Iterator[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(islice(rows, size)):
        yield chunk
