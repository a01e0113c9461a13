"""Sessions that are over or were recorded, as feeds with their parsers."""

from dataclasses import dataclass
from pathlib import Path

from racelab.domain.frames import Parser
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.live.feed import Feed, RecordsParser
from racelab.live.identity import session_in
from racelab.live.protocols import make_parser
from racelab.live.recording import RecordedFeed, find_recording
from racelab.live.stored import stored_feed
from racelab.sources import f1live, timing71
from racelab.sources.hints import Hints
from racelab.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A session's frames, and a parser for one reading of them."""

    key: SessionKey
    feed: Feed
    parser: Parser


def is_path(reference: str) -> bool:
    """Whether the reference means a file or folder, and not a session of the store."""
    path = Path(reference)
    return path.exists() or bool(path.suffix)


def open_recording(path: Path) -> Opened:
    """The session of a recording: one of ours or its folder, Formula 1's text, or a ZIP of Timing71.

    Raises:
        NotFound: there is no such file.
        BadInput: it is no recording, or does not say of which session.
    """
    if not path.exists():
        raise NotFound(f"there is no recording {path}: name a file, or a session that `racelab sessions` lists")
    own = find_recording(path)
    if own is None:
        found = (f1live if f1live.sniff(path) else timing71).find_sessions(path, Hints())[0]
        return Opened(found.key, found.recording, found.parser())
    recorded = RecordedFeed(own)
    try:
        session = session_in(recorded.manifest)
    except ValueError as error:
        raise BadInput(f"{own}: {error}") from error
    if session is not None:
        return Opened(session.key, recorded, make_parser(recorded.protocol, recorded.manifest, session))
    return _unnamed(own, recorded)


def open_stored(store: Store, reference: str | int) -> Opened:
    """A session of the store.

    Raises:
        NotFound: the store has no such session, or it has no laps.
    """
    key = store.find(reference)
    return Opened(key, stored_feed(store, key), RecordsParser())


def _unnamed(path: Path, recorded: RecordedFeed) -> Opened:
    """A recording that nobody named when it began: its frames say what they are of."""
    if recorded.protocol == f1live.SOURCE:
        race = f1live.name_frames(path, recorded, Hints())
        return Opened(race.key, recorded, race.parser())
    if recorded.protocol == timing71.SOURCE:
        states = timing71.name_states(path, recorded, Hints())
        return Opened(states.key, recorded, states.parser())
    raise BadInput(f"{path}: it does not say which session it holds, and {recorded.protocol} does not either")
