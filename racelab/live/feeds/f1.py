"""Formula 1's live timing over SignalR Core; the frames are what `sources.f1live` reads.

After each connection comes ``["Subscribe", the full state of every topic]``, then ``[topic, update, the feed's stamp]``.
The service shows whichever session runs, and the last one before that; when it goes over to another one, the full state
is asked for again, as what was told of the new one before its name belongs to it too.
"""

import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from racelab.domain.frames import Frame
from racelab.live.clock import Clock
from racelab.live.feeds.answers import AccessRefused
from racelab.live.feeds.connection import Patience, reconnecting
from racelab.live.feeds.health import FeedHealth
from racelab.live.feeds.sign_in import Account, SignIn
from racelab.live.feeds.signalr import Hub, Message, hub
from racelab.settings import Settings
from racelab.sources import f1live

# What the service tells only those who are signed in with a subscription.
SIGNED_IN_TOPICS = ("CarData.z", "Position.z", "ChampionshipPrediction", "PitLaneTimeCollection")
_SUBSCRIBE, _FEED, _INFO = "Subscribe", "feed", "SessionInfo"
log = logging.getLogger("racelab")


class F1Feed:
    """The live timing of whichever session runs, connected again as often as it breaks."""

    protocol = f1live.SOURCE

    def __init__(
        self, settings: Settings, clock: Clock, account: Account | None,
        rng: random.Random | None = None, patience: Patience | None = None,
    ) -> None:  # fmt: skip
        """A feed that connects once its frames are asked for.

        Args:
            settings: its ``f1_live_url``, ``f1_live_topics``, ``f1_live_headers`` and ``f1_live_silence_s``.
            clock: of the instants of receipt and the waits.
            account: gives the token, see `f1_account`; None to connect without.
            rng: spreads the waits.
            patience: how the feed bears trouble.
        """
        self.manifest: dict[str, Any] = {}
        self.health = FeedHealth("Formula 1 live timing")
        self._settings, self._clock = settings, clock
        self._topics = [name.strip() for name in settings.f1_live_topics.split(",") if name.strip()]
        wanted = tuple(name for name in SIGNED_IN_TOPICS if name in self._topics)
        self._sign_in = SignIn(account, wanted, self.health, clock)
        self._rng = rng or random.Random()
        self._session: str | None = None
        self._patience = patience or Patience(silence_s=settings.f1_live_silence_s)

    def frames(self) -> AsyncIterator[Frame]:
        """The frames as they come, without end."""
        return reconnecting(self._connect, self.health, self._patience, self._clock, self._rng)

    async def _connect(self) -> AsyncGenerator[Frame, None]:
        """The frames of one connection: first the full state."""
        async with AsyncExitStack() as stack:
            opened = await self._opened(stack)
            yield await self._state(opened)
            async for message in opened.messages():
                self._sign_in.look()
                payload = self._payload(message)
                yield Frame(self._clock.now(), payload)
                if payload[:1] == [_INFO] and len(payload) > 1 and self._goes_over(payload[1]):
                    yield await self._state(opened)

    async def _state(self, opened: Hub) -> Frame:
        """The full state of every topic."""
        state = await opened.invoke(_SUBSCRIBE, [self._topics])
        for topic in state if isinstance(state, dict) else ():
            self._sign_in.came(topic)
        self._goes_over(state.get(_INFO) if isinstance(state, dict) else None)
        return Frame(self._clock.now(), [_SUBSCRIBE, state])

    def _goes_over(self, info: Any) -> bool:
        """Whether the service now shows another session than before."""
        shown = [str(info[key])[:80] for key in ("Name", "StartDate") if key in info] if isinstance(info, dict) else []
        before = self._session
        if len(shown) == 2 and " ".join(shown) != before:
            self._session = " ".join(shown)
            log.info("%s: the service shows %s", self.health.name, self._session)
        return before is not None and before != self._session

    async def _opened(self, stack: AsyncExitStack) -> Hub:
        """A connection with the token; one that the service does not take is left out."""
        token = await self._sign_in.token()
        if token is not None:
            try:
                return await stack.enter_async_context(self._hub(token))
            except AccessRefused as error:
                self._sign_in.refused(token, error.status)
        return await stack.enter_async_context(self._hub(None))

    def _hub(self, token: str | None) -> AbstractAsyncContextManager[Hub]:
        headers = {name: value.get_secret_value() for name, value in self._settings.f1_live_headers.items()}
        return hub(self._settings.f1_live_url, headers, token=token, is_sticky=True)

    def _payload(self, message: Message) -> Any:
        """What is recorded of a message; what is none of the feed is kept as it came, to be named by the parser."""
        if message.target is None:
            return message.arguments[0]
        if message.target != _FEED:
            return [message.target, message.arguments]
        if message.arguments and isinstance(message.arguments[0], str):
            self._sign_in.came(message.arguments[0])
        return message.arguments
