"""When things happened: session time, the server's own now, and the race clock that runs on between two answers."""

from dataclasses import dataclass
from typing import Any

from racelab.domain.records import Clock
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.values import DAY_MS, MOST_LAPS, instant_ms, whole

# A session happens within these of its start, and nothing later than now; other instants are faults.
_BEFORE_MS, _AFTER_MS, _FUTURE_MS = DAY_MS - 3_600_000, 4 * DAY_MS, 3 * 3_600_000
# Our own clock is not wrong by more; then the service's is.
_MOST_WRONG_MS = 12 * 3_600_000
_TICK_MS = 1_000


@dataclass(slots=True)
class SessionClock:
    """The session's start and clock; instants are ms since 1970.

    Session time counts from ``start`` by the instants of the records: their own elapsed times jump when the service
    begins to count anew, as it did twice at Le Mans 2026.
    """

    start: int | None = None
    is_fixed: bool = False
    now: int = 0
    time_limit_ms: int | None = None
    laps_limit: int | None = None
    _ahead_ms: int = 0
    _elapsed: tuple[int, int, bool] | None = None
    _told: tuple[Any, ...] = ()

    def receive(self, received: int) -> None:
        """A frame came at this instant of our own clock; the server's now is reckoned from what it told of its own."""
        self.now = received + self._ahead_ms

    def read_start(self, item: dict[str, Any]) -> None:
        """The start that the service tells; one that the calendar gave stays."""
        found = instant_ms(item.get(spec.START))
        if found is not None and not self.is_fixed:
            self.start = found

    def read(self, item: dict[str, Any]) -> None:
        """The session clock: its elapsed time belongs to its own instant, and runs on where it has an increment."""
        self.read_start(item)
        server = instant_ms(item.get(spec.NOW))
        ahead = None if server is None else self._ahead_ms + server - self.now
        if server is not None and ahead is not None and abs(ahead) <= _MOST_WRONG_MS:
            self._ahead_ms, self.now = ahead, server
        at, elapsed = instant_ms(item.get(spec.INSTANT)), whole(item.get(spec.ELAPSED), 10 * DAY_MS)
        if elapsed is not None:
            self._elapsed = (self.now if at is None else at, elapsed, item.get(spec.INCREMENT, 1) == 1)

    def read_limit(self, item: dict[str, Any]) -> None:
        """How long the session lasts, by time or laps."""
        seconds = whole(item.get(spec.TIME_LIMIT_S), DAY_MS // 1000, 1)
        self.time_limit_ms = None if seconds is None else seconds * 1000
        self.laps_limit = whole(item.get(spec.LAPS_LIMIT), MOST_LAPS, 1)

    def at(self, item: dict[str, Any]) -> int | None:
        """The instant that a record tells; None for none, or one far away from the session."""
        at = instant_ms(item.get(spec.INSTANT))
        if at is None or self.start is None or at > self.now + _FUTURE_MS:
            return None
        return at if -_BEFORE_MS <= at - self.start <= _AFTER_MS else None

    def since(self, at: int | None) -> int | None:
        """The session time of an instant."""
        return None if at is None or self.start is None else at - self.start

    @property
    def time_ms(self) -> int:
        """The session time now, within the bounds of a session."""
        since = self.since(self.now) or 0
        return min(max(since, -_BEFORE_MS), _AFTER_MS)

    def show(self, leader_laps: int) -> Clock | None:
        """The race clock, where it was told anew or has moved on by a second."""
        elapsed = None
        if self._elapsed is not None:
            at, told, runs = self._elapsed
            elapsed = told + max(self.now - at, 0) if runs else told
            elapsed = min(elapsed, 10 * DAY_MS)
        remaining = None
        if self.time_limit_ms is not None and elapsed is not None:
            remaining = max(self.time_limit_ms - elapsed, 0)
        laps = max(self.laps_limit - leader_laps, 0) if self.laps_limit is not None else None
        shown = (self._elapsed, self.time_limit_ms, laps, self.time_ms // _TICK_MS)
        if shown == self._told or (elapsed is None and remaining is None and laps is None):
            return None
        self._told = shown
        return Clock(self.time_ms, elapsed, remaining, laps)
