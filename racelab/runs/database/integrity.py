"""Whether the database itself is sound: its own checks of pages, indexes and constraints."""

from collections.abc import Iterator

import sqlalchemy as sa

from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem
from racelab.store.engine import first_line
from racelab.store.tables import SA_TABLES

_CHECK = "integrity"
_INVALID_INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready"
_INVALID_CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE NOT convalidated"
_AMCHECK = (
    "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'"
)
_NOT_ALLOWED = "42501"
_BTREES = (
    "SELECT i.indexrelid, i.indexrelid::regclass::text, c.relname FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am a ON a.oid = x.relam"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.amname = 'btree' AND n.nspname = current_schema()"
)


def unsound(store: Opened) -> Iterator[Problem]:
    """What the database's own checks find; reading a JSON store already told of files that cannot be read."""
    if store.kind == "sqlite":
        yield from _sqlite(store.connection)
    elif store.kind == "postgresql":
        yield from _postgres(store.connection)


def _sqlite(connection: sa.Connection) -> Iterator[Problem]:
    try:
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    except sa.exc.DBAPIError as error:
        yield Problem(_CHECK, "-", first_line(error), 1)
        return
    if found != ["ok"]:
        yield Problem(_CHECK, "-", "the file is damaged", len(found), tuple(found[:3]))
    for table in sorted({str(row[0]) for row in dangling}):
        count = sum(row[0] == table for row in dangling)
        yield Problem(_CHECK, table, "rows of a parent that is missing", count)


def _postgres(connection: sa.Connection) -> Iterator[Problem]:
    for query, what in (
        (_INVALID_INDEXES, "indexes that are not valid"),
        (_INVALID_CONSTRAINTS, "constraints that are not validated"),
    ):
        found = connection.execute(sa.text(query)).scalars().all()
        if found:
            yield Problem(_CHECK, "-", what, len(found), tuple(found[:3]))
    schema = connection.execute(sa.text(_AMCHECK)).scalar()
    yield from _amcheck(connection, schema) if schema else _scans(connection)


def _amcheck(connection: sa.Connection, schema: str) -> Iterator[Problem]:
    """The extension's own check of every B-tree."""
    check = f"SELECT {sa.quoted_name(schema, True)}.bt_index_check(CAST(:index AS oid)::regclass)"
    for oid, index, table in connection.execute(sa.text(_BTREES)).all():
        try:
            with connection.begin_nested():
                connection.execute(sa.text(check), {"index": oid})
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
                yield from _scans(connection)
                return
            yield Problem(_CHECK, table, f"index {index}: {first_line(error)}", 1)


def _scans(connection: sa.Connection) -> Iterator[Problem]:
    """Where there is no amcheck, every table is read whole, by its pages and by its key: both must count the same."""
    there = set(sa.inspect(connection).get_table_names())
    for name, table in [(name, table) for name, table in SA_TABLES.items() if name in there]:
        by_pages = _count(connection, table, "indexscan", "indexonlyscan", "bitmapscan")
        by_key = _count(connection, table, "seqscan", "bitmapscan")
        if by_pages != by_key:
            yield Problem(_CHECK, name, f"{by_pages} rows in the table, {by_key} in its key", abs(by_pages - by_key))


def _count(connection: sa.Connection, table: sa.Table, *without: str) -> int:
    with connection.begin_nested() as point:
        for kind in without:
            connection.exec_driver_sql(f"SET LOCAL enable_{kind} = off")
        count = int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
        point.rollback()
    return count
