"""What the feeds make of a server's answers: refusals, waits that it asks for, bodies within a bound.

No header or address stands in an error: they may hold secrets.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from racelab.live.feeds.connection import FeedLost, FeedRefused

# A websocket's own logger would write headers, and so tokens, to a debug log.
SILENT = logging.Logger("websocket", logging.CRITICAL + 1)
_REFUSED, _BUSY = (401, 403), 429
# A server that is too busy wants to be left alone even where it does not say for how long.
_BUSY_S, _LONGEST_WAIT_S = 30.0, 3_600.0
_TAGS = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}


class AccessRefused(FeedRefused):
    """The server does not let us in: 401 or 403."""

    def __init__(self, why: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(why, retry_after_s)
        self.status = status


def refusal(status: int, what: str, headers: Mapping[str, str], now: datetime) -> FeedLost:
    """The error for an HTTP status that is no success; ``what`` was asked for, ``headers`` are the answer's."""
    wait = _retry_after(headers.get("Retry-After", "").strip(), now)
    if status in _REFUSED:
        return AccessRefused(f"{what} was refused with status {status}", status, wait)
    return FeedLost(f"{what} failed with status {status}", _BUSY_S if status == _BUSY and wait is None else wait)


def no_answer(what: str, url: str, error: Exception) -> FeedLost:
    """The error where no answer came, or none that is one; of the address only the host is named."""
    return FeedLost(f"{what}: {urlsplit(url).hostname or 'the server'} does not answer ({type(error).__name__})")


def newer_only(headers: Mapping[str, str]) -> dict[str, str]:
    """What to send with the next request so that only a newer answer comes; empty where the server has no such words."""
    return {ask: headers[told] for ask, told in _TAGS.items() if told in headers}


async def read_body(answer: httpx.Response, what: str, most: int) -> bytes:
    """The answer's body.

    Raises:
        FeedLost: it is longer than ``most`` bytes.
    """
    parts, size = [], 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > most:
            raise FeedLost(f"{what}: the answer is longer than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def _retry_after(told: str, now: datetime) -> float | None:
    """Seconds that the server asks to wait, at most an hour; it tells them, or an instant."""
    if told.isascii() and told.isdecimal():
        return min(float(told), _LONGEST_WAIT_S)
    try:
        instant = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return min(max((instant - now).total_seconds(), 0.0), _LONGEST_WAIT_S)
