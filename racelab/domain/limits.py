"""Values that cannot be: outside the ranges of the column vocabulary, they are left out by name, never stored."""

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pandas as pd

from racelab.domain.laps import Quality
from racelab.domain.records import Repair, SessionData
from racelab.domain.vocabulary import COLUMNS

_RULE = "impossible_value"
# The lists of a session that hold numbers, each with the number that its rows go by.
_KEYS = {
    "laps": "lap_number", "pit_stops": "lap_number", "results": None, "weather": "time_ms", "track_status": "time_ms",
    "session_status": "time_ms", "race_control": None,
}  # fmt: skip


def impossible(record: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of the record's numbers that are outside the vocabulary's ranges."""
    for name, low, high in _limits(record.__class__):
        value = getattr(record, name)
        if value is not None and not low <= value <= high:
            yield name, value


def leave_out_impossible(data: SessionData) -> None:
    """Replace what cannot be by null, in place, with a repair each; a row whose key cannot be goes as a whole."""
    found: list[Repair] = []
    for name, key in _KEYS.items():
        records = getattr(data, name)
        bad = {index: list(values) for index, record in enumerate(records) if (values := list(impossible(record)))}
        if bad:
            found += [_repair(name, _named(records[at]), *value) for at, values in bad.items() for value in values]
            rows = [(record, bad.get(at, [])) for at, record in enumerate(records)]
            setattr(data, name, [_without(record, values) for record, values in rows if not _has(values, key)])
    found += _leave_out_seats(data)
    if data.telemetry is not None:
        data.telemetry, repairs = _without_samples(data.telemetry)
        found += repairs
    data.repairs += found


@cache
def _limits(kind: Any) -> tuple[tuple[str, float, float], ...]:
    keys = [field.name for field in fields(kind) if field.name in COLUMNS]
    return tuple((key, *_range(key)) for key in keys if _is_limited(key))


def _is_limited(key: str) -> bool:
    return (COLUMNS[key].low, COLUMNS[key].high) != (None, None)


def _range(key: str) -> tuple[float, float]:
    low, high = COLUMNS[key].low, COLUMNS[key].high
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


def _has(values: list[tuple[str, Any]], key: str | None) -> bool:
    return any(name == key for name, _ in values)


def _without(record: Any, values: list[tuple[str, Any]]) -> Any:
    if not values:
        return record
    changes: dict[str, Any] = dict.fromkeys(name for name, _ in values)
    return replace(record, **changes, **({"quality": Quality.REPAIRED} if hasattr(record, "quality") else {}))


def _named(record: Any) -> str:
    """The record's natural key in words, as far as it has one."""
    names = ("kind", "car_number", "lap_number", "sequence", "time_ms")
    return " ".join(str(getattr(record, name)) for name in names if getattr(record, name, None) is not None)


def _repair(table: str, record: str, column: str, value: object) -> Repair:
    low, high = _range(column)
    reason = f"{value} is not between {low:g} and {high:g}; it is left out"
    return Repair(_RULE, table, record, column, str(value), None, reason)


def _leave_out_seats(data: SessionData) -> list[Repair]:
    """Drivers whose seat cannot be are left out of their crews."""
    repairs = []
    for at, entry in enumerate(data.entries):
        bad = {driver.seat for driver in entry.drivers for _ in impossible(driver)}
        if bad:
            data.entries[at] = replace(entry, drivers=tuple(d for d in entry.drivers if d.seat not in bad))
            repairs += [_repair("drivers", entry.car_number, "seat", seat) for seat in sorted(bad)]
    return repairs


def _without_samples(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Repair]]:
    """The frame without impossible samples, and a repair for each column and car that had some."""
    repairs = []
    for key in [key for key in frame.columns if key in COLUMNS and _is_limited(key)]:
        low, high = _range(key)
        bad = ((frame[key] < low) | (frame[key] > high)).fillna(False).astype(bool)
        for car, rows in frame[bad].groupby("car_number"):
            repairs.append(_repair("telemetry", f"{car}, {len(rows)} samples", key, rows[key].iloc[0]))
        if bad.any():
            frame = frame[~bad] if key == "time_ms" else frame.assign(**{key: frame[key].mask(bad)})
    return frame, repairs
