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
    """The recent clean times of one car: three sectors and the lap, in ms; ``lap_ms`` is its usual lap."""

    times: "tuple[deque[int], ...]" = field(default_factory=_recent)
    lap_ms: int | None = None

    def usual(self, part: int) -> int | None:
        """The car's usual time of a sector or lap, None before it is known."""
        return self.lap_ms if part == LAP else median(self.times[part])

    def add(self, part: int, time: int) -> None:
        """A clean time, at pace or not: the median takes care of what is odd, and follows the weather."""
        self.times[part].append(time)
        if part == LAP:
            self.lap_ms = median(self.times[LAP])


@dataclass(slots=True)
class Field:
    """How the cars fared of late: in each part of the lap, and wherever they were last."""

    _seen: "tuple[dict[str, tuple[int, bool]], ...]" = field(default_factory=lambda: ({}, {}, {}, {}))
    _last: "dict[str, tuple[int, bool]]" = field(default_factory=dict)

    def add(self, part: int, now: int, car: str, *, slow: bool) -> None:
        """A car's sector or lap, and whether half a loss was in it."""
        self._seen[part][car] = self._last[car] = (now, slow)

    def is_slow(self, part: int, now: int, car: str, lap_ms: float) -> bool:
        """Whether many of the other cars lately lost time, in the same part of the lap or wherever they are."""
        here = _share(self._seen[part], now - t.OTHERS_WINDOW_LAPS * lap_ms, car)
        return max(here, _share(self._last, now - t.OTHERS_NOW_LAPS * lap_ms, car)) >= t.OTHERS_SLOW_SHARE

    def are_slow(self, now: int, lap_ms: float) -> bool:
        """Whether many cars were slow in what they did last."""
        return _share(self._last, now - t.OTHERS_OVERDUE_LAPS * lap_ms, "") >= t.OTHERS_SLOW_SHARE


def _share(seen: "dict[str, tuple[int, bool]]", since: float, car: str) -> float:
    others = [slow for who, (at, slow) in seen.items() if at >= since and who != car]
    return sum(others) / len(others) if len(others) >= t.OTHERS_FEWEST else 0.0
