"""A car's visits to the pit lane and the seat of each stint."""

from dataclasses import dataclass, field

# A stop's length and its two instants agree to the millisecond where all are told.
_CLOSE_MS = 2_000


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
    """Pit entries and exits by lap; told in any order, they make the same visits.

    ``seats`` are the drivers' seats by stint, from 1: those that a swap names for certain, and those of whoever was
    in the car during the stint.
    """

    ins: dict[int, int] = field(default_factory=dict)
    outs: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    swaps: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    swapped: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    compounds: dict[int, str] = field(default_factory=dict)

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

    def stint_at(self, at: int) -> tuple[int, bool]:
        """The stint under way at a session time, and whether the car is in the pit lane at its end."""
        begun = [visit for visit in self.visits if visit.at <= at]
        last = begun[-1] if begun else None
        is_in = last is not None and last.in_at is not None and (last.out_at is None or last.out_at > at)
        return (len(begun), True) if is_in else (len(begun) + 1, False)

    def seat(self, stint: int) -> int | None:
        """Whose stint it is, where that is known."""
        return self.swapped.get(stint, self.seen.get(stint))

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
