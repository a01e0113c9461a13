"""Durations and instants: integer milliseconds inside, the field's notation outside."""

import re
from datetime import UTC, datetime

_DURATION = re.compile(r"^(?P<sign>[-+]?)(?:(?:(?P<h>\d+):)?(?P<m>\d+)[:'])?(?P<s>\d+)(?:\.(?P<f>\d{1,9}))?$", re.ASCII)
MISSING = "–"


def parse_duration(text: str) -> int:
    """Milliseconds of a duration as timing systems write it.

    Reads ``35.849``, ``1:32.605``, ``1'30.127``, ``47:28.1`` and ``24:01:55.856``. Digits beyond
    the millisecond are cut off, as timing systems do.

    Raises:
        ValueError: the text is not a duration.
    """
    match = _DURATION.match(text.strip())
    if match is None or (match["m"] and int(match["s"]) > 59) or (match["h"] and int(match["m"]) > 59):
        raise ValueError(f"not a duration: {text!r}")
    whole = (int(match["h"] or 0) * 60 + int(match["m"] or 0)) * 60 + int(match["s"])
    millis = whole * 1000 + int(((match["f"] or "") + "000")[:3])
    return -millis if match["sign"] == "-" else millis


def format_duration(millis: int | None) -> str:
    """``1:32.605`` for a lap, ``28.104`` under a minute, ``5:58:12.004`` for hours, an en dash for None."""
    if millis is None:
        return MISSING
    seconds, milli = divmod(abs(int(millis)), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    sign = "-" if millis < 0 else ""
    if hours:
        return f"{sign}{hours}:{minute:02d}:{second:02d}.{milli:03d}"
    if minutes:
        return f"{sign}{minute}:{second:02d}.{milli:03d}"
    return f"{sign}{second}.{milli:03d}"


def format_clock(millis: int | None) -> str:
    """Race time as ``5:58:12``, an en dash for None."""
    if millis is None:
        return MISSING
    hours, rest = divmod(abs(int(millis)) // 1000, 3600)
    return f"{'-' if millis < 0 else ''}{hours}:{rest // 60:02d}:{rest % 60:02d}"


def format_gap(millis: int | None, laps: int | None = None) -> str:
    """A gap as ``+1.234``, ``+1 lap`` or ``+3 laps``, an en dash for None."""
    if laps:
        return f"+{laps} lap{'s' if laps > 1 else ''}"
    if millis is None:
        return MISSING
    return f"{'-' if millis < 0 else '+'}{format_duration(abs(millis))}"


def to_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a naive one is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
