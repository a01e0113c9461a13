"""The rows that are there beside the rows that were written."""

from collections.abc import Iterator

import sqlalchemy as sa

from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem
from racelab.store.tables import HISTORY_TABLES, SA_TABLES, SOURCE_TABLES, TABLES

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


def lost_history(store: Opened) -> Iterator[Problem]:
    """Providers whose history holds another number of rows than was written."""
    there: dict[str, int] = {}
    for spec in HISTORY_TABLES:
        if spec.name not in ("history_runs", "identities"):
            held = SA_TABLES[spec.name].c
            query = sa.select(held.provider, sa.func.count()).group_by(held.provider)
            for provider, count in store.connection.execute(query):
                there[provider] = there.get(provider, 0) + count
    runs = SA_TABLES["history_runs"].c
    wrong = [
        f"provider {provider}: {written} written, {there.get(provider, 0)} there"
        for provider, written in store.connection.execute(sa.select(runs.provider, runs["rows"]))
        if written is not None and written != there.get(provider, 0)
    ]
    if wrong:
        yield Problem(_CHECK, "history_runs", "other rows than were written", len(wrong), tuple(wrong))


def _by_session(connection: sa.Connection, table: str) -> dict[int, int]:
    held = SA_TABLES[table].c
    query = sa.select(held.session_id, sa.func.count()).group_by(held.session_id)
    return _pairs(connection, query)


def _pairs(connection: sa.Connection, query: sa.Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(query)}
