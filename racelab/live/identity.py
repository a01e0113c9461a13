"""Which session a live recording holds: what the calendar knew when it began, kept in the recording's first line."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from racelab.domain.sessions import Event, Session, SessionKey

RECORDING = "frames.jsonl.gz"
# Where the session stands in a recording's manifest, beside what the feed's parser needs.
_HELD = "racelab_session"


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that is to be followed, and its event."""

    event: Event
    session: Session

    @property
    def key(self) -> SessionKey:
        """What names the session."""
        return self.session.key

    def to_manifest(self) -> dict[str, Any]:
        """The session as JSON, to stand in a recording's first line."""
        held = self.session
        return {
            "session": str(self.key), "event": asdict(self.event),
            "start_utc": held.start_utc.isoformat() if held.start_utc else None,
            "scheduled_ms": held.scheduled_ms, "scheduled_laps": held.scheduled_laps, "lap_length_m": held.lap_length_m,
        }  # fmt: skip

    @classmethod
    def from_manifest(cls, held: dict[str, Any]) -> "LiveSession":
        """The session that a recording's first line names.

        Raises:
            ValueError: it names none.
        """
        try:
            key, start = SessionKey.read(str(held["session"])), held["start_utc"]
            numbers = {name: held[name] for name in ("scheduled_ms", "scheduled_laps", "lap_length_m")}
            session = Session(
                key, start_utc=datetime.fromisoformat(start) if start else None, status="scheduled", **numbers
            )
            return cls(Event(**held["event"]), session)
        except (KeyError, TypeError) as error:
            raise ValueError(f"names no session: {error}") from error


def with_session(manifest: dict[str, Any], session: LiveSession) -> dict[str, Any]:
    """A feed's manifest and the session, as they stand in a recording's first line."""
    return manifest | {_HELD: session.to_manifest()}


def session_in(manifest: dict[str, Any]) -> LiveSession | None:
    """The session that a recording's manifest names; None where it names none.

    Raises:
        ValueError: it names one that cannot be read.
    """
    held = manifest.get(_HELD)
    return LiveSession.from_manifest(held) if isinstance(held, dict) else None


def recording_path(data: Path, key: SessionKey) -> Path:
    """Where a session's recording lies: one folder a session under ``recordings``."""
    return data / "recordings" / f"{key.series.value}-{key.season}-{key.round:02d}-{key.code}" / RECORDING
