"""Gaps between two cars by the timing loops: both are compared where the one behind was seen last."""

from racelab.sources.alkamelddp.rows import Standing

Gap = tuple[int | None, int | None]
_DAY_MS = 86_400_000


def gap_between(ahead: Standing, behind: Standing) -> Gap:
    """The time (ms) or the whole laps between two cars; (None, None) where their rows do not tell.

    The car behind passed its last loop at an instant; the car ahead passed the same loop on the same lap earlier. Its rows
    hold the loops of the lap under way and of the one before, so that a car further behind is told in laps.
    """
    laps = ahead.laps - behind.laps
    if laps < 0 or laps > 1:
        return None, laps if laps > 0 else None
    time = _by_loops(ahead, behind, laps)
    if laps == 1 and (time is None or (ahead.last_ms is not None and time >= ahead.last_ms)):
        return None, 1
    return (time, 0) if time is not None and 0 <= time < _DAY_MS else (None, None)


def _by_loops(ahead: Standing, behind: Standing, laps: int) -> int | None:
    """The time between the two at the last loop that both have passed on the lap that the car behind is on."""
    if ahead.lap_start is None or behind.lap_start is None:
        return None
    start, passed = ahead.lap_start, ahead.loops
    if laps == 1:
        if ahead.last_ms is None:
            return None
        start, passed = ahead.lap_start - ahead.last_ms, ahead.last_loops
    common = [loop for loop in behind.loops if loop in passed]
    # Both have taken the flag: the line was the last that counts.
    if not common or (ahead.is_checkered and behind.is_checkered):
        return behind.lap_start - start
    last = max(common, key=lambda loop: behind.loops[loop])
    return behind.lap_start + behind.loops[last] - start - passed[last]
