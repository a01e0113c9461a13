"""The steps of the JSON store's writes, each inside a transaction that its caller commits."""

from typing import Any

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.store.folder.transaction import Transaction
from racelab.store.protocol import Progress, Written
from racelab.store.rows import named_columns, session_columns
from racelab.store.tables import SOURCE_TABLES, TABLES
from racelab.store.writing import naming_columns, naming_rows, provenance_columns


def write_session(change: Transaction, data: SessionData, *, force: bool, progress: Progress | None) -> Written:
    """Write a session whose digest is new, or any if forced; what was stored of it is deleted before."""
    key = data.session.key
    found = next(iter(change.group("ingest_runs", (key.session_id,)).values()), None)
    if found and found["digest"] == data.provenance.digest and not force:
        return Written(key, "unchanged")
    if found:
        # Telemetry that was not asked for this time stays, unless another source with another clock takes over.
        keep = data.telemetry is None and found["source"] == data.provenance.source
        kept = {"telemetry", "telemetry_archives"} if keep else set()
        for table in {*(spec.name for spec in SOURCE_TABLES), "telemetry_archives"} - kept:
            change.clear(table, key.session_id)
    for table, columns in naming_columns(data).items():
        change.upsert(table, columns)
    rows = {}
    for table, columns in session_columns(data).items():
        rows[table] = change.insert(table, columns)
        if progress is not None:
            progress(table, rows[table])
    change.upsert("ingest_runs", provenance_columns(data, sum(rows.values())))
    return Written(key, "updated" if found else "added", rows)


def create_session(change: Transaction, event: Event, season: int, code: str) -> SessionKey:
    """Name a new local session, whose round is the season's next free one."""
    local = [row for row in change.rows("events") if (row["series"], row["season"]) == (Series.LOCAL.value, season)]
    key = SessionKey(Series.LOCAL, season, max((row["round"] for row in local), default=0) + 1, code)
    for table, row in naming_rows(key, event).items():
        change.upsert(table, named_columns(table, [row]))
    return key


def append(change: Transaction, table: str, row: dict[str, Any]) -> int:
    """Add a row whose ``sequence`` is the next free one beside the rest of its key; returns it."""
    rest = {key: row[key] for key in TABLES[table].key if key != "sequence"}
    beside = change.matching(table, rest)
    sequence = max((held["sequence"] for held in beside), default=-1) + 1
    change.upsert(table, named_columns(table, [{**row, "sequence": sequence}]))
    return sequence
