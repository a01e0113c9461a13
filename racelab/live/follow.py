"""Following a running session: frames are recorded first, then read, folded and written, until it is over."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from pathlib import Path

from racelab.domain.frames import Frame
from racelab.domain.records import Provenance
from racelab.errors import BadInput, RacelabError
from racelab.live.clock import Clock, SystemClock
from racelab.live.feed import Feed, LiveFeed
from racelab.live.identity import LiveSession, recording_path, with_session
from racelab.live.keeper import Keeper
from racelab.live.link import CONNECTED_AGAIN, CONNECTION_LOST, link_frame
from racelab.live.protocols import make_parser
from racelab.live.recorder import Recorder
from racelab.live.recording import RecordedFeed
from racelab.live.replay import Road
from racelab.live.state import RaceState
from racelab.live.writer import SessionWriter
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
# A feed that fails in a way that nobody foresaw is begun anew after so many seconds of its clock.
_PAUSE_S = 30.0
# How often it is asked whether the session is over, in seconds of the machine.
_LOOK_S = 0.05
_AWAY = "racelab was not running"
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
        is_over: asked with the state after each frame and several times a second.

    Returns:
        The road, with the last state.

    Raises:
        BadInput: somebody else records the session, or its recording is of another protocol.
        OSError: the recording cannot be begun.
    """
    path = recording_path(data, session.key)
    manifest = with_session(feed.manifest, session)
    # The recorder's seconds are those of the machine, however fast the session runs.
    with Recorder(path, feed.protocol, manifest, SystemClock()) as recorder:
        recorded = RecordedFeed(path)
        if recorded.protocol != feed.protocol:
            raise BadInput(f"{path} holds {recorded.protocol}, not {feed.protocol}: move it away to follow the session")
        road = open_road(recorded, session, store, path.relative_to(data))
        if catch_up(recorded, road):
            told = "%s: %d frames of the session were recorded before, up to %s"
            log.info(told, session.key, road.frames, road.last)
        await follow(feed, recorder, road, clock, is_over)
    return road


def open_road(recorded: RecordedFeed, session: LiveSession, store: Store, location: Path) -> Road:
    """The road of a session's recorded frames into the store, under the name of where the recording lies.

    Raises:
        BadInput: nobody here reads the recording's protocol.
    """
    origin = Provenance(recorded.protocol, location.as_posix(), recorded.protocol, "1")
    parser = make_parser(recorded.protocol, recorded.manifest, session)
    return Road(parser, store, session.key, SystemClock(), SessionWriter(session.event, session.session, origin))


def catch_up(recorded: Feed, road: Road) -> datetime | None:
    """Fold what an earlier process recorded of the session; returns the instant of its last frame."""
    for frame in recorded.frames():
        _take(frame, road)
    return road.last


async def follow(feed: LiveFeed, recorder: Recorder, road: Road, clock: Clock, is_over: IsOver) -> None:
    """Follow a feed until the session is over; the recording is complete then and everything in the store.

    A road that has frames already, of an earlier process, was away since the last of them: the gap is named. Where the
    caller ends it before, what was read is written if the store takes it at once, and the session is not ended.

    Args:
        feed: the service.
        recorder: takes each frame before it is read.
        road: where the frames go.
        clock: that of the feed.
        is_over: asked after each frame and several times a second.
    """
    if road.last is not None:
        _put(link_frame(road.last, CONNECTION_LOST, _AWAY), recorder, road)
    keeper = Keeper(road, recorder)
    tasks = [
        asyncio.create_task(work)
        for work in (keeper.sync(), keeper.write(), _read(feed, recorder, road, clock, is_over), _until(road, is_over))
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        await _stop(tasks, keeper, recorder)
        await keeper.attempt()
        raise
    for outcome in await _stop(tasks, keeper, recorder):
        if isinstance(outcome, Exception):
            raise outcome
    road.end()
    await keeper.drain()


async def _stop(tasks: list[asyncio.Task[None]], keeper: Keeper, recorder: Recorder) -> list[BaseException | None]:
    """Stop reading; a batch on its way to the store arrives, and the recording is complete. What became of each task."""
    keeper.stop()
    for task in tasks[2:]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    recorder.flush()
    return outcomes


async def _read(feed: LiveFeed, recorder: Recorder, road: Road, clock: Clock, is_over: IsOver) -> None:
    """Read the feed until the session is over; whatever goes wrong in it, it is begun anew."""
    away = _AWAY if road.frames else None
    while True:
        with _enduring(True, "%s: the feed failed in a way that nobody foresaw; it is begun anew", road.key) as trouble:
            async with aclosing(feed.frames()) as frames:  # type: ignore[type-var]
                async for frame in frames:
                    if away is not None:
                        _put(link_frame(frame.received_at, CONNECTED_AGAIN, away), recorder, road)
                        away = None
                    _put(frame, recorder, road)
                    if is_over(road.state):
                        return
        if away is None:
            away = trouble[0] if trouble else "its frames ended"
            _put(link_frame(clock.now(), CONNECTION_LOST, away), recorder, road)
        await clock.wait(_PAUSE_S)


async def _until(road: Road, is_over: IsOver) -> None:
    """Until the session is over, also where no frame says so."""
    while not is_over(road.state):
        await asyncio.sleep(_LOOK_S)


def _put(frame: Frame, recorder: Recorder, road: Road) -> None:
    recorder.append(frame)
    _take(frame, road)


def _take(frame: Frame, road: Road) -> None:
    """Fold a frame; one that breaks parser or reducers is told and left out, and the session goes on."""
    told = "%s: the frame of %s could not be understood and is left out; further ones are counted only"
    with _enduring(not road.broken, told, road.key, frame.received_at) as trouble:
        road.take(frame)
    road.broken += len(trouble)


@contextmanager
def _enduring(is_told: bool, words: str, *context: object) -> Iterator[list[str]]:
    """A race goes on, whatever breaks in the block: what nobody foresaw is logged and named in what is yielded.

    Raises:
        RacelabError: it was foreseen, and has words for the user.
    """
    trouble: list[str] = []
    try:
        yield trouble
    except RacelabError:
        raise
    except Exception as error:
        trouble.append(f"{type(error).__name__}: {error}")
        if is_told:
            log.exception(words, *context)
