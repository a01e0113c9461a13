"""The seam between raw data and records: one parser for each provider, used live, in replay and by the importer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from racelab.domain.records import Record


@dataclass(frozen=True, slots=True)
class Frame:
    """What a provider sent at one instant (UTC), as it sent it."""

    received_at: datetime
    payload: Any


class Parser(Protocol):
    """Turns a provider's frames, in their order, into records."""

    def process(self, frame: Frame) -> Iterable[Record]:
        """The records that a frame brings; a record may come again, more complete, under the same natural key."""

    def finish(self) -> Iterable[Record]:
        """The records that are known only at the end, such as the classification."""
