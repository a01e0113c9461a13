"""The live road from end to end: frames through parser and reducers into the store, at the clock's pace."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Record
from racelab.domain.sessions import SessionKey
from racelab.live.clock import Clock
from racelab.live.feed import Feed
from racelab.live.publish import LivePublisher
from racelab.live.reducers import fold, initial_state, reduce, settle
from racelab.live.state import RaceState
from racelab.live.writer import SessionWriter
from racelab.store.protocol import Store

# One transaction a second of real time; a viewer's page asks twice as often.
BATCH = timedelta(seconds=1)
# A gap without frames is waited out in steps, so that what waits reaches the store in time.
_STEP_S = 0.25


@dataclass(slots=True)
class Road:
    """A session under way: what was read of it, and what of that is in the store.

    ``writer`` is None where the store's own rows of the session must stay as they are: then only the live tables change.
    """

    parser: Parser
    store: Store
    key: SessionKey
    wall: Clock
    writer: SessionWriter | None = None
    state: RaceState = field(default_factory=RaceState)
    frames: int = 0
    revision: int = 0
    _publisher: LivePublisher | None = None
    _flushed: datetime | None = None
    _is_dirty: bool = False

    def __post_init__(self) -> None:
        self.state = initial_state(is_race=self.key.is_race)

    def take(self, frame: Frame) -> None:
        """Fold a frame in; nothing is written yet."""
        self.frames += 1
        self._fold(self.parser.process(frame))

    def finish(self) -> None:
        """Fold in what is known only at the end, and write everything."""
        self._fold(self.parser.finish())
        self.flush()

    def tick(self) -> None:
        """Write what waits if the last writing is a second ago."""
        if self._is_dirty and (self._flushed is None or self.wall.now() - self._flushed >= BATCH):
            self.flush()

    def flush(self) -> None:
        """Write what waits and publish the state, in one transaction."""
        if self._publisher is None:
            self._publisher = LivePublisher(self.store, self.key)
        self.state = settle(self.state)
        now = self.wall.now()
        rows = self.writer.take(self.state, now) if self.writer is not None else {}
        self.store.write_tables(rows | self._publisher.tables(self.state, now))
        self.revision = self._publisher.revision
        self._flushed, self._is_dirty = self.wall.now(), False

    def _fold(self, records: Iterable[Record]) -> None:
        listed = list(records)
        for record in listed:
            self.state = reduce(self.state, record)
        if self.writer is not None:
            self.writer.add(listed)
        self._is_dirty = True


def replay(
    feed: Feed, road: Road, clock_from: Callable[[datetime], Clock], begin: datetime | None = None
) -> Iterator[RaceState]:
    """Drive a feed along the road; yields the state after each frame that was waited for.

    Args:
        feed: the frames.
        road: where they go; it holds the state, also after the end.
        clock_from: makes the clock that waits for frames, given the instant at which the waiting begins.
        begin: frames from before this instant are folded without waiting and without being shown.
    """
    clock: Clock | None = None
    for frame in feed.frames():
        if begin is None or frame.received_at >= begin:
            clock = clock or clock_from(frame.received_at)
            _wait(frame, clock, road)
            road.take(frame)
            road.tick()
            yield road.state
        else:
            road.take(frame)
    road.finish()
    yield road.state


def state_at(feed: Feed, parser: Parser, instant: datetime, *, is_race: bool = True) -> RaceState:
    """The state as it was at an instant: a fold of the frames up to and including it."""
    state = initial_state(is_race=is_race)
    for frame in feed.frames():
        if frame.received_at > instant:
            break
        for record in parser.process(frame):
            state = reduce(state, record)
    return fold(state, ())


def _wait(frame: Frame, clock: Clock, road: Road) -> None:
    while (left := (frame.received_at - clock.now()).total_seconds()) > 0:
        clock.sleep(min(left, _STEP_S))
        road.tick()
