"""The delay from a frame's coming in to its rows in the store and to a reader of what changed, at a race's own pace."""

import asyncio
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Provenance
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import SystemClock
from racelab.live.feed import Feed
from racelab.live.feeds.health import FeedHealth
from racelab.live.follow import follow
from racelab.live.link import LinkedParser, link_state
from racelab.live.publish import LiveReader
from racelab.live.recorder import Recorder
from racelab.live.replay import Road, Write
from racelab.live.writer import SessionWriter
from racelab.store.sql import SqlStore

Delays = tuple[list[float], list[float]]


def delays_ms(key: SessionKey, feed: Feed, parser: Parser, speed: float, span_s: float) -> Delays:
    """Ms of each frame from the middle of a recording on, through recorder, road and a SQLite store of its own.

    Returns:
        To the commit of the rows that hold the frame, and to a reader's having read what changed.
    """
    frames = list(feed.frames())
    begin = frames[len(frames) // 2].received_at
    end = begin + timedelta(seconds=span_s)
    paced = [frame for frame in frames if begin <= frame.received_at < end]
    with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{folder}/delay.db") as store:
        writer = SessionWriter(Event("bench"), Session(key), Provenance("bench", "memory", "bench", "1"))
        road = _TimedRoad(LinkedParser(parser), store, key, SystemClock(), writer)
        for frame in frames:
            if frame.received_at >= begin:
                break
            road.take(frame)
        road.flush()
        # A road that has frames already names the gap before the next one by link frames, which are not counted here.
        road.frames, road.last = 0, None
        source = _PacedFeed(paced, speed)
        with (
            _Reader(store.url, key) as reader,
            Recorder(Path(folder) / "frames.gz", "bench", {}, SystemClock()) as kept,
        ):
            road.reader = reader
            asyncio.run(follow(source, kept, road, SystemClock(), lambda _: source.is_over))
        return _matched(source.came, road.counts, road.committed, reader.read)


def _matched(came: list[float], counts: list[int], committed: list[float], read: list[float]) -> Delays:
    """Each frame with the first batch that holds it; counts are the frames up to each batch's end, rising."""
    places = [bisect_left(counts, number) for number in range(1, len(came) + 1)]
    to_store = [(committed[place] - start) * 1000 for place, start in zip(places, came, strict=True)]
    to_reader = [(read[place] - start) * 1000 for place, start in zip(places, came, strict=True)]
    return to_store, to_reader


class _PacedFeed:
    """Recorded frames as they came, so many times as fast."""

    protocol = "bench"

    def __init__(self, paced: list[Frame], speed: float) -> None:
        self.manifest: dict[str, Any] = {}
        self.health = FeedHealth("bench")
        self.came: list[float] = []
        self.is_over = False
        self._paced, self._speed = paced, speed

    async def frames(self) -> AsyncIterator[Frame]:
        """The frames, each when it is due."""
        began = time.perf_counter()
        for number, frame in enumerate(self._paced, 1):
            due = (frame.received_at - self._paced[0].received_at).total_seconds() / self._speed
            if (left := began + due - time.perf_counter()) > 0:
                await asyncio.sleep(left)
            self.came.append(time.perf_counter())
            self.is_over = number == len(self._paced)
            yield frame


class _TimedRoad(Road):
    """A road that notes how many frames each batch brings up to date, and when it is committed."""

    taken: int
    counts: list[int]
    committed: list[float]
    reader: "_Reader | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.taken, self.counts, self.committed = 0, [], []

    def take(self, frame: Frame) -> None:
        """As the road does it; frames that the follower itself puts in are not counted."""
        super().take(frame)
        self.taken += self.reader is not None and link_state(frame) is None

    def gather(self) -> None:
        """As the road does it."""
        is_new = self._batch is None
        super().gather()
        if self.reader is not None and is_new:
            self.counts.append(self.taken)

    def send(self, write: Write | None = None) -> None:
        """As the road does it; then the reader is told."""
        super().send(write)
        if self.reader is not None and len(self.committed) < len(self.counts):
            self.committed.append(time.perf_counter())
            self.reader.told.put(True)


class _Reader:
    """A viewer in another thread, which reads what changed as soon as it is told of a commit."""

    def __init__(self, url: str, key: SessionKey) -> None:
        self.told: SimpleQueue[bool] = SimpleQueue()
        self.read: list[float] = []
        self._store = SqlStore(url)
        self._reader = LiveReader(self._store, key)
        self._reader.poll()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.told.put(False)
        self._thread.join()
        self._store.close()

    def _run(self) -> None:
        while self.told.get():
            self._reader.poll()
            self.read.append(time.perf_counter())
