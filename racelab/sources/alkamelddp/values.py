"""Values of the service as numbers of our units; what is not there, or not possible, is None."""

from typing import Any

from racelab.sources.alkamelddp import specification as spec

_DAY_MS = 86_400_000
# Instants outside of these are faults.
_FIRST_MS, _LAST_MS = 1_262_304_000_000, 4_102_444_800_000


def plain(value: Any) -> Any:
    """A value out of Meteor's wrappers for dates and ids."""
    if isinstance(value, dict):
        return value.get("$value", value.get("$date"))
    return value


def part(value: Any, key: str) -> Any:
    """What stands under a key of an object; None where there is no object."""
    return value.get(key) if isinstance(value, dict) else None


def text(value: Any, most: int = spec.TEXT_MOST) -> str | None:
    """Words without blanks around them; None where there are none, or far too many."""
    words = " ".join(value.split()) if isinstance(value, str) and len(value) <= 4 * most else ""
    return words if 0 < len(words) <= most and words.isprintable() else None


def whole(value: Any, most: int) -> int | None:
    """A count, place or time in ms, also where it is written as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 15:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def duration_ms(value: Any) -> int | None:
    """A lap or sector time in ms; zero and more than a day are none."""
    return whole(value, _DAY_MS - 1) or None


def stamp_ms(value: Any) -> int | None:
    """Milliseconds since 1970 of an instant in ms or in seconds, which their size tells apart."""
    millis = whole(plain(value), _LAST_MS)
    if millis is not None and millis < _FIRST_MS:
        millis *= 1000
    return millis if millis is not None and _FIRST_MS <= millis <= _LAST_MS else None


def number(value: Any, low: float, high: float) -> float | None:
    """A number, also where it is written as text, if it is possible."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if low <= found <= high else None
