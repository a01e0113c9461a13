"""When a car's laps began and ended: messages come late by turns, and what comes earliest is closest to the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from racelab.sources.f1live.rows import Row


@dataclass(slots=True)
class Timed:
    """A row with its lap time and sectors filled in where they can be told, and when it ended (ms since 1970)."""

    row: Row
    number: int
    lap_ms: int | None
    sectors: list[int | None]
    end: int | None


def settled(rows: Sequence[Row]) -> list[Timed]:
    """A car's rows, the one under way left out, or kept where it was measured and its end can be told."""
    timed: list[Timed] = []
    for row in rows:
        is_pseudo = row.number == 1 and not timed
        if not row.has_data and (row.at is None or is_pseudo):
            # The stream may count a lap that nobody drove when a car comes out for the first time.
            continue
        before = timed[-1] if timed else None
        found = filled(row, before)
        found.end = _first_told(found, before)
        timed.append(found)
    if timed and timed[-1].end is None:
        # A car that ends its last lap in the pits may not cross the line again.
        timed[-1].end = timed[-1].row.pit_in
        if timed[-1].end is None:
            timed.pop()
    _backwards(timed)
    _forwards(timed)
    return timed


def live(row: Row, before: Timed | None) -> Timed:
    """A row that has just ended, as far as it is known now."""
    found = filled(row, before)
    found.end = _first_told(found, before)
    if before is not None and before.end is not None and found.lap_ms is not None and found.end is not None:
        found.end = min(found.end, before.end + found.lap_ms)
    return found


def filled(row: Row, before: Timed | None) -> Timed:
    """The row with what the stream leaves out: it sends no value again that equals the one of the lap before."""
    lap_ms, sectors = row.lap_ms, list(row.sectors)
    known = [one for one in sectors if one is not None]
    total = sum(known)
    # The sectors of a lap cannot take longer than the lap.
    lap_ms = None if lap_ms is not None and total > lap_ms else lap_ms
    if row.is_blank and lap_ms is None and len(known) == 3:
        lap_ms = total
    number = row.number if row.at is not None else before.number + 1 if before is not None else 1
    if before is not None and before.number == number - 1:
        if len(known) == 3 and lap_ms is None and before.lap_ms == total:
            lap_ms = total
        elif len(known) == 2 and lap_ms is not None:
            gap = sectors.index(None)
            if lap_ms - total == before.sectors[gap]:
                sectors[gap] = lap_ms - total
    return Timed(row, number, lap_ms, sectors, row.at)


def _first_told(timed: Timed, before: Timed | None) -> int | None:
    """The earliest of what tells the lap's end: the count of laps, or a sector's time and those after it."""
    told = timed.row.sectors_at
    ends, rest = [timed.row.at, told[2]], 0
    for index in (1, 0):
        following = timed.sectors[index + 1]
        if following is None:
            break
        rest += following
        at = told[index]
        ends.append(None if at is None else at + rest)
    found = min((end for end in ends if end is not None), default=None)
    if found is not None and before is not None and before.end is not None and found < before.end:
        return timed.row.at
    return found


def _backwards(timed: list[Timed]) -> None:
    for index in range(len(timed) - 1, 0, -1):
        own, before = timed[index], timed[index - 1]
        if own.end is None or own.lap_ms is None or before.end is None or own.number > before.number + 1:
            continue
        start = own.end - own.lap_ms
        second = timed[index - 2].end if index > 1 else None
        if start < before.end and not (second is not None and start < second):
            before.end = start


def _forwards(timed: list[Timed]) -> None:
    for before, own in pairwise(timed):
        if before.end is None or own.lap_ms is None or own.end is None or own.number > before.number + 1:
            continue
        own.end = min(own.end, before.end + own.lap_ms)
