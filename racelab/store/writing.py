"""The steps of the SQL store's writes, each inside a transaction that its caller holds."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from racelab import wall
from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.store import bulk
from racelab.store.protocol import Progress, Written
from racelab.store.reading import conditions, digest_of
from racelab.store.rows import Columns, named_columns, session_columns
from racelab.store.tables import SA_TABLES, SOURCE_TABLES, TABLES

Writer = Callable[[sa.Connection, str, Columns], int]


def write_session(
    connection: sa.Connection, data: SessionData, chunk_rows: int, *, force: bool, progress: Progress | None
) -> Written:
    """Write a session whose digest is new, or any if forced; what was stored of it is deleted before."""
    key = data.session.key
    lock_session(connection, key)
    found = connection.execute(digest_of(key)).first()
    if found is not None and found.digest == data.provenance.digest and not force:
        return Written(key, "unchanged")
    if found is not None:
        # Telemetry that was not asked for this time stays, unless another source with another clock takes over.
        keep = data.telemetry is None and found.source == data.provenance.source
        _delete_session(connection, key, keep_telemetry=keep)
    for table, columns in naming_columns(data).items():
        bulk.upsert(connection, table, columns, chunk_rows)
    rows = {
        table: bulk.insert(connection, table, columns, chunk_rows, progress)
        for table, columns in session_columns(data).items()
    }
    bulk.upsert(connection, "ingest_runs", provenance_columns(data, sum(rows.values())), chunk_rows)
    return Written(key, "updated" if found is not None else "added", rows)


def lock_session(connection: sa.Connection, key: SessionKey) -> None:
    """Let no other process write the session until the transaction ends; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key.session_id)))


def create_session(connection: sa.Connection, event: Event, season: int, code: str, chunk_rows: int) -> SessionKey:
    """Name a new local session, whose round is the season's next free one."""
    lock_table(connection, "events")
    events = SA_TABLES["events"].c
    query = sa.select(sa.func.max(events["round"])).where(events.series == Series.LOCAL.value, events.season == season)
    key = SessionKey(Series.LOCAL, season, (connection.execute(query).scalar() or 0) + 1, code)
    for table, row in naming_rows(key, event).items():
        bulk.upsert(connection, table, named_columns(table, [row]), chunk_rows)
    return key


def append(connection: sa.Connection, table: str, row: dict[str, Any], chunk_rows: int) -> int:
    """Add a row whose ``sequence`` is the next free one beside the rest of its key; returns it."""
    lock_table(connection, table)
    held = SA_TABLES[table]
    rest = {key: row[key] for key in TABLES[table].key if key != "sequence"}
    query = sa.select(sa.func.max(held.c.sequence)).where(*conditions(table, rest))
    found = connection.execute(query).scalar()
    sequence = 0 if found is None else int(found) + 1
    bulk.upsert(connection, table, named_columns(table, [{**row, "sequence": sequence}]), chunk_rows)
    return sequence


def delete(connection: sa.Connection, table: str, where: dict[str, object]) -> int:
    """Delete the rows that match; returns their number."""
    return int(connection.execute(sa.delete(SA_TABLES[table]).where(*conditions(table, where))).rowcount)


def lock_table(connection: sa.Connection, table: str) -> None:
    """Let no other process write the table until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {SA_TABLES[table].name} IN SHARE ROW EXCLUSIVE MODE")


def _delete_session(connection: sa.Connection, key: SessionKey, *, keep_telemetry: bool) -> None:
    for spec in SOURCE_TABLES:
        if spec.name != "telemetry" or not keep_telemetry:
            delete(connection, spec.name, {"session_id": key.session_id})
    if not keep_telemetry:
        delete(connection, "telemetry_archives", {"session_id": key.session_id})


def naming_columns(data: SessionData) -> dict[str, Columns]:
    """The columns of the session's own row and of its event's."""
    session = data.session
    rows = naming_rows(session.key, data.event)
    rows["sessions"] |= {
        "start_utc": session.start_utc, "end_utc": session.end_utc, "scheduled_ms": session.scheduled_ms,
        "scheduled_laps": session.scheduled_laps, "lap_length_m": session.lap_length_m, "status": session.status,
        "status_note": session.status_note,
    }  # fmt: skip
    return {table: named_columns(table, [row]) for table, row in rows.items()}


def naming_rows(key: SessionKey, event: Event) -> dict[str, dict[str, Any]]:
    """The rows that name a session and its event."""
    named = {
        "event_id": key.event_id, "series": key.series.value, "season": key.season, "round": key.round,
        "name": event.name, "circuit": event.circuit, "country": event.country, "timezone": event.timezone,
    }  # fmt: skip
    held = {"session_id": key.session_id, "event_id": key.event_id, "code": key.code, "name": key.name}
    return {"events": named, "sessions": {**held, "status": "created"}}


def provenance_columns(data: SessionData, rows: int) -> Columns:
    """The columns of the row that says where the session came from."""
    origin = data.provenance
    row = {
        "session_id": data.session.key.session_id, "source": origin.source, "location": origin.location,
        "digest": origin.digest, "version": origin.version, "read_utc": wall.now(),
        "missing": ", ".join(data.missing) or None, "rows": rows,
    }  # fmt: skip
    return named_columns("ingest_runs", [row])
