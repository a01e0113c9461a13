"""Backups of PostgreSQL: a binary COPY of each table, all in one snapshot of the database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from racelab.errors import BadInput, StoreError
from racelab.runs.database.access import Opened
from racelab.runs.database.container import Backup, BackupWriter
from racelab.runs.database.counts import row_counts
from racelab.settings import Settings
from racelab.store.engine import first_line, mask, open_engine, writing
from racelab.store.migrate import head, upgrade
from racelab.store.protocol import Progress
from racelab.store.tables import TABLES

_SUFFIX = ".copy"


def save(store: Opened, target: BackupWriter, folder: Path, progress: Progress) -> dict[str, int]:
    """Add each table as the bytes of its binary COPY; returns the rows of the tables."""
    rows = {}
    for table, spec in TABLES.items():
        with _cursor(store.connection) as cursor:
            target.add(f"{table}{_SUFFIX}", _copied(cursor, _copy(table, spec.columns, "TO STDOUT")))
            rows[table] = cursor.rowcount
        progress(table, rows[table])
    return rows


def restore(settings: Settings, backup: Backup, progress: Progress, *, force: bool) -> None:
    """Put the saved rows in the place of the store's, in one transaction.

    Raises:
        BadInput: the backup holds other rows than it says.
        StoreError: the store is not empty and ``force`` is not set, or refused the rows; it is as it was.
    """
    url = settings.store_url
    engine = open_engine(url, settings.busy_timeout_s)
    try:
        with writing(engine) as connection, connection.begin():
            _require_empty(connection, url, force)
            _clear(connection, backup.manifest.schema)
            _fill(connection, backup, progress)
            if backup.manifest.schema != head():
                upgrade(connection)
            connection.exec_driver_sql("ANALYZE")
    except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
        raise StoreError(
            f"the store {mask(url)} did not take the backup: {first_line(error)}; it is as it was"
        ) from error
    finally:
        engine.dispose()


def _require_empty(connection: sa.Connection, url: str, force: bool) -> None:
    held = sum(row_counts(connection).values())
    if held and not force:
        raise StoreError(
            f"the store {mask(url)} holds {held} rows: restore into an empty store, or add --force to replace them"
        )


def _clear(connection: sa.Connection, schema: str | None) -> None:
    """Empty tables of the backup's schema: those that are there, or others where it is an older one."""
    names = ", ".join(f'"{table}"' for table in TABLES)
    if schema == head():
        connection.exec_driver_sql(f"TRUNCATE {names}")
        return
    connection.exec_driver_sql(f"DROP TABLE {names}, alembic_version")
    upgrade(connection, str(schema))


def _fill(connection: sa.Connection, backup: Backup, progress: Progress) -> None:
    for table in [table for table in TABLES if f"{table}{_SUFFIX}" in backup.manifest.members]:
        columns = backup.manifest.columns.get(table, [])
        with _cursor(connection) as cursor:
            with cursor.copy(_copy(table, columns, "FROM STDIN")) as copy:
                for piece in backup.pieces(f"{table}{_SUFFIX}"):
                    copy.write(piece)
            if cursor.rowcount != backup.manifest.rows.get(table):
                raise BadInput(f"{backup.file} holds other rows of {table} than its manifest says: take another backup")
            progress(table, cursor.rowcount)


def _copied(cursor: psycopg.Cursor[Any], statement: sql.Composed) -> Iterator[bytes]:
    with cursor.copy(statement) as copy:
        for piece in copy:
            yield bytes(piece)


def _copy(table: str, columns: Any, how: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) {} (FORMAT BINARY)").format(sql.Identifier(table), names, sql.SQL(how))


def _cursor(connection: sa.Connection) -> psycopg.Cursor[Any]:
    """A cursor of the driver, in the connection's transaction."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver.cursor()
