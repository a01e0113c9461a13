"""The rows that are there beside the rows that were written."""

from collections.abc import Iterator

import sqlalchemy as sa

from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem
from racelab.store.tables import SA_TABLES, SOURCE_TABLES, TABLES

_CHECK = "rows"


def row_counts(connection: sa.Connection) -> dict[str, int]:
    """The number of rows of every table."""
    return {
        name: int(connection.execute(sa.select(sa.func.count()).select_from(SA_TABLES[name])).scalar_one())
        for name in TABLES
    }


def lost_rows(store: Opened) -> Iterator[Problem]:
    """Sessions that hold another number of rows than was written when they were read.

    Telemetry may be of an earlier reading, which a later one without telemetry leaves; archived rows count as there.
    """
    runs = SA_TABLES["ingest_runs"].c
    counts = {spec.name: _by_session(store.connection, spec.name) for spec in SOURCE_TABLES}
    archives = SA_TABLES["telemetry_archives"].c
    moved = _pairs(store.connection, sa.select(archives.session_id, archives.rows))
    telemetry = counts.pop("telemetry")
    wrong = []
    for session_id, written in store.connection.execute(
        sa.select(runs.session_id, runs["rows"]).order_by(runs.session_id)
    ):
        there = sum(of_table.get(session_id, 0) for of_table in counts.values())
        samples = telemetry.get(session_id, 0) + moved.get(session_id, 0)
        if written is not None and written not in (there, there + samples):
            wrong.append(f"session_id {session_id}: {written} written, {there + samples} there")
    if wrong:
        yield Problem(_CHECK, "ingest_runs", "other rows than were written", len(wrong), tuple(wrong[:3]))


def _by_session(connection: sa.Connection, table: str) -> dict[int, int]:
    held = SA_TABLES[table].c
    query = sa.select(held.session_id, sa.func.count()).group_by(held.session_id)
    return _pairs(connection, query)


def _pairs(connection: sa.Connection, query: sa.Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(query)}
