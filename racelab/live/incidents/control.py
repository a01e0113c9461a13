"""What race control says of cars: incidents of its own, and words that bear out or end inferred ones."""

from racelab.domain.flags import RaceControlMessage
from racelab.domain.incidents import Incident, IncidentKind, IncidentOrigin
from racelab.live.incidents import flags
from racelab.live.incidents import thresholds as t
from racelab.live.incidents.stopped import moves
from racelab.live.incidents.watch import Track
from racelab.sources.racecontrol import Category, Happening, PenaltyKind, Ruling, read_message

_K = IncidentKind
_SEEN = {
    Happening.SPUN: _K.SPIN, Happening.OFF: _K.SPIN, Happening.STOPPED: _K.STOPPED_CAR, Happening.SLOW: _K.TIME_LOSS,
    Happening.CONTACT: _K.CONTACT,
}  # fmt: skip
_ON_TRACK = (_K.STOPPED_CAR, _K.TIME_LOSS, _K.SPIN)
_ASKED = (_K.INVESTIGATION, _K.CONTACT)
# How long each is shown where nothing ends it sooner.
_KEPT = {
    _K.PENALTY: t.OPEN_KEPT_MS, _K.INVESTIGATION: t.OPEN_KEPT_MS, _K.CONTACT: t.OPEN_KEPT_MS,
    _K.TECHNICAL: t.OPEN_KEPT_MS, _K.STOPPED_CAR: t.STOPPED_KEPT_MS,
}  # fmt: skip


def spoke(track: Track, message: RaceControlMessage) -> None:
    """Race control spoke."""
    ruling, text = read_message(message.text), " ".join(message.text.split())[:500]
    cars = ruling.car_numbers or ((message.car_number,) if message.car_number else ())
    category = ruling.category
    if category is Category.FLAG:
        flags.said(track, ruling, text)
    elif category is Category.ON_TRACK:
        _on_track(track, ruling, cars, text)
    elif category in _RULES:
        for car in cars:
            # The message tells the race's lap, which a car that is laps down or out is not on.
            lap = track.cars[car].laps + 1 if car in track.cars else message.lap_number
            _RULES[category](track, ruling, car, text, lap)
    elif category is Category.NOTED and not cars:
        _opens(track, _K.INVESTIGATION, None, text, None)


def _asked(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    """Noted, or under investigation."""
    _bear_out(track, car)
    known = _investigation(track, ruling, car)
    if known is not None:
        if known.text != text:
            track.book.confirm(known, text)
        return
    kind = _K.CONTACT if ruling.happening is Happening.CONTACT else _K.INVESTIGATION
    _opens(track, kind, car, text, ruling.lap or lap)


def _decided(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    """No further action."""
    _answered(track, ruling, car, text)


def _penalised(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    _answered(track, ruling, car)
    held = _newest(track, car, _K.PENALTY)
    if ruling.withdrawn:
        if held is not None:
            track.book.clear(held, text)
        return
    penalty = str(ruling.penalty) if ruling.penalty is not None else None
    if held is None or held.penalty != penalty or not _same(held.text, text):
        _opens(track, _K.PENALTY, car, text, ruling.lap or lap, penalty)


def _served(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    penalty = str(ruling.penalty) if ruling.penalty is not None else None
    held = list(track.book.of(car, _K.PENALTY))
    known = next((one for one in held if one.penalty == penalty), held[0] if held else None)
    if known is not None:
        track.book.clear(known, f"{known.text}; served")


def served_in_pits(track: Track, car: str) -> None:
    """A stop that the provider calls a penalty serves the oldest drive-through or stop and go of the car."""
    for one in track.book.of(car, _K.PENALTY):
        if (one.penalty or "").startswith((PenaltyKind.DRIVE_THROUGH, PenaltyKind.STOP_AND_GO)):
            track.book.clear(one, f"{one.text}; served, by its stop")
            return


def _deleted(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    if not ruling.withdrawn:
        penalty = str(ruling.penalty) if ruling.penalty is not None else None
        _opens(track, _K.LAP_DELETED, car, text, ruling.lap or lap, penalty)
        return
    known = _newest(track, car, _K.LAP_DELETED)
    if known is not None:
        track.book.clear(known, text)


def _technical(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    held = _newest(track, car, _K.TECHNICAL)
    if ruling.withdrawn:
        if held is not None:
            track.book.clear(held, text)
    elif held is None:
        _opens(track, _K.TECHNICAL, car, text, lap)


def _warned(track: Track, ruling: Ruling, car: str, text: str, lap: int | None) -> None:
    _answered(track, ruling, car)
    _opens(track, _K.OTHER, car, text, lap)


def _investigation(track: Track, ruling: Ruling, car: str) -> Incident | None:
    """The car's open investigation that the ruling speaks of; where each names a car of its own they are two."""
    named = set(ruling.car_numbers)
    for one in reversed(list(track.book.of(car, *_ASKED))):
        others = set(read_message(one.text).car_numbers)
        if one.origin is IncidentOrigin.RACE_CONTROL and (named <= others or others <= named):
            return one
    return None


def _answered(track: Track, ruling: Ruling, car: str, text: str | None = None) -> None:
    """The stewards have decided on the car's investigation, and so on that of the others that it named."""
    known = _investigation(track, ruling, car)
    for one in list(track.book.open.values()) if known is not None else ():
        if known is not None and one.kind in _ASKED and one.text == known.text:
            track.book.clear(one, text)


_RULES = {
    Category.INVESTIGATION: _asked, Category.NOTED: _asked, Category.DECISION: _decided, Category.PENALTY: _penalised,
    Category.SERVED: _served, Category.LAP_DELETED: _deleted, Category.TECHNICAL: _technical, Category.WARNING: _warned,
}  # fmt: skip


def _on_track(track: Track, ruling: Ruling, cars: tuple[str, ...], text: str) -> None:
    kind = _SEEN.get(ruling.happening) if ruling.happening is not None else None
    for car in cars:
        if ruling.happening in (Happening.CONTINUED, Happening.RETIRED):
            if car in track.cars:
                moves(track, track.cars[car], f"race control: {text}")
            for one in track.book.of(car, *_ON_TRACK):
                track.book.clear(one, f"{one.text}, then race control: {text}")
        elif kind is not None and not _bear_out(track, car, text, kind):
            _opens(track, kind, car, text, None)
    if not cars and kind is not None:
        _opens(track, kind, None, text, None)


def _bear_out(track: Track, car: str, text: str | None = None, kind: IncidentKind | None = None) -> bool:
    """Whether an incident on the track of this car is known already; one that was inferred is now certain."""
    known = track.book.lately(car, *_ON_TRACK)
    if known is None or (kind is _K.STOPPED_CAR and known.kind is not kind):
        return False
    held = track.book.latest(known.sequence)
    if held is not None and held.origin is IncidentOrigin.INFERRED:
        said = f"{held.text}; race control: {text}" if text and "race control" not in held.text else held.text
        track.book.confirm(held, said)
    return True


def _opens(
    track: Track, kind: IncidentKind, car: str | None, text: str, lap: int | None, penalty: str | None = None
) -> None:
    if lap is None and car is not None and car in track.cars:
        lap = track.cars[car].laps + 1
    track.book.opens(
        kind, text, car=car, lap=lap, origin=IncidentOrigin.RACE_CONTROL, confirmed=True, penalty=penalty,
        kept_ms=_KEPT.get(kind, t.MOMENT_KEPT_MS) if car is not None else t.MOMENT_KEPT_MS,
    )  # fmt: skip


def _newest(track: Track, car: str, *kinds: IncidentKind) -> Incident | None:
    own = [one for one in track.book.of(car, *kinds) if one.origin is IncidentOrigin.RACE_CONTROL]
    return own[-1] if own else None


def _same(held: str, text: str) -> bool:
    """Whether two texts say the same penalty: the second may only correct or confirm the first."""
    ruled, again = read_message(held), read_message(text)
    return again.correction or again.reason is None or ruled.reason == again.reason
