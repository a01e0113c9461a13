"""The instants of messages: by the feed's own stamps, whatever the clock says by which they were received."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from racelab.sources.f1live.values import epoch_ms, part, stamp_ms

# A stamp counts unless it is as far from the instant of receipt as no delay is: then one of the clocks is wrong.
_FURTHEST_MS = 300_000


@dataclass(slots=True)
class Stamps:
    """How far the feed's clock is ahead of that of the receipt (ms), by its last stamp and by the one least delayed.

    A stamp that neither this distance nor the last stamp leads to is taken for a fault, unless all are for five minutes.
    """

    ahead_ms: int | None = None
    least_delayed_ms: int | None = None
    _last: int = 0
    _doubted_ms: int = 0
    _doubted_since: int | None = None

    def moment(self, received: datetime, stamp: Any) -> int:
        """The instant (ms since 1970) of a message on the feed's clock; without a stamp, that of its receipt there."""
        at, told = epoch_ms(received), stamp_ms(stamp)
        ahead = told - at if told is not None else None
        if ahead is not None and self._is_good(ahead, at):
            self._trust(ahead)
            self._last = at + ahead
            return self._last
        if ahead is not None:
            self._doubt(ahead, at)
        return at + (self.least_delayed_ms or 0)

    def join(self, received: datetime, state: Any) -> None:
        """Take the feed's clock from the newest instant in a full state, where no stamp has told it."""
        told = stamp_ms(part(part(state, "Heartbeat"), "Utc"))
        if self.ahead_ms is None and told is not None and abs(told - epoch_ms(received)) > _FURTHEST_MS:
            self._trust(told - epoch_ms(received))

    def _trust(self, ahead: int) -> None:
        # Stamps that were doubted, and count now, are of another clock.
        is_other = self._doubted_since is not None and abs(ahead - self._doubted_ms) <= _FURTHEST_MS
        least = ahead if is_other or self.least_delayed_ms is None else max(ahead, self.least_delayed_ms)
        self.ahead_ms, self.least_delayed_ms, self._doubted_since = ahead, least, None

    def _is_good(self, ahead: int, at: int) -> bool:
        if self.ahead_ms is None or abs(ahead - self.ahead_ms) <= _FURTHEST_MS:
            return True
        if abs(at + ahead - self._last) <= _FURTHEST_MS:
            # What waited for long on its way comes late, but after one another.
            return True
        doubted = self._doubted_since
        return doubted is not None and abs(ahead - self._doubted_ms) <= _FURTHEST_MS and at - doubted > _FURTHEST_MS

    def _doubt(self, ahead: int, at: int) -> None:
        if self._doubted_since is None or abs(ahead - self._doubted_ms) > _FURTHEST_MS:
            self._doubted_since = at
        self._doubted_ms = ahead
