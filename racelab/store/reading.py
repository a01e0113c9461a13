"""The queries of the SQL store."""

from typing import Any

import sqlalchemy as sa

from racelab.domain.sessions import SessionKey
from racelab.store.tables import SA_TABLES, TABLES

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
    query = sa.select(SA_TABLES[table]).order_by(*(columns[name] for name in TABLES[table].key))
    if key is not None:
        query = query.where(columns.session_id == key.session_id)
    return query.where(*conditions(table, where))


def rows_between(table: str, key: SessionKey, low: int, high: int, where: dict[str, object]) -> sa.Select[Any]:
    """Rows of a session whose ``time_ms`` is from low up to, not including, high."""
    columns = SA_TABLES[table].c
    query = sa.select(SA_TABLES[table]).where(columns.session_id == key.session_id, *conditions(table, where))
    return query.where(columns.time_ms >= low, columns.time_ms < high).order_by(columns.time_ms)


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
