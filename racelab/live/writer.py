"""Records of a running session as rows of the store's tables."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.incidents import Incident
from racelab.domain.laps import Lap, PitStop, Result
from racelab.domain.records import Provenance, Record, Repair, Weather
from racelab.domain.sessions import Event, Session
from racelab.live.state import RaceState
from racelab.store.rows import Columns, frame_columns, named_columns, record_columns

_TABLES: dict[type, str] = {
    Entry: "entries", Lap: "laps", PitStop: "pit_stops", Result: "results", Weather: "weather",
    TrackStatus: "track_status", SessionStatus: "session_status", RaceControlMessage: "race_control", Repair: "repairs",
    Incident: "incidents",
}  # fmt: skip
# What a running session writes has no file's digest; a later ingest of the session replaces it whole.
RUNNING = "running:"


class SessionWriter:
    """Gathers records until they are taken as rows; told again, a row is overwritten under its natural key."""

    def __init__(self, event: Event, session: Session, origin: Provenance) -> None:
        self.event, self.session = event, session
        self._origin = replace(origin, digest=f"{RUNNING}{origin.digest}")
        self._waiting: dict[str, list[Any]] = {}
        self._repairs = 0
        self._is_named = False

    def add(self, records: Iterable[Record | Incident]) -> None:
        """Gather records; live-only ones are passed over."""
        for record in records:
            table = _TABLES.get(type(record))
            if table is not None:
                self._waiting.setdefault(table, []).append(record)

    def take(self, state: RaceState, now: datetime) -> dict[str, Columns]:
        """Rows of everything gathered since the last call; with the first, and when its status or end changes, the session."""
        status, end = state.status or self.session.status, self._end(state)
        is_told = self._is_named and (status, end) == (self.session.status, self.session.end_utc)
        tables = {} if is_told else self._names(state, now)
        for table, records in self._waiting.items():
            tables[table] = self._columns(table, records)
        entries = self._waiting.get("entries", [])
        if drivers := [(entry.car_number, driver) for entry in entries for driver in entry.drivers]:
            rows = [
                {"car_number": number, **{name: getattr(driver, name) for name in driver.__slots__}}
                for number, driver in drivers
            ]
            tables["drivers"] = self._with_id(named_columns("drivers", rows))
        self._waiting = {}
        return tables

    def telemetry(self, samples: pd.DataFrame) -> dict[str, Columns]:
        """Rows of telemetry, from a frame in the columns of its table."""
        return {"telemetry": self._with_id(frame_columns("telemetry", samples))} if len(samples) else {}

    def _columns(self, table: str, records: list[Any]) -> Columns:
        columns = record_columns(table, records)
        if table == "repairs":
            columns["sequence"] = [number + self._repairs for number in columns["sequence"]]
            self._repairs += len(records)
        return self._with_id(columns)

    def _with_id(self, columns: Columns) -> Columns:
        count = len(next(iter(columns.values())))
        return columns | {"session_id": [self.session.key.session_id] * count}

    def _names(self, state: RaceState, now: datetime) -> dict[str, Columns]:
        self._is_named = True
        self.session = replace(self.session, status=state.status or "scheduled", end_utc=self._end(state))
        key, event, session, origin = self.session.key, self.event, self.session, self._origin
        named: dict[str, Any] = {
            "event_id": key.event_id, "series": key.series.value, "season": key.season, "round": key.round,
            "name": event.name, "circuit": event.circuit, "country": event.country, "timezone": event.timezone,
        }  # fmt: skip
        held = {
            "session_id": key.session_id, "event_id": key.event_id, "code": key.code, "name": key.name,
            "start_utc": session.start_utc, "end_utc": session.end_utc, "scheduled_ms": session.scheduled_ms,
            "scheduled_laps": session.scheduled_laps, "lap_length_m": session.lap_length_m, "status": session.status,
        }  # fmt: skip
        run = {
            "session_id": key.session_id, "source": origin.source, "location": origin.location,
            "digest": origin.digest, "version": origin.version, "read_utc": now,
        }  # fmt: skip
        rows = {"events": named, "sessions": held, "ingest_runs": run}
        return {table: named_columns(table, [row]) for table, row in rows.items()}

    def _end(self, state: RaceState) -> datetime | None:
        start, flagged = self.session.start_utc, state.flag_since_ms
        if state.flag is not Flag.CHEQUERED or start is None or flagged is None:
            return None
        return start + timedelta(milliseconds=flagged)


def is_running(digest: str | None) -> bool:
    """Whether what the store has of a session is nothing, or what a run like this one wrote."""
    return digest is None or digest.startswith(RUNNING)
