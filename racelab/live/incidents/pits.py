"""Stops that take far longer than is usual, and changes of driver."""

from collections import deque

from racelab.domain.flags import Flag
from racelab.domain.incidents import IncidentKind, IncidentOrigin
from racelab.live.incidents import thresholds as t
from racelab.live.incidents.losses import came_in
from racelab.live.incidents.pace import median
from racelab.live.incidents.stopped import moves
from racelab.live.incidents.watch import CarWatch, Track


def enters(track: Track, car: CarWatch, at: int) -> None:
    """A car comes into the pit lane."""
    if car.in_pit:
        return
    car.in_pit, car.pit_in_ms, car.unjudged_stop = True, at, track.flag is Flag.RED
    moves(track, car, "reached the pits")
    came_in(track, car)
    for one in track.book.of(car.number, IncidentKind.TECHNICAL):
        track.book.clear(one, f"{one.text}; the car came in")


def leaves(track: Track, car: CarWatch, at: int, duration_ms: int | None = None, in_lap: int | None = None) -> None:
    """A car leaves the pit lane; ``duration_ms`` is the provider's word for how long it was there."""
    took = duration_ms
    if took is None and car.in_pit and car.pit_in_ms is not None:
        took = at - car.pit_in_ms
    long_stop = track.book.latest(car.long_stop) if car.long_stop is not None else None
    if long_stop is not None:
        track.book.clear(long_stop, _words(track, car, took) if took is not None else None)
    for one in track.book.of(car.number, IncidentKind.DRIVER_SWAP):
        track.book.clear(one)
    if took is not None and took > 0 and not car.unjudged_stop:
        for group in (car.car_class, None):
            track.stops.setdefault(group, deque(maxlen=t.USUAL_STOPS)).append(took)
    car.in_pit, car.pit_in_ms, car.long_stop = False, None, None
    car.out_lap = max(car.out_lap, (car.laps if in_lap is None else in_lap) + 1)
    car.seen_ms = max(at, car.seen_ms or at)


def gives_up(track: Track, car: CarWatch, how: str) -> None:
    """A car is out of the race: what was inferred of it is over."""
    for one in list(track.book.open.values()):
        if one.car_number == car.number and one.origin is IncidentOrigin.INFERRED:
            track.book.clear(one, f"{one.text}, then {how}")
    car.long_stop = car.losing = None


def check(track: Track, car: CarWatch) -> None:
    """Look at a car in the pits; called every few seconds."""
    if not track.is_race or track.is_over or not car.in_pit or car.is_out or car.unjudged_stop or car.pit_in_ms is None:
        return
    usual = usual_stop(track, car)
    took, book = track.book.now - car.pit_in_ms, track.book
    first, certain = _bounds(usual)
    if took <= first:
        return
    if car.long_stop is None:
        said = f", usually {usual / 1000:.0f} s" if usual is not None else ""
        text = f"inferred: car {car.number} has been in the pits for {took / 1000:.0f} s{said}"
        car.long_stop = book.opens(
            IncidentKind.LONG_STOP, text, car=car.number, at=car.pit_in_ms, lap=car.laps
        ).sequence  # fmt: skip
    elif took > certain and (open_ := book.latest(car.long_stop)) is not None:
        book.confirm(open_)


def _bounds(usual: int | None) -> tuple[int, int]:
    """From when on a stop is long, and very long, in ms."""
    if usual is None:
        return t.LONG_STOP_ALONE_MS, 2 * t.LONG_STOP_ALONE_MS
    long = max(t.LONG_STOP_FLOOR_MS, t.LONG_STOP_SHARE * usual)
    return usual + round(long), usual + round(max(t.VERY_LONG_STOP_FLOOR_MS, t.VERY_LONG_STOP_SHARE * usual))


def usual_stop(track: Track, car: CarWatch) -> int | None:
    """How long stops of the car's class take, or those of all cars; None before enough are known."""
    for group in (car.car_class, None):
        known = median(track.stops.get(group, deque()))
        if known is not None:
            return known
    return None


def drives(track: Track, car: CarWatch, name: str) -> None:
    """Somebody is named as the car's driver."""
    before, car.driver = car.driver, name
    if before is None or before == name or not track.is_race or track.is_over:
        return
    swap = track.book.opens(
        IncidentKind.DRIVER_SWAP, f"inferred: car {car.number} changed drivers, from {before} to {name}",
        car=car.number, lap=car.laps, confirmed=True,
    )  # fmt: skip
    if not car.in_pit:
        track.book.clear(swap)


def _words(track: Track, car: CarWatch, took: int) -> str:
    usual = usual_stop(track, car)
    said = f", usually {usual / 1000:.0f} s" if usual is not None else ""
    return f"inferred: car {car.number} was in the pits for {took / 1000:.0f} s{said}"
