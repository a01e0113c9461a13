"""Rows of the standings as they are changed: each is kept by its car, as places change hands."""

from dataclasses import dataclass, field
from typing import Any

from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.rows import Standing, car_of, read_standing


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a message, each with the names of the fields that came with it, and how many could not be read."""

    rows: list[tuple[Standing, frozenset[str]]]
    unread: int


@dataclass(slots=True)
class Rows:
    """What is known of each car's row, and which car holds which place."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def read(self, content: Any) -> Read:
        """The rows that a change brings; one that does not name its car belongs to the car at its place."""
        inner = content.get(spec.STANDINGS) if isinstance(content, dict) else None
        listed = inner if isinstance(inner, dict) else content if isinstance(content, dict) else {}
        found, unread = [], 0
        for place, fields in list(listed.items())[: spec.CARS]:
            if not str(place).isdecimal():
                continue
            row = self._row(str(place)[:8], fields)
            if row is None:
                unread += 1
            else:
                found.append((row, frozenset(str(name) for name in fields)))
        return Read(found, unread)

    def _row(self, place: str, fields: Any) -> Standing | None:
        if not isinstance(fields, dict):
            return None
        number = car_of(fields) if "data" in fields else self.places.get(place)
        if number is None or (number not in self.held and len(self.held) >= spec.CARS):
            return None
        whole = {**self.held.get(number, {}), **fields}
        row = read_standing(whole)
        if row is not None:
            self.held[number], self.places[place] = whole, number
        return row
