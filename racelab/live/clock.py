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

# How often whoever waits looks whether the clock was paused or set, in seconds of the clock behind it.
_LOOK_S = 0.1


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

    With speed 0 it does not run: whoever waits is there at once. It can be paused and set to another instant, also
    while somebody waits: he waits until the clock shows the instant that he waits for.
    """

    def __init__(self, begin: datetime, speed: float, wall: Clock) -> None:
        self._wall, self._speed = wall, speed
        self._begin, self._wall_begin = begin, wall.now()
        self._is_paused = False

    @property
    def is_paused(self) -> bool:
        """Whether it stands still until `resume`."""
        return self._is_paused

    def now(self) -> datetime:
        """The instant of the replay."""
        return self._begin if self._is_paused else self._begin + (self._wall.now() - self._wall_begin) * self._speed

    def pause(self) -> None:
        """Stand still."""
        self._begin, self._is_paused = self.now(), True

    def resume(self) -> None:
        """Go on from where it stands."""
        self._wall_begin, self._is_paused = self._wall.now(), False

    def seek(self, instant: datetime) -> None:
        """Show another instant, earlier or later, and go on from there; a paused clock stays paused."""
        self._begin, self._wall_begin = instant, self._wall.now()

    def run_at(self, speed: float) -> None:
        """Run so many times as fast from now on."""
        self.seek(self.now())
        self._speed = speed

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the replay."""
        until = self._until(seconds)
        while (left := self._left(until)) > 0:
            self._wall.sleep(left)

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds of the replay; other tasks go on."""
        until = self._until(seconds)
        await self._wall.wait(self._left(until))
        while (left := self._left(until)) > 0:
            await self._wall.wait(left)

    def wall_seconds(self, seconds: float) -> float:
        """The replay's seconds on the machine."""
        return self._wall.wall_seconds(seconds / self._speed if self._speed else 0.0)

    def _until(self, seconds: float) -> datetime:
        """The instant after so many seconds; a clock that does not run shows it at once."""
        until = self.now() + timedelta(seconds=max(seconds, 0.0))
        if self._speed == 0 and not self._is_paused:
            self.seek(until)
        return until

    def _left(self, until: datetime) -> float:
        """How long to wait on the machine before looking again."""
        if self._is_paused:
            return _LOOK_S
        left = (until - self.now()).total_seconds()
        if left > 0 and self._speed == 0:
            self.seek(until)
            return 0.0
        return min(left / self._speed, _LOOK_S) if left > 0 else 0.0


class DelayedClock:
    """A clock that shows what another showed ``delay`` ago: all that goes by it is shifted by this one number.

    A broadcast is so much behind the circuit; the delay may be changed at any time.
    """

    def __init__(self, clock: Clock, delay: timedelta) -> None:
        self._clock, self.delay = clock, delay

    def now(self) -> datetime:
        """The instant that is shown."""
        return self._clock.now() - self.delay

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        self._clock.sleep(seconds)

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds; other tasks go on."""
        await self._clock.wait(seconds)

    def wall_seconds(self, seconds: float) -> float:
        """What the clock behind it says."""
        return self._clock.wall_seconds(seconds)
