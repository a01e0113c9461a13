"""Cells of a Timing71 state as numbers of our units; what is not there is None."""

import re
from typing import Any

from racelab.domain.checks.kinds import BLANKS
from racelab.domain.time import parse_duration

_LAPS = re.compile(r"\+?(\d{1,5})\s*laps?", re.IGNORECASE)
# No text of a row is longer, and no lap, sector or gap takes more than a day.
_LONGEST, _CAR_LETTERS, _DAY_MS = 500, 8, 86_400_000


def plain(cell: Any) -> Any:
    """A cell's value: cells are either a value or a list of value and mark."""
    if isinstance(cell, list):
        return cell[0] if cell else None
    return cell


def mark(cell: Any) -> str:
    """A cell's mark (pb, sb, sb-new, old, ...), or an empty text."""
    return str(cell[1]) if isinstance(cell, list) and len(cell) > 1 else ""


def text(cell: Any) -> str | None:
    """The value as text, or None where it is blank; what no page or store can hold is a blank."""
    value = plain(cell)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)[:_LONGEST]).split())
    return None if words.casefold() in BLANKS else words


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
    return millis if 0 < millis <= _DAY_MS else None


def gap(cell: Any) -> tuple[int | None, int | None]:
    """A gap as milliseconds and whole laps: ``1.362`` is (1362, 0), ``3 laps`` is (None, 3), blank is (None, None)."""
    seconds = number(cell)
    if seconds is not None:
        return _within_a_day(round(seconds * 1000))
    words = text(cell) or ""
    laps = _LAPS.fullmatch(words)
    if laps:
        return None, int(laps[1])
    try:
        return _within_a_day(parse_duration(words.lstrip("+")))
    except ValueError:
        return None, None


def _within_a_day(millis: int) -> tuple[int | None, int | None]:
    return (millis, 0) if 0 <= millis <= _DAY_MS else (None, None)


def car_number(cell: Any) -> str | None:
    """The car's number as text: ``007`` stays; a number that JSON holds as 7.0 is ``7``; one without a digit is none."""
    value = plain(cell)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    shown = text(value)
    return shown if shown and len(shown) <= _CAR_LETTERS and any(letter.isdigit() for letter in shown) else None
