"""A car's visits to the pit lane and the seat of each stint."""

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

# A stop's length and its two instants agree to the millisecond where all are told.
_CLOSE_MS = 2_000
_Told = TypeVar("_Told", int, str)


@dataclass(frozen=True, slots=True)
class Visit:
    """A way through the pit lane; ``in_lap`` is the lap on which the car came in, null is what was never told."""

    in_lap: int
    in_at: int | None = None
    out_lap: int | None = None
    out_at: int | None = None
    duration_ms: int | None = None

    @property
    def at(self) -> int:
        """The session time that orders visits."""
        return self.in_at if self.in_at is not None else self.out_at or 0


@dataclass(slots=True)
class PitBook:
    """Pit entries and exits by lap, and by session time who sat in the car and on which tyres it was.

    Told in any order, they make the same visits, seats and compounds of stints, which count from 1.
    """

    ins: dict[int, int] = field(default_factory=dict)
    outs: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    swaps: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    swapped: dict[int, int] = field(default_factory=dict)
    sat: dict[int, int] = field(default_factory=dict)
    fitted: dict[int, str] = field(default_factory=dict)
    _shape: list[tuple[Visit | None, int | None, str | None]] = field(default_factory=list)

    def enter(self, lap: int, at: int) -> bool:
        """The car came in on this lap; False where that was told already."""
        if lap in self.ins:
            return False
        self.ins[lap] = at
        self._pair()
        return True

    def leave(self, lap: int, at: int, duration_ms: int | None) -> bool:
        """The car went out on this lap; False where that was told already."""
        before = self.outs.get(lap)
        if before is not None and (duration_ms is None or before[1] is not None):
            return False
        self.outs[lap] = (at if before is None else before[0], duration_ms)
        self._pair()
        return True

    def stint(self, lap: int) -> int:
        """The stint that a lap belongs to, from 1: the in-lap is the last of its stint."""
        return 1 + sum(visit.in_lap < lap for visit in self.visits)

    def seat(self, stint: int) -> int | None:
        """Whose stint it is: as a swap says, else of whoever was last seen in the car before the stint was over."""
        if stint in self.swapped:
            return self.swapped[stint]
        return self._last(self.sat, None, self._end(stint))

    def compound(self, stint: int) -> str | None:
        """The compound that was told during the stint."""
        before = self.visits[stint - 2] if 2 <= stint <= len(self.visits) + 1 else None
        return self._last(self.fitted, before.out_at if before is not None else None, self._end(stint))

    def changed_from(self) -> int | None:
        """The first lap whose stint, driver or tyres are others than when this was last asked; None for none."""
        before, self._shape = (
            self._shape,
            [(visit, self.seat(stint), self.compound(stint)) for stint, visit in enumerate((*self.visits, None), 1)],
        )
        pairs = enumerate(zip_longest(before, self._shape))
        place = next((place for place, (old, new) in pairs if old != new), None)
        return None if place is None else self.visits[place - 1].in_lap if place else 1

    def _end(self, stint: int) -> int | None:
        return self.visits[stint - 1].at if 1 <= stint <= len(self.visits) else None

    @staticmethod
    def _last(told: dict[int, _Told], begin: int | None, end: int | None) -> _Told | None:
        """What was told last between two session times; null is no bound."""
        times = [at for at in told if (begin is None or at >= begin) and (end is None or at <= end)]
        return told[max(times)] if times else None

    def swap(self, at: int, before: int | None, after: int | None) -> bool:
        """A driver took over from another at this session time; False where that was told already."""
        if self.swaps.get(at) == (before, after):
            return False
        self.swaps[at] = (before, after)
        self._seat()
        return True

    def _seat(self) -> None:
        """Seats by the swaps: each belongs to the last stop that had begun."""
        self.swapped = {}
        for at, (before, after) in sorted(self.swaps.items()):
            stint = sum(visit.at <= at for visit in self.visits)
            if stint and before is not None:
                self.swapped[stint] = before
            if stint and after is not None:
                self.swapped[stint + 1] = after

    def _pair(self) -> None:
        events = [(at, 0, lap, None) for lap, at in self.ins.items()]
        events += [(at, 1, lap, length) for lap, (at, length) in self.outs.items()]  # type: ignore[misc]
        visits: list[Visit] = []
        for at, is_out, lap, length in sorted(events, key=lambda event: event[:3]):
            if not is_out:
                visits.append(Visit(lap, at))
                continue
            last = visits[-1] if visits and visits[-1].out_at is None else None
            if last is not None and last.in_at is not None and _belong(last, lap, at, length):
                visits[-1] = Visit(last.in_lap, last.in_at, lap, at, length if length is not None else at - last.in_at)
            elif lap > 1 and all(visit.in_lap != lap - 1 for visit in visits):
                visits.append(Visit(lap - 1, None, lap, at, length))
        self.visits = visits
        self._seat()


def _belong(came: Visit, lap: int, left: int, duration_ms: int | None) -> bool:
    """Whether an exit ends this visit: by the laps, or by its length."""
    if lap - came.in_lap in (0, 1) or duration_ms is None or came.in_at is None:
        return True
    return abs(left - came.in_at - duration_ms) <= _CLOSE_MS
