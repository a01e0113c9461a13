"""Time lost on the track: a sector or lap far above the car's own pace while the others are at theirs."""

from racelab.domain.incidents import Incident, IncidentKind, IncidentOrigin, IncidentPhase
from racelab.live.incidents import thresholds as t
from racelab.live.incidents.pace import LAP, limit
from racelab.live.incidents.watch import CarWatch, Track

_LOSS, _SPIN, _STOPPED = IncidentKind.TIME_LOSS, IncidentKind.SPIN, IncidentKind.STOPPED_CAR


def judge(track: Track, car: CarWatch, part: int, took: int, at: int) -> None:
    """A car has done a sector (0 to 2) or a lap (3): a loss that no sector shows alone may show in the lap.

    Args:
        track: what holds for all.
        car: whose time it is.
        part: which part of the lap.
        took: its duration in ms.
        at: session time at its end.
    """
    if not track.is_race or track.is_over or car.laps < 1 or car.in_pit or car.on_out_lap:
        return
    if not track.is_free(at - took):
        return
    usual = car.pace.usual(part)
    if part != LAP:
        car.pace.add(part, took)
        car.knows_sectors = True
    if usual is None:
        return
    loss, bound = took - usual, limit(usual, part)
    slow = loss > bound * t.PACE_PART
    track.field_.add(part, at, car.number, slow=slow)
    losing = track.book.latest(car.losing) if car.losing is not None else None
    if part == LAP and (losing is not None or car.lost_lap > car.laps) and car.knows_sectors:
        return
    if losing is not None:
        if slow and track.field_.is_slow(part, at, car.number, track.usual_lap(car) or 3 * usual):
            _all_are_slow(track)
        else:
            _goes_on(track, car, losing, part, loss, slow=slow)
    elif loss > bound:
        _begins(track, car, part, took, usual, at)


def came_in(track: Track, car: CarWatch) -> None:
    """A car that is losing time comes into the pits: it had a reason to be slow."""
    losing = track.book.latest(car.losing) if car.losing is not None else None
    car.losing = None
    if losing is not None and losing.kind is _LOSS:
        text = losing.text if losing.phase is IncidentPhase.CONFIRMED else f"{losing.text}, then came in"
        track.book.clear(track.book.confirm(losing, text))


def _begins(track: Track, car: CarWatch, part: int, took: int, usual: int, at: int) -> None:
    book = track.book
    if track.field_.is_slow(part, at, car.number, track.usual_lap(car) or 3 * usual):
        _all_are_slow(track)
        return
    known = book.lately(car.number, _LOSS, _SPIN, _STOPPED, IncidentKind.CONTACT)
    if known is not None and (known.origin is IncidentOrigin.RACE_CONTROL or known.kind is _STOPPED):
        return
    seconds = (took - usual) / 1000
    where = "a lap" if part == LAP else f"sector {part + 1}"
    text = f"inferred: car {car.number} lost {seconds:.1f} s in {where} ({took / 1000:.1f} s, usually {usual / 1000:.1f} s)"
    flagged = track.yellow_ms is not None and at - took <= track.yellow_ms <= at
    made = book.opens(
        _LOSS, f"{text}, under yellow" if flagged else text, car=car.number, at=at, lap=car.laps + 1,
        confirmed=flagged, kept_ms=t.CANDIDATE_KEPT_MS,
    )  # fmt: skip
    car.losing, car.lost_parts, car.lost_lap = made.sequence, 1, car.laps + 1


def _all_are_slow(track: Track) -> None:
    """The whole field is slow: those that were so first were only the first."""
    for one in list(track.book.open.values()):
        car = track.cars.get(one.car_number or "")
        if car is None or one.kind not in (_LOSS, _SPIN) or one.origin is not IncidentOrigin.INFERRED:
            continue
        if "race control" not in one.text and track.book.now - one.time_ms <= (track.usual_lap(car) or 0):
            car.losing = None
            track.book.clear(one, f"{one.text}, and so did the others")


def _goes_on(track: Track, car: CarWatch, losing: Incident, part: int, loss: int, *, slow: bool) -> None:
    book = track.book
    if slow:
        car.lost_parts += 1
        where = "another lap" if part == LAP else f"sector {part + 1}"
        text = losing.text if car.lost_parts > 2 else f"{losing.text}, and {loss / 1000:.1f} s in {where}"
        book.confirm(losing, text)
        return
    car.losing = None
    if losing.kind is not _LOSS:
        return
    if car.lost_parts > 1 or part == LAP:
        book.clear(losing, f"{losing.text}, then was back at pace")
    else:
        book.rename(losing, _SPIN, f"{losing.text}, then went on at pace: a spin or a run off")


def flagged(track: Track) -> None:
    """A yellow flag: losses of just before are what it is for."""
    for one in list(track.book.open.values()):
        is_loss = one.kind in (_LOSS, _SPIN) and one.origin is IncidentOrigin.INFERRED
        if is_loss and track.book.now - one.time_ms <= t.YELLOW_LINK_MS:
            track.book.confirm(one, one.text if "yellow" in one.text else f"{one.text}, yellow flag")
