"""Texts of the feed as numbers of our units; what is not there, or not possible, is None."""

from datetime import UTC, datetime, timedelta
from typing import Any

from racelab.domain.time import parse_duration

_DAY_MS = 86_400_000
_LONGEST = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Instants outside of these are faults: the feed began in 2018.
_FIRST_MS, _LAST_MS = 1_262_304_000_000, 4_102_444_800_000


def duration_ms(text: Any) -> int | None:
    """Milliseconds of a lap or sector time such as ``1:47.123``; blank, zero and more than a day are none."""
    if not isinstance(text, str) or not text:
        return None
    millis = _plain_ms(text)
    if millis is None:
        try:
            millis = parse_duration(text)
        except ValueError:
            return None
    return millis if 0 < millis < _DAY_MS else None


def _plain_ms(text: str) -> int | None:
    """Milliseconds of seconds with three digits behind the point, as most values are; None for any other notation."""
    seconds, _, rest = text.partition(".")
    if len(rest) == 3 and seconds.isdecimal() and rest.isdecimal() and text.isascii() and len(seconds) < 6:
        return int(seconds) * 1000 + int(rest)
    return None


def gap(text: Any) -> tuple[int | None, int | None]:
    """A gap as milliseconds and whole laps: ``+1.362`` is (1362, 0), ``2 L`` is (None, 2), ``LAP 9`` is (None, None)."""
    if not isinstance(text, str) or not text:
        return None, None
    if text[-1] in "Ll":
        laps = text[:-1].strip().lstrip("+")
        return None, int(laps) if laps.isascii() and laps.isdecimal() and len(laps) < 4 else None
    millis = _plain_ms(text[1:]) if text[0] == "+" else None
    if millis is None:
        try:
            millis = parse_duration(text)
        except ValueError:
            return None, None
    return (millis, 0) if 0 <= millis < _DAY_MS else (None, None)


def whole(value: Any, most: int = 100_000) -> int | None:
    """A count or code, also where it is written as text; None where it is none or beyond ``most``."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdecimal() and len(value) < 8):
            return None
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= most else None


def number(value: Any, low: float, high: float) -> float | None:
    """A number, also where it is written as text, if it is possible."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if low <= found <= high else None


def text(value: Any) -> str | None:
    """Words without blanks around them, or None; what no page or store can hold is a blank, and their length is bounded."""
    if not isinstance(value, str):
        return None
    words = value[:_LONGEST]
    if not words.isprintable():
        words = "".join(letter if letter.isprintable() else " " for letter in words)
    return words.strip() or None


def part(value: Any, key: str) -> Any:
    """What stands under a key of an object; None where there is no object."""
    return value.get(key) if isinstance(value, dict) else None


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def instant(millis: int) -> datetime:
    """The UTC instant of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=millis)


def stamp_ms(value: Any) -> int | None:
    """Milliseconds since 1970 of a stamp such as ``2025-12-07T14:15:07.901Z``, which is UTC with or without the Z."""
    if not isinstance(value, str) or not 16 <= len(value) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        millis = round(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None
    return millis if _FIRST_MS <= millis <= _LAST_MS else None
