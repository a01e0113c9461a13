"""Time, injected: live, delayed, replay and test differ only in their clock, and nothing else reads the wall clock.

A clock's seconds may pass faster than the machine's: a feed that waits ten seconds of a replay at 600 times waits
a sixtieth of a second, so that everything that is built on a clock runs at any speed.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from racelab import wall


class Clock(Protocol):
    """What the time is (UTC), and ways to wait."""

    def now(self) -> datetime:
        """The instant."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock; the whole thread stands still."""

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds of this clock; other tasks go on."""

    def wall_seconds(self, seconds: float) -> float:
        """How long so many seconds of this clock take on the machine."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The instant."""
        return wall.now()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(max(seconds, 0.0))

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(max(seconds, 0.0))

    def wall_seconds(self, seconds: float) -> float:
        """The same."""
        return seconds


@dataclass(slots=True)
class ManualClock:
    """A clock for tests: it moves only when somebody waits, and waiting takes no time."""

    at: datetime = field(default_factory=lambda: datetime(2000, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """The instant."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.at += timedelta(seconds=max(seconds, 0.0))

    async def wait(self, seconds: float) -> None:
        """Move on by so many seconds, and let other tasks go on."""
        self.sleep(seconds)
        await asyncio.sleep(0)

    def wall_seconds(self, seconds: float) -> float:
        """The same: what waits for others waits on the machine."""
        return seconds


class ReplayClock:
    """A clock that begins at an instant of the past and runs ``speed`` times as fast as the one behind it.

    With speed 0 it does not run: whoever waits is there at once.
    """

    def __init__(self, begin: datetime, speed: float, wall: Clock) -> None:
        self._wall, self._speed = wall, speed
        self._begin, self._wall_begin = begin, wall.now()

    def now(self) -> datetime:
        """The instant of the replay."""
        return self._begin + (self._wall.now() - self._wall_begin) * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the replay."""
        if self._speed == 0:
            self._begin += timedelta(seconds=max(seconds, 0.0))
        else:
            self._wall.sleep(seconds / self._speed)

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds of the replay; other tasks go on."""
        if self._speed == 0:
            self._begin += timedelta(seconds=max(seconds, 0.0))
            await self._wall.wait(0)
        else:
            await self._wall.wait(seconds / self._speed)

    def wall_seconds(self, seconds: float) -> float:
        """The replay's seconds on the machine."""
        return self._wall.wall_seconds(seconds / self._speed if self._speed else 0.0)
