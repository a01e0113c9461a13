"""Feeds: where frames come from, whatever is behind them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Record

__all__ = ["Feed", "Frame", "Parser", "RecordsParser", "StoredFeed"]


class Feed(Protocol):
    """A session's frames in their order."""

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on."""


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
