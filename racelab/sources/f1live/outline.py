"""A first look at a recording: which session it holds, when it began, and whether its clock is right."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.messages import Messages
from racelab.sources.f1live.naming import Name, name_session
from racelab.sources.f1live.session import SessionTrack
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.values import epoch_ms, instant, part, text
from racelab.sources.hints import Hints

_STRANGE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_TOPICS = (spec.SESSION_INFO, spec.SESSION_DATA, spec.SESSION_STATUS, spec.LAP_COUNT, spec.RACE_CONTROL)


class Frames(Protocol):
    """Recorded messages, whatever file holds them."""

    def frames(self) -> Iterator[Frame]:
        """The messages, from the first on."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a first look at a recording tells: its name, its start on the recording's clock, and that clock's error.

    ``is_scheduled`` says that the start is only the schedule's; ``skew_ms`` is to be added to the recording's instants to
    get the true ones.
    """

    name: Name
    start: datetime | None
    is_scheduled: bool
    skew_ms: int
    total_laps: int | None


def outline_of(path: Path, frames: Frames, hints: Hints) -> Outline:
    """What recorded messages tell of their session as a whole.

    Raises:
        BadInput: not one can be read, or nothing in them names the session.
    """
    session, messages = SessionTrack(Track()), Messages()
    first: datetime | None = None
    for frame in frames.frames():
        try:
            topic, content = frame.payload[0], frame.payload[1]
            told = content if topic == spec.SUBSCRIBE else {topic: content}
            for known in _TOPICS:
                if known in told:
                    _look(session, messages, known, told[known], epoch_ms(frame.received_at))
        except _STRANGE:
            # The parser names what it passes over.
            continue
        first = first or frame.received_at
    if first is None:
        raise BadInput(f"{path}: not one message of it can be read; copy or record it again")
    name = name_session(session.info, first, str(path), hints)
    began = session.track.start
    start = began if began is not None else name.start_ms
    skew_ms = messages.skew_ms if began is not None else 0
    return Outline(name, None if start is None else instant(start), began is None, skew_ms, session.total_laps)


def _look(session: SessionTrack, messages: Messages, topic: str, content: Any, at: int) -> None:
    found: Iterable[Any] = ()
    if topic == spec.SESSION_INFO:
        session.read_info(content)
    elif topic == spec.SESSION_DATA:
        found = session.read_data(content)
    elif topic == spec.SESSION_STATUS:
        found = session.become(text(part(content, "Status")), at)
    elif topic == spec.LAP_COUNT:
        session.read_laps(content)
    else:
        found = messages.read(part(content, "Messages"), at)
    for _ in found:
        continue
