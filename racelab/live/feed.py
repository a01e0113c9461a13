"""Feeds: where frames come from, whatever is behind them."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Record
from racelab.live.feeds.health import FeedHealth

__all__ = ["Feed", "Frame", "LiveFeed", "Parser", "RecordsParser", "StoredFeed"]


class Feed(Protocol):
    """A session's frames in their order, all of which exist already."""

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on."""


class LiveFeed(Protocol):
    """A service that tells a running session.

    ``protocol`` names the parser of its frames, ``manifest`` is what this parser needs to know beforehand; both stand
    in the recording's first line.
    """

    protocol: str
    manifest: dict[str, Any]
    health: FeedHealth

    def frames(self) -> AsyncIterator[Frame]:
        """The frames as they come, without end; they are not read before they are recorded."""


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """Frames of records: what became known at the same instant is one frame."""

    known: list[tuple[datetime, list[Record]]]

    def __len__(self) -> int:
        return len(self.known)

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on."""
        return (Frame(at, records) for at, records in self.known)


class RecordsParser:
    """The parser of frames that hold records already."""

    def process(self, frame: Frame) -> Iterable[Record]:
        """The frame's records."""
        records: list[Record] = frame.payload
        return records

    def finish(self) -> Iterable[Record]:
        """Nothing more is known at the end."""
        return ()
