"""Time, injected: live, replay and test differ only in their clock, and nothing else here reads the wall clock."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the time is (UTC), and a way to wait."""

    def now(self) -> datetime:
        """The instant."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The instant."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(max(seconds, 0.0))


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
