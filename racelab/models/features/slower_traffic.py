"""The cars that a car will meet on its next lap: where they are and how fast they go tells it before."""

from dataclasses import dataclass

import numpy as np

from racelab.models.features.earlier import Bools, Floats, earlier, median
from racelab.models.features.race import Race

_STOPPED = 1.25  # a car that has not come by for so many of its laps is in the pits or off the track
_FAR_MS = 60_000.0  # gaps beyond a minute say no more
_SURE_MS = 2000.0  # how well the moment of meeting is known, about
_SLOWER = 1.01  # by so much in pace, or it is no matter of lapping


@dataclass(frozen=True, slots=True)
class _Other:
    """Another car as each row's car sees it when its lap begins."""

    ahead: Floats  # ms since it crossed the line
    behind: Floats  # ms until it is expected there
    pace: Floats  # ms a lap
    is_there: Bools


def traffic(the: Race, rows: np.ndarray, pace: Floats) -> dict[str, Floats]:
    """Gaps on the track and expected meetings on the lap that begins.

    A car is met where its place on the lap and the difference in pace bring both together before the lap ends: with
    m laps between them and paces T and T_j, the car ahead is caught if m < 1 - T / T_j.

    Args:
        the: the race.
        rows: positions of the laps to be described.
        pace: the expected time of each row's lap in ms.

    Returns:
        ``gap_ahead``, ``gap_behind`` and, in the own class, ``class_ahead``, ``class_behind`` in s, at most 60;
        ``slower_met`` and ``faster_met`` (cars of another pace) as counts, ``slower_near`` and ``faster_near`` as sums of
        chances; ``slower_own_class``; ``cars_ahead`` within 10 s; ``pace_ahead``: log of the next car's pace over the own.
    """
    size = len(rows)
    gaps: dict[str, Floats] = {
        name: np.full(size, _FAR_MS) for name in ("gap_ahead", "gap_behind", "class_ahead", "class_behind")
    }
    counts: dict[str, Floats] = {name: np.zeros(size) for name in ("slower_met", "faster_met", "slower_near", "faster_near", "slower_own_class", "cars_ahead")}  # fmt: skip
    pace_ahead, class_pace_ahead = np.full(size, np.nan), np.full(size, np.nan)
    codes, first = np.unique(the.car, return_index=True)
    for code, begin, end in zip(codes, first, [*first[1:], len(the.car)], strict=True):
        other = _seen(the, rows, int(code), slice(begin, end))
        if other is None:
            continue
        same = the.car_class[rows] == the.car_class[begin]
        ahead, behind = _where(other.is_there, other.ahead), _where(other.is_there, other.behind)
        pace_ahead = np.where(ahead < gaps["gap_ahead"], other.pace, pace_ahead)
        class_ahead = _where(same, ahead)
        class_pace_ahead = np.where(class_ahead < gaps["class_ahead"], other.pace, class_pace_ahead)
        for name, gap in (("gap_ahead", ahead), ("gap_behind", behind), ("class_ahead", class_ahead), ("class_behind", _where(same, behind))):  # fmt: skip
            gaps[name] = np.minimum(gaps[name], gap)
        _meet(counts, other, pace, same)
    return {
        **{name: gap / 1000 for name, gap in gaps.items()}, **counts,
        "pace_ahead": np.log(pace_ahead / pace), "class_pace_ahead": np.log(class_pace_ahead / pace),
    }  # fmt: skip


def _seen(the: Race, rows: np.ndarray, code: int, laps: slice) -> _Other | None:
    green = np.flatnonzero(the.green[laps]) + laps.start  # the laps of a car stand together
    crossed = np.flatnonzero(np.isfinite(the.time[laps])) + laps.start
    if not len(crossed) or not len(green):
        return None
    last = np.searchsorted(the.end[crossed], the.start[rows], side="right") - 1
    at = crossed[np.clip(last, 0, None)]
    none, asked = np.zeros(len(green), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    pace = median(earlier(the.time[green], none, the.end[green], asked, the.start[rows], 5))
    ahead = (the.start[rows] - the.end[at]).astype(float)
    there = (last >= 0) & (the.car[rows] != code) & ~the.pit_in[at]
    return _Other(ahead, np.clip(pace - ahead, 0, None), pace, there & (ahead < _STOPPED * pace))


def _meet(counts: dict[str, Floats], other: _Other, pace: Floats, same: Bools) -> None:
    """Add one car to the meetings of each row; margins are ms by which it stays ahead, or behind."""
    laps = pace / other.pace
    stays_ahead = (other.ahead / other.pace - (1 - laps)) * pace
    stays_behind = ((1 - other.ahead / other.pace) - (laps - 1)) * pace
    slower = other.is_there & (other.pace > pace * _SLOWER)
    faster = other.is_there & (other.pace < pace / _SLOWER)
    counts["slower_met"] += slower & ~same & (stays_ahead < 0)
    counts["slower_own_class"] += slower & same & (stays_ahead < 0)
    counts["faster_met"] += faster & (stays_behind < 0)
    counts["slower_near"] += np.where(slower & ~same, _chance(stays_ahead), 0)
    counts["faster_near"] += np.where(faster, _chance(stays_behind), 0)
    counts["cars_ahead"] += other.is_there & (other.ahead < 10_000)


def _chance(margin: Floats) -> Floats:
    return 1 / (1 + np.exp(np.clip(np.nan_to_num(margin, nan=_FAR_MS) / _SURE_MS, -30, 30)))


def _where(kept: Bools, gap: Floats) -> Floats:
    return np.where(kept & np.isfinite(gap), gap, _FAR_MS)
