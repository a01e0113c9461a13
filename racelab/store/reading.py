"""The queries of the SQL store."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from racelab.domain.sessions import SessionKey
from racelab.store.tables import SA_TABLES, TABLES


class _Bytewise(sa.UnaryExpression[Any]):
    """A text in the order of its characters' codes, which is SQLite's own, whatever language the database has."""

    inherit_cache = True


@compiles(_Bytewise)
def _as_it_is(held: _Bytewise, compiler: Any, **options: Any) -> str:
    return str(compiler.process(held.element, **options))


@compiles(_Bytewise, "postgresql")
def _by_code(held: _Bytewise, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(held.element, **options)} COLLATE "C"'


SESSION_KEYS = (
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


def rows_of(table: str, key: SessionKey | None, where: dict[str, object]) -> sa.Select[Any]:
    """A table's rows in the order of its natural key, for one session or all, filtered."""
    columns = SA_TABLES[table].c
    query = sa.select(SA_TABLES[table]).order_by(*_ordered(table, TABLES[table].key))
    if key is not None:
        query = query.where(columns.session_id == key.session_id)
    return query.where(*conditions(table, where))


def rows_between(table: str, key: SessionKey, low: int, high: int, where: dict[str, object]) -> sa.Select[Any]:
    """Rows of a session whose ``time_ms`` is from low up to, not including, high."""
    columns = SA_TABLES[table].c
    query = sa.select(SA_TABLES[table]).where(columns.session_id == key.session_id, *conditions(table, where))
    order = _ordered(table, dict.fromkeys(("time_ms", *TABLES[table].key)))
    return query.where(columns.time_ms >= low, columns.time_ms < high).order_by(*order)


def _ordered(table: str, keys: Iterable[str]) -> list[sa.ColumnElement[Any]]:
    columns = [SA_TABLES[table].c[key] for key in keys]
    return [_Bytewise(column) if isinstance(column.type, sa.Text) else column for column in columns]


def values_of(table: str, column: str, key: SessionKey) -> sa.Select[Any]:
    """The different values that a column has in a session's rows of a table."""
    held = SA_TABLES[table].c
    return (
        sa.select(held[column])
        .where(held.session_id == key.session_id)
        .group_by(held[column])
        .order_by(*_ordered(table, [column]))
    )


def archives_of(key: SessionKey | None, where: dict[str, object]) -> sa.Select[Any]:
    """The archives of the sessions whose telemetry is asked for, in the order of the sessions."""
    held = SA_TABLES["telemetry_archives"]
    query = sa.select(held.c.session_id, held.c.file, held.c.digest).order_by(held.c.session_id)
    if key is not None:
        query = query.where(held.c.session_id == key.session_id)
    named = {name: value for name, value in where.items() if name == "session_id"}
    return query.where(*conditions("telemetry_archives", named))


def conditions(table: str, where: dict[str, object]) -> list[sa.ColumnElement[bool]]:
    """Filters by equal values, or by a list of them."""
    columns = SA_TABLES[table].c
    return [
        columns[name].in_(list(value)) if isinstance(value, list | tuple | set | frozenset) else columns[name] == value
        for name, value in where.items()
    ]


def all_sessions() -> sa.Select[Any]:
    """One row a session with the columns SESSION_KEYS."""
    events, sessions = SA_TABLES["events"].c, SA_TABLES["sessions"].c
    counts = [_count(name).label(name) for name in ("entries", "laps")]
    return (
        sa.select(
            sessions.session_id.label("id"), events.series, events.season, events["round"], events.name.label("event"),
            sessions.code.label("session"), *counts, sessions.status, sessions.start_utc, events.circuit,
        )
        .join_from(SA_TABLES["sessions"], SA_TABLES["events"])
        .order_by(events.season, events.series, events["round"], sessions.session_id)
    )  # fmt: skip


def digest_of(key: SessionKey) -> sa.Select[Any]:
    """The digest and the source of what is stored for a session."""
    table = SA_TABLES["ingest_runs"]
    return sa.select(table.c.digest, table.c.source).where(table.c.session_id == key.session_id)


def _count(table: str) -> sa.ScalarSelect[Any]:
    inner, sessions = SA_TABLES[table], SA_TABLES["sessions"]
    return (
        sa.select(sa.func.count())
        .select_from(inner)
        .where(inner.c.session_id == sessions.c.session_id)
        .scalar_subquery()
    )
