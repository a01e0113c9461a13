"""Values of the files as numbers of our units; what is not there, or not possible, is None."""

from typing import Any

from racelab.domain.time import parse_duration
from racelab.sources.imsascoring import specification as spec
from racelab.sources.imsascoring.text import mended

_DAY_MS = 86_400_000


def text(value: Any, most: int = spec.TEXT_MOST) -> str | None:
    """Words without blanks around them; None where there are none, or far too many."""
    words = " ".join(mended(value).split()) if isinstance(value, str) and len(value) <= 4 * most else ""
    return words if 0 < len(words) <= most and words.isprintable() else None


def count(value: Any, most: int) -> int | None:
    """A count or place, also where it is written as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 8:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def duration_ms(value: Any) -> int | None:
    """Milliseconds of a lap time such as ``2:03.606``; ``--.---``, zero and more than a day are none."""
    if not isinstance(value, str) or len(value) > 20:
        return None
    try:
        millis = parse_duration(value)
    except ValueError:
        return None
    return millis if 0 < millis < _DAY_MS else None


def gap(value: Any) -> tuple[int | None, int | None]:
    """A gap as milliseconds and whole laps: ``1:46.420`` is (106420, 0), ``2 laps`` is (None, 2).

    A sign only says that the car is behind: the rows are in the order of their places.
    """
    if not isinstance(value, str) or len(value) > 20:
        return None, None
    laps = spec.LAP_GAP.fullmatch(value.strip())
    if laps:
        return None, int(laps[1])
    try:
        millis = abs(parse_duration(value))
    except ValueError:
        return None, None
    return (millis, 0) if millis < _DAY_MS else (None, None)


def clock_ms(value: Any) -> int | None:
    """Milliseconds of ``2:39:59`` or ``14:29``, also behind words such as ``Time to go:``."""
    if not isinstance(value, str) or len(value) > 60:
        return None
    words = value.rpartition(": ")[2] if ": " in value else value.lower().removeprefix("time to go:")
    found = spec.CLOCK.fullmatch(words.strip())
    if found is None or int(found[2]) > 59 or int(found[3]) > 59:
        return None
    return ((int(found[1] or 0) * 60 + int(found[2])) * 60 + int(found[3])) * 1000


def flag_bit(value: Any) -> bool | None:
    """Whether a switch is on: 1, true or their texts."""
    if isinstance(value, str):
        return {"1": True, "true": True, "0": False, "false": False}.get(value.strip().lower())
    return value in (1, True) if isinstance(value, bool | int) and value in (0, 1) else None
