"""IMSA's scoring: files that are asked for every ten seconds; what has changed becomes frames.

Each file is asked for with the page as its referer, with a number that no cache has seen, and only if it is newer than
the one before, where the server knows that.
"""

import json
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from racelab.domain.frames import Frame
from racelab.live.clock import Clock
from racelab.live.feeds.answers import newer_only, no_answer, read_body, refusal
from racelab.live.feeds.connection import FeedLost, Patience, reconnecting
from racelab.live.feeds.health import FeedHealth
from racelab.sources.imsascoring import SOURCE
from racelab.sources.imsascoring.specification import FILES, RESULTS
from racelab.sources.imsascoring.text import read_jsonp

log = logging.getLogger("racelab")
URL = "https://dcqsrdkhg933g.cloudfront.net"
POLL_S = 10.0
REFERER = "https://www.imsa.com/scoring/"
PATIENCE = Patience(silence_s=120.0)
_ANSWER_S, _BYTES = 20.0, 8 * 1024 * 1024
_SOONEST_S = 0.2


@dataclass(slots=True)
class _Known:
    """What the connection knows of one file: the last content, and the words by which the server knows its age."""

    content: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_absent: bool = False


class ImsaJsonpFeed:
    """The scoring files of the session that runs now."""

    protocol = SOURCE

    def __init__(
        self, clock: Clock, url: str = URL, poll_s: float = POLL_S, patience: Patience = PATIENCE,
        rng: random.Random | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Nothing is asked for yet.

        Args:
            clock: counts the waits and stamps the frames.
            url: where the files lie.
            poll_s: seconds from one round of the files to the next.
            patience: how trouble is borne.
            rng: spreads the waits between tries.
            headers: sent with every request, beside or in place of the page as its referer.
        """
        self._clock, self._url, self._poll_s, self._patience = clock, url.rstrip("/"), poll_s, patience
        self._rng = rng or random.Random()
        self._headers = httpx.Headers({"Referer": REFERER} | dict(headers or {}))
        # The certificates take longer to read than an answer: once is enough.
        self._verify = httpx.create_ssl_context() if self._url.startswith("https") else False
        self.health = FeedHealth("IMSA scoring")
        self.manifest: dict[str, Any] = {}

    def frames(self) -> AsyncIterator[Frame]:
        """Files that changed, each as ``[file, content]``, without end."""
        return reconnecting(self._connect, self.health, self._patience, self._clock, self._rng)

    async def _connect(self) -> AsyncGenerator[Frame, None]:
        """One connection: the first round brings every file whole, so that nothing depends on what came before."""
        known = {file: _Known() for file in FILES}
        wait_s = max(self._clock.wall_seconds(_ANSWER_S), 1.0)
        async with httpx.AsyncClient(headers=self._headers, timeout=wait_s, verify=self._verify) as client:
            while True:
                begun = self._clock.now()
                for file in FILES:
                    content = await self._ask(client, file, known[file])
                    if content is not None:
                        yield Frame(self._clock.now(), [file, content])
                passed = (self._clock.now() - begun).total_seconds()
                await self._clock.wait(max(self._poll_s - max(passed, 0.0), _SOONEST_S))

    async def _ask(self, client: httpx.AsyncClient, file: str, known: _Known) -> dict[str, Any] | None:
        """The file's content, or None where it is the one that is known already."""
        if known.is_absent:
            return None
        params = {"callback": f"jsonp{file}", "_": f"{self._clock.now().timestamp() * 1000:.0f}"}
        try:
            url = f"{self._url}/{file}_JSONP.json"
            async with client.stream("GET", url, params=params, headers=known.headers) as answer:
                if answer.status_code == httpx.codes.NOT_MODIFIED and known.content is not None:
                    return None
                if answer.status_code == httpx.codes.NOT_FOUND and file != RESULTS:
                    known.is_absent = True
                    log.warning("%s: %s has no file %s; it goes on without", self.health.name, self._url, file)
                    return None
                if answer.status_code != httpx.codes.OK:
                    raise refusal(answer.status_code, file, answer.headers, self._clock.now())
                body = await read_body(answer, file, _BYTES)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise no_answer(file, self._url, error) from error
        content = _read(body, file)
        if content == known.content:
            return None
        known.headers = newer_only(answer.headers)
        known.content = content
        return content


def _read(body: bytes, file: str) -> dict[str, Any]:
    try:
        content = read_jsonp(body.decode("utf-8", errors="replace"))
        # Numbers and letters that JSON in UTF-8 cannot hold cannot be recorded either.
        written = json.dumps(content, ensure_ascii=False, allow_nan=False)
        cleaned: dict[str, Any] = json.loads(written.encode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise FeedLost(f"{file}: the answer cannot be read ({str(error)[:80]})") from error
    return cleaned
