"""Recordings as sessions for the store."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from racelab.domain.records import Provenance, Record, Repair, SessionData
from racelab.domain.sessions import Session, SessionKey
from racelab.errors import BadInput
from racelab.sources.f1live.outline import Frames, Outline, outline_of
from racelab.sources.f1live.parser import Parser
from racelab.sources.f1live.recording import Recording, sniff, stream_files, text_files
from racelab.sources.f1live.telemetry import Samples
from racelab.sources.f1live.telling import skipped_message
from racelab.sources.hints import Hints

SOURCE, VERSION = "f1live", "1"
# A whole session's telemetry, as the importer takes it in one piece.
_MOST_SAMPLES = 3_000_000
_Told = TypeVar("_Told", bound=Record)


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A recorded session that can be read whole, or frame by frame."""

    path: Path
    outline: Outline
    recording: Frames

    @property
    def label(self) -> str:
        """What to call it while it is read."""
        return f"{self.outline.name.event.name} {self.key.name} ({self.path.name})"

    @property
    def key(self) -> SessionKey:
        """The session's key."""
        return self.outline.name.key

    def session(self) -> Session:
        """The session as the recording tells it: start and length, not yet an end."""
        outline = self.outline
        start = None if outline.start is None else outline.start + timedelta(milliseconds=outline.skew_ms)
        note = "the recording ends before the session does" if start else "the recording does not tell the start"
        return Session(
            self.key, start, scheduled_ms=outline.name.length_ms,
            scheduled_laps=outline.total_laps if self.key.is_race else None, status="incomplete", status_note=note,
        )  # fmt: skip

    def parser(self, samples: Samples | None = None) -> Parser:
        """A parser that knows the start, so that what comes before it has negative session times."""
        return Parser(self.outline.start, samples, is_race=self.key.is_race)

    def provenance(self) -> Provenance:
        """The files and their digest."""
        return Provenance(SOURCE, str(self.path), f"{_digest(self.path)}:{VERSION}", VERSION)

    def read(self) -> SessionData:
        """Every record of the recording.

        Raises:
            BadInput: no car is in it.
        """
        samples = Samples(_MOST_SAMPLES)
        parser = self.parser(samples)
        data = SessionData(self.outline.name.event, self.session(), self.provenance())
        for frame in self.recording.frames():
            data.add(parser.process(frame))
        if not parser.cars and not len(samples):
            raise BadInput(f"{self.path}: no car's timing in it; copy or record it again")
        data.add(parser.finish())
        _tidy(data)
        _end(data, parser)
        data.telemetry = samples.take(parser.track.start or 0) if len(samples) else None
        data.missing = _missing(data, self.outline.is_scheduled)
        data.repairs += [*_skew(self.outline), *map(skipped_message, getattr(self.recording, "skipped", []))]
        return data


def find_sessions(path: Path, hints: Hints) -> list[FoundSession]:
    """The session of a recording, or those of the recordings in a folder.

    Raises:
        BadInput: a file is no recording, or nothing in it names the session.
    """
    if path.is_dir() and not stream_files(path):
        paths: Iterable[Path] = [file for file in text_files(path) if sniff(file)]
    else:
        paths = [path]
    return [name_frames(file, Recording(file), hints) for file in paths]


def name_frames(path: Path, frames: Frames, hints: Hints) -> FoundSession:
    """The session that recorded messages hold.

    Raises:
        BadInput: not one can be read, or nothing in them names the session.
    """
    return FoundSession(path, outline_of(path, frames, hints), frames)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in stream_files(path) if path.is_dir() else [path]:
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _tidy(data: SessionData) -> None:
    """Keep the last telling of each record: parsers tell again what they come to know better."""
    data.entries = _last(data.entries, "car_number")
    data.laps = sorted(_last(data.laps, "car_number", "lap_number"), key=lambda lap: (lap.car_number, lap.lap_number))
    data.pit_stops = _last(data.pit_stops, "car_number", "lap_number")
    data.weather = _last(data.weather, "time_ms")
    data.track_status = sorted(_last(data.track_status, "time_ms"), key=lambda status: status.time_ms)
    statuses = _last(data.session_status, "time_ms", "status")
    data.session_status = sorted(statuses, key=lambda status: status.time_ms)
    data.race_control = _last(data.race_control, "sequence")


def _last(records: Iterable[_Told], *names: str) -> list[_Told]:
    return list({tuple(getattr(record, name) for name in names): record for record in records}.values())


def _end(data: SessionData, parser: Parser) -> None:
    """The session's end and status, where the stream told that it was over."""
    over, start = parser.session.over_at, parser.track.start
    if over is None:
        return
    begin = data.session.start_utc
    end = None if begin is None or start is None else begin + timedelta(milliseconds=over - start)
    data.session = replace(data.session, end_utc=end, status="finished", status_note=None)


def _missing(data: SessionData, is_scheduled: bool) -> list[str]:
    names = ("entries", "laps", "weather", "track_status", "session_status", "race_control", "results")
    parts = [name for name in names if not getattr(data, name)]
    first: dict[str, int] = {}
    for lap in data.laps:
        first.setdefault(lap.car_number, lap.lap_number)
    late = max(first.values(), default=1)
    parts += [f"laps before lap {late}"] if late > 1 else []
    parts += ["session start"] if is_scheduled else []
    return [*parts, *([] if data.telemetry is not None else ["telemetry"])]


def _skew(outline: Outline) -> list[Repair]:
    if not outline.skew_ms or outline.start is None:
        return []
    reason = (
        "race control's messages are stamped by another clock than the recording; the session's start goes by theirs"
    )
    after = outline.start + timedelta(milliseconds=outline.skew_ms)
    return [
        Repair(
            "recording_clock", "sessions", str(outline.name.key), "start_utc", outline.start.isoformat(),
            after.isoformat(), reason,
        )
    ]  # fmt: skip
