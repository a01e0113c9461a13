"""What is usual: a car's own recent times, and how the others fared in the same sector."""

from collections import deque
from dataclasses import dataclass, field

from racelab.live.incidents import thresholds as t

LAP = 3  # the place of whole laps beside the sectors 0, 1 and 2


def median(values: "deque[int] | list[int]") -> int | None:
    """The lower median; None of too few."""
    if len(values) < t.FEWEST:
        return None
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def limit(usual: int, part: int) -> float:
    """How much of a sector or lap may be lost before it is an incident, in ms."""
    if part == LAP:
        return max(t.LAP_LOSS_FLOOR_MS, t.LAP_LOSS_SHARE * usual)
    return max(t.LOSS_FLOOR_MS, t.LOSS_SHARE * usual)


def _recent() -> "tuple[deque[int], ...]":
    return tuple(deque[int](maxlen=t.RECENT) for _ in range(4))


@dataclass(slots=True)
class Pace:
    """The recent clean times of one car: three sectors and the lap, in ms."""

    times: "tuple[deque[int], ...]" = field(default_factory=_recent)

    def usual(self, part: int) -> int | None:
        """The car's usual time of a sector or lap, None before it is known."""
        return median(self.times[part])

    def add(self, part: int, time: int) -> None:
        """A clean time, at pace or not: the median takes care of what is odd, and follows the weather."""
        self.times[part].append(time)


@dataclass(slots=True)
class Field:
    """How much of the bound the cars lately lost, sector by sector: the newest last."""

    _seen: "tuple[deque[tuple[int, str, bool]], ...]" = field(
        default_factory=lambda: tuple(deque[tuple[int, str, bool]](maxlen=60) for _ in range(4))
    )

    def add(self, part: int, now: int, car: str, *, slow: bool) -> None:
        """A car's sector or lap, and whether half a loss was in it."""
        self._seen[part].append((now, car, slow))

    def is_slow(self, part: int, now: int, car: str, window_ms: float) -> bool:
        """Whether many of the other cars lately lost time in the same part of the lap."""
        last = {who: slow for at, who, slow in self._seen[part] if at >= now - window_ms and who != car}
        return len(last) >= t.OTHERS_FEWEST and sum(last.values()) >= t.OTHERS_SLOW_SHARE * len(last)
