"""Following a running session: frames are recorded first, then read, folded and written, until it is over."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

from racelab.live.clock import Clock
from racelab.live.feed import Feed, LiveFeed
from racelab.live.recorder import Recorder
from racelab.live.replay import Road
from racelab.live.state import RaceState

# How often what waits is looked at, in seconds of the machine.
_TICK_S = 0.05
IsOver = Callable[[RaceState], bool]


def catch_up(recorded: Feed, road: Road) -> int:
    """Fold what an earlier process recorded of the session; returns the number of its frames."""
    before = road.frames
    for frame in recorded.frames():
        road.take(frame)
    return road.frames - before


async def follow(feed: LiveFeed, recorder: Recorder, road: Road, clock: Clock, is_over: IsOver) -> None:
    """Follow a feed until the session is over; the road is finished and the recording complete then.

    Args:
        feed: the service.
        recorder: takes each frame before it is read.
        road: where the frames go.
        clock: that of the feed.
        is_over: asked after each frame and every tick.
    """
    over = asyncio.Event()
    ticker = asyncio.create_task(_tick(recorder, road, over, is_over))
    reader = asyncio.create_task(_read(feed, recorder, road, over, is_over))
    try:
        done, _ = await asyncio.wait({ticker, reader}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (ticker, reader):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        recorder.flush()
    road.finish()


async def _read(feed: LiveFeed, recorder: Recorder, road: Road, over: asyncio.Event, is_over: IsOver) -> None:
    async with aclosing(feed.frames()) as frames:  # type: ignore[type-var]
        async for frame in frames:
            recorder.append(frame)
            road.take(frame)
            road.tick()
            if is_over(road.state):
                over.set()
                return


async def _tick(recorder: Recorder, road: Road, over: asyncio.Event, is_over: IsOver) -> None:
    """Write what waits also while nothing comes."""
    while not over.is_set():
        await asyncio.sleep(_TICK_S)
        recorder.tick()
        road.tick()
        if is_over(road.state):
            return
