"""The World Endurance Championship through Griiip: answers over HTTP, and pushes where they work.

The frames are what `sources.griiip` reads: ``[part, content]``. Each connection begins with the bootstrap; then come the
parts that are asked for every few seconds, or the channels that the service pushes. What has come before in the same
form is left out.
"""

import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx

from racelab.domain.frames import Frame
from racelab.live.clock import Clock
from racelab.live.feeds.connection import FeedLost, Patience, reconnecting
from racelab.live.feeds.griiip_answers import Answers, NotThere, Unchanged
from racelab.live.feeds.griiip_finding import find_sid
from racelab.live.feeds.griiip_news import News
from racelab.live.feeds.griiip_push import Pushes
from racelab.live.feeds.health import FeedHealth
from racelab.live.identity import LiveSession
from racelab.settings import Settings
from racelab.sources.griiip import SOURCE, service

log = logging.getLogger("racelab")
# A request is tried thrice before the connection counts as lost; from then on the waits double.
PATIENCE = Patience(tries=1, silence_s=180.0)
_ANSWER_S, _SOONEST_S = 20.0, 0.2
# The slow parts are asked for in every sixth round; a clock every 20 s tells that the connection lives.
_SELDOM, _CLOCK_S = 6, 20.0
REST, PUSH, BOOTSTRAP = "rest", "push", "bootstrap"
_ALL = service.SELDOM | service.OFTEN


class GriiipFeed:
    """The live timing of one session, connected again as often as it breaks."""

    protocol = SOURCE

    def __init__(
        self, settings: Settings, clock: Clock, session: LiveSession | None = None,
        rng: random.Random | None = None, patience: Patience = PATIENCE,
    ) -> None:  # fmt: skip
        """A feed that connects once its frames are asked for.

        Args:
            settings: its ``griiip_url``, ``griiip_sid``, ``griiip_interval_s``, ``griiip_mode``, ``griiip_headers``.
            clock: of the instants of receipt and the waits.
            session: which of the live sessions to take, as the calendar knows it; None for whichever there is.
            rng: spreads the waits.
            patience: how the feed bears trouble.
        """
        self.manifest: dict[str, Any] = {"series_id": service.SERIES_ID}
        self.health = FeedHealth("Griiip")
        self._settings, self._clock, self._session, self._patience = settings, clock, session, patience
        self._base = settings.griiip_url.rstrip("/")
        self._rng = rng or random.Random()
        self._sid = settings.griiip_sid
        self._news = News()
        self._lacking: set[str] = set()
        self._has_grid = False
        self._clock_told: Any = None
        self._mode: str = settings.griiip_mode

    def frames(self) -> AsyncIterator[Frame]:
        """The frames as they come, without end."""
        return reconnecting(self._connect, self.health, self._patience, self._clock, self._rng)

    async def _connect(self) -> AsyncGenerator[Frame, None]:
        """The frames of one connection."""
        wait_s = max(self._clock.wall_seconds(_ANSWER_S), 2.0)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        headers = {name: value.get_secret_value() for name, value in self._settings.griiip_headers.items()}
        async with httpx.AsyncClient(headers=headers, timeout=wait_s, limits=limits, follow_redirects=True) as client:
            answers = Answers(client, self._base, self._clock)
            sid = await self._found(answers)
            if self._mode != REST:
                async for frame in self._pushed(answers, sid, headers):
                    yield frame
            async for frame in self._polled(answers, sid):
                yield frame

    async def _found(self, answers: Answers) -> int:
        """The session's number; once found it stays, unless the service no longer knows it."""
        if self._sid is None:
            self._sid = await find_sid(answers, self._clock, self._session)
            log.info("%s: the session is number %d there", self.health.name, self._sid)
        return self._sid

    async def _pushed(self, answers: Answers, sid: int, headers: dict[str, str]) -> AsyncGenerator[Frame, None]:
        """What is pushed, from the bootstrap on; it ends where no timing comes any more, or never began."""
        async with AsyncExitStack() as stack:
            try:
                messages = await stack.enter_async_context(Pushes(self._base, sid, headers, self._clock).opened())
            except FeedLost as error:
                self._give_up(error)
                return
            async for frame in self._begun(answers, sid):
                yield frame
            try:
                async for part, content in messages:
                    yield Frame(self._clock.now(), [part, content])
            except FeedLost as error:
                self._give_up(error)

    def _give_up(self, error: FeedLost) -> None:
        """Go on without pushes, which are not tried again: what was told meanwhile comes with the first answers.

        Raises:
            FeedLost: only pushes are wanted.
        """
        if self._mode == PUSH:
            raise error
        log.warning("%s: %s; from now on the parts are asked for", self.health.name, error)
        self._mode = REST

    async def _begun(self, answers: Answers, sid: int) -> AsyncGenerator[Frame, None]:
        """The bootstrap, the whole race log, and every part once: what a connection begins with."""
        content = await self._part(answers, BOOTSTRAP, service.BOOTSTRAP, sid)
        if content is not None:
            self._has_grid = isinstance(content, dict) and bool(content.get(service.GRID_KEY))
            told = self._news.of_bootstrap(content) if isinstance(content, dict) else content
            yield Frame(self._clock.now(), [BOOTSTRAP, told])
        for part, path in ({service.LOG_PART: service.WHOLE_LOG} | _ALL).items():
            new = await self._new(answers, part, path, sid)
            if new is not None:
                yield new

    async def _polled(self, answers: Answers, sid: int) -> AsyncGenerator[Frame, None]:
        """What the parts bring round after round, without end."""
        async for frame in self._begun(answers, sid):
            yield frame
        turn, clock_at = 0, self._clock.now()
        while True:
            begun, turn = self._clock.now(), turn + 1
            often = {part: path for part, path in service.OFTEN.items() if part not in self._lacking}
            for part, path in (often if turn % _SELDOM else _ALL).items():
                new = await self._new(answers, part, path, sid)
                if part == service.CLOCK_PART and new is None and (begun - clock_at).total_seconds() >= _CLOCK_S:
                    new = Frame(self._clock.now(), [part, self._clock_told])
                clock_at = begun if part == service.CLOCK_PART and new is not None else clock_at
                if new is not None:
                    yield new
                if part == service.LAPS_PART and new is not None and not self._has_grid:
                    # Only the bootstrap tells the grid, and it was not told yet when the race was joined.
                    async for frame in self._begun(answers, sid):
                        yield frame
                    self._has_grid = True
            passed = (self._clock.now() - begun).total_seconds()
            await self._clock.wait(max(self._settings.griiip_interval_s - max(passed, 0.0), _SOONEST_S))

    async def _new(self, answers: Answers, part: str, path: str, sid: int) -> Frame | None:
        """A frame of what is new in a part."""
        content = await self._part(answers, part, path, sid)
        if content is None:
            return None
        if part == service.CLOCK_PART:
            self._clock_told = content
        new = self._news.of(part, content)
        return Frame(self._clock.now(), [part, new]) if new is not None else None

    async def _part(self, answers: Answers, part: str, path: str, sid: int) -> Any:
        """A part's answer; None where it is the last one still, or the service does not have it."""
        try:
            content = await answers.get(path.format(sid=sid))
        except Unchanged:
            return None
        except NotThere:
            self._lacking.add(part)
            if self._lacking.issuperset(_ALL):
                # Nothing at all is known of the session: it may have another number now.
                self._sid, self._lacking = self._settings.griiip_sid, set()
                raise
            return None
        self._lacking.discard(part)
        return content
