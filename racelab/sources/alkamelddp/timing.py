"""Session time on the service's own clock, whatever ours shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from racelab.sources.alkamelddp.rows import Standing

_DAY_MS = 86_400_000
# A clock is wrong by hours at most; an instant further away is no instant of this session.
_SKEW_MS, _SESSION_MS = 36 * 3_600_000, 10 * _DAY_MS
# Cars stand on the grid, and feeds are joined, so long before the start.
_GRID_MS = 45 * 60_000
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(slots=True)
class ServiceTime:
    """``start`` is the instant (ms since 1970, the service's clock) of session time 0; None before it is known.

    What is pushed comes after it happened: the least that an instant of the service is before its arrival is how far our
    clock is ahead of the service's.
    """

    start: int | None = None
    _ahead: int | None = None
    _is_exact: bool = False

    def told(self, stamp: int, received_at: datetime, *, is_past: bool = True) -> None:
        """An instant of the service's clock came at an instant of ours; on the grid it may be the start to come."""
        ahead = _millis(received_at) - stamp
        if not is_past and -_GRID_MS <= ahead < 0:
            return
        if abs(ahead) <= _SKEW_MS:
            self._ahead = ahead if self._ahead is None else min(self._ahead, ahead)

    def began(self, stamp: int | None) -> None:
        """The service says when the session began; its rows say it to the ms."""
        if stamp is not None and not self._is_exact:
            self.start = stamp

    def fall_back(self, calendar: datetime | None) -> None:
        """Laps are counted and nothing tells when the session began: the calendar's start has to do."""
        if self.start is None and calendar is not None:
            self.start = _millis(calendar)

    def line(self, row: Standing, *, is_whole: bool) -> None:
        """A row that came whole tells an instant and the session time of it."""
        if is_whole and row.lap_start is not None and row.elapsed_ms and not self._is_exact:
            self.start, self._is_exact = row.lap_start - row.elapsed_ms, True

    def since(self, stamp: int | None) -> int | None:
        """Session time (ms) of an instant of the service; None where it is not known, or cannot be."""
        if stamp is None or self.start is None:
            return None
        passed = stamp - self.start
        return passed if abs(passed) <= _SESSION_MS else None

    def now(self, received_at: datetime) -> int | None:
        """Session time (ms) at which a frame came."""
        return self.since(_millis(received_at) - (self._ahead or 0))


def _millis(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def instant(stamp: int) -> datetime:
    """The UTC instant of ms since 1970."""
    return _EPOCH + timedelta(milliseconds=stamp)
