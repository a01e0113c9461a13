"""The history of flags: those of the whole course are the session's, those of single sectors are yellow zones."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.values import text

_MOST_FLAGS = 5_000


@dataclass(slots=True)
class Flags:
    """Flags of the whole course by session time; told in any order, they end as the same history."""

    history: dict[int, Flag] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)
    _told: set[tuple[int, str]] = field(default_factory=set)

    def add(self, time_ms: int, flag: Flag) -> bool:
        """A flag from this session time on; False where it was told already."""
        if time_ms in self.history or len(self.times) >= _MOST_FLAGS:
            return False
        self.history[time_ms] = flag
        self.times.insert(bisect_right(self.times, time_ms), time_ms)
        return True

    def at(self, time_ms: int | None) -> Flag | None:
        """The flag at a session time."""
        place = bisect_right(self.times, time_ms) if time_ms is not None else 0
        return self.history[self.times[place - 1]] if place else None

    @property
    def chequered_ms(self) -> int | None:
        """When the chequered flag fell."""
        return next((at for at in self.times if self.history[at] is Flag.CHEQUERED), None)

    @property
    def newest(self) -> Flag | None:
        """The last flag."""
        return self.history[self.times[-1]] if self.times else None

    def told(self, added: int) -> Iterator[TrackStatus | SessionStatus]:
        """The records of the flag that was added, and the newest again if this one was told late."""
        for at in dict.fromkeys((added, self.times[-1])):
            yield TrackStatus(at, self.history[at])
        for at, status in self._statuses():
            if (at, status) not in self._told:
                self._told.add((at, status))
                yield SessionStatus(at, status)

    def _statuses(self) -> Iterator[tuple[int, str]]:
        before: Flag | None = None
        started = False
        for at in self.times:
            flag = self.history[at]
            if flag is Flag.GREEN and not started:
                started = True
                yield at, spec.STARTED
            elif flag is Flag.RED and before is not Flag.RED:
                yield at, spec.ABORTED
            elif flag is Flag.CHEQUERED:
                yield at, spec.FINISHED
                return
            elif before is Flag.RED and flag is not Flag.RED:
                yield at, spec.RESUMED
            before = flag


def flag_of(item: dict[str, Any]) -> Flag | None:
    """The flag that a record shows; None for one that is none of ours, such as the notice of the last lap."""
    said = (text(item.get(spec.FLAG)) or "").casefold()
    return spec.TRACK_FLAGS.get("".join(letter for letter in said if letter.isalpha()))


def sectors_of(item: dict[str, Any]) -> list[int]:
    """The sectors that a flag is for; none of them means the whole course."""
    listed = item.get(spec.FLAG_SECTORS)
    held = listed if isinstance(listed, list) else []
    return [
        sector for sector in held if isinstance(sector, int) and not isinstance(sector, bool) and 0 <= sector <= 100
    ]


def is_local(item: dict[str, Any]) -> bool:
    """Whether a flag is for single sectors, even where these cannot be read."""
    return bool(item.get(spec.FLAG_SECTORS))
