"""Single values as Griiip writes them, checked: what is not what it should be is None, and never an error."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from racelab.sources.griiip import specification as spec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_CAR = re.compile(r"[A-Za-z]{0,2}[0-9]{1,4}[A-Za-z]?", re.ASCII)
_LONGEST_TEXT, _MOST_ITEMS = 2_000, 20_000
_BLANKS = frozenset({"", "nan", "none", "nat", "<na>", "null"})
MOST_LAPS, DAY_MS = 5_000, 24 * 3_600_000


def items(content: Any) -> Iterator[dict[str, Any]]:
    """The records of a part, however they are wrapped: a list, ``{items: [...]}``, lists by car, or a single one."""
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        if spec.ITEMS in content:
            content = content[spec.ITEMS]
        elif content and len(lists) == len(content):
            content = [item for listed in lists for item in listed]
        else:
            content = [content]
    for item in content[:_MOST_ITEMS] if isinstance(content, list) else ():
        if isinstance(item, dict):
            yield item


def whole(value: Any, most: int = DAY_MS, least: int = 0) -> int | None:
    """A whole number within bounds; Griiip's -1 and -2 mean that there is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= most else None


def lap_of(item: dict[str, Any]) -> int | None:
    """The number of the lap that a record belongs to."""
    return whole(item.get(spec.LAP), MOST_LAPS, 1)


def number(value: Any, least: float, most: float) -> float | None:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value) if least <= value <= most else None


def text(value: Any) -> str | None:
    """Text that says something, of bounded length."""
    if not isinstance(value, str):
        return None
    said = " ".join(value[:_LONGEST_TEXT].replace("\x00", " ").encode("utf-8", errors="ignore").decode().split())
    return None if said.casefold() in _BLANKS else said


def car_number(value: Any) -> str | None:
    """A car's number as text: 007 and 7 are different cars."""
    return value if isinstance(value, str) and _CAR.fullmatch(value) else None


def instant_ms(value: Any) -> int | None:
    """An instant in ms since 1970, of ISO text with its offset; the year 1 and the like mean that there is none."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return epoch_ms(read) if read.tzinfo is not None and 2000 <= read.year <= 2999 else None


def epoch_ms(instant: datetime) -> int:
    """An instant in ms since 1970."""
    return (instant - _EPOCH) // _MS


def from_epoch_ms(at: int) -> datetime:
    """The instant (UTC) of ms since 1970."""
    return _EPOCH + at * _MS
