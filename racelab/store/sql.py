"""The store on SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from types import TracebackType
from typing import Any

import pandas as pd
import sqlalchemy as sa

from racelab.domain.records import SessionData
from racelab.domain.sessions import Event, SessionKey
from racelab.errors import StoreError
from racelab.store import bulk, reading, writing
from racelab.store.archive import sweep, with_archived
from racelab.store.engine import as_snapshot, first_line, mask, open_engine
from racelab.store.engine import writing as writable
from racelab.store.frames import to_frame
from racelab.store.protocol import Progress, Written
from racelab.store.references import not_stored, read_reference
from racelab.store.rows import Columns, named_columns
from racelab.store.tables import SA_TABLES, TABLES


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
        # Set in the store that `holding` gives: its transaction.
        self._connection: sa.Connection | None = None

    def __enter__(self) -> "SqlStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    def write_session(self, data: SessionData, *, force: bool = False, progress: Progress | None = None) -> Written:
        """Write a session in one transaction; an unchanged one (by digest) is not touched unless forced.

        A changed session is deleted and written again; its telemetry stays where this reading brings none.

        Raises:
            StoreError: the database refused it; nothing of it is stored then.
        """
        with self._transaction() as connection:
            written = writing.write_session(connection, data, self._chunk_rows, force=force, progress=progress)
        if written.change == "updated":
            sweep(self, written.key)
        return written

    def create_session(self, event: Event, season: int, code: str) -> SessionKey:
        """Name a new local session, whose round is the season's next free one.

        Raises:
            StoreError: the database refused it.
        """
        with self._transaction() as connection:
            return writing.create_session(connection, event, season, code, self._chunk_rows)

    def upsert(self, table: str, rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: the database refused it; nothing is stored then.
        """
        return self.write_tables({table: named_columns(table, rows)})

    def write_tables(self, tables: dict[str, Columns]) -> int:
        """Insert rows of several tables, or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: the database refused it; nothing is stored then.
        """
        with self._transaction() as connection:
            return sum(bulk.upsert(connection, name, columns, self._chunk_rows) for name, columns in tables.items())

    def replace_tables(self, tables: Mapping[str, Columns], **where: object) -> dict[str, int]:
        """Put rows in the place of those that match, in each of the tables, in one transaction; their numbers.

        Raises:
            StoreError: the database refused it; everything is as it was then.
        """
        with self._transaction() as connection:
            for name in tables:
                writing.delete(connection, name, where)
            return {name: bulk.insert(connection, name, rows, self._chunk_rows) for name, rows in tables.items()}

    def append(self, table: str, row: dict[str, Any]) -> int:
        """Add a row whose ``sequence`` is the next free one beside the rest of its key; returns it.

        Raises:
            StoreError: the database refused it.
        """
        with self._transaction() as connection:
            return writing.append(connection, table, row, self._chunk_rows)

    def delete(self, table: str, **where: object) -> int:
        """Delete the rows that match; returns their number.

        Raises:
            StoreError: the database refused it; nothing is deleted then.
        """
        with self._transaction() as connection:
            return writing.delete(connection, table, where)

    def newer(self, table: str, key: SessionKey, revision: int) -> list[dict[str, Any]]:
        """Plain rows of a live table whose revision is above this one, oldest first; cheap enough to ask often.

        Raises:
            StoreError: the database cannot be read.
        """
        held = SA_TABLES[table]
        query = sa.select(held).where(held.c.session_id == key.session_id, held.c.revision > revision)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query.order_by(held.c.revision)).mappings()]

    @contextmanager
    def holding(self, key: SessionKey) -> Iterator["SqlStore"]:
        """The store while nobody else writes the session: all that is done through it is one transaction.

        Raises:
            StoreError: the database refused a write; everything is as it was then.
        """
        with self._transaction(snapshot=True) as connection:
            writing.lock_session(connection, key)
            held = copy(self)
            held._connection = connection
            yield held

    def values(self, table: str, column: str, key: SessionKey) -> list[Any]:
        """The different values that a column has in a session's rows of a table, not in archives."""
        with self._reading() as connection:
            return list(connection.execute(reading.values_of(table, column, key)).scalars())

    def read(self, table: str, key: SessionKey | None = None, **where: object) -> pd.DataFrame:
        """A table's rows in the order of its natural key, for one session or all, filtered; telemetry from wherever it
        lies, the table or an archive.

        Raises:
            StoreError: the database cannot be read, or an archive is missing or damaged.
        """
        query = reading.rows_of(table, key, where)
        return self._telemetry(query, key, where) if table == "telemetry" else self._frame(query, TABLES[table].columns)

    def read_between(self, table: str, key: SessionKey, low: int, high: int, **where: object) -> pd.DataFrame:
        """Rows of a session whose ``time_ms`` is from low up to, not including, high; telemetry as `read` finds it.

        Raises:
            StoreError: the database cannot be read, or an archive is missing or damaged.
        """
        query = reading.rows_between(table, key, low, high, where)
        if table == "telemetry":
            return self._telemetry(query, key, where, (low, high))
        return self._frame(query, TABLES[table].columns)

    def sessions(self) -> pd.DataFrame:
        """One row a session: id, names, counts and status."""
        frame = self._frame(reading.all_sessions(), reading.SESSION_KEYS)
        return frame.astype({"id": "Int64", "entries": "Int64", "event": "string"})

    def find(self, reference: str | int) -> SessionKey:
        """The session that an id or a name such as f1/2025/1/R stands for.

        Raises:
            NotFound: the text names no session, or the store lacks it.
        """
        key = read_reference(reference)
        ids = SA_TABLES["sessions"].c.session_id
        with self._reading() as connection:
            if connection.execute(sa.select(ids).where(ids == key.session_id)).first() is None:
                raise not_stored(key, mask(self.url))
        return key

    def digest(self, key: SessionKey) -> str | None:
        """The digest of what is stored for the session, or None."""
        with self._reading() as connection:
            return connection.execute(reading.digest_of(key)).scalar()

    @contextmanager
    def _transaction(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        if self._connection is not None:
            yield self._connection
            return
        try:
            with writable(self._engine) as connection:
                if snapshot:
                    as_snapshot(connection)
                with connection.begin():
                    yield connection
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(
                f"the store {mask(self.url)} did not take the rows: {first_line(error)}; nothing of them is stored"
            ) from error

    @contextmanager
    def _reading(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        if self._connection is not None:
            yield self._connection
            return
        try:
            with self._engine.connect() as connection:
                if snapshot:
                    as_snapshot(connection)
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"the store {mask(self.url)} cannot be read: {first_line(error)}") from error

    def _frame(self, query: sa.Select[Any], keys: tuple[str, ...]) -> pd.DataFrame:
        with self._reading() as connection:
            return self._fetched(connection, query, keys)

    def _fetched(self, connection: sa.Connection, query: sa.Select[Any], keys: tuple[str, ...]) -> pd.DataFrame:
        # The driver's rows take many times the room of the frame: so many at once are enough.
        pieces = [to_frame(rows, keys) for rows in connection.execute(query).partitions(self._chunk_rows)]
        return pd.concat(pieces, ignore_index=True) if len(pieces) > 1 else (pieces or [to_frame([], keys)])[0]

    def _telemetry(
        self, query: sa.Select[Any], key: SessionKey | None, where: dict[str, object],
        span: tuple[int, int] | None = None, *, again: bool = True,
    ) -> pd.DataFrame:  # fmt: skip
        with self._reading(snapshot=True) as connection:
            named = [dict(row) for row in connection.execute(reading.archives_of(key, where)).mappings()]
            held = self._fetched(connection, query, TABLES["telemetry"].columns)
        try:
            return with_archived(self.url, held, named, where, span)
        except StoreError:
            if not again:
                raise
            # The telemetry may have been put back into the table between the query and the file.
            return self._telemetry(query, key, where, span, again=False)
