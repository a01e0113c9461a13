"""What the laps of the whole field tell together: places, flags, the order on the road."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result, ResultKind, StopType

Ints = NDArray[np.int64]

# With no car at the line for this long the race was stopped: the longest hole under a safety car is half of it.
RED_FLAG_MS = 900_000


def set_positions(laps: Sequence[Lap], classes: dict[str, str | None]) -> None:
    """Set each lap's place overall and in class: of the cars that completed as many laps, who did so first."""
    if not laps:
        return
    number = np.array([lap.lap_number for lap in laps])
    end = np.array([lap.end_ms for lap in laps])
    names = {name: index for index, name in enumerate(dict.fromkeys(classes.values()))}
    category = np.array([names[classes[lap.car_number]] for lap in laps])
    overall = _places(end, number)
    in_class = _places(end, number * len(names) + category)
    for lap, place, class_place in zip(laps, overall.tolist(), in_class.tolist(), strict=True):
        lap.position = place
        lap.class_position = class_place


def _places(end: Ints, group: Ints) -> Ints:
    """The rank of each end within its group, from 1; equal ends keep the order of the file."""
    order = np.lexsort((end, group))
    sorted_group = group[order]
    index = np.arange(len(order))
    first = np.r_[True, sorted_group[1:] != sorted_group[:-1]]
    places = np.empty_like(index)
    places[order] = index - np.maximum.accumulate(np.where(first, index, 0)) + 1
    return places


def road_results(laps: Sequence[Lap], classes: dict[str, str | None]) -> list[Result]:
    """The order on the road: laps completed, then who completed them first; penalties play no part."""
    last = {lap.car_number: lap for lap in laps}
    best: dict[str, Lap] = {}
    for lap in laps:
        held = best.get(lap.car_number)
        if lap.lap_time_ms is not None and (held is None or lap.lap_time_ms < (held.lap_time_ms or 0)):
            best[lap.car_number] = lap
    order = sorted(last.values(), key=lambda lap: (-lap.lap_number, lap.end_ms or 0))
    seen: dict[str | None, int] = {}
    results = []
    for place, lap in enumerate(order, 1):
        car_class = classes[lap.car_number]
        seen[car_class] = seen.get(car_class, 0) + 1
        results.append(_road(lap, place, seen[car_class], order[0], best.get(lap.car_number)))
    return results


def _road(lap: Lap, place: int, class_place: int, leader: Lap, best: Lap | None) -> Result:
    behind = leader.lap_number - lap.lap_number
    return Result(
        car_number=lap.car_number,
        kind=ResultKind.ROAD,
        position=place,
        class_position=class_place,
        laps=lap.lap_number,
        total_time_ms=lap.end_ms,
        gap_ms=None if behind else (lap.end_ms or 0) - (leader.end_ms or 0),
        gap_laps=behind,
        best_lap_ms=best.lap_time_ms if best else None,
        best_lap_number=best.lap_number if best else None,
    )


def track_status(laps: Sequence[Lap]) -> list[TrackStatus]:
    """The flags of the track, inferred from the flag at the line of all cars together.

    A change is dated at the first crossing that shows it, which is late by the time to the crossing before at
    most; what the first crossing shows is taken to hold from the start; once a car has seen the chequered flag
    it stays out. The files have no red flag: where no car crosses the line for 15 minutes the race was stopped,
    and the status says that this is inferred. Empty where the file has no flags.
    """
    crossings = sorted((lap.end_ms or 0, lap.flag) for lap in laps if lap.flag is not None)
    statuses: list[TrackStatus] = []
    holes = dict(red_flags(laps))
    before = 0
    for time, flag in crossings:
        if before in holes and time >= holes[before]:
            minutes = round((holes[before] - before) / 60_000)
            message = f"inferred: no car crossed the line for {minutes} minutes"
            statuses.append(TrackStatus(before + 1, Flag.RED, message))
        if not statuses or statuses[-1].flag is not flag:
            statuses.append(TrackStatus(time if statuses else 0, flag))
        if flag is Flag.CHEQUERED:
            break
        before = time
    return statuses


def red_flags(laps: Sequence[Lap]) -> list[tuple[int, int]]:
    """Spans of session time, as (last crossing, next crossing), in which the race was stopped; inferred."""
    if not laps:
        return []
    end = np.sort(np.array([lap.end_ms for lap in laps]))
    holes = np.flatnonzero(np.diff(end) >= RED_FLAG_MS)
    return [(int(end[i]), int(end[i + 1])) for i in holes if len(end) - i > len({lap.car_number for lap in laps}) // 2]


def name_red_flag_stops(stops: list[PitStop], laps: Sequence[Lap]) -> list[PitStop]:
    """The stops, those that lasted as long as a red flag and spanned it named so."""
    holes = red_flags(laps)
    if not holes:
        return stops
    at = {(lap.car_number, lap.lap_number): lap for lap in laps}
    return [_as_red_flag(stop, at, holes) for stop in stops]


def _as_red_flag(stop: PitStop, at: dict[tuple[str, int], Lap], holes: list[tuple[int, int]]) -> PitStop:
    in_lap = at[stop.car_number, stop.lap_number]
    out_lap = at.get((stop.car_number, stop.lap_number + 1), in_lap)
    for start, end in holes:
        spans = (in_lap.start_ms or 0) <= start and (out_lap.end_ms or 0) >= end
        waited = stop.duration_ms is not None and abs(stop.duration_ms - (end - start)) <= RED_FLAG_MS
        if spans and waited:
            return replace(stop, stop_type=StopType.RED_FLAG)
    return stop
