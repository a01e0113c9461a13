"""What is known only at the end: what was never told, by name, and the classification."""

from collections.abc import Container, Iterable, Iterator

from racelab.domain.laps import Result, ResultKind
from racelab.domain.records import Repair
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.cars import CarTrack
from racelab.sources.griiip.flags import Flags
from racelab.sources.griiip.standings import Standings

_LONGEST_MS = 30 * 3_600_000
_UNTOLD = "the service did not tell them while it was followed, and goes back only so far"


def missed_laps(cars: Iterable[CarTrack], older: int = 0) -> Iterator[Repair]:
    """The names of laps that were driven and never told, a run of them as one.

    Args:
        cars: the cars.
        older: only laps that are so many laps before each car's newest: the service tells those no more.
    """
    for car in _by_number(cars):
        for first, last in car.laps.missing(car.laps.newest - older):
            new = [lap for lap in range(first, last + 1) if ("missed", lap) not in car.named]
            if not new:
                continue
            car.named.update(("missed", lap) for lap in new)
            run = f"{new[0]}-{new[-1]}" if len(new) > 1 else f"{new[0]}"
            yield Repair("missed_lap", "laps", f"{car.car_number}/{run}", "lap_number", None, None, _UNTOLD)


def half_stops(cars: Iterable[CarTrack]) -> Iterator[Repair]:
    """The names of stops of which only one end was told, though the car drove on."""
    for car in _by_number(cars):
        for visit in car.pits.visits:
            record = f"{car.car_number}/{visit.in_lap}"
            if visit.in_at is None:
                reason = "the service tells only the exit and the time in the pit lane"
                yield Repair("half_stop", "pit_stops", record, "in_ms", None, None, reason)
            elif visit.out_at is None and car.laps.newest > visit.in_lap + 1:
                reason = "the service tells only the entry, and the car drove on"
                yield Repair("half_stop", "pit_stops", record, "out_ms", None, None, reason)


def odd_sectors(cars: Iterable[CarTrack]) -> Iterator[Repair]:
    """The names of laps whose sectors were left out."""
    for car in _by_number(cars):
        for lap in sorted(car.laps.told):
            told = car.laps.sectors.get(lap)
            if told and not car.laps.sectors_of(lap):
                record, held = f"{car.car_number}/{lap}", " ".join(str(told[sector]) for sector in sorted(told))
                reason = "the sectors do not add up to the lap time; the sectors are left out"
                yield Repair("sector_sum", "laps", record, "s1_ms", held, None, reason)


def results(
    cars: dict[str, CarTrack], standings: Standings, flags: Flags, entries: Container[str]
) -> Iterator[Result]:  # fmt: skip
    """The provisional classification: the service's last order, with laps and gaps by the crossings.

    A number that neither an entry nor a lap names is no car.
    """
    order = [cars[number] for number in standings.order() if number in cars and number in entries]
    winner = order[0] if order else None
    for car in order:
        place, (best, best_lap) = standings.cars[car.car_number], car.laps.best()
        gap_ms, gap_laps = _gap(winner, car) if winner is not None and car is not winner else (None, None)
        yield Result(
            car.car_number, kind=ResultKind.PROVISIONAL, position=place.overall, class_position=place.in_class,
            status=_status(car, flags), laps=car.laps.newest or None, total_time_ms=_total(car), gap_ms=gap_ms,
            gap_laps=gap_laps, grid_position=car.grid, best_lap_ms=best, best_lap_number=best_lap,
        )  # fmt: skip


def _by_number(cars: Iterable[CarTrack]) -> list[CarTrack]:
    return sorted(cars, key=lambda car: car.car_number)


def _gap(winner: CarTrack, car: CarTrack) -> tuple[int | None, int | None]:
    """Time on the same lap, else whole laps."""
    behind = winner.laps.newest - car.laps.newest
    if behind > 0:
        return None, behind
    first, own = winner.laps.end(winner.laps.newest), car.laps.end(car.laps.newest)
    if behind < 0 or first is None or own is None or own < first:
        return None, None
    return own - first, None


def _total(car: CarTrack) -> int | None:
    times = [lap.time_ms for lap in car.laps.told.values() if lap.time_ms is not None]
    total = sum(times)
    return total if times and len(times) == car.laps.newest and total <= _LONGEST_MS else None


def _status(car: CarTrack, flags: Flags) -> str | None:
    told = car.shown.get("status")
    if told in spec.OUT_OF_RACE:
        return str(told)
    end, flagged = car.laps.end(car.laps.newest), flags.chequered_ms
    return "finished" if end is not None and flagged is not None and end >= flagged else told
