"""Broadcast sync: a published race as it was some seconds ago, so that a page shows what the television shows."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pandas as pd

from racelab.live.clock import Clock, DelayedClock
from racelab.live.state import CarState, RaceState

# A broadcast is not further behind; what is held back lies in memory.
LONGEST = timedelta(minutes=10)


class Published(Protocol):
    """A reader of published states, such as `publish.LiveReader`."""

    updated: datetime | None

    def poll(self) -> tuple[RaceState | None, list[CarState]]:
        """The newest state and the cars that changed; None where nothing is new."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A state that is not old enough to be shown."""

    at: datetime
    state: RaceState
    changed: Sequence[CarState]


class DelayedReader:
    """Reads a published session, each state only when it is ``delay`` old; every element of it is shifted alike."""

    def __init__(self, reader: Published, delay: timedelta, clock: Clock) -> None:
        self._reader, self._clock, self._shown_by = reader, clock, DelayedClock(clock, min(delay, LONGEST))
        self._held: deque[_Held] = deque()
        self.state: RaceState | None = None
        self.updated: datetime | None = None

    @property
    def is_holding(self) -> bool:
        """Whether there are states that are not old enough yet."""
        return bool(self._held)

    @property
    def delay(self) -> timedelta:
        """How old a state is when it is shown."""
        return self._shown_by.delay

    def poll(self) -> tuple[RaceState | None, list[CarState]]:
        """The newest state that is old enough, and the cars that changed since the last call; None where none is new.

        Raises:
            StoreError: the store cannot be read.
        """
        state, changed = self._reader.poll()
        if state is not None:
            self._held.append(_Held(self._reader.updated or self._clock.now(), state, changed))
        shown: dict[str, CarState] = {}
        newest: RaceState | None = None
        while self._held and self._held[0].at <= self._shown_by.now():
            held = self._held.popleft()
            newest, self.state, self.updated = held.state, held.state, held.at
            shown |= {car.car_number: car for car in held.changed}
        return newest, list(shown.values())


def laps_until(laps: pd.DataFrame, state: RaceState | None) -> pd.DataFrame:
    """The laps (columns car_number, lap_number) that were complete in a state; none without one."""
    done = {number: car.laps or 0 for number, car in state.cars.items()} if state is not None else {}
    return laps[laps["lap_number"] <= laps["car_number"].map(done).fillna(0)]


def changes_until(changes: pd.DataFrame, state: RaceState | None) -> pd.DataFrame:
    """The rows whose ``time_ms`` is not after a state's; none without one."""
    return changes[changes["time_ms"] <= state.time_ms] if state is not None else changes.iloc[:0]
