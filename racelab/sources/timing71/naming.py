"""Which session a recording holds, from its manifest."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from racelab.domain.sessions import Event, SessionKey
from racelab.errors import BadInput
from racelab.sources.hints import Hints
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.rounds import round_of


@dataclass(frozen=True, slots=True)
class Name:
    """A session's key, its event and the length of a lap where the calendar has it."""

    key: SessionKey
    event: Event
    lap_length_m: float | None = None


def name_session(manifest: dict[str, Any], path: Path, hints: Hints) -> Name:
    """The session's name from the manifest's name, description and start; hints win.

    Raises:
        BadInput: the manifest does not tell the series, the session or the start.
    """
    words = f"{manifest.get('name') or ''} {manifest.get('description') or ''}".lower()
    series = hints.series or next((found for word, found in spec.SERIES if _has(words, word)), None)
    if series is None:
        raise BadInput(f"{path}: {spec.MANIFEST} names no series that racelab holds: {words.strip()[:80]!r}")
    event, _, session = str(manifest.get("description") or "").rpartition(" - ")
    code = _code(session)
    if code is None:
        raise BadInput(f"{path}: {spec.MANIFEST} names no session: {session[:80]!r} is no race, practice or qualifying")
    began = _began(manifest, path, hints)
    season = hints.season or began.year
    name = (hints.event or event or session).strip()
    found = round_of(series, season, name, began.date())
    key = SessionKey(series, season, found.round if found else unknown_round(name), code)
    if found is None:
        return Name(key, Event(name, circuit=hints.circuit))
    place = found.circuit
    return Name(key, Event(name, hints.circuit or place.name, place.country, place.timezone), place.lap_length_m)


def unknown_round(event: str) -> int:
    """A round from 50 to 99 for an event that no calendar has: the same for the same name."""
    return 50 + crc32(" ".join(event.lower().split()).encode()) % 50


def _has(words: str, word: str) -> bool:
    return f" {word} " in f" {' '.join(words.replace('-', ' ').split())} "


def _code(session: str) -> str | None:
    for pattern, code in spec.SESSION_WORDS:
        found = pattern.search(session.lower())
        if found:
            return code.format(*found.groups())
    return None


def _began(manifest: dict[str, Any], path: Path, hints: Hints) -> datetime:
    if hints.start is not None:
        return hints.start
    try:
        return datetime.fromtimestamp(float(manifest["startTime"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{path}: {spec.MANIFEST} has no startTime; without it the season is not known") from error
