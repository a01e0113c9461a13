"""A car's laps against each other and against themselves: sectors, clock, order, count."""

import numpy as np

from racelab.domain.checks.ledger import Ledger
from racelab.domain.checks.rows import Floats, Pairs, array, pairs
from racelab.domain.checks.unique import doubled
from racelab.domain.flags import Flag

# What rounding of three sectors and a lap can make of one sum, ms; Al Kamel's files are exact.
_SECTORS_MS = {"alkamel": 0}
_ROUNDED_MS = 2
# How far a lap's span may be from its time, ms: FastF1 smooths the ends of laps, recordings see them up to 15 s late.
_ELAPSED_MS = {"alkamel": 0, "timing71": 15_000}
_SMOOTHED_MS = 100
# A hole between two laps that is longer than this is time that no lap holds.
_HOLE_MS = 1_000
_LONG_MS = 3_600_000
_SUM, _SPAN, _ORDER, _ELAPSED = "sector_sum", "start_before_end", "elapsed_order", "elapsed_sum"
_MISSING, _LONG, _PLACE = "missing_lap", "long_lap", "shared_place"


def check_sectors(ledger: Ledger) -> None:
    """Hold the sectors against the lap time; where they differ the clock at the line decides which of them stands."""
    time, start, end = (array(ledger, name) for name in ("lap_time_ms", "start_ms", "end_ms"))
    sectors = np.array([array(ledger, name) for name in ("s1_ms", "s2_ms", "s3_ms")]).reshape(3, -1)
    spare = _SECTORS_MS.get(ledger.data.provenance.source, _ROUNDED_MS)
    whole, known = ~np.isnan(sectors).any(axis=0), ~np.isnan(time)
    total = np.nansum(sectors, axis=0)
    ledger.look(_SUM, int((whole & known).sum()))
    off = (whole & (np.abs(total - time) > spare)) | (known & ~whole & (total > time + spare))
    by_sectors = whole & (np.abs(end - start - total) <= spare)
    for at in np.flatnonzero(off).tolist():
        if by_sectors[at]:
            reason = "the sectors and the clock at the line agree, and the lap time does not"
            ledger.change(_SUM, "laps", at, {"lap_time_ms": int(total[at])}, reason)
        else:
            reason = "the sectors do not add up to the lap time; the sectors are left out"
            held = {f"s{n}_ms": None for n in (1, 2, 3) if not np.isnan(sectors[n - 1, at])}
            ledger.change(_SUM, "laps", at, held, reason)


def check_spans(ledger: Ledger) -> None:
    """Leave out a start that is not before the lap's end."""
    start, end = array(ledger, "start_ms"), array(ledger, "end_ms")
    ledger.look(_SPAN, int((~np.isnan(start) & ~np.isnan(end)).sum()))
    for at in np.flatnonzero(start >= end).tolist():
        ledger.change(_SPAN, "laps", at, {"start_ms": None}, "the lap does not begin before it ends")


def note_clock(ledger: Ledger) -> None:
    """Name laps that end before the one before them, and times that are not the running sum of the laps."""
    number, end = array(ledger, "lap_number"), array(ledger, "end_ms")
    found = pairs(ledger)
    ledger.look(_ORDER, len(found.this))
    for at in found.this[end[found.this] <= end[found.before]].tolist():
        ledger.note(_ORDER, "laps", at, "end_ms", "the lap does not end after the lap before it")
    if ledger.data.session.key.is_race:
        _note_sums(ledger, number, end, found)


def _note_sums(ledger: Ledger, number: Floats, end: Floats, found: Pairs) -> None:
    laps = ledger.data.laps
    time, start = array(ledger, "lap_time_ms"), array(ledger, "start_ms")
    spare = _ELAPSED_MS.get(ledger.data.provenance.source, _SMOOTHED_MS)
    before, this = found.next
    hole = np.full(len(laps), np.nan)
    hole[this] = start[this] - end[before]
    begin = start.copy()
    begin[this] = np.where(np.isnan(start[this]), end[before], start[this])
    ledger.look(_ELAPSED, int((~np.isnan(begin) & ~np.isnan(end)).sum()))
    stopped = np.array([flag is Flag.RED for flag in ledger.column("laps", "flag")], dtype=bool)
    red = stopped.copy()
    red[this] |= stopped[before]
    # A first lap's time is often from elsewhere: the start is a light, and no line.
    off = (np.abs(end - begin - time) > spare) & (number > 1)
    for places, column, reason in (
        (off, "lap_time_ms", "the lap's time is not the time between its two lines"),
        ((hole > max(_HOLE_MS, spare)) & ~red, "start_ms", "time passes between the lap before and this one that no lap holds"),
        ((hole < -max(spare, _SMOOTHED_MS)) & ~red, "start_ms", "the lap begins before the lap before it ends"),
    ):  # fmt: skip
        for at in np.flatnonzero(places).tolist():
            ledger.note(_ELAPSED, "laps", at, column, reason)


def note_missing(ledger: Ledger) -> None:
    """Name the laps that a car's count in a race leaves out."""
    laps = ledger.data.laps
    if not ledger.data.session.key.is_race:
        return
    number = array(ledger, "lap_number")
    found = pairs(ledger)
    ledger.look(_MISSING, len(laps))
    gaps = [(int(number[at]), at, 1) for at in found.first.tolist() if number[at] > 1]
    gaps += [(int(number[a]), a, int(number[b]) + 1) for b, a in zip(found.before.tolist(), found.this.tolist(), strict=True) if number[a] > number[b] + 1]  # fmt: skip
    for following, at, first in gaps:
        words = f"lap {first}" if first == following - 1 else f"laps {first} to {following - 1}"
        record = f"{laps[at].car_number} {words}"
        ledger.write(_MISSING, "laps", record, "lap_number", (None, None), "the laps before this one are not there")


def note_long(ledger: Ledger) -> None:
    """Name laps of an hour and more: the car stood in its box or on the track, and the time is real."""
    time = array(ledger, "lap_time_ms")
    ledger.look(_LONG, int((~np.isnan(time)).sum()))
    for at in np.flatnonzero(time >= _LONG_MS).tolist():
        reason = "the car stood for most of the lap; the time is real, and shows no pace"
        ledger.note(_LONG, "laps", at, "lap_time_ms", reason)


def note_places(ledger: Ledger) -> None:
    """Name places that two cars hold at the end of the same lap of a race."""
    if not ledger.data.session.key.is_race:
        return
    keys = zip(ledger.column("laps", "lap_number"), ledger.column("laps", "position"), strict=True)
    placed = [(at, key) for at, key in enumerate(keys) if key[1] is not None]
    ledger.look(_PLACE, len(placed))
    for places in doubled([key for _, key in placed]):
        for at in (placed[place][0] for place in places):
            ledger.note(_PLACE, "laps", at, "position", "another car has the same place at the end of this lap")
