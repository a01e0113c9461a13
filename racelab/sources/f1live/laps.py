"""Rows of the stream as laps."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.sources.f1live.sync import Timed
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.tyres import TyreSet


@dataclass(frozen=True, slots=True)
class Around:
    """What a lap takes from beside its row: the row before it, its tyres and their laps in this lap, place, speeds."""

    before: Timed | None = None
    tyres: TyreSet | None = None
    stint_laps: int | None = 1
    position: int | None = None
    speeds: dict[str, float] = field(default_factory=dict)
    is_deleted: bool | None = None


def make_lap(car_number: str, timed: Timed, around: Around, track: Track) -> Lap:
    """The lap of a row, on the session's clock."""
    row, tyres = timed.row, around.tyres
    begin = _begin(timed, around.before, track)
    pit_in, pit_out = _within(row.pit_in, track), _within(row.pit_out, track)
    came = _within(around.before.row.pit_in, track) if around.before else None
    stop = pit_out - came if pit_out is not None and came is not None and pit_out >= came else None
    fitted, done = tyres.start_laps if tyres is not None else None, around.stint_laps
    age = fitted + done if fitted is not None and done is not None else None
    speeds = {**around.speeds, **row.speeds}
    s1, s2, s3 = timed.sectors
    return Lap(
        car_number, timed.number, seat=1, stint=tyres.stint + 1 if tyres is not None else None,
        lap_time_ms=timed.lap_ms, s1_ms=s1, s2_ms=s2, s3_ms=s3,
        start_ms=track.since(begin), end_ms=track.since(timed.end),
        pit_in=pit_in is not None or row.was_in, pit_out=pit_out is not None or row.was_out,
        pit_in_ms=track.since(pit_in), pit_out_ms=track.since(pit_out), pit_time_ms=stop,
        position=around.position, class_position=around.position,
        compound=tyres.compound if tyres is not None else None, tyre_age=age,
        fresh_tyre=tyres.is_new if tyres is not None else None,
        flag=track.worst(begin, timed.end),
        top_speed_kph=speeds.get("ST"), speed_i1_kph=speeds.get("I1"), speed_i2_kph=speeds.get("I2"),
        speed_fl_kph=speeds.get("FL"), deleted=around.is_deleted,
    )  # fmt: skip


def carried_speeds(rows: Iterable[Timed], flags: Sequence[Flag | None]) -> list[dict[str, float]]:
    """The speeds that each row takes over from those before it: the stream sends no speed again that is the same.

    Laps under a red flag take none over, and laps into the pits none at the line.
    """
    held: dict[str, float] = {}
    carried = []
    for timed, flag in zip(rows, flags, strict=True):
        held = {**held, **timed.row.speeds}
        skipped = {"FL"} if timed.row.pit_in is not None or timed.row.was_in else set()
        carried.append({} if flag is Flag.RED else {trap: kph for trap, kph in held.items() if trap not in skipped})
    return carried


def _within(at: int | None, track: Track) -> int | None:
    """A pit time, if it is one of the session: before the start of a race cars drive to the grid."""
    if at is not None and track.is_race and track.start is not None and at < track.start:
        return None
    return at


def _begin(timed: Timed, before: Timed | None, track: Track) -> int | None:
    """When the lap began: with the end of the one before, the race's start, or the way out of the pits."""
    out = timed.row.pit_out
    if timed.number == 1 and track.is_race:
        return track.start
    follows = before is not None and before.number == timed.number - 1
    begin = before.end if before is not None and follows else None
    restart = _restart(begin, out, track)
    if restart is not None:
        begin = (restart if timed.lap_ms is None else begin) if track.is_race else None
    if begin is None and before is not None and not follows and track.is_race:
        # The lap before was missed: this one began at the line, and not with the way out of the pits.
        out = None
    if begin is None and out is not None:
        return out
    if begin is None and timed.end is not None and timed.lap_ms is not None:
        return timed.end - timed.lap_ms
    return begin if begin is not None else out


def _restart(begin: int | None, out: int | None, track: Track) -> int | None:
    """The restart after which a car came out for this lap, if the session was stopped before it."""
    if begin is None or out is None:
        return None
    place = bisect_right(track.restarts, out) - 1
    return track.restarts[place] if place >= 0 and track.restarts[place] > begin else None
