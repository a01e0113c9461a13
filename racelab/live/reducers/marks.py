"""Best times: a lap or sector is a session best (of its class), a personal best, or neither."""

from typing import Any

from racelab.live.state import CarState, RaceState

_BEST = {"last_lap_ms": "best_lap_ms", "s1_ms": "best_s1_ms", "s2_ms": "best_s2_ms", "s3_ms": "best_s3_ms"}
SESSION, PERSONAL = "session", "personal"


def counts(state: RaceState, lap_number: int | None) -> bool:
    """Whether times of this lap may be bests: in a race not those of lap 1, as `analysis.fastest` says."""
    return not state.is_race or lap_number is None or lap_number > 1


def timed(
    state: RaceState, car: CarState, times: dict[str, int | None], uncounted: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What changes in the car by new times (last lap, sectors): the times, its bests and its marks.

    A time that is None is cleared with its mark; ``uncounted`` ones are shown and are no bests. A time that is told
    again keeps its mark.
    """
    changed: dict[str, Any] = {}
    marks = car.marks
    for column, value in times.items():
        own = getattr(car, _BEST[column])
        if value == getattr(car, column) and (value is None or own is not None):
            continue
        changed[column] = value
        marks = {name: mark for name, mark in marks.items() if name != column}
        if value is None or column in uncounted or (own is not None and value > own):
            continue
        changed[_BEST[column]] = value
        marks[column] = SESSION if value <= _class_best(state, car, _BEST[column], value) else PERSONAL
    return changed if marks is car.marks else changed | {"marks": marks}


def _class_best(state: RaceState, car: CarState, column: str, value: int) -> int:
    others = (other for other in state.cars.values() if other.car_class == car.car_class)
    return min((best for other in others if (best := getattr(other, column)) is not None), default=value)
