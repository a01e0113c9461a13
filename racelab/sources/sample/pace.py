"""How long a lap takes: the car's own lap, the flag, and who is in the way."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from racelab.sources.sample.incidents import Window

CATCH_UP = 1.15  # chosen: ratio of a car that closes up to the queue behind the safety car
QUEUE_MS = 1_000  # chosen: time between cars of that queue
_PASS_MS, _PASS_SCALE_MS = 800.0, 300.0  # chosen: advantage a lap at which half of the attempts succeed
_LAPPING_MS = 250.0  # chosen: mean time lost to a slower car that is lapped


def cross_line(start_ms: float, green_ms: float, windows: Iterable[Window], leads: bool) -> float:
    """Time at which a lap ends that would take ``green_ms`` without flags, walked through the windows.

    Where the field bunches, only the leader keeps to the safety car's pace; the others close up.
    """
    now, left = start_ms, green_ms
    for window in windows:
        if window.end_ms <= now:
            continue
        if now + left <= window.start_ms:
            break
        if now < window.start_ms:
            left, now = left - (window.start_ms - now), float(window.start_ms)
        ratio = window.ratio if leads or not window.bunches else min(CATCH_UP, window.ratio)
        if now + left * ratio <= window.end_ms:
            return now + left * ratio
        left, now = left - (window.end_ms - now) / ratio, float(window.end_ms)
    return now + left


def window_at(windows: Sequence[Window], time_ms: float) -> Window | None:
    """The neutralisation in force at a time, if any."""
    return next((window for window in windows if window.start_ms <= time_ms < window.end_ms), None)


def held_up(end_ms: float, rivals: Sequence[float], slower: int, rng: np.random.Generator) -> float:
    """The lap's end after traffic: rivals' ends on the same lap are passed or followed, slower cars cost a little."""
    end_ms += float(rng.exponential(_LAPPING_MS, slower).sum())
    for rival in sorted(rivals, reverse=True):
        chance = 1 / (1 + math.exp(min(50.0, (_PASS_MS - (rival - end_ms)) / _PASS_SCALE_MS)))
        if rng.random() > chance:
            return max(end_ms, rival + float(rng.uniform(300, 700)))
    return end_ms
