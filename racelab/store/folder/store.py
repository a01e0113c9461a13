"""The store in a folder of JSON files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from operator import itemgetter
from types import TracebackType
from typing import Any, Self, TypeVar

import pandas as pd

from racelab.domain.records import SessionData
from racelab.domain.sessions import Event, SessionKey
from racelab.errors import StoreError
from racelab.store.archive import sweep, with_archived
from racelab.store.folder import writes
from racelab.store.folder.disk import Disk
from racelab.store.folder.names import Group, Row, group_keys, natural_key
from racelab.store.folder.selecting import live_row, select
from racelab.store.folder.transaction import Transaction
from racelab.store.frames import to_frame
from racelab.store.migrate import head
from racelab.store.places import folder_of
from racelab.store.protocol import Progress, Written
from racelab.store.reading import SESSION_KEYS
from racelab.store.references import not_stored, read_reference
from racelab.store.rows import Columns, named_columns
from racelab.store.tables import TABLES

T = TypeVar("T")


class JsonStore:
    """Sessions in a folder of JSON files, one a table, that a person can read; every write is one transaction.

    It serves one machine and some hundred sessions: a file is written whole when a row of it changes.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 30.0) -> None:
        """Open the store at ``json:///relative/folder`` or ``json:////absolute/folder``, creating it where it is not.

        Raises:
            StoreError: it cannot be opened, or is of a newer version.
        """
        self.url = url
        self._disk = Disk(folder_of(url), url, busy_timeout_s)
        # Set in the store that `holding` gives.
        self._transaction: Transaction | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def upgrade(self) -> str | None:
        """Mark the folder as of the newest schema, whose new columns are null; returns the schema before, None if new.

        Raises:
            StoreError: a file cannot be read or written.
        """
        with self._disk.writing() as contents:
            before = contents.manifest.schema
            if before != head():
                self._disk.commit({})
        return before

    def close(self) -> None:
        """Nothing is held open."""

    def write_session(self, data: SessionData, *, force: bool = False, progress: Progress | None = None) -> Written:
        """Write a session in one transaction; an unchanged one (by digest) is not touched unless forced.

        A changed session is deleted and written again; its telemetry stays where this reading brings none.

        Raises:
            StoreError: a row breaks a rule, or a file cannot be read or written; nothing of it is stored then.
        """
        key = data.session.key
        run = self._run(key)
        if run and run["digest"] == data.provenance.digest and not force:
            return Written(key, "unchanged")
        written = self._change(lambda change: writes.write_session(change, data, force=force, progress=progress))
        if written.change == "updated":
            sweep(self, key)
        return written

    def create_session(self, event: Event, season: int, code: str) -> SessionKey:
        """Name a new local session, whose round is the season's next free one.

        Raises:
            StoreError: a file cannot be read or written.
        """
        return self._change(lambda change: writes.create_session(change, event, season, code))

    def upsert(self, table: str, rows: Iterable[dict[str, Any]]) -> int:
        """Insert rows or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: a row breaks a rule, or a file cannot be read or written; nothing is stored then.
        """
        return self.write_tables({table: named_columns(table, rows)})

    def write_tables(self, tables: dict[str, Columns]) -> int:
        """Insert rows of several tables, or overwrite those with the same natural key, in one transaction.

        Raises:
            StoreError: a row breaks a rule, or a file cannot be read or written; nothing is stored then.
        """
        return self._change(lambda change: sum(change.upsert(name, columns) for name, columns in tables.items()))

    def replace_tables(self, tables: Mapping[str, Columns], **where: object) -> dict[str, int]:
        """Put rows in the place of those that match, in each of the tables, in one transaction; their numbers.

        Raises:
            StoreError: a row breaks a rule, or a file cannot be read or written; everything is as it was then.
        """

        def replace(change: Transaction) -> dict[str, int]:
            for name in tables:
                change.delete(name, where)
            return {name: change.insert(name, columns) for name, columns in tables.items()}

        return self._change(replace)

    def append(self, table: str, row: dict[str, Any]) -> int:
        """Add a row whose ``sequence`` is the next free one beside the rest of its key; returns it.

        Raises:
            StoreError: the row breaks a rule, or a file cannot be read or written.
        """
        return self._change(lambda change: writes.append(change, table, row))

    def delete(self, table: str, **where: object) -> int:
        """Delete the rows that match, and what hangs off them; returns the number of those that match.

        Raises:
            StoreError: a file cannot be read or written; nothing is deleted then.
        """
        return self._change(lambda change: change.delete(table, where))

    @contextmanager
    def holding(self, key: SessionKey) -> Iterator["JsonStore"]:
        """The store while nobody else writes the session (nor any other): all done through it is one transaction.

        Raises:
            StoreError: a row breaks a rule, or a file cannot be read or written; everything is as it was then.
        """
        with self._changing() as change:
            held = copy(self)
            held._transaction = change
            yield held

    def values(self, table: str, column: str, key: SessionKey) -> list[Any]:
        """The different values that a column has in a session's rows of a table, in their order; not in archives.

        Raises:
            StoreError: its file is gone, cannot be read, or is malformed.
        """
        where = {"session_id": key.session_id}
        if column in group_keys(table):
            place = group_keys(table).index(column)
            with self._groups(table) as groups:
                return sorted({group[place] for group in groups if group[0] == key.session_id})
        found = {row.get(column) for row in self._rows(table, where)}
        return [None] * (None in found) + sorted(value for value in found if value is not None)

    def read(self, table: str, key: SessionKey | None = None, **where: object) -> pd.DataFrame:
        """A table's rows in the order of its natural key, for one session or all, filtered; telemetry from wherever it
        lies, the table or an archive.

        Raises:
            StoreError: its file is gone, cannot be read, or is malformed.
        """
        wanted = _wanted(key, where)
        return self._telemetry(wanted, None) if table == "telemetry" else _frame(table, self._rows(table, wanted))

    def read_between(self, table: str, key: SessionKey, low: int, high: int, **where: object) -> pd.DataFrame:
        """Rows of a session whose ``time_ms`` is from low up to, not including, high; telemetry as `read` finds it.

        Raises:
            StoreError: its file is gone, cannot be read, or is malformed.
        """
        wanted = _wanted(key, where)
        if table == "telemetry":
            return self._telemetry(wanted, (low, high))
        return _frame(table, _between(self._rows(table, wanted), low, high))

    def newer(self, table: str, key: SessionKey, revision: int) -> list[dict[str, Any]]:
        """Plain rows of a live table whose revision is above this one, oldest first; cheap enough to ask often.

        Raises:
            StoreError: its file is gone, cannot be read, or is malformed.
        """
        rows = [row for row in self._rows(table, _wanted(key, {})) if row["revision"] > revision]
        return [live_row(table, row) for row in sorted(rows, key=itemgetter("revision"))]

    def sessions(self) -> pd.DataFrame:
        """One row a session: id, names, counts and status.

        Raises:
            StoreError: a file is gone, cannot be read, or is malformed.
        """
        with self._disk.reading() as contents:
            sessions, events = contents.rows("sessions"), contents.rows("events")
            counts = {table: contents.counts(table) for table in ("entries", "laps")}
        named = {row["event_id"]: row for row in events}
        rows = [_listed(row, named[row["event_id"]], counts) for row in sessions]
        rows.sort(key=itemgetter(2, 1, 3, 0))
        return to_frame(rows, SESSION_KEYS).astype({"id": "Int64", "entries": "Int64", "event": "string"})

    def find(self, reference: str | int) -> SessionKey:
        """The session that an id or a name such as f1/2025/1/R stands for.

        Raises:
            NotFound: the text names no session, or the store lacks it.
        """
        key = read_reference(reference)
        with self._groups("sessions") as groups:
            if (key.session_id,) not in groups:
                raise not_stored(key, self.url)
        return key

    def digest(self, key: SessionKey) -> str | None:
        """The digest of what is stored for the session, or None."""
        run = self._run(key)
        return run["digest"] if run else None

    def _run(self, key: SessionKey) -> Row | None:
        return next(iter(self._rows("ingest_runs", _wanted(key, {}))), None)

    def _rows(self, table: str, where: Mapping[str, object]) -> list[Row]:
        return self._rows_of({table: where})[table]

    def _rows_of(self, wanted: Mapping[str, Mapping[str, object]]) -> dict[str, list[Row]]:
        """The rows of several tables at one moment, each by its own filters."""
        if self._transaction is not None:
            return {table: self._pending(self._transaction, table, where) for table, where in wanted.items()}
        with self._disk.reading() as contents:
            blocks = {table: contents.blocks(table) for table in wanted}
        # Blocks do not change, so that the rows are picked after the lock is given back.
        return {table: select(table, blocks[table], where) for table, where in wanted.items()}

    @contextmanager
    def _groups(self, table: str) -> Iterator[Iterable[Group]]:
        if self._transaction is not None:
            yield self._transaction.groups(table)
            return
        with self._disk.reading() as contents:
            yield contents.blocks(table)

    @staticmethod
    def _pending(change: Transaction, table: str, where: Mapping[str, object]) -> list[Row]:
        return sorted(change.matching(table, where), key=lambda row: natural_key(table, row))

    def _telemetry(
        self, where: Mapping[str, object], span: tuple[int, int] | None, *, again: bool = True
    ) -> pd.DataFrame:
        session = {name: value for name, value in where.items() if name == "session_id"}
        found = self._rows_of({"telemetry": where, "telemetry_archives": session})
        rows = found["telemetry"] if span is None else _between(found["telemetry"], *span)
        try:
            return with_archived(self.url, _frame("telemetry", rows), found["telemetry_archives"], where, span)
        except StoreError:
            if not again:
                raise
            # The telemetry may have been put back into the table between the two files.
            return self._telemetry(where, span, again=False)

    def _change(self, change: Callable[[Transaction], T]) -> T:
        with self._changing() as transaction:
            return change(transaction)

    @contextmanager
    def _changing(self) -> Iterator[Transaction]:
        if self._transaction is not None:
            yield self._transaction
            return
        with self._disk.writing() as contents:
            transaction = Transaction(contents)
            try:
                yield transaction
                changed = transaction.changed()
            except ValueError as error:
                raise StoreError(
                    f"the store {self.url} did not take the rows: {error}; nothing of them is stored"
                ) from error
            if changed:
                self._disk.commit(changed)


def _wanted(key: SessionKey | None, where: Mapping[str, object]) -> dict[str, object]:
    return dict(where) if key is None else {**where, "session_id": key.session_id}


def _between(rows: list[Row], low: int, high: int) -> list[Row]:
    return sorted((row for row in rows if low <= row.get("time_ms", high) < high), key=itemgetter("time_ms"))


def _frame(table: str, rows: list[Row]) -> pd.DataFrame:
    columns = TABLES[table].columns
    return to_frame([tuple(map(row.get, columns)) for row in rows], columns)


def _listed(row: Row, event: Row, counts: Mapping[str, Mapping[tuple[Any, ...], int]]) -> tuple[Any, ...]:
    group = (row["session_id"],)
    return (
        row["session_id"], event["series"], event["season"], event["round"], event["name"], row["code"],
        counts["entries"].get(group, 0), counts["laps"].get(group, 0), row["status"], row.get("start_utc"),
        event.get("circuit"),
    )  # fmt: skip
