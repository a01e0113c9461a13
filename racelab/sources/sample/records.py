"""From cars that have raced to the records of a session."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result, StopType
from racelab.domain.series import Series
from racelab.sources.sample.incidents import Window
from racelab.sources.sample.parameters import SeriesModel
from racelab.sources.sample.race import Car

_POINTS = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
_BEFORE_LINE = 0.25  # chosen: share of the pit lane's time that lies before the finish line


def finish_laps(
    cars: Sequence[Car], model: SeriesModel, windows: Sequence[Window], rng: np.random.Generator
) -> list[Lap]:
    """All laps by car, with sectors that sum, pit times on the out-lap, places and flags."""
    laps = [lap for car in cars for lap in _with_pits(car.laps)]
    for lap in laps:
        _split(lap, model, rng)
        if lap.flag is None:
            lap.flag = _flag(lap, windows, whole_lap=model.series is Series.F1)
        _speed(lap, model, rng)
    classes = {car.racer.entry.car_number: car.racer.car_class.name for car in cars}
    _place(laps, classes)
    return laps


def _with_pits(laps: list[Lap]) -> list[Lap]:
    """The stop's time moves from the in-lap, where it was drawn, to the out-lap, where timing systems write it."""
    drawn = [lap.pit_time_ms for lap in laps]
    for lap in laps:
        lap.pit_time_ms = None
    for (before, after), time in zip(pairwise(laps), drawn, strict=False):
        if after.pit_out and time is not None:
            before.pit_in_ms = int(before.end_ms or 0) - round(time * _BEFORE_LINE)
            after.pit_time_ms, after.pit_out_ms = time, before.pit_in_ms + time
    return laps


def _split(lap: Lap, model: SeriesModel, rng: np.random.Generator) -> None:
    """Three sectors that sum to the lap; what a stop costs lies in the sector of the pit entry or exit."""
    total, pit = int(lap.lap_time_ms or 0), model.pit
    first = min(total // 2, pit.out_loss_ms) if pit and lap.pit_out else 0
    last = min(total // 4, pit.in_loss_ms) if pit and lap.pit_in else 0
    rest = total - first - last
    noise = rng.normal(0, model.sector_noise, 2)
    lap.s1_ms = round(rest * (model.sectors[0] + noise[0])) + first
    lap.s2_ms = round(rest * (model.sectors[1] + noise[1]))
    lap.s3_ms = total - lap.s1_ms - lap.s2_ms


def _flag(lap: Lap, windows: Sequence[Window], *, whole_lap: bool) -> Flag:
    """F1 tells every status of a lap, so the lap carries its neutralisation; elsewhere it is the flag at the line."""
    end = int(lap.end_ms or 0)
    start = int(lap.start_ms or 0) if whole_lap else end
    seen = [window for window in windows if window.start_ms <= end and start < window.end_ms]
    return seen[0].flag if seen else Flag.GREEN


def _speed(lap: Lap, model: SeriesModel, rng: np.random.Generator) -> None:
    usual = {Series.F1: 315.0, Series.WEC: 285.0}.get(model.series, 205.0)  # chosen: of the right size
    slow = lap.pit_in or lap.flag not in (Flag.GREEN, Flag.CHEQUERED)
    lap.top_speed_kph = round(float(rng.normal(usual * (0.75 if slow else 1.0), 4)), 1)


def _place(laps: list[Lap], classes: dict[str, str | None]) -> None:
    seen: dict[object, int] = {}
    for lap in sorted(laps, key=lambda lap: (lap.lap_number, lap.end_ms or 0)):
        for key in ((lap.lap_number,), (lap.lap_number, classes[lap.car_number])):
            seen[key] = seen.get(key, 0) + 1
        lap.position, lap.class_position = seen[(lap.lap_number,)], seen[lap.lap_number, classes[lap.car_number]]


def stops(laps: Sequence[Lap]) -> list[PitStop]:
    """Stops by their in-lap; the driver and tyre changes stand on the out-lap."""
    found = []
    nexts = {(lap.car_number, lap.lap_number - 1): lap for lap in laps}
    for lap in laps:
        after = nexts.get((lap.car_number, lap.lap_number))
        if not lap.pit_in or after is None:
            continue
        changed = after.seat != lap.seat
        kind = StopType.DRIVER_CHANGE if changed else StopType.REGULAR
        found.append(PitStop(lap.car_number, lap.lap_number, lap.pit_in_ms, after.pit_out_ms, after.pit_time_ms, kind, lap.seat, after.seat, after.compound, lap.flag))  # fmt: skip
    return found


def results(cars: Sequence[Car], series: Series) -> list[Result]:
    """The classification: laps, then time; all of it agrees with the laps."""
    order = sorted(cars, key=lambda car: (-len(car.laps), car.laps[-1].end_ms if car.laps else 0, car.grid))
    found, in_class = list[Result](), dict[str | None, int]()
    for place, car in enumerate(order, 1):
        name = car.racer.car_class.name
        in_class[name] = in_class.get(name, 0) + 1
        found.append(_gaps(_result(car, place, in_class[name], series), found[0] if found else None))
    return found


def _result(car: Car, place: int, class_place: int, series: Series) -> Result:
    best = min((lap for lap in car.laps), key=lambda lap: lap.lap_time_ms or 0, default=None)
    score = class_place if series is Series.WEC else place
    points = _POINTS[score - 1] if score <= len(_POINTS) and not car.retired else 0
    return Result(
        car.racer.entry.car_number, position=place, class_position=class_place,
        status="Retired" if car.retired else "Finished", laps=len(car.laps),
        total_time_ms=car.laps[-1].end_ms if car.laps else None, grid_position=car.grid + 1, points=float(points),
        best_lap_ms=best.lap_time_ms if best else None, best_lap_number=best.lap_number if best else None,
    )  # fmt: skip


def _gaps(result: Result, winner: Result | None) -> Result:
    if winner is None:
        return result
    behind = (winner.laps or 0) - (result.laps or 0)
    gap = (result.total_time_ms or 0) - (winner.total_time_ms or 0) if not behind else None
    return replace(result, gap_ms=gap, gap_laps=behind)


def track_status(windows: Sequence[Window], end_ms: int) -> list[TrackStatus]:
    """The track's flags over the race, from green at the start to the chequered flag."""
    found = [TrackStatus(0, Flag.GREEN, "Track clear")]
    for window in windows:
        if window.start_ms >= end_ms:
            break
        found.append(TrackStatus(window.start_ms, window.flag, f"{window.flag.label} deployed"))
        if window.end_ms < end_ms:
            found.append(TrackStatus(window.end_ms, Flag.GREEN, "Track clear"))
    return [*found, TrackStatus(end_ms, Flag.CHEQUERED, "Chequered flag")]
