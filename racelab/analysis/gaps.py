"""Gaps between cars, from the times at which they crossed the line."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """Whole laps behind, and the time beyond them: ``Gap(1362, 0)`` is on the same lap, ``Gap(None, 3)`` has no time."""

    ms: int | None = None
    laps: int | None = None


UNKNOWN = Gap()


def gap(
    ahead_laps: Sequence[int],
    ahead_times: Sequence[int],
    laps: Sequence[int],
    times: Sequence[int],
    *,
    is_final: bool = False,
) -> Gap:
    """How far a car is behind another one, as it was when it last crossed the line.

    Args:
        ahead_laps: lap numbers of the other car's known crossings, rising.
        ahead_times: session times in ms of these crossings, rising.
        laps: the same of the car itself.
        times: the same of the car itself.
        is_final: both cars have finished, so that all their laps count, whoever crossed the line first.

    Returns:
        The laps by which the other car led at that moment and the time since it crossed the line; only laps where the
        car has since lost more than it could make up by crossing; unknown where a car has not crossed yet or was ahead.
    """
    if not laps or not ahead_laps:
        return UNKNOWN
    place = bisect_right(ahead_times, times[-1]) - 1
    since = ahead_laps[-1] - laps[-1] - (0 if is_final else 1)
    if place < 0 or ahead_laps[place] < laps[-1]:
        return Gap(None, since) if since > 0 else UNKNOWN
    behind = ahead_laps[place] - laps[-1]
    return Gap(times[-1] - ahead_times[place], behind) if behind >= since else Gap(None, since)
