"""Laps that contradict themselves, as broken messages can make them: what cannot be is left out, and named."""

from dataclasses import replace

from racelab.domain.laps import Lap
from racelab.domain.records import Repair

# What rounding of three sectors and a lap can make of one sum.
_ROUNDED_MS = 2


def sound(lap: Lap) -> tuple[Lap, list[Repair]]:
    """The lap without what contradicts the rest of it, by the rules that every session is checked by, and their names."""
    found = []
    if lap.start_ms is not None and lap.end_ms is not None and lap.start_ms >= lap.end_ms:
        found.append(_left_out(lap, "start_before_end", "start_ms", "the lap does not begin before it ends"))
        lap = replace(lap, start_ms=None)
    sectors = {name: value for name in ("s1_ms", "s2_ms", "s3_ms") if (value := getattr(lap, name)) is not None}
    if lap.lap_time_ms is not None and sectors:
        beyond = sum(sectors.values()) - lap.lap_time_ms
        if beyond > _ROUNDED_MS or (len(sectors) == 3 and beyond < -_ROUNDED_MS):
            reason = "the sectors do not add up to the lap time; the sectors are left out"
            found += [_left_out(lap, "sector_sum", name, reason) for name in sectors]
            lap = replace(lap, s1_ms=None, s2_ms=None, s3_ms=None)
    return lap, found


def _left_out(lap: Lap, rule: str, column: str, reason: str) -> Repair:
    return Repair(
        rule, "laps", f"{lap.car_number} lap {lap.lap_number}", column, str(getattr(lap, column)), None, reason
    )
