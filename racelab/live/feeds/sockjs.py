"""SockJS's framing over a WebSocket: one letter that says what a frame is, and messages as JSON within JSON."""

import json
import random
import string
from typing import Any

from racelab.live.feeds.connection import FeedLost

_LETTERS = string.ascii_lowercase + string.digits


def address(url: str, rng: random.Random) -> str:
    """The address of a new session: a server of three digits and a session of eight letters, as SockJS asks."""
    base = url.rstrip("/").replace("https://", "wss://", 1).replace("http://", "ws://", 1)
    return f"{base}/sockjs/{rng.randrange(1000):03d}/{''.join(rng.choices(_LETTERS, k=8))}/websocket"


def wrapped(message: dict[str, Any]) -> str:
    """A message as it is sent."""
    return json.dumps([json.dumps(message)])


def messages(frame: str | bytes) -> list[Any]:
    """The messages in a frame; none where it only opens the session or is a heartbeat.

    Raises:
        FeedLost: the server closes the session, or the frame is none of SockJS: what follows cannot be trusted.
    """
    text = frame.decode("utf-8", errors="replace") if isinstance(frame, bytes) else frame
    kind, rest = text[:1], text[1:]
    if kind in ("o", "h") and not rest:
        return []
    if kind == "c":
        raise FeedLost(f"the server closes the session: {rest[:80]}")
    try:
        listed = json.loads(rest) if kind == "a" else None
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise FeedLost(f"a frame that is none of SockJS: {text[:40]!r}")
        return [_clean(one) for one in listed]
    except (ValueError, RecursionError) as error:
        raise FeedLost(f"a frame that cannot be read: {text[:40]!r}") from error


def _clean(text: str) -> Any:
    """A message of which every number and letter can be written as JSON in UTF-8 again, so that it can be recorded."""
    content = json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
    return json.loads(content.encode("utf-8", errors="replace"))
