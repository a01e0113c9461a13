"""Following a running session: frames are recorded first, then read, folded and written, until it is over."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

from racelab.domain.records import Provenance
from racelab.live.clock import Clock, SystemClock
from racelab.live.feed import Feed, LiveFeed
from racelab.live.identity import LiveSession, recording_path, with_session
from racelab.live.protocols import make_parser
from racelab.live.recorder import RecordedFeed, Recorder
from racelab.live.replay import Road
from racelab.live.state import RaceState
from racelab.live.writer import SessionWriter
from racelab.store.protocol import Store

# How often what waits is looked at, in seconds of the machine.
_TICK_S = 0.05
IsOver = Callable[[RaceState], bool]


async def follow_session(
    feed: LiveFeed, session: LiveSession, store: Store, data: Path, clock: Clock, is_over: IsOver
) -> Road:
    """Follow a session until it is over: what an earlier process recorded of it first, then the feed.

    Args:
        feed: the service.
        session: what the calendar knows of it.
        store: gets the session's rows and the live tables.
        data: the data folder, under which the recording lies.
        clock: that of the feed.
        is_over: asked with the state after each frame and many times a second.

    Returns:
        The road, with the last state.
    """
    path = recording_path(data, session.key)
    manifest = with_session(feed.manifest, session)
    origin = Provenance(feed.protocol, str(path.relative_to(data)), feed.protocol, "1")
    parser = make_parser(feed.protocol, manifest, session)
    writer = SessionWriter(session.event, session.session, origin)
    road = Road(parser, store, session.key, SystemClock(), writer)
    if path.exists():
        catch_up(RecordedFeed(path), road)
    with Recorder(path, feed.protocol, manifest, clock) as recorder:
        await follow(feed, recorder, road, clock, is_over)
    return road


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
