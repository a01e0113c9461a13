"""Cars that stand on the track: as the provider's status says, or by not coming round."""

from racelab.domain.flags import Flag
from racelab.domain.incidents import IncidentKind
from racelab.live.incidents import thresholds as t
from racelab.live.incidents.watch import CarWatch, Track

_STOPPED = IncidentKind.STOPPED_CAR


def told(track: Track, car: CarWatch, at: int) -> None:
    """The provider says that the car has stopped."""
    if track.is_over or track.flag is None or car.in_pit or car.is_out or at < 0:
        return
    car.stopped_ms = at
    _open(track, car, f"inferred: car {car.number} stopped on the track, by its status")


def moves(track: Track, car: CarWatch, how: str) -> None:
    """The car is seen again, or is known to be out: it no longer stands on the track."""
    car.stopped_ms = None
    if car.late is not None and car.seen_ms is not None:
        car.seen_ms = max(car.seen_ms, track.book.now)
    late = track.book.latest(car.late) if car.late is not None else None
    car.late = None
    if late is not None:
        track.book.clear(late, f"{late.text}, then {how}")


def check(track: Track, car: CarWatch) -> None:
    """Look at a car that may have stopped; called every few seconds."""
    book = track.book
    if car.stopped_ms is not None:
        known = book.latest(car.late) if car.late is not None else None
        if known is not None and book.now - car.stopped_ms >= t.STOPPED_TOLD_MS:
            book.confirm(known)
        return
    if not track.is_race or track.is_over or car.in_pit or car.is_out or car.seen_ms is None or track.flag is Flag.RED:
        return
    gone, usual = book.now - car.seen_ms, track.usual_lap(car)
    if usual is None or gone <= usual:
        return
    first, certain = (
        (t.MISSING_LAPS, t.MISSING_LAPS_CONFIRMED) if car.has_sectors else (t.STOPPED_LAPS, t.STOPPED_LAPS_CONFIRMED)
    )
    is_usual = track.is_free(car.seen_ms) and not track.field_.are_slow(book.now, usual)
    slower = 1 if is_usual else t.NEUTRAL_SLOWER
    if gone <= first * slower * usual:
        return
    known = book.latest(car.late) if car.late is not None else None
    if known is None and car.late is None and not _are_many_late(track, first):
        _open(track, car, f"inferred: car {car.number} has not come round for {gone / usual:.1f} of its usual laps")
    elif known is not None and gone > certain * slower * usual:
        book.confirm(known)


def _are_many_late(track: Track, first: float) -> bool:
    """Whether many cars are overdue together; those that were called stopped do not count."""
    late = racing = 0
    for car in track.cars.values():
        if car.in_pit or car.is_out or car.seen_ms is None or car.late is not None:
            continue
        usual = track.usual_lap(car)
        if usual is not None:
            racing += 1
            late += track.book.now - car.seen_ms > (first - 1 + t.LATE_LAPS) * usual
    return racing >= t.OTHERS_FEWEST and late >= t.LATE_SHARE * racing


def _open(track: Track, car: CarWatch, text: str) -> None:
    book = track.book
    if car.late is not None and book.latest(car.late) is not None:
        return
    known = next(book.of(car.number, _STOPPED), None)
    if known is None:
        known = book.opens(_STOPPED, text, car=car.number, lap=car.laps + 1, kept_ms=t.STOPPED_KEPT_MS)
    car.late = known.sequence
    losing = book.latest(car.losing) if car.losing is not None else None
    car.losing = None
    if losing is not None:
        book.clear(losing, f"{losing.text}, then stopped")
