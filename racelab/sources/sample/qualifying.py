"""A qualifying hour, simply: every car sets two flying laps in each part that it reaches."""

from dataclasses import replace

import numpy as np

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap, Result
from racelab.sources.sample.field import Racer
from racelab.sources.sample.season import Plan

_PARTS = ((20, 0), (15, 24 * 60_000), (10, 44 * 60_000))  # cars and start of Q1, Q2, Q3; the sport's own format
_PUSH = 0.985  # chosen: an empty tank and a new soft tyre against the race's median lap
_SLOW = 1.3  # chosen: an out-lap or in-lap against a flying lap


def qualifying(plan: Plan, racers: list[Racer], rng: np.random.Generator) -> tuple[list[Lap], list[Result]]:
    """Laps of all cars and the classification, which is the grid."""
    bests: dict[str, list[int | None]] = {racer.entry.car_number: [None, None, None] for racer in racers}
    laps: dict[str, list[Lap]] = {racer.entry.car_number: [] for racer in racers}
    still = list(racers)
    for part, (count, start) in enumerate(_PARTS):
        still = sorted(still, key=lambda racer: bests[racer.entry.car_number][part - 1] or 0)[:count]
        for racer in still:
            run = _run(plan, racer, laps[racer.entry.car_number], start + int(rng.uniform(30_000, 240_000)), rng)
            bests[racer.entry.car_number][part] = min(lap.lap_time_ms or 0 for lap in run if not lap.pit_out and not lap.pit_in)  # fmt: skip
            laps[racer.entry.car_number] += run
    return [lap for run in laps.values() for lap in run], _classify(bests)


def _run(plan: Plan, racer: Racer, before: list[Lap], start_ms: int, rng: np.random.Generator) -> list[Lap]:
    """Out-lap, flying lap, slow lap, flying lap, in-lap on one new soft set."""
    number, made, now = racer.entry.car_number, list[Lap](), start_ms
    stint = before[-1].stint + 1 if before and before[-1].stint else 1
    tyre = plan.model.tyres[0]
    for index, scale in enumerate((_SLOW, 1.0, _SLOW, 1.0, _SLOW)):
        noise = rng.normal(0, racer.car_class.noise)
        share = _PUSH + racer.pace[0] + tyre.offset + tyre.wear * index + noise
        time = round(plan.lap_ms * racer.car_class.pace * share * scale)
        made.append(
            Lap(
                number, len(before) + index + 1, 1, stint, time, start_ms=now, end_ms=now + time, pit_in=index == 4,
                pit_out=index == 0, pit_in_ms=now + time if index == 4 else None, pit_out_ms=now if index == 0 else None,
                compound=tyre.compound, tyre_age=index + 1, fresh_tyre=True, flag=Flag.GREEN,
            )
        )  # fmt: skip
        now += time
    return made


def _classify(bests: dict[str, list[int | None]]) -> list[Result]:
    def order(number: str) -> tuple[int, int]:
        times = [time for time in bests[number] if time is not None]
        return -len(times), times[-1]

    found = []
    for place, number in enumerate(sorted(bests, key=order), 1):
        q1, q2, q3 = bests[number]
        best = min(time for time in (q1, q2, q3) if time is not None)
        found.append(Result(number, position=place, class_position=place, best_lap_ms=best, q1_ms=q1, q2_ms=q2, q3_ms=q3))  # fmt: skip
    return [replace(result, status="Finished") for result in found]
