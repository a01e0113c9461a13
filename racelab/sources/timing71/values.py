"""Cells of a Timing71 state as numbers of our units; what is not there is None."""

import re
from typing import Any

from racelab.domain.time import parse_duration

_LAPS = re.compile(r"\+?(\d+)\s*laps?", re.IGNORECASE)


def plain(cell: Any) -> Any:
    """A cell's value: cells are either a value or a list of value and mark."""
    if isinstance(cell, list):
        return cell[0] if cell else None
    return cell


def mark(cell: Any) -> str:
    """A cell's mark (pb, sb, sb-new, old, ...), or an empty text."""
    return str(cell[1]) if isinstance(cell, list) and len(cell) > 1 else ""


def text(cell: Any) -> str | None:
    """The value as text, or None where it is blank."""
    value = plain(cell)
    words = "" if value is None else str(value).strip()
    return words or None


def count(cell: Any) -> int | None:
    """A count of laps, stops or places, or None; a negative one is none."""
    value = number(cell)
    return int(value) if value is not None and 0 <= value <= 100_000 else None


def number(cell: Any) -> float | None:
    """The value as a number, or None."""
    value = plain(cell)
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if -1e9 < found < 1e9 else None


def duration_ms(cell: Any) -> int | None:
    """Milliseconds of a lap or sector time given in seconds, or as ``1:08.638``; zero and less are no time."""
    seconds = number(cell)
    if seconds is not None:
        millis = round(seconds * 1000)
    else:
        words = text(cell)
        try:
            millis = parse_duration(words) if words else 0
        except ValueError:
            return None
    return millis if millis > 0 else None


def gap(cell: Any) -> tuple[int | None, int | None]:
    """A gap as milliseconds and whole laps: ``1.362`` is (1362, 0), ``3 laps`` is (None, 3), blank is (None, None)."""
    seconds = number(cell)
    if seconds is not None:
        return (round(seconds * 1000), 0) if seconds >= 0 else (None, None)
    words = text(cell) or ""
    laps = _LAPS.fullmatch(words)
    if laps:
        return None, int(laps[1])
    try:
        return parse_duration(words.lstrip("+")), 0
    except ValueError:
        return None, None


def car_number(cell: Any) -> str | None:
    """The car's number as text: ``007`` stays; a number that JSON holds as 7.0 is ``7``."""
    value = plain(cell)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text(value)
