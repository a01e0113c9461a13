"""Griiip's answers over HTTP: three quick tries, conditional requests, nothing that is too long or cannot be read."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import httpx

from racelab.live.clock import Clock
from racelab.live.feeds.answers import newer_only, no_answer, read_body, refusal
from racelab.live.feeds.connection import FeedLost, FeedRefused

log = logging.getLogger("racelab")
_BYTES = 64 * 1024 * 1024


class Unchanged(Exception):
    """The server says that the answer is still the last one."""


class NotThere(FeedLost):
    """The server has no such thing."""


@dataclass(slots=True)
class Answers:
    """Answers of one server over one connection.

    ``tries`` quick tries of a request stand ``pause_s`` seconds of the clock apart. Headers that were given may hold
    secrets: they stand in no message.
    """

    client: httpx.AsyncClient
    base: str
    clock: Clock
    tries: int = 3
    pause_s: float = 5.0
    _tags: dict[str, dict[str, str]] = field(default_factory=dict)

    async def get(self, path: str) -> Any:
        """The answer's content, JSON.

        Raises:
            Unchanged: it is the one that came last.
            NotThere: there is none (404).
            FeedRefused: 401 or 403.
            FeedLost: none came that can be read; a server that asks to wait (429) is asked no more until then.
        """
        for left in range(self.tries - 1, -1, -1):
            try:
                return await self._once(path)
            except (FeedRefused, NotThere):
                raise
            except FeedLost as error:
                if error.retry_after_s is not None or not left:
                    raise
                log.warning("Griiip: %s; asked again in %.0f s", error, self.pause_s)
            await self.clock.wait(self.pause_s)
        raise FeedLost(f"{_shown(path)}: not asked for")

    async def _once(self, path: str) -> Any:
        try:
            async with self.client.stream("GET", self.base + path, headers=self._tags.get(path)) as answer:
                if answer.status_code == httpx.codes.NOT_MODIFIED and path in self._tags:
                    raise Unchanged
                if answer.status_code == httpx.codes.NOT_FOUND:
                    raise NotThere(f"{_shown(path)}: not there (404)")
                if answer.status_code != httpx.codes.OK:
                    raise refusal(answer.status_code, _shown(path), answer.headers, self.clock.now())
                body, tags = await read_body(answer, _shown(path), _BYTES), newer_only(answer.headers)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise no_answer(_shown(path), self.base, error) from None
        content = _content(body, path)
        self._tags[path] = tags
        if not tags:
            del self._tags[path]
        return content


def _content(body: bytes, path: str) -> Any:
    try:
        content = json.loads(body)
        # What JSON in UTF-8 cannot hold cannot be recorded either.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise FeedLost(f"{_shown(path)}: the answer cannot be read") from None
    return content


def _shown(path: str) -> str:
    return path.partition("?")[0]
