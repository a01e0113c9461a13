"""The clocks of the cars against each other: each car's messages are late by its own amount, which its gaps tell.

Where the stream says that a car is 1.2 s behind the leader and its lap ended 1.5 s after the leader's, all its laps are
0.3 s late. The rules are FastF1's, so that both give the same order at the line.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from racelab.sources.f1live.sync import Timed


@dataclass(slots=True)
class Gaps:
    """What the stream said of one car's gap to the leader: instants (ms), gaps (ms, null for laps), and who led."""

    at: list[int] = field(default_factory=list)
    gap_ms: list[int | None] = field(default_factory=list)
    leads: list[bool] = field(default_factory=list)

    def add(self, at: int, gap_ms: int | None, leads: bool) -> None:
        """The gap from this instant on; a message older than the last one counts from the last one on."""
        self.at.append(max(at, self.at[-1]) if self.at else at)
        self.gap_ms.append(gap_ms)
        self.leads.append(leads)

    def near(self, at: int) -> tuple[int | None, bool]:
        """The gap told nearest to an instant, and whether the car led then."""
        place = bisect_left(self.at, at)
        if place == len(self.at) or (place > 0 and at - self.at[place - 1] <= self.at[place] - at):
            place = bisect_left(self.at, self.at[place - 1]) if place else 0
        return self.gap_ms[place], self.leads[place]


def lags(cars: dict[str, list[Timed]], gaps: dict[str, Gaps]) -> dict[str, int]:
    """What is to be added to the ends of each car's laps (ms, never above 0); cars that cannot be compared have none."""
    laps = {number: {one.number: one for one in timed} for number, timed in cars.items()}
    delta: dict[str, int] = {}
    for lap in range(1, max((one.number for timed in cars.values() for one in timed), default=0) + 1):
        active = [number for number, own in laps.items() if lap in own and own[lap].end is not None]
        leader, expected = _compared(active, laps, gaps, delta, lap)
        if leader is None:
            continue
        zero, first = delta.setdefault(leader, 0), laps[leader][lap].end or 0
        for number, gap_ms in expected.items():
            if number not in delta:
                delta[number] = gap_ms - ((laps[number][lap].end or 0) - first) + zero
        if len(active) <= len(delta):
            break
    latest = max(max(delta.values(), default=0), 0)
    return {number: value - latest for number, value in delta.items()}


def _compared(
    active: list[str], laps: dict[str, dict[int, Timed]], gaps: dict[str, Gaps], delta: dict[str, int], lap: int
) -> tuple[str | None, dict[str, int]]:
    """Who led at the end of this lap, and the gaps of the others; laps through the pits tell nothing."""
    leader, expected = None, {}
    for number in active:
        own, told = laps[number][lap], gaps.get(number)
        if own.row.is_in_or_out or told is None or not told.at:
            continue
        gap_ms, leads = told.near(own.end or 0)
        if leads:
            leader = number
        elif number not in delta and gap_ms is not None:
            expected[number] = gap_ms
    return leader, expected
