"""A recording of a followed session as a session for the store, in any protocol that is followed live."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.frames import Parser
from racelab.domain.records import Provenance, Record, SessionData
from racelab.domain.sessions import Session, SessionKey
from racelab.errors import BadInput
from racelab.live.identity import LiveSession, session_in
from racelab.live.protocols import make_parser
from racelab.live.recording import RecordedFeed
from racelab.live.reducers import initial_state, reduce
from racelab.live.state import RaceState
from racelab.store.tables import TABLES

VERSION = "1"
_OF_SESSION = (TrackStatus, SessionStatus, RaceControlMessage)
_CUT = "the recording ends before the session does"
# Each list of records, and the table whose natural key tells them apart; repairs are no tellings of the same.
_TOLD_AGAIN = (
    "entries", "laps", "pit_stops", "results", "weather", "track_status", "session_status", "race_control",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """A session that was followed and recorded; it can be read whole, or frame by frame."""

    feed: RecordedFeed
    live: LiveSession

    @property
    def label(self) -> str:
        """What to call it while it is read."""
        return f"{self.live.event.name} {self.key.name} ({self.feed.path.parent.name}/{self.feed.path.name})"

    @property
    def key(self) -> SessionKey:
        """The session's key."""
        return self.live.key

    @property
    def event_name(self) -> str:
        """The event's name."""
        return self.live.event.name

    @property
    def source(self) -> str:
        """The protocol that was recorded."""
        return self.feed.protocol

    @property
    def location(self) -> str:
        """The file."""
        return str(self.feed.path)

    def parser(self) -> Parser:
        """The parser that a live session has.

        Raises:
            BadInput: nobody here reads the protocol, or the first line lacks what its parser needs.
        """
        try:
            return make_parser(self.feed.protocol, self.feed.manifest, self.live)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"{self.location}: its first line is not that of {self.source}: {error!r}") from error

    def origin(self) -> Provenance:
        """The file and its digest."""
        with self.feed.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Provenance(self.source, self.location, f"{digest}:{VERSION}", VERSION)

    def read(self) -> SessionData:
        """Every record of the recording, as the live session had them.

        Raises:
            BadInput: no car is in it, or nobody here reads the protocol.
        """
        data, parser = SessionData(self.live.event, self.live.session, self.origin()), self.parser()
        state = initial_state(is_race=self.key.is_race)
        for records in self._records(parser):
            data.add(records)
            for record in records:
                state = reduce(state, record) if isinstance(record, _OF_SESSION) else state
        if not data.entries and not data.laps:
            raise BadInput(f"{self.location}: no car's timing in it; the session was not told while it was recorded")
        for name in _TOLD_AGAIN:
            setattr(data, name, list(_last(getattr(data, name), TABLES[name].key[1:])))
        data.session = _ended(self.live.session, state)
        data.missing = [name for name in _TOLD_AGAIN if not getattr(data, name)]
        return data

    def _records(self, parser: Parser) -> Iterator[list[Record]]:
        for frame in self.feed.frames():
            yield list(parser.process(frame))
        yield list(parser.finish())


def recorded_session(path: Path) -> RecordedSession | None:
    """The followed session that a recording holds; None where its first line names none.

    Raises:
        BadInput: the file is no recording, or names a session that cannot be read.
    """
    feed = RecordedFeed(path)
    try:
        live = session_in(feed.manifest)
    except ValueError as error:
        raise BadInput(f"{path}: {error}; its first line was changed") from error
    return RecordedSession(feed, live) if live is not None else None


def _last(records: Iterable[Any], names: tuple[str, ...]) -> Iterable[Any]:
    """The last telling of each record, by its natural key and in its order."""
    told = {tuple(getattr(record, name) for name in names): record for record in records}
    return [told[key] for key in sorted(told)]


def _ended(session: Session, state: RaceState) -> Session:
    if state.flag is not Flag.CHEQUERED:
        return replace(session, status=state.status or "incomplete", status_note=_CUT)
    start, flagged = session.start_utc, state.flag_since_ms
    end = start + timedelta(milliseconds=flagged) if start is not None and flagged is not None else None
    return replace(session, end_utc=end, status=state.status or "finished", status_note=None)
