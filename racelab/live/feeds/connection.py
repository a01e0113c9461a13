"""Connections that break and come back: retries, backoff with jitter, a watchdog for silence.

A feed gives `reconnecting` a way to connect; what it yields are the frames of one connection after another, with
link frames between them that say from when to when nothing came, and why (see `live.link`).
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from racelab.domain.frames import Frame
from racelab.live.clock import Clock
from racelab.live.feeds.health import CONNECTED, CONNECTING, LOST, REFUSED, FeedHealth
from racelab.live.link import CONNECTED_AGAIN, CONNECTION_LOST, link_frame

log = logging.getLogger("racelab")
Connect = Callable[[], AsyncGenerator[Frame, None]]


class FeedLost(Exception):
    """The connection broke, or never came about; ``retry_after_s`` is what the server asks to wait."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class FeedRefused(FeedLost):
    """The server does not let us in (401, 403): trying at once again is no use."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a feed bears trouble, in seconds of its clock.

    ``tries`` quick tries ``pause_s`` apart, then a schedule that doubles up to ``longest_s``, spread by a share of
    ``jitter``, and goes on as long as the session lasts; ``silence_s`` without a frame counts as a lost connection.
    """

    tries: int = 3
    pause_s: float = 5.0
    longest_s: float = 60.0
    jitter: float = 0.2
    silence_s: float = 60.0

    def pauses(self, rng: random.Random) -> Iterator[float]:
        """The waits before each further try, without end."""
        pause, place = self.pause_s, 0
        while True:
            place += 1
            if place >= self.tries:
                pause = min(pause * 2, self.longest_s)
            yield pause * (1 + self.jitter * (2 * rng.random() - 1))


async def reconnecting(
    connect: Connect, health: FeedHealth, patience: Patience, clock: Clock, rng: random.Random
) -> AsyncIterator[Frame]:
    """Frames of one connection after another, without end; whoever has enough closes it.

    Args:
        connect: opens a connection and yields its frames; it raises FeedLost or FeedRefused, and ends where the
            server closed.
        health: kept up to date.
        patience: how long to wait before a further try.
        clock: what the waits and the instants of link frames are counted by.
        rng: spreads the waits.
    """
    pauses, is_lost = patience.pauses(rng), False
    while True:
        health.become(CONNECTING, clock.now())
        health.connections += 1
        error = FeedLost("the server closed the connection")
        try:
            async with aclosing(connect()) as frames:
                async for frame in _watched(frames, patience.silence_s, clock):
                    if health.state != CONNECTED:
                        health.become(CONNECTED, clock.now())
                        log.info("%s: connected", health.name)
                    if is_lost:
                        is_lost = False
                        yield link_frame(clock.now(), CONNECTED_AGAIN, health.why or "")
                    pauses = patience.pauses(rng)
                    health.frames += 1
                    health.last_frame = frame.received_at
                    yield frame
        except FeedLost as lost:
            error = lost
        if not is_lost and health.frames:
            is_lost = True
            yield link_frame(clock.now(), CONNECTION_LOST, str(error))
        health.become(REFUSED if isinstance(error, FeedRefused) else LOST, clock.now(), str(error))
        pause = max(next(pauses), error.retry_after_s or 0.0, patience.longest_s * isinstance(error, FeedRefused))
        log.warning("%s: %s; next try in %.0f s", health.name, error, pause)
        await clock.wait(pause)


async def _watched(frames: AsyncGenerator[Frame, None], silence_s: float, clock: Clock) -> AsyncIterator[Frame]:
    """The frames; a silence beyond the bound ends them."""
    while True:
        try:
            # Python 3.11's wait_for forgets that it was cancelled where a frame comes at that moment.
            async with asyncio.timeout(clock.wall_seconds(silence_s)):
                frame = await anext(frames)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise FeedLost(f"nothing came for {silence_s:.0f} s") from error
        yield frame
