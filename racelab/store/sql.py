"""The store on SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import pandas as pd
import sqlalchemy as sa

from racelab.domain.records import SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound, StoreError
from racelab.store import bulk
from racelab.store.engine import first_line, mask, open_engine, writing
from racelab.store.frames import to_frame
from racelab.store.protocol import Written
from racelab.store.rows import Columns, named_columns, session_columns
from racelab.store.tables import SA_TABLES, SOURCE_TABLES, TABLES


class SqlStore:
    """Sessions in a SQL database; every write is one transaction."""

    def __init__(self, url: str, *, chunk_rows: int = 50_000, busy_timeout_s: float = 30.0) -> None:
        """Open the store, creating its schema where there is none.

        Raises:
            StoreError: it cannot be opened or has a schema of another version.
        """
        self.url = url
        self._chunk_rows = chunk_rows
        self._engine = open_engine(url, busy_timeout_s)

    def __enter__(self) -> "SqlStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    def write_session(self, data: SessionData, *, force: bool = False) -> Written:
        """Write a session in one transaction; an unchanged one (by digest) is not touched unless forced.

        A changed session is deleted and written again; its telemetry stays where this reading brings none.

        Raises:
            StoreError: the database refused it; nothing of it is stored then.
        """
        key = data.session.key
        tables = session_columns(data)
        with self._transaction() as connection:
            found = _digest(connection, key)
            if found == data.provenance.digest and not force:
                return Written(key, "unchanged")
            if found is not None:
                _delete(connection, key, keep_telemetry=_keeps_telemetry(connection, data))
            _name_session(connection, data, self._chunk_rows)
            rows = {name: bulk.insert(connection, name, columns, self._chunk_rows) for name, columns in tables.items()}
            bulk.upsert(connection, "ingest_runs", _provenance(data, sum(rows.values())), self._chunk_rows)
        return Written(key, "updated" if found is not None else "added", rows)

    def upsert(self, table: str, rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: the database refused it; nothing is stored then.
        """
        columns = named_columns(table, rows)
        with self._transaction() as connection:
            return bulk.upsert(connection, table, columns, self._chunk_rows)

    def write_tables(self, tables: dict[str, Columns]) -> int:
        """Insert rows of several tables, or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: the database refused it; nothing is stored then.
        """
        with self._transaction() as connection:
            return sum(bulk.upsert(connection, name, columns, self._chunk_rows) for name, columns in tables.items())

    def newer(self, table: str, key: SessionKey, revision: int) -> list[dict[str, Any]]:
        """Plain rows of a live table whose revision is above this one, oldest first; cheap enough to ask often.

        Raises:
            StoreError: the database cannot be read.
        """
        held = SA_TABLES[table]
        query = sa.select(held).where(held.c.session_id == key.session_id, held.c.revision > revision)
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query.order_by(held.c.revision)).mappings()]
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"the store {mask(self.url)} cannot be read: {first_line(error)}") from error

    def read(self, table: str, key: SessionKey | None = None, **where: object) -> pd.DataFrame:
        """A table's rows in the order of its natural key, for one session or all, filtered by equal values."""
        columns = SA_TABLES[table].c
        query = sa.select(SA_TABLES[table]).order_by(*(columns[name] for name in TABLES[table].key))
        if key is not None:
            query = query.where(columns.session_id == key.session_id)
        for name, value in where.items():
            query = query.where(columns[name] == value)
        return self._frame(query, TABLES[table].columns)

    def read_between(self, table: str, key: SessionKey, low: int, high: int, **where: object) -> pd.DataFrame:
        """Rows of a session whose ``time_ms`` is from low up to, not including, high."""
        columns = SA_TABLES[table].c
        query = sa.select(SA_TABLES[table]).where(columns.session_id == key.session_id)
        query = query.where(columns.time_ms >= low, columns.time_ms < high).order_by(columns.time_ms)
        for name, value in where.items():
            query = query.where(columns[name] == value)
        return self._frame(query, TABLES[table].columns)

    def sessions(self) -> pd.DataFrame:
        """One row a session: id, names, counts and status."""
        events, sessions = SA_TABLES["events"].c, SA_TABLES["sessions"].c
        counts = [_count(name).label(label) for name, label in (("entries", "entries"), ("laps", "laps"))]
        query = (
            sa.select(
                sessions.session_id.label("id"), events.series, events.season, events["round"], events.name.label("event"),
                sessions.code.label("session"), *counts, sessions.status, sessions.start_utc, events.circuit,
            )
            .join_from(SA_TABLES["sessions"], SA_TABLES["events"])
            .order_by(events.season, events.series, events["round"], sessions.session_id)
        )  # fmt: skip
        keys = (
            "id",
            "series",
            "season",
            "round",
            "event",
            "session",
            "entries",
            "laps",
            "status",
            "start_utc",
            "circuit",
        )
        return self._frame(query, keys).astype({"id": "Int64", "entries": "Int64", "event": "string"})

    def find(self, reference: str | int) -> SessionKey:
        """The session that an id or a name such as f1/2025/1/R stands for.

        Raises:
            NotFound: the text names no session, or the store lacks it.
        """
        text = str(reference).strip()
        try:
            key = SessionKey.of_id(int(text)) if text.isdecimal() else SessionKey.read(text)
        except ValueError as error:
            raise NotFound(str(error)) from error
        with self._engine.connect() as connection:
            table = SA_TABLES["sessions"]
            if (
                connection.execute(sa.select(table.c.session_id).where(table.c.session_id == key.session_id)).first()
                is None
            ):
                raise NotFound(
                    f"the store {mask(self.url)} has no session {key}: `racelab sessions` lists what is there"
                )
        return key

    def digest(self, key: SessionKey) -> str | None:
        """The digest of what is stored for the session, or None."""
        with self._engine.connect() as connection:
            return _digest(connection, key)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with writing(self._engine) as connection, connection.begin():
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(
                f"the store {mask(self.url)} did not take the rows: {first_line(error)}; nothing of them is stored"
            ) from error

    def _frame(self, query: sa.Select[Any], keys: tuple[str, ...]) -> pd.DataFrame:
        try:
            with self._engine.connect() as connection:
                cursor = connection.execute(query)
                return to_frame(cursor.fetchall(), keys)
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"the store {mask(self.url)} cannot be read: {first_line(error)}") from error


def _count(table: str) -> sa.ScalarSelect[Any]:
    inner, sessions = SA_TABLES[table], SA_TABLES["sessions"]
    return (
        sa.select(sa.func.count())
        .select_from(inner)
        .where(inner.c.session_id == sessions.c.session_id)
        .scalar_subquery()
    )


def _digest(connection: sa.Connection, key: SessionKey) -> str | None:
    table = SA_TABLES["ingest_runs"]
    return connection.execute(sa.select(table.c.digest).where(table.c.session_id == key.session_id)).scalar()


def _keeps_telemetry(connection: sa.Connection, data: SessionData) -> bool:
    """Telemetry that was not asked for this time stays, unless another source with another clock takes over."""
    table = SA_TABLES["ingest_runs"]
    query = sa.select(table.c.source).where(table.c.session_id == data.session.key.session_id)
    return data.telemetry is None and connection.execute(query).scalar() == data.provenance.source


def _delete(connection: sa.Connection, key: SessionKey, *, keep_telemetry: bool) -> None:
    for spec in SOURCE_TABLES:
        if spec.name != "telemetry" or not keep_telemetry:
            table = SA_TABLES[spec.name]
            connection.execute(sa.delete(table).where(table.c.session_id == key.session_id))


def _name_session(connection: sa.Connection, data: SessionData, chunk_rows: int) -> None:
    key, event, session = data.session.key, data.event, data.session
    named = {
        "event_id": key.event_id, "series": key.series.value, "season": key.season, "round": key.round, "name": event.name,
        "circuit": event.circuit, "country": event.country, "timezone": event.timezone,
    }  # fmt: skip
    held = {
        "session_id": key.session_id, "event_id": key.event_id, "code": key.code, "name": key.name,
        "start_utc": session.start_utc, "end_utc": session.end_utc, "scheduled_ms": session.scheduled_ms,
        "scheduled_laps": session.scheduled_laps, "lap_length_m": session.lap_length_m, "status": session.status,
        "status_note": session.status_note,
    }  # fmt: skip
    bulk.upsert(connection, "events", named_columns("events", [named]), chunk_rows)
    bulk.upsert(connection, "sessions", named_columns("sessions", [held]), chunk_rows)


def _provenance(data: SessionData, rows: int) -> Columns:
    origin = data.provenance
    row = {
        "session_id": data.session.key.session_id, "source": origin.source, "location": origin.location,
        "digest": origin.digest, "version": origin.version, "read_utc": datetime.now(UTC),
        "missing": ", ".join(data.missing) or None, "rows": rows,
    }  # fmt: skip
    return named_columns("ingest_runs", [row])
