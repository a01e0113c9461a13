"""Bulk writes: binary COPY in PostgreSQL, the driver's executemany in SQLite, in pieces of bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from racelab.store.copy_binary import SIGNATURE, TRAILER, encode
from racelab.store.protocol import Progress
from racelab.store.rows import Columns
from racelab.store.tables import SA_TABLES, TABLES
from racelab.store.values import Piece, driver_values, pieces

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
# Up to so many rows, PostgreSQL takes an upsert faster as statements than through a table of its own.
_FEW = 200
_STAGE = "racelab_stage"


def insert(
    connection: sa.Connection, table: str, columns: Columns, chunk_rows: int, progress: Progress | None = None
) -> int:
    """Insert rows that are not there yet; returns their number.

    Raises:
        StoreError: a value is not of its column's kind.
        sqlalchemy.exc.SQLAlchemyError: the database refused a row.
    """
    keys = _keys(table, columns)
    if not keys:
        return 0
    parts = pieces(table, columns, keys, chunk_rows)
    if connection.dialect.name == "postgresql":
        return _copy(connection, table, table, keys, parts, progress)
    return _execute(connection, table, keys, parts, progress)


def upsert(connection: sa.Connection, table: str, columns: Columns, chunk_rows: int) -> int:
    """Insert rows, or overwrite those with the same natural key; returns their number. The last of equal keys wins.

    Raises:
        StoreError: a value is not of its column's kind.
        sqlalchemy.exc.SQLAlchemyError: the database refused a row.
    """
    keys = _keys(table, columns)
    if not keys:
        return 0
    parts = pieces(table, columns, keys, chunk_rows)
    if connection.dialect.name == "postgresql" and len(columns[keys[0]]) > _FEW:
        return _copy_over(connection, table, keys, parts)
    statement = _on_conflict(connection, table, keys, _INSERTS[connection.dialect.name](SA_TABLES[table]))
    compiled = statement.compile(dialect=connection.dialect, column_keys=keys)
    sent = 0
    for part in parts:
        rows = zip(*(driver_values(piece, connection.dialect.name) for piece in part), strict=True)
        values = list(rows) if compiled.positional else [dict(zip(keys, row, strict=True)) for row in rows]
        connection.exec_driver_sql(str(compiled), values)
        sent += len(values)
    return sent


def _keys(table: str, columns: Columns) -> list[str]:
    """The columns that are given, in the table's order; none where there are no rows."""
    keys = [key for key in TABLES[table].columns if key in columns]
    return keys if keys and len(columns[keys[0]]) else []


def _on_conflict(connection: sa.Connection, table: str, keys: list[str], statement: Any) -> Any:
    spec = TABLES[table]
    updates = {key: statement.excluded[key] for key in spec.values if key in keys}
    if updates:
        return statement.on_conflict_do_update(index_elements=list(spec.key), set_=updates)
    return statement.on_conflict_do_nothing(index_elements=list(spec.key))


def _execute(
    connection: sa.Connection, table: str, keys: list[str], parts: Iterator[list[Piece]], progress: Progress | None
) -> int:
    """Insert by executemany; columns that hold nothing in a piece are not sent."""
    cursor: Any = connection.connection.cursor()
    sent = 0
    for part in parts:
        used = [(key, piece) for key, piece in zip(keys, part, strict=True) if not piece.is_empty()]
        names = ", ".join(_quoted(connection, key) for key, _ in used)
        sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(used))})"  # noqa: S608  # own names
        rows = zip(*(driver_values(piece, connection.dialect.name) for _, piece in used), strict=True)
        with _driver_errors(connection, sql):
            cursor.executemany(sql, rows)
        sent += len(part[0])
        if progress is not None:
            progress(table, sent)
    return sent


def _copy(
    connection: sa.Connection, table: str, target: str, keys: list[str], parts: Iterator[list[Piece]],
    progress: Progress | None = None,
) -> int:  # fmt: skip
    """Send rows to a table by binary COPY."""
    names, sent = ", ".join(_quoted(connection, key) for key in keys), 0
    sql = f"COPY {target} ({names}) FROM STDIN (FORMAT BINARY)"
    cursor: Any = connection.connection.cursor()
    with _driver_errors(connection, sql), cursor, cursor.copy(sql) as copy:
        copy.write(SIGNATURE)
        for part in parts:
            for block in encode(part):
                copy.write(block)
            sent += len(part[0])
            if progress is not None:
                progress(table, sent)
        copy.write(TRAILER)
    return sent


def _copy_over(connection: sa.Connection, table: str, keys: list[str], parts: Iterator[list[Piece]]) -> int:
    """Send rows to a temporary table, and from there into the table, over those with the same key."""
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {_STAGE} (LIKE {table}, racelab_place bigint GENERATED ALWAYS AS IDENTITY)"
    )
    sent = _copy(connection, table, _STAGE, keys, parts)
    held = SA_TABLES[table]
    staged = sa.table(_STAGE, *(sa.column(key) for key in (*keys, "racelab_place")))
    natural = [staged.c[key] for key in TABLES[table].key]
    last = sa.select(*(staged.c[key] for key in keys)).ext(postgresql.distinct_on(*natural))
    last = last.order_by(*natural, staged.c.racelab_place.desc())
    statement = postgresql.insert(held).from_select(keys, last)
    connection.execute(_on_conflict(connection, table, keys, statement))
    connection.exec_driver_sql(f"DROP TABLE {_STAGE}")
    return sent


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


@contextmanager
def _driver_errors(connection: sa.Connection, sql: str) -> Iterator[None]:
    """Give what the driver raises the same form as SQLAlchemy gives it."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError(sql, None, error) from error
