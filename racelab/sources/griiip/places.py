"""Places at the end of each lap of a race: the order in which the cars completed it."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Places:
    """Ends of each lap, by lap and car; a place is told only where no car's end of that lap is unknown."""

    is_race: bool = True
    ends: dict[int, dict[str, int]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    classes: dict[str, str | None] = field(default_factory=dict)
    _order: dict[int, list[int]] = field(default_factory=dict)

    def put(self, car: str, lap: int, end: int) -> Iterator[tuple[str, int]]:
        """A car ended a lap at this session time; cars and laps whose places change by that follow."""
        held, order = self.ends.setdefault(lap, {}), self._order.setdefault(lap, [])
        before = held.get(car)
        if before == end:
            return
        if before is not None:
            order.remove(before)
        held[car] = end
        insort(order, end)
        # Where the lap was missing before, no place of it was known.
        is_late = before is None and self.newest.get(car, 0) > lap
        self.newest[car] = max(self.newest.get(car, 0), lap)
        earliest = min(end, before if before is not None else end)
        if self.is_race and (is_late or order[-1] > end or before is not None):
            yield from ((other, lap) for other, at in held.items() if other != car and (is_late or at >= earliest))

    def of(self, car: str, lap: int, car_class: str | None) -> tuple[int | None, int | None]:
        """The car's place overall and in its class at the end of a lap; null where other cars' ends are not known."""
        held = self.ends.get(lap, {})
        end = held.get(car)
        if not self.is_race or end is None or self._count(lap) > len(held):
            return None, None
        overall = 1 + bisect_left(self._order[lap], end)
        if car_class is None:
            return overall, None
        ahead = sum(at < end and self.classes.get(other) == car_class for other, at in held.items())
        return overall, 1 + ahead

    def _count(self, lap: int) -> int:
        """How many cars have driven so many laps."""
        return sum(newest >= lap for newest in self.newest.values())
