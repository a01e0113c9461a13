"""Tyres: the sets that a car was told to run on, corrections included."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from racelab.domain.tyres import Compound, read_compound
from racelab.sources.f1live.merge import items
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.values import text, whole


@dataclass(frozen=True, slots=True)
class TyreMessage:
    """What the stream said of a set at an instant (ms); null says nothing new. ``stint`` counts from 0.

    ``start_laps`` is the set's age when it was fitted, ``total_laps`` its age then.
    """

    at: int
    stint: int
    compound: str | None = None
    is_new: bool | None = None
    start_laps: int | None = None
    total_laps: int | None = None


@dataclass(slots=True)
class TyreSet:
    """A set on the car from an instant on; ``start_laps`` is its age when it was fitted."""

    at: int
    stint: int
    compound: Compound | None = None
    is_new: bool | None = None
    start_laps: int | None = None


@dataclass(slots=True)
class Tyres:
    """One car's messages about its tyres, in their order."""

    messages: list[TyreMessage] = field(default_factory=list)

    def read(self, content: Any, at: int) -> bool:
        """Take the stints of an update; returns whether they say anything of the tyres themselves."""
        tells = False
        for stint, told in items(content):
            if not isinstance(told, dict) or stint > 99:
                continue
            message = _message(at, stint, told)
            # A message without anything of the tyre still shows which stint is counted.
            tells = tells or message != TyreMessage(at, stint, total_laps=message.total_laps)
            self.messages.append(message)
        return tells

    def newest(self) -> TyreSet | None:
        """The set that was told last, as it is known now."""
        last = self.messages[-1].stint if self.messages else None
        held = _corrected(message for message in self.messages if message.stint == last)
        return held[0] if held else None

    def sets(self, pit_ins: Sequence[int], track: Track, *, is_late: bool, is_counted: bool = True) -> list[TyreSet]:
        """The car's sets in their order.

        Args:
            pit_ins: the ends (ms) of the laps on which the car came in.
            track: the session.
            is_late: the car had driven before the first message, so that its stints do not begin with the first one.
            is_counted: every lap was told, so that stints can be counted by the car's laps into the pits.
        """
        messages, first = self.messages, 0
        if is_late and messages:
            messages, first = _joined(messages)
        if is_counted and len({message.stint for message in messages}) != len(messages):
            if track.is_race:
                messages = _unbunched(messages, pit_ins, track.start)
            messages = _numbered(messages, pit_ins, first)
        return _corrected(messages)


def _message(at: int, stint: int, told: dict[str, Any]) -> TyreMessage:
    fresh, compound = told.get("New"), text(told.get("Compound"))
    is_new = {"true": True, "false": False}.get(fresh) if isinstance(fresh, str) else fresh
    start, total = whole(told.get("StartLaps"), 200), whole(told.get("TotalLaps"), 200)
    if start is None and compound is not None:
        # A set that is told without the age at which it was fitted is told when it is fitted.
        start = total
    return TyreMessage(at, stint, compound, is_new if isinstance(is_new, bool) else None, start, total)


def _joined(messages: list[TyreMessage]) -> tuple[list[TyreMessage], int]:
    """The messages of the stint that was under way when they began, and after; its set's age counts from then on."""
    begun = max(message.stint for message in messages if message.at == messages[0].at)
    later = [message for message in messages if message.stint >= begun]
    return [
        replace(message, start_laps=message.total_laps)
        if message.at == messages[0].at and message.total_laps is not None
        else message
        for message in later
    ], begun


def set_at(sets: Sequence[TyreSet], at: int | None) -> TyreSet | None:
    """The set that the car ran on at an instant; before the first message, which may come late, the first one."""
    if not sets:
        return None
    return sets[max(bisect_right(sets, at if at is not None else 0, key=lambda one: one.at) - 1, 0)]


def _corrected(messages: Iterable[TyreMessage]) -> list[TyreSet]:
    """Later messages about a stint correct what they name and keep the instant of the first."""
    sets: dict[int, TyreSet] = {}
    for message in messages:
        held = sets.setdefault(message.stint, TyreSet(message.at, message.stint))
        if message.compound is not None:
            held.compound = read_compound(message.compound)
        held.is_new = message.is_new if message.is_new is not None else held.is_new
        held.start_laps = message.start_laps if message.start_laps is not None else held.start_laps
    known = (held for held in sets.values() if (held.compound, held.is_new, held.start_laps) != (None, None, None))
    return sorted(known, key=lambda one: one.at)


def _unbunched(messages: list[TyreMessage], pit_ins: Sequence[int], start: int | None) -> list[TyreMessage]:
    """Messages that came together, and only after the start, belong to the starts of their stints."""
    first = messages[0].at
    together = {message.stint for message in messages if message.at == first}
    if not pit_ins or start is None or any(message.at < start for message in messages) or len(together) < 2:
        return messages
    begins = [start, *pit_ins]
    return [
        replace(message, at=begins[message.stint] + 1)
        if message.at == first and message.stint < len(begins)
        else message
        for message in messages
    ]


def _numbered(messages: list[TyreMessage], pit_ins: Sequence[int], stint: int) -> list[TyreMessage]:
    """A stint cannot be counted before the car has come in: such messages are of the stint that is under way."""
    numbers = [message.stint for message in messages]
    brackets = [float("-inf"), *pit_ins, float("inf")]
    for low, high in pairwise(brackets):
        inside = [place for place, message in enumerate(messages) if low <= message.at <= high]
        for place in inside:
            numbers[place] = min(numbers[place], stint)
        stint += any(numbers[place] == stint for place in inside)
    return [replace(message, stint=number) for message, number in zip(messages, numbers, strict=True)]
