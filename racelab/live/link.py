"""Link frames: what a feed says of its own connection, between the frames of the provider, recorded with them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Record, Repair

if TYPE_CHECKING:
    import pandas as pd

CONNECTION_LOST, CONNECTED_AGAIN = "lost", "connected"
_KEY = "racelab_link"
RULE = "feed_interrupted"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def link_frame(at: datetime, state: str, why: str) -> Frame:
    """A frame that says that the connection was lost or came back at this instant, and why it was lost."""
    return Frame(at, {_KEY: state, "why": why})


def link_state(frame: Frame) -> str | None:
    """The state that a link frame tells; None for a provider's own frame."""
    state = frame.payload.get(_KEY) if isinstance(frame.payload, dict) else None
    return state if isinstance(state, str) else None


@runtime_checkable
class SamplesParser(Protocol):
    """A parser that gathers telemetry beside its records."""

    def telemetry(self) -> "pd.DataFrame | None":
        """The samples that wait, in the columns of the telemetry table; None for none. Then nothing waits."""


class LinkedParser:
    """A provider's parser that also understands link frames: each interruption is named in `repairs`."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self._lost: Frame | None = None

    def process(self, frame: Frame) -> Iterable[Record]:
        """The records that a frame brings."""
        state = link_state(frame)
        if state is None:
            return self.parser.process(frame)
        if state == CONNECTION_LOST:
            self._lost = self._lost or frame
            return ()
        lost, self._lost = self._lost, None
        return [_interruption(lost, f"{frame.received_at:{_INSTANT}}")] if lost is not None else ()

    def telemetry(self) -> "pd.DataFrame | None":
        """The samples that wait to be written, in the columns of the telemetry table; None where there are none."""
        return self.parser.telemetry() if isinstance(self.parser, SamplesParser) else None

    def finish(self) -> Iterator[Record]:
        """What is known only at the end; a connection that never came back is named too."""
        yield from self.parser.finish()
        if self._lost is not None:
            yield _interruption(self._lost, "the end")


def _interruption(lost: Frame, until: str) -> Repair:
    span = f"{lost.received_at:{_INSTANT}} to {until}"
    why = str(lost.payload.get("why") or "the connection was lost")
    reason = f"{why}; what happened meanwhile is known only as far as the provider tells it again"
    return Repair(RULE, "frames", span, "payload", None, None, reason)
