"""When a car crossed the line, as far as polls and lap times tell.

A poll shows only that a line was crossed since the poll before. Lap times add up from the start of the session, so that a
car that was followed from its start has exact times; one that was not is known to lie between two polls, and each further
lap narrows this down.
"""

from dataclasses import dataclass

# The clock is told in whole seconds, and a file may be some seconds old when it is served.
_EARLY_MS, _LATE_MS = 15_000, 2_000
# A time that is not known better than this is not told.
_WIDEST_MS = 15_000


@dataclass(slots=True)
class LineTime:
    """The session time (ms) of a car's last crossing: between ``low`` and ``high``; None is not known at all."""

    low: int | None = None
    high: int | None = None

    @property
    def known(self) -> int | None:
        """The time, or the middle of the span that it lies in; None where the span is too wide."""
        if self.low is None or self.high is None or self.high - self.low > _WIDEST_MS:
            return None
        return (self.low + self.high) // 2

    @property
    def is_exact(self) -> bool:
        """Whether lap times add up to it from the start of the session."""
        return self.low is not None and self.low == self.high

    def begin(self) -> None:
        """The car starts with the session."""
        self.low = self.high = 0

    def lose(self) -> None:
        """A lap without a time: the sum does not go on."""
        self.low = self.high = None

    def cross(self, lap_ms: int | None, before_ms: int | None, now_ms: int | None) -> None:
        """The car has done a lap of this time between two polls."""
        if now_ms is None:
            self.lose()
            return
        first, last = (now_ms - 10 * _WIDEST_MS if before_ms is None else before_ms), now_ms
        if self.low is not None and self.high is not None and lap_ms is not None:
            low, high = self.low + lap_ms, self.high + lap_ms
            if low == high and first - _EARLY_MS <= low <= last + _LATE_MS:
                self.low = self.high = low
                return
            low, high = max(low, first - _LATE_MS), min(high, last + _LATE_MS)
            if low <= high and not self.is_exact:
                self.low, self.high = low, high
                return
        self.low, self.high = first - _LATE_MS, last
