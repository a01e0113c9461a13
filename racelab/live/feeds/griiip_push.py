"""Griiip's pushes over SignalR: the groups of a session, and what they send as parts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from racelab.live.clock import Clock
from racelab.live.feeds.connection import FeedLost
from racelab.live.feeds.signalr import Hub, Message, hub
from racelab.sources.griiip import service

STALLED_S = 120.0
_ANSWER_S = 20.0
Part = tuple[str | None, Any]


@dataclass(frozen=True, slots=True)
class Pushes:
    """The pushes of one session. Headers may hold secrets: they stand in no message."""

    base: str
    sid: int
    headers: dict[str, str]
    clock: Clock

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AsyncGenerator[Part, None]]:
        """The parts that are pushed, once the session's groups are joined.

        Raises:
            FeedLost: pushes cannot be had, broke, or bring no timing for two minutes.
        """
        wait_s = max(self.clock.wall_seconds(_ANSWER_S), 2.0)
        async with hub(self.base + service.HUB, self.headers, timeout_s=wait_s) as joined:
            await self._join(joined)
            async with aclosing(self._parts(joined)) as parts:
                yield parts

    async def _join(self, joined: Hub) -> None:
        """Join the whole session's group and those of its channels: which of them the service knows has changed before."""
        names = [service.CHANNEL_GROUP.format(sid=self.sid, channel=channel) for channel in service.CHANNELS]
        refused: list[FeedLost] = []
        for group in (service.GROUP.format(sid=self.sid), *names):
            try:
                await joined.invoke(service.JOIN, [group])
            except FeedLost as error:
                refused.append(error)
        if len(refused) > len(names):
            raise refused[-1]

    async def _parts(self, joined: Hub) -> AsyncGenerator[Part, None]:
        """Where the whole session's group sends, the channels' own groups would say everything twice: they are dropped."""
        last, is_batched = self.clock.now(), False
        async with aclosing(joined.messages()) as messages:
            while (message := await self._next(messages, last)) is not None:
                is_batched = is_batched or message.target == service.BATCH
                if is_batched and (message.target or "").startswith(service.CHANNEL_TARGET):
                    continue
                for part, content in parts_of(message):
                    if part in service.TIMING:
                        last = self.clock.now()
                    yield part, content
        raise FeedLost("the server closed the pushes")

    async def _next(self, messages: AsyncGenerator[Message, None], last: datetime) -> Message | None:
        left = STALLED_S - (self.clock.now() - last).total_seconds()
        if left <= 0:
            raise FeedLost(f"no timing was pushed for {STALLED_S:.0f} s")
        try:
            async with asyncio.timeout(self.clock.wall_seconds(left)):
                return await anext(messages, None)
        except TimeoutError:
            raise FeedLost(f"no timing was pushed for {STALLED_S:.0f} s") from None


def parts_of(message: Message) -> Iterator[Part]:
    """A message as parts; records of one channel that follow each other are one part. What is none has no name."""
    target = message.target
    if target == service.BATCH:
        yield from _batched(message.arguments)
    elif target is not None and target.startswith(service.CHANNEL_TARGET):
        channel = target.removeprefix(service.CHANNEL_TARGET)
        for content in message.arguments:
            yield channel, content
    else:
        yield None, message.arguments[:1]


def _batched(arguments: list[Any]) -> Iterator[Part]:
    gathered: list[Any] = []
    open_channel: str | None = None
    for batch in arguments:
        listed = batch.get(service.ITEMS) if isinstance(batch, dict) else batch
        if not isinstance(listed, list):
            yield None, [batch]
            continue
        for item in listed:
            channel = item.get(service.CHANNEL) if isinstance(item, dict) else None
            if not isinstance(channel, str):
                yield None, [item]
                continue
            if channel.startswith(service.LEFT_OUT):
                continue
            if channel != open_channel and gathered:
                yield open_channel, gathered
                gathered = []
            open_channel = channel
            view = item.get(service.VIEW)
            gathered += view if isinstance(view, list) else [view]
    if gathered:
        yield open_channel, gathered
