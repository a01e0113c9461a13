"""Recordings as sessions for the store."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from racelab.domain.flags import SessionStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Clock, Provenance, Repair, SessionData
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.errors import BadInput
from racelab.sources.hints import Hints
from racelab.sources.timing71.naming import Name, name_session
from racelab.sources.timing71.parser import Parser
from racelab.sources.timing71.recording import Recording, sniff
from racelab.sources.timing71.rounds import round_of
from racelab.sources.timing71.session import start_of

VERSION = "1"


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A recorded session that can be read whole, or frame by frame."""

    path: Path
    name: Name
    recording: Recording

    @property
    def label(self) -> str:
        """What to call it while it is read."""
        return f"{self.name.event} {self.name.key.name} ({self.path.name})"

    @property
    def key(self) -> SessionKey:
        """The session's key."""
        return self.name.key

    def start(self) -> datetime | None:
        """The instant at which the race clock was zero, or None where the recording ends before that."""
        return next((start for start in map(start_of, self.recording.frames()) if start is not None), None)

    def parser(self) -> Parser:
        """A parser that knows the start, so that what comes before it has negative session times."""
        return Parser(self.recording.manifest, self.start())

    def provenance(self) -> Provenance:
        """The file and its digest."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Provenance("timing71", str(self.path), f"{digest}:{VERSION}", VERSION)

    def read(self) -> SessionData:
        """Every record of the recording.

        Raises:
            BadInput: not one frame of it can be read.
        """
        parser = self.parser()
        data = SessionData(Event(self.name.event), Session(self.key), self.provenance())
        clocks: list[Clock] = []
        for frame in self.recording.frames():
            records = list(parser.process(frame))
            data.add(records)
            clocks += [record for record in records if isinstance(record, Clock)]
        if not parser.cars:
            raise BadInput(f"{self.path}: none of its frames can be read; copy or download it again")
        data.add(parser.finish())
        _tidy(data)
        data.session = describe(self.key, parser.start, clocks, data.session_status)
        data.missing = [*parser.columns.missing(), *_missing(data, self.recording)]
        data.repairs += _skipped(self.recording)
        return data


def find_sessions(path: Path, hints: Hints) -> list[FoundSession]:
    """The session of a recording, or those of the recordings in a folder.

    Raises:
        BadInput: a file is no recording, or its manifest does not name the session.
    """
    paths = sorted(file for file in path.rglob("*.zip") if sniff(file)) if path.is_dir() else [path]
    recordings = [(file, Recording(file)) for file in paths]
    return [FoundSession(file, name_session(one.manifest, file, hints, round_of), one) for file, one in recordings]


def describe(key: SessionKey, start: datetime | None, clocks: list[Clock], status: Iterable[SessionStatus]) -> Session:
    """The session's own row: length from the clock's first reading, end at the chequered flag."""
    ended = next((change.time_ms for change in status if change.status == "finished"), None)
    timed = next((clock for clock in clocks if clock.remaining_ms is not None), None)
    length = (timed.remaining_ms or 0) + (timed.elapsed_ms or 0) if timed else None
    laps = next((clock.remaining_laps for clock in clocks if clock.remaining_laps is not None), None)
    return Session(
        key,
        start_utc=start,
        end_utc=start + timedelta(milliseconds=ended) if start and ended is not None else None,
        scheduled_ms=length or None,
        scheduled_laps=None if length else laps,
        status="finished" if ended is not None else "incomplete",
        status_note=None if ended is not None else "the recording ends before the chequered flag",
    )


def _tidy(data: SessionData) -> None:
    """Keep the last telling of each record: parsers tell again what they come to know better."""
    data.entries = list({entry.car_number: entry for entry in data.entries}.values())
    data.laps = list({_key(lap): lap for lap in data.laps}.values())
    data.pit_stops = list({_key(stop): stop for stop in data.pit_stops}.values())
    data.weather = list({reading.time_ms: reading for reading in data.weather}.values())
    data.track_status = list({status.time_ms: status for status in data.track_status}.values())


def _key(record: Lap | PitStop) -> tuple[str, int]:
    return record.car_number, record.lap_number


def _missing(data: SessionData, recording: Recording) -> list[str]:
    first: dict[str, int] = {}
    for lap in data.laps:
        first[lap.car_number] = min(lap.lap_number, first.get(lap.car_number, lap.lap_number))
    late = max(first.values(), default=1)
    parts = [f"laps before lap {late}"] if late > 1 else []
    parts += [f"{len(recording.skipped)} of {len(recording)} frames"] if recording.skipped else []
    return parts if data.results else [*parts, "results"]


def _skipped(recording: Recording) -> list[Repair]:
    reason = "the frame cannot be read, or frames before it are missing; states go on with the next key frame"
    names = recording.skipped[:1000]
    return [Repair("skipped_frame", "frames", name, "payload", None, None, reason) for name in names]
