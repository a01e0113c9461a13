"""What the whole session tells that its parts did not: laps put right against each other, stops, classification."""

from collections.abc import Collection, Iterator

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap, PitStop, Result, ResultKind
from racelab.domain.records import Record
from racelab.sources.f1.results import best_laps, road_results
from racelab.sources.f1.stops import find_stops
from racelab.sources.f1live.align import lags
from racelab.sources.f1live.cars import CarTrack
from racelab.sources.f1live.laps import Around, carried_speeds, make_lap
from racelab.sources.f1live.session import SessionTrack
from racelab.sources.f1live.sync import Timed, settled
from racelab.sources.f1live.telling import Telling, is_deleted, sets_of, statuses, tyres_of
from racelab.sources.f1live.track import Track


def final_records(
    cars: dict[str, CarTrack], entered: Collection[str], session: SessionTrack, telling: Telling
) -> Iterator[Record]:
    """Laps and stops that differ from what was told, and, where the session is over, its results.

    A number without laps that is not among those ``entered`` is no car.
    """
    laps = []
    for lap, repairs in map(telling.held, final_laps(cars, telling)):
        laps.append(lap)
        if lap != telling.laps.get((lap.car_number, lap.lap_number)):
            telling.laps[lap.car_number, lap.lap_number] = lap
            yield lap
            yield from repairs
    if session.track.is_race:
        yield from _stops(laps, telling)
    if session.over_at is not None:
        lapped = {lap.car_number for lap in laps}
        known = {number: car for number, car in cars.items() if number in entered or number in lapped}
        yield from _results(known, session, laps)


def final_laps(cars: dict[str, CarTrack], telling: Telling) -> list[Lap]:
    """Every lap of the session, by car and number, its end and place on one clock for all cars."""
    track = telling.track
    for car in cars.values():
        car.live = settled(car.rows.rows)
    if track.is_race:
        late = lags({number: car.live for number, car in cars.items()}, {n: car.gaps for n, car in cars.items()})
        for number, lag in late.items():
            _shift(cars[number].live, lag)
    places = _places(cars) if track.is_race else {}
    return [lap for car in cars.values() for lap in _laps(car, places, telling)]


def _shift(timed: list[Timed], lag: int) -> None:
    for one in timed:
        one.end = None if one.end is None else one.end + lag


def _places(cars: dict[str, CarTrack]) -> dict[tuple[str, int], int | None]:
    """Places at the end of each lap, by who ended it first."""
    ends: dict[int, list[tuple[int, str]]] = {}
    for number, car in cars.items():
        for one in car.live:
            if one.end is not None:
                ends.setdefault(one.number, []).append((one.end, number))
    return {(number, lap): place for lap, found in ends.items() for place, (_, number) in enumerate(sorted(found), 1)}


def _laps(car: CarTrack, places: dict[tuple[str, int], int | None], telling: Telling) -> Iterator[Lap]:
    track = telling.track
    flags = [_flag(car.live, place, track) for place in range(len(car.live))]
    speeds, sets = carried_speeds(car.live, flags), sets_of(car, track)
    for place, timed in enumerate(car.live):
        before = car.live[place - 1] if place else None
        tyres, age = tyres_of(car, place, sets)
        key = (car.car_number, timed.number)
        if timed.number in telling.missed and (told := telling.laps.get(key)) is not None:
            # Only the places that were taken before anything was missed are known.
            places[key] = told.position
        around = Around(
            before, tyres, age, places.get(key), speeds[place],
            is_deleted(telling.messages, car.car_number, timed),
        )  # fmt: skip
        yield make_lap(car.car_number, timed, around, track)


def _flag(timed: list[Timed], place: int, track: Track) -> Flag | None:
    return track.worst(timed[place - 1].end if place else track.start, timed[place].end)


def _stops(laps: list[Lap], telling: Telling) -> Iterator[PitStop]:
    for stop in find_stops(laps, statuses(telling.track)):
        if stop != telling.stops.get((stop.car_number, stop.lap_number)):
            telling.stops[stop.car_number, stop.lap_number] = stop
            yield stop


def _results(cars: dict[str, CarTrack], session: SessionTrack, laps: list[Lap]) -> Iterator[Result]:
    """The stream's own order, which is provisional, and that of a race on the road."""
    best = best_laps(laps)
    ordered = sorted((car for car in cars.values() if car.shown.get("position")), key=lambda car: car.shown["position"])
    most = max((car.rows.done or 0 for car in ordered), default=0)
    is_race = session.track.is_race
    for car in ordered:
        number, lap_ms = best.get(car.car_number, (None, None)) if car.has_best is not False else (None, None)
        told, done = car.shown, car.rows.done
        q1, q2, q3 = _parts(car, session, laps)
        yield Result(
            car.car_number, ResultKind.PROVISIONAL, position=told["position"], class_position=told["position"],
            status=car.status(), laps=done, gap_ms=told.get("gap_ms"),
            gap_laps=most - done if is_race and done is not None else None, grid_position=car.grid,
            best_lap_ms=lap_ms, best_lap_number=number, q1_ms=q1, q2_ms=q2, q3_ms=q3,
        )  # fmt: skip
    if is_race:
        yield from road_results(laps)


def _parts(car: CarTrack, session: SessionTrack, laps: list[Lap]) -> tuple[int | None, int | None, int | None]:
    """A car's best times of qualifying's parts: of the laps that it ended in each, where the stream leaves it a time."""
    start = session.track.start
    if start is None or not session.parts:
        return None, None, None
    times: dict[int, list[int]] = {1: [], 2: [], 3: []}
    for lap in laps:
        if (
            lap.car_number == car.car_number
            and lap.lap_time_ms is not None
            and not lap.deleted
            and lap.end_ms is not None
        ):
            begun = max((number for number, at in session.parts.items() if at - start <= lap.end_ms), default=1)
            times.setdefault(begun, []).append(lap.lap_time_ms)
    q1, q2, q3 = (
        None if car.parts.get(number - 1) is False else min(times[number], default=None) for number in (1, 2, 3)
    )
    return q1, q2, q3
