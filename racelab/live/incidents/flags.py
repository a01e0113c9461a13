"""Flags over the whole track and yellows at a place, each told once whoever tells it first."""

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.incidents import IncidentKind, IncidentOrigin
from racelab.live.incidents import losses
from racelab.live.incidents.watch import Track
from racelab.sources.racecontrol import Ruling

_KINDS = {
    Flag.YELLOW: IncidentKind.YELLOW, Flag.FCY: IncidentKind.FCY, Flag.CODE_60: IncidentKind.FCY,
    Flag.SLOW_ZONE: IncidentKind.YELLOW, Flag.SAFETY_CAR: IncidentKind.SAFETY_CAR, Flag.VSC: IncidentKind.VSC,
    Flag.RED: IncidentKind.RED_FLAG,
}  # fmt: skip
_WORDS = {Flag.YELLOW: "Yellow flag", Flag.RED: "Red flag"}
_GLOBAL = frozenset(_KINDS.values())
_SAID = {"fcy": Flag.FCY, "safety_car": Flag.SAFETY_CAR, "vsc": Flag.VSC, "red": Flag.RED, "green": Flag.GREEN,
         "chequered": Flag.CHEQUERED}  # fmt: skip
_LOCAL = ("yellow", "double_yellow")


def shown(track: Track, status: TrackStatus) -> None:
    """The track is under another flag, as the provider says."""
    _becomes(track, status.flag, status.time_ms)


def said(track: Track, ruling: Ruling, text: str) -> None:
    """A text about a flag."""
    if ruling.flag in _SAID and not ruling.withdrawn:
        _becomes(track, _SAID[ruling.flag], track.book.now)
    elif ruling.flag in _LOCAL or (ruling.flag == "clear" and ruling.sector is not None):
        _local(track, ruling, text)


def _becomes(track: Track, flag: Flag, at: int) -> None:
    before, track.flag = track.flag, flag
    if flag is Flag.CHEQUERED:
        _ends(track)
        return
    if flag is before or track.is_over:
        return
    track.flag_ms = at
    _set_free(track, before, at)
    words = _WORDS.get(flag, flag.label)
    kind, held = _KINDS.get(flag), list(track.book.of(None, *_GLOBAL))
    if kind is IncidentKind.YELLOW and held and held[-1].kind is kind:
        # A yellow at a place, told a moment before the track's status, is the same one.
        track.book.rename(held.pop(), kind, words)
    elif kind is not None and at >= 0:
        track.book.opens(kind, words, at=at, origin=IncidentOrigin.RACE_CONTROL, confirmed=True)
    for one in held:
        track.book.clear(one)
    if kind is not None:
        track.yellow_ms = at
        losses.flagged(track)


def _set_free(track: Track, before: Flag | None, at: int) -> None:
    if track.flag is not None and track.flag.is_neutral:
        track.free_ms = None
    elif before is not None and before.is_neutral:
        track.free_ms = at
        for car in track.cars.values():
            if before is Flag.RED and not car.is_out:
                car.seen_ms = at if car.seen_ms is not None else None
                car.out_lap = car.laps + 1
    if track.flag is Flag.RED:
        for car in track.cars.values():
            car.unjudged_stop = car.unjudged_stop or car.in_pit
            long_stop = track.book.latest(car.long_stop) if car.long_stop is not None else None
            if long_stop is not None:
                track.book.clear(long_stop, f"{long_stop.text}; the race was stopped")


def _local(track: Track, ruling: Ruling, text: str) -> None:
    """A yellow at a place, where the whole track is not under a flag that says as much."""
    place = _place(ruling)
    if place is None or track.is_over:
        return
    known = next((one for one in track.book.of(None, IncidentKind.YELLOW) if one.text.endswith(place)), None)
    if ruling.withdrawn or ruling.flag == "clear":
        if known is not None:
            track.book.clear(known)
    elif known is None:
        track.yellow_ms = track.book.now
        losses.flagged(track)
        if track.flag in (None, Flag.GREEN):
            track.book.opens(
                IncidentKind.YELLOW, f"Yellow at {place}", origin=IncidentOrigin.RACE_CONTROL, confirmed=True
            )


def _place(ruling: Ruling) -> str | None:
    if ruling.sector is not None:
        return f"sector {ruling.sector}"
    if ruling.marshal_post is not None:
        return f"marshal post {ruling.marshal_post}"
    return f"turn {ruling.turn}" if ruling.turn is not None else None


def _ends(track: Track) -> None:
    if track.is_over or not track.is_race:
        return
    track.is_over = True
    for one in list(track.book.open.values()):
        if one.origin is IncidentOrigin.INFERRED or one.kind in _GLOBAL:
            track.book.clear(one)
