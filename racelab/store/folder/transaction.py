"""A change of the folder's tables in memory, with the rules that a database would hold to.

Keys are unique, a row's session is there, what must be filled is filled, and what hangs off a deleted row goes with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from racelab.store.folder.blocks import Block, Blocks
from racelab.store.folder.contents import Contents, around_of, rows_of_block
from racelab.store.folder.names import FILES, Group, Row, group_of, natural_key
from racelab.store.folder.parsing import to_block
from racelab.store.folder.selecting import Where, matches, named_groups, read_where
from racelab.store.folder.values import check_row, rows_of
from racelab.store.tables import TABLES

Keyed = dict[tuple[Any, ...], Row]
_NAMING = ("events", "sessions", "ingest_runs")
_UNIQUE = {"events": ("series", "season", "round"), "sessions": ("event_id", "code")}
# More pieces than a field has cars: the rows are in no order worth following.
_PIECES = 500


class Transaction:
    """Changes that nobody sees until `changed` is committed."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._open: dict[str, dict[Group, Keyed]] = {}
        self._sealed: dict[str, dict[Group, Block]] = {}

    def groups(self, table: str) -> set[Group]:
        """The groups of a table that hold rows."""
        opened = self._open.get(table, {})
        others = {*self._contents.blocks(table), *self._sealed.get(table, {})} - set(opened)
        return others | {group for group, rows in opened.items() if rows}

    def group(self, table: str, group: Group) -> Keyed:
        """The rows of a group by their key; whoever changes them changes the table."""
        opened = self._open.setdefault(table, {})
        if group not in opened:
            sealed = self._sealed.get(table, {}).pop(group, None)
            block = sealed or self._contents.blocks(table).get(group)
            rows = rows_of_block(table, block) if block else []
            opened[group] = {natural_key(table, row): row for row in rows}
        return opened[group]

    def rows(self, table: str) -> list[Row]:
        """All rows of a table."""
        return [row for group in sorted(self.groups(table)) for row in self.group(table, group).values()]

    def clear(self, table: str, session_id: int) -> None:
        """Take out all rows of a session."""
        for group in [group for group in self.groups(table) if group[:1] == (session_id,)]:
            self._empty(table, group)

    def insert(self, table: str, columns: Mapping[str, Any]) -> int:
        """Add rows; returns their number.

        Raises:
            ValueError: a row is there already, or lacks a value.
            StoreError: a value is not of its column's kind.
        """
        count = 0
        for part in _parts(table, columns):
            rows = rows_of(table, part)
            for row in rows:
                self._add(table, row)
            if table == "telemetry":
                self._seal(table)
            count += len(rows)
        return count

    def upsert(self, table: str, columns: Mapping[str, Any]) -> int:
        """Add rows, or put the columns given in the place of those of rows with the same key; returns their number.

        Raises:
            ValueError: a row lacks a value.
            StoreError: a value is not of its column's kind.
        """
        rows = rows_of(table, columns)
        for row in rows:
            check_row(table, row, columns)
            held = self.group(table, group_of(table, row))
            before = held.get(natural_key(table, row), {})
            merged = {**{key: value for key, value in before.items() if key not in columns}, **row}
            check_row(table, merged, TABLES[table].columns)
            held[natural_key(table, row)] = merged
        return len(rows)

    def matching(self, table: str, where: Where) -> list[Row]:
        """The rows that match."""
        wanted = read_where(table, where)
        groups = named_groups(table, self.groups(table), wanted)
        return [row for group in groups for row in self.group(table, group).values() if matches(row, wanted)]

    def delete(self, table: str, where: Where) -> int:
        """Take out the rows that match, and what hangs off them; returns the number of those that match."""
        wanted, gone = read_where(table, where), []
        for group in named_groups(table, self.groups(table), wanted):
            held = self.group(table, group)
            found = [key for key, row in held.items() if matches(row, wanted)]
            gone += [held.pop(key) for key in found]
        if table == "events" and gone:
            self.delete("sessions", {"event_id": [row["event_id"] for row in gone]})
        if table == "sessions":
            for row in gone:
                self._orphan(row["session_id"])
        return len(gone)

    def changed(self) -> dict[str, Blocks]:
        """The blocks of every table that differs from what its file holds.

        Raises:
            ValueError: a rule that spans rows is broken.
        """
        self._check()
        unwritten = self._contents.unwritten()
        if any(table in self._open for table in _NAMING) or unwritten & set(_NAMING):
            self.rows("sessions")  # its file repeats what events and ingest_runs say
        around = around_of(self.rows("events"), self.rows("ingest_runs"))
        changed: dict[str, Blocks] = {}
        for table in sorted({*self._open, *self._sealed, *unwritten}, key=list(FILES).index):
            before = self._contents.blocks(table)
            blocks = {**before, **self._sealed.get(table, {})}
            for group, held in self._open.get(table, {}).items():
                blocks.pop(group, None)
                if held:
                    blocks[group] = to_block(table, [held[key] for key in sorted(held)], around)
            if blocks != before or table in unwritten:
                changed[table] = blocks
        return changed

    def _add(self, table: str, row: Row) -> None:
        check_row(table, row, TABLES[table].columns)
        held, key = self.group(table, group_of(table, row)), natural_key(table, row)
        if key in held:
            raise ValueError(f"UNIQUE constraint failed: {table} has {', '.join(map(str, key))} twice")
        held[key] = row

    def _seal(self, table: str) -> None:
        """Keep the lines of a large table's groups instead of their rows."""
        around = around_of([], [])
        for group, held in self._open.pop(table, {}).items():
            if held:
                block = to_block(table, [held[key] for key in sorted(held)], around)
                self._sealed.setdefault(table, {})[group] = block
            elif group in self._contents.blocks(table):
                self._open.setdefault(table, {})[group] = held

    def _empty(self, table: str, group: Group) -> None:
        self._sealed.get(table, {}).pop(group, None)
        self._open.setdefault(table, {})[group] = {}

    def _orphan(self, session_id: int) -> None:
        for table, spec in TABLES.items():
            if table != "sessions" and "session_id" in spec.columns:
                self.clear(table, session_id)

    def _check(self) -> None:
        sessions = self.groups("sessions")
        for table in {*self._open, *self._sealed} - {"sessions"}:
            if "session_id" in TABLES[table].columns:
                lost = {group[0] for group in self._touched(table)} - {group[0] for group in sessions}
                if lost:
                    raise ValueError(f"FOREIGN KEY constraint failed: {table} has rows of session {min(lost)}, which is not there")  # fmt: skip
        if "sessions" in self._open or "events" in self._open:
            self._check_names()

    def _check_names(self) -> None:
        events = {row["event_id"] for row in self.rows("events")}
        if lost := {row["event_id"] for row in self.rows("sessions")} - events:
            raise ValueError(f"FOREIGN KEY constraint failed: a session is of event {min(lost)}, which is not there")
        for table, keys in _UNIQUE.items():
            named = [tuple(row[key] for key in keys) for row in self.rows(table)]
            if len(set(named)) < len(named):
                raise ValueError(f"UNIQUE constraint failed: two {table} have the same {', '.join(keys)}")

    def _touched(self, table: str) -> Iterable[Group]:
        opened = [group for group, held in self._open.get(table, {}).items() if held]
        return [*opened, *self._sealed.get(table, {})]


def _parts(table: str, columns: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A large table's columns car by car, where they are in that order: fewer rows in memory at once."""
    if table != "telemetry" or "car_number" not in columns:
        yield columns
        return
    runs = [len(list(run)) for _, run in groupby(columns["car_number"])]
    if len(runs) > _PIECES or any(len(column) != sum(runs) for column in columns.values()):
        yield columns
        return
    start = 0
    for length in runs:
        yield {key: column[start : start + length] for key, column in columns.items()}
        start += length
