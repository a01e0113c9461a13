"""Order, gaps and intervals, overall and in class, from the crossings and the provider's word."""

from dataclasses import replace
from typing import Any

from racelab.analysis.gaps import UNKNOWN, Gap
from racelab.live.reducers.change import evolved
from racelab.live.reducers.distance import NOTHING, Distances
from racelab.live.state import OUT_LAP, RUNNING, STOPPED, CarState, RaceState

# A lap behind a safety car takes twice the best one, hardly ever four times.
_LAPS_TO_STOPPED, _MS_TO_STOPPED = 4, 600_000


def settle(state: RaceState) -> RaceState:
    """The state with places 1 to n and gaps for every car; the provider's own places and gaps win.

    It depends only on the cars and the ledger, so that settling once after many records or after each is the same.
    """
    state = evolved(state, {"cars": {number: _judged(state, car) for number, car in state.cars.items()}})
    order, distances = _order(state), Distances.of(state)
    cars, in_class = {}, dict[str | None, list[CarState]]()
    for place, car in enumerate(order):
        mates = in_class.setdefault(car.car_class, [])
        mates.append(car)
        ahead = order[place - 1] if place else None
        rival = mates[-2] if len(mates) > 1 else None
        cars[car.car_number] = _placed(distances, car, place + 1, len(mates), order[0], ahead, mates[0], rival)
    return evolved(state, {"cars": {number: cars[number] for number in state.cars}})


def _order(state: RaceState) -> list[CarState]:
    started = {number: place for place, number in enumerate(state.cars)}

    def key(car: CarState) -> tuple[int, ...]:
        told = state.ledger.get(car.car_number, NOTHING).told
        place = told.position if told is not None else None
        own = _race_key(state, car) if state.is_race else _best_key(car)
        return (place is None, place or 0, *own, started[car.car_number])

    return sorted(state.cars.values(), key=key)


def _race_key(state: RaceState, car: CarState) -> tuple[int, ...]:
    times = state.ledger.get(car.car_number, NOTHING).times
    return -(car.laps or 0), times[-1] if times else 0


def _best_key(car: CarState) -> tuple[int, ...]:
    return car.best_lap_ms is None, car.best_lap_ms or 0


def _placed(
    distances: Distances, car: CarState, position: int, class_position: int,
    leader: CarState, ahead: CarState | None, class_leader: CarState, rival: CarState | None,
) -> CarState:  # fmt: skip
    told, between = distances.state.ledger.get(car.car_number, NOTHING).told, distances.between
    to_leader, to_ahead = between(leader if ahead else None, car), between(ahead, car)
    if told is not None and ahead is not None:
        to_leader = _wins(Gap(told.gap_ms, told.gap_laps), to_leader)
        to_ahead = _wins(Gap(told.interval_ms, told.interval_laps), to_ahead)
    in_class, to_rival = between(class_leader if rival else None, car), between(rival, car)
    changed: dict[str, Any] = {"position": position, "class_position": class_position}
    # In class the provider's word holds too where the class's car is the one that it speaks of.
    in_class = to_leader if rival and class_leader is leader else in_class
    to_rival = to_ahead if rival and rival is ahead else to_rival
    names = ("gap", "interval", "class_gap", "class_interval")
    for name, found in zip(names, (to_leader, to_ahead, in_class, to_rival), strict=True):
        changed |= {f"{name}_ms": found.ms, f"{name}_laps": found.laps}
    if all(getattr(car, name) == value for name, value in changed.items()):
        return car
    return evolved(car, changed)


def _judged(state: RaceState, car: CarState) -> CarState:
    """The car; one that has not come round for long, where nobody tells its status, has stopped.

    It is judged anew each time, so that the state does not depend on how often it was settled on the way.
    """
    told = state.ledger.get(car.car_number, NOTHING).told
    if not state.is_race or car.status not in (RUNNING, OUT_LAP, STOPPED) or car.last_line_ms is None:
        return car
    if told is not None and told.status is not None:
        return car
    long = _LAPS_TO_STOPPED * car.best_lap_ms if car.best_lap_ms else _MS_TO_STOPPED
    if state.time_ms - car.last_line_ms > long:
        return replace(car, status=STOPPED) if car.status != STOPPED else car
    return replace(car, status=RUNNING if car.stint_laps else OUT_LAP) if car.status == STOPPED else car


def _wins(told: Gap, computed: Gap) -> Gap:
    """What the provider says; its laps get the computed time where both count the same laps."""
    if told == UNKNOWN:
        return computed
    if told.ms is None and told.laps == computed.laps:
        return computed
    return told
