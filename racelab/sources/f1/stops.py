"""Pit stops of a race, derived from its laps' pit times."""

from bisect import bisect_right
from collections.abc import Sequence

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, StopType


def find_stops(laps: Sequence[Lap], statuses: Sequence[TrackStatus] = ()) -> list[PitStop]:
    """The stops of a race; laps are ordered by car and lap number.

    A stop lasts from the pit entry of one lap to the pit exit of the next. An entry without an exit is a retirement
    (Garage), or nothing where the race was over. Where the track status is not known, the flag is the in-lap's worst.
    """
    over = _finish_ms(laps)
    following: dict[tuple[str, int], Lap] = {(lap.car_number, lap.lap_number): lap for lap in laps}
    stops = []
    for lap in laps:
        out = following.get((lap.car_number, lap.lap_number + 1))
        home = out is None and over is not None and lap.end_ms is not None and lap.end_ms >= over
        if lap.pit_in and not home:
            stops.append(_stop(lap, out, statuses))
    return stops


def _stop(lap: Lap, out: Lap | None, statuses: Sequence[TrackStatus]) -> PitStop:
    out_ms = out.pit_out_ms if out is not None and out.pit_time_ms is not None else None
    return PitStop(
        car_number=lap.car_number,
        lap_number=lap.lap_number,
        in_ms=lap.pit_in_ms,
        out_ms=out_ms,
        duration_ms=out.pit_time_ms if out is not None else None,
        stop_type=_type(lap, out, statuses),
        seat_in=lap.seat,
        seat_out=out.seat if out is not None else None,
        compound=out.compound if out is not None else None,
        flag=flag_at(statuses, lap.pit_in_ms) or lap.flag,
        quality=lap.quality,
    )


def _type(lap: Lap, out: Lap | None, statuses: Sequence[TrackStatus]) -> StopType:
    if out is None:
        return StopType.GARAGE
    if _red_during(lap, out, statuses):
        return StopType.RED_FLAG
    if out.tyre_age is None or lap.tyre_age is None:
        return StopType.UNKNOWN
    # The same set goes on ageing by one lap; whoever drove through or repaired a wing has it still.
    kept = out.compound == lap.compound and out.tyre_age == lap.tyre_age + 1
    return StopType.UNKNOWN if kept else StopType.REGULAR


def _red_during(lap: Lap, out: Lap, statuses: Sequence[TrackStatus]) -> bool:
    if not statuses or lap.pit_in_ms is None or out.pit_out_ms is None:
        return Flag.RED in (lap.flag, out.flag)
    inside = any(lap.pit_in_ms <= s.time_ms <= out.pit_out_ms for s in statuses if s.flag is Flag.RED)
    return inside or flag_at(statuses, lap.pit_in_ms) is Flag.RED


def flag_at(statuses: Sequence[TrackStatus], time_ms: int | None) -> Flag | None:
    """The flag at a session time; statuses are ordered by time. None before the first and where time is None."""
    if time_ms is None:
        return None
    index = bisect_right(statuses, time_ms, key=lambda status: status.time_ms)
    return statuses[index - 1].flag if index else None


def _finish_ms(laps: Sequence[Lap]) -> int | None:
    """When the leader ended the last lap."""
    last = max((lap.lap_number for lap in laps), default=0)
    return min((lap.end_ms for lap in laps if lap.lap_number == last and lap.end_ms is not None), default=None)
