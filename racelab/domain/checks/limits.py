"""Values that cannot be: outside the ranges of the column vocabulary, they are left out by name, never stored."""

from collections.abc import Container, Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

from racelab.domain.checks.ledger import KEYS, Ledger
from racelab.domain.laps import Lap
from racelab.domain.vocabulary import COLUMNS

_RULE, _LAP_TIME = "impossible_value", "impossible_lap_time"
_DAY_MS = 24 * 3_600_000
# Starts are estimated where a source does not tell them, so that a lap 1 may seem to begin before the session.
_SPARE_MS = 60_000


def impossible(record: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of the record's numbers that are outside the vocabulary's ranges."""
    for name, low, high in limits(record.__class__):
        value = getattr(record, name)
        if value is not None and not low <= value <= high:
            yield name, value


@cache
def limits(kind: Any) -> tuple[tuple[str, float, float], ...]:
    """The record's fields that have a range, each with its ends."""
    return tuple((field.name, *range_of(field.name)) for field in fields(kind) if is_limited(field.name))


def is_limited(key: str) -> bool:
    """Whether the vocabulary gives the column a range."""
    return key in COLUMNS and (COLUMNS[key].low, COLUMNS[key].high) != (None, None)


def range_of(key: str) -> tuple[float, float]:
    """The lowest and the highest value that are possible."""
    low, high = COLUMNS[key].low, COLUMNS[key].high
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


def check_lap_times(ledger: Ledger) -> None:
    """Keep out laps whose time cannot be: none or less, over a day, or longer than the session lasted."""
    laps = ledger.data.laps
    times = ledger.column("laps", "lap_time_ms")
    ledger.look(_LAP_TIME, len(times) - times.count(None))
    known = list(filter(None, times))
    if 0 in times or (known and not (min(known) > 0 and max(known) <= min(_DAY_MS, _longest(laps, {})))):
        for index, reason in _impossible_laps(laps).items():
            ledger.quarantine(_LAP_TIME, "laps", index, reason)
        ledger.settle()


def _longest(laps: list[Lap], but: Container[int]) -> float:
    """How long the session was, ms: what ends with an impossible lap does not tell."""
    ends = [lap.end_ms for at, lap in enumerate(laps) if lap.end_ms is not None and at not in but]
    return max(ends) + _SPARE_MS if ends else float("inf")


def _impossible_laps(laps: list[Lap]) -> dict[int, str]:
    timed = [(lap.lap_time_ms, at) for at, lap in enumerate(laps) if lap.lap_time_ms is not None]
    found = {at: "a lap takes time" for time, at in timed if time <= 0}
    found |= {at: "no lap takes more than 24 hours" for time, at in timed if time > _DAY_MS}
    before = -1
    while len(found) != before:
        before, longest = len(found), _longest(laps, found)
        longer = [at for time, at in timed if at not in found and time > longest]
        found |= dict.fromkeys(longer, "the lap is longer than the session")
    return found


def check_ranges(ledger: Ledger) -> None:
    """Leave out what cannot be; a record whose key cannot be is kept out as a whole."""
    for table, keys in KEYS.items():
        records = getattr(ledger.data, table)
        ledger.look(_RULE, len(records))
        for at in _outside(ledger, table):
            values = dict(impossible(records[at]))
            if table != "results" and (bad := [name for name in keys if name in values]):
                ledger.quarantine(_RULE, table, at, _reason(bad[0]))
            else:
                for name in values:
                    ledger.change(_RULE, table, at, {name: None}, _reason(name))
    _check_seats(ledger)
    ledger.settle()


def _outside(ledger: Ledger, table: str) -> list[int]:
    """Places of the records with a value outside its range; columns that are inside are passed over as a whole."""
    records = getattr(ledger.data, table)
    names = limits(records[0].__class__) if records else ()
    found: set[int] = set()
    for name, low, high in names:
        column = ledger.column(table, name)
        known = list(filter(None, column))
        if (known and not (low <= min(known) and max(known) <= high)) or (low > 0 and 0 in column):
            found |= {at for at, value in enumerate(column) if value is not None and not low <= value <= high}
    return sorted(found)


def _reason(column: str) -> str:
    low, high = range_of(column)
    return f"not between {low:g} and {high:g}"


def _check_seats(ledger: Ledger) -> None:
    """Drivers whose seat cannot be are left out of their crews."""
    for at, entry in enumerate(ledger.data.entries):
        bad = {driver.seat for driver in entry.drivers for _ in impossible(driver)}
        if bad:
            crew = tuple(driver for driver in entry.drivers if driver.seat not in bad)
            ledger.data.entries[at] = replace(entry, drivers=crew)
            for seat in sorted(bad):
                record = f"{entry.car_number} seat {seat}"
                ledger.write(_RULE, "drivers", record, "seat", (seat, None), _reason("seat"))
