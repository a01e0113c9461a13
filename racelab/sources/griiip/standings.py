"""Places and gaps as the service tells them, as one whole timing line a car."""

from dataclasses import dataclass, field
from typing import Any

from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.values import MOST_LAPS, whole

_MOST_PLACES = 200
Gap = tuple[int | None, int | None]
_NONE: Gap = (None, None)


@dataclass(slots=True)
class Standing:
    """One car's newest place and gaps; what is older than that by its own instant is passed over."""

    overall: int | None = None
    in_class: int | None = None
    behind_class: Gap = _NONE
    ahead_in_class: Gap = _NONE
    behind_leader: Gap | None = None
    newest: dict[str, int] = field(default_factory=dict)

    def is_newer(self, kind: str, at: int | None) -> bool:
        """Whether a record of this kind is not older than the last one."""
        if at is not None and at < self.newest.get(kind, at):
            return False
        if at is not None:
            self.newest[kind] = at
        return True


@dataclass(slots=True)
class Standings:
    """All cars' standings. Gaps of the part ``gaps`` are within the class, those of ``official-rank`` overall."""

    cars: dict[str, Standing] = field(default_factory=dict)

    def rank(self, car: str, item: dict[str, Any], at: int | None) -> bool:
        """Places overall and in class."""
        held = self.cars.setdefault(car, Standing())
        overall, in_class = (whole(item.get(key), _MOST_PLACES, 1) for key in (spec.OVERALL, spec.PLACE))
        if item.get(spec.DELETED) is True or overall is None or not held.is_newer("place", at):
            return False
        held.overall, held.in_class = overall, in_class
        return True

    def official(self, car: str, item: dict[str, Any], at: int | None, class_of: dict[str, str | None]) -> bool:
        """The place overall with the gap to the leader; the place in class follows from the other cars' places."""
        held = self.cars.setdefault(car, Standing())
        overall = whole(item.get(spec.PLACE), _MOST_PLACES, 1)
        if overall is None or not held.is_newer("place", at):
            return False
        held.overall, held.behind_leader = overall, _gap(item, spec.GAP_MS, spec.GAP_LAPS)
        mates = (other for number, other in self.cars.items() if class_of.get(number) == class_of.get(car))
        held.in_class = 1 + sum(other.overall is not None and other.overall < overall for other in mates)
        return True

    def gap(self, car: str, item: dict[str, Any], at: int | None) -> bool:
        """Gaps to the first car and to the one ahead, both of the class."""
        held = self.cars.setdefault(car, Standing())
        if item.get(spec.DELETED) is True or not held.is_newer("gap", at):
            return False
        held.behind_class = _gap(item, spec.GAP_MS, spec.GAP_LAPS)
        held.ahead_in_class = _gap(item, spec.AHEAD_MS, spec.AHEAD_LAPS)
        return True

    def line(self, car: str, class_of: dict[str, str | None]) -> dict[str, int | None]:
        """Places and gaps for a timing line: a class's gaps stand where they are the field's as well."""
        held = self.cars.get(car)
        if held is None or held.overall is None:
            return {}
        told: dict[str, int | None] = {"position": held.overall, "class_position": held.in_class}
        gap, interval = _NONE, _NONE
        if held.overall > 1:
            own = class_of.get(car)
            if held.behind_leader is not None:
                gap = held.behind_leader
            elif self._is_of(1, own, class_of):
                gap = held.behind_class
            if self._is_of(held.overall - 1, own, class_of):
                interval = held.ahead_in_class
        told["gap_ms"], told["gap_laps"] = gap
        told["interval_ms"], told["interval_laps"] = interval
        return told

    def order(self) -> list[str]:
        """Cars with a place, by place."""
        placed = [(held.overall, car) for car, held in self.cars.items() if held.overall is not None]
        return [car for _, car in sorted(placed)]

    def _is_of(self, place: int, car_class: str | None, class_of: dict[str, str | None]) -> bool:
        """Whether the car at a place is of this class."""
        there = next((car for car, held in self.cars.items() if held.overall == place), None)
        return there is not None and class_of.get(there) == car_class


def _gap(item: dict[str, Any], ms: str, laps: str) -> Gap:
    """Time, and the laps of a lapped car; on the same lap there are none."""
    return whole(item.get(ms)), whole(item.get(laps), MOST_LAPS, 1)
