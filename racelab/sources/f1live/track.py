"""What laps are judged by beside their own times: when the session began, and the flags since then."""

from bisect import bisect_right
from dataclasses import dataclass, field

from racelab.domain.flags import Flag
from racelab.sources.f1live import specification as spec


@dataclass(slots=True)
class Track:
    """The session's history that laps are judged by; instants are ms since 1970, in their order.

    ``start`` is the instant of session time 0, ``restarts`` are those at which an aborted session went on.
    """

    start: int | None = None
    is_race: bool = True
    flags_at: list[int] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)

    def since(self, at: int | None) -> int | None:
        """Session time of an instant."""
        return None if at is None or self.start is None else at - self.start

    def worst(self, begin: int | None, end: int | None) -> Flag | None:
        """The worst flag between two instants; one without a beginning is judged by its end."""
        if end is None or not self.flags:
            return None
        first = max(bisect_right(self.flags_at, begin if begin is not None else end) - 1, 0)
        shown = {flag for at, flag in zip(self.flags_at[first:], self.flags[first:], strict=True) if at <= end}
        if not shown and self.flags_at[0] <= end:
            # A lap that its pit exit seems to begin after its end.
            shown = {self.flags[bisect_right(self.flags_at, end) - 1]}
        return next((flag for flag in spec.WORST_FIRST if flag in shown), None)
