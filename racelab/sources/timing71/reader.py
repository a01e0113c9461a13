"""Recordings as sessions for the store."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Provenance, Repair, SessionData
from racelab.domain.sessions import Session, SessionKey
from racelab.errors import BadInput
from racelab.sources.hints import Hints
from racelab.sources.reading import blamed_on
from racelab.sources.timing71.naming import Name, name_session
from racelab.sources.timing71.parser import Parser
from racelab.sources.timing71.recording import Recording, sniff
from racelab.sources.timing71.session import scheduled, start_of

VERSION = "1"


class States(Protocol):
    """Recorded states with their manifest, whatever file holds them."""

    manifest: dict[str, Any]

    def __len__(self) -> int:
        """How many frames there are."""

    def frames(self) -> Iterator[Frame]:
        """The states, from the first on."""


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A recorded session that can be read whole, or frame by frame."""

    path: Path
    name: Name
    recording: States
    source: ClassVar[str] = "timing71"

    @property
    def location(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def label(self) -> str:
        """What to call it while it is read."""
        return f"{self.name.event.name} {self.name.key.name} ({self.path.name})"

    @property
    def key(self) -> SessionKey:
        """The session's key."""
        return self.name.key

    def session(self) -> Session:
        """The session as its first running state tells it: start and length, not yet an end."""
        for frame in self.recording.frames():
            start = start_of(frame)
            if start is not None:
                length, laps = scheduled(frame.payload["session"])
                return Session(
                    self.key, start, scheduled_ms=length, scheduled_laps=laps, lap_length_m=self.name.lap_length_m,
                    status="incomplete", status_note="the recording ends before the chequered flag",
                )  # fmt: skip
        note = "the recording ends before the start"
        return Session(self.key, lap_length_m=self.name.lap_length_m, status="incomplete", status_note=note)

    def parser(self) -> Parser:
        """A parser that knows the start, so that what comes before it has negative session times."""
        return Parser(self.recording.manifest, self.session().start_utc)

    def provenance(self) -> Provenance:
        """The file and its digest."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Provenance("timing71", str(self.path), f"{digest}:{VERSION}", VERSION)

    def origin(self) -> Provenance:
        """The provenance that a reading will give."""
        return self.provenance()

    def read(self) -> SessionData:
        """Every record of the recording.

        Raises:
            BadInput: not one frame of it can be read.
        """
        with blamed_on(self.path):
            return self._parsed()

    def _parsed(self) -> SessionData:
        session = self.session()
        parser = Parser(self.recording.manifest, session.start_utc)
        data = SessionData(self.name.event, session, self.provenance())
        for frame in self.recording.frames():
            data.add(parser.process(frame))
        if not parser.cars:
            raise BadInput(f"{self.path}: none of its frames can be read; copy or download it again")
        data.add(parser.finish())
        tidy(data)
        _end(data)
        skipped: list[str] = getattr(self.recording, "skipped", [])
        data.missing = [*parser.columns.missing(), *_missing(data, len(skipped), len(self.recording))]
        data.repairs += _skipped(skipped)
        return data


def find_sessions(path: Path, hints: Hints) -> list[FoundSession]:
    """The session of a recording, or those of the recordings in a folder.

    Raises:
        BadInput: a file is no recording, or its manifest does not name the session.
    """
    paths = sorted(file for file in path.rglob("*.zip") if sniff(file)) if path.is_dir() else [path]
    found = []
    for file in paths:
        with blamed_on(file):
            found.append(name_states(file, Recording(file), hints))
    return found


def name_states(path: Path, states: States, hints: Hints) -> FoundSession:
    """The session that recorded states hold, named by their manifest.

    Raises:
        BadInput: the manifest does not name the session.
    """
    return FoundSession(path, name_session(states.manifest, path, hints), states)


def _end(data: SessionData) -> None:
    """The session's end and status, where the chequered flag was seen."""
    ended = next((change.time_ms for change in data.session_status if change.status == "finished"), None)
    start = data.session.start_utc
    if ended is not None and start is not None:
        end = start + timedelta(milliseconds=ended)
        data.session = replace(data.session, end_utc=end, status="finished", status_note=None)


def tidy(data: SessionData) -> None:
    """Keep the last telling of each record: parsers tell again what they come to know better."""
    data.entries = list({entry.car_number: entry for entry in data.entries}.values())
    data.laps = list({_key(lap): lap for lap in data.laps}.values())
    data.pit_stops = list({_key(stop): stop for stop in data.pit_stops}.values())
    data.weather = list({reading.time_ms: reading for reading in data.weather}.values())
    data.track_status = list({status.time_ms: status for status in data.track_status}.values())


def _key(record: Lap | PitStop) -> tuple[str, int]:
    return record.car_number, record.lap_number


def _missing(data: SessionData, skipped: int, frames: int) -> list[str]:
    first: dict[str, int] = {}
    for lap in data.laps:
        first[lap.car_number] = min(lap.lap_number, first.get(lap.car_number, lap.lap_number))
    late = max(first.values(), default=1)
    parts = [f"laps before lap {late}"] if late > 1 else []
    parts += [f"{skipped} of {frames} frames"] if skipped else []
    return parts if data.results else [*parts, "results"]


def _skipped(skipped: list[str]) -> list[Repair]:
    reason = "the frame cannot be read, or frames before it are missing; states go on with the next key frame"
    return [Repair("skipped_frame", "frames", name, "payload", None, None, reason) for name in skipped[:1000]]
