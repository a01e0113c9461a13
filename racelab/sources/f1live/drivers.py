"""The cars and their drivers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.entries import Driver, Entry
from racelab.sources.f1live.merge import merged
from racelab.sources.f1live.values import text

CAR_CLASS = "F1"
# No field has more cars, and no car a longer number; more would be faults that fill the memory.
MOST_CARS, _LONGEST = 99, 3


def is_car(number: Any) -> bool:
    """Whether a key can be a car's number."""
    return isinstance(number, str) and number.isascii() and number.isdecimal() and len(number) <= _LONGEST


@dataclass(slots=True)
class Drivers:
    """The entries as they were told so far."""

    entries: dict[str, Entry] = field(default_factory=dict)
    _state: dict[str, Any] = field(default_factory=dict)

    def read(self, content: Any) -> Iterator[Entry]:
        """The entries that an update changes."""
        if not isinstance(content, dict):
            return
        for number, told in content.items():
            if not is_car(number) or not isinstance(told, dict) or len(self._state) >= MOST_CARS:
                continue
            state = self._state[number] = merged(self._state.get(number), told, 1)
            entry = _entry(number, state)
            if entry is not None and entry != self.entries.get(number):
                self.entries[number] = entry
                yield entry


def _entry(number: str, state: dict[str, Any]) -> Entry | None:
    first, last = text(state.get("FirstName")), text(state.get("LastName"))
    code = text(state.get("Tla"))
    name = (
        f"{first} {last}" if first and last else text(state.get("FullName")) or text(state.get("BroadcastName")) or code
    )
    if name is None:
        return None
    team, country = text(state.get("TeamName")), text(state.get("CountryCode"))
    drivers = (Driver(1, name, code, country),)
    return Entry(number, CAR_CLASS, team=team, colour=_colour(text(state.get("TeamColour"))), drivers=drivers)


def _colour(digits: str | None) -> str | None:
    shown = (digits or "").removeprefix("#").lower()
    return f"#{shown}" if len(shown) == 6 and all(digit in "0123456789abcdef" for digit in shown) else None
