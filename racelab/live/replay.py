"""The live road from end to end: frames through parser and reducers into the store, at the clock's pace."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from racelab.domain.frames import Frame, Parser
from racelab.domain.records import Record, Repair
from racelab.domain.sessions import SessionKey
from racelab.live.clock import Clock
from racelab.live.feed import Feed
from racelab.live.incidents import IncidentTracker
from racelab.live.link import SamplesParser
from racelab.live.publish import LivePublisher
from racelab.live.reducers import fold, initial_state, reduce, settle
from racelab.live.state import RaceState
from racelab.live.writer import SessionWriter
from racelab.store.protocol import Store
from racelab.store.rows import Columns

# A batch is written at once where the last one is over for so long: twice what it took, within bounds.
_SOONEST, _LATEST, _REST = timedelta(milliseconds=25), timedelta(seconds=1), 2
# A gap without frames is waited out in steps of the machine's seconds, so that what waits reaches the store in time.
_STEP_S = 0.05
Batch = dict[str, Columns]
# Another way to write a batch: it returns what the store refused.
Write = Callable[[Store, Batch], list[Repair]]


@dataclass(slots=True)
class Road:
    """A session under way: what was read of it, and what of that is in the store.

    ``writer`` is None where the store's own rows of the session must stay as they are: then only the live tables change.
    A batch that the store did not take waits, and is written before anything newer. ``broken`` counts the frames that
    broke parser or reducers, ``last`` is the instant of the last one.
    """

    parser: Parser
    store: Store
    key: SessionKey
    wall: Clock
    writer: SessionWriter | None = None
    state: RaceState = field(default_factory=RaceState)
    frames: int = 0
    broken: int = 0
    last: datetime | None = None
    revision: int = 0
    incidents: IncidentTracker = field(default_factory=IncidentTracker)
    _publisher: LivePublisher | None = None
    _flushed: datetime | None = None
    _pause: timedelta = _SOONEST
    _is_dirty: bool = False
    _batch: Batch | None = None
    # One batch after the other, whoever sends it.
    _sending: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.state = initial_state(is_race=self.key.is_race)
        self.incidents = IncidentTracker(is_race=self.key.is_race, name=str(self.key))

    def take(self, frame: Frame) -> None:
        """Fold a frame in; nothing is written yet."""
        self.frames += 1
        self.last = frame.received_at
        self._fold(self.parser.process(frame))

    def end(self) -> None:
        """Fold in what is known only at the end."""
        self._fold(self.parser.finish())

    def finish(self) -> None:
        """Fold in what is known only at the end, and write everything.

        Raises:
            StoreError: the store did not take it; `flush` may be tried again.
        """
        self.end()
        self.flush()

    @property
    def is_waiting(self) -> bool:
        """Whether something is not in the store yet."""
        return self._is_dirty or self._batch is not None

    @property
    def is_due(self) -> bool:
        """Whether something waits, and the last writing was long enough ago."""
        rested = self._flushed is None or self.wall.now() - self._flushed >= self._pause
        return self.is_waiting and rested

    def tick(self) -> None:
        """Write what waits if the last writing was long enough ago.

        Raises:
            StoreError: the store did not take it; what waits still waits.
        """
        if self.is_due:
            self.flush()

    def flush(self) -> None:
        """Write what waits and publish the state.

        Raises:
            StoreError: the store did not take it; what waits still waits.
        """
        self.open()
        if self._batch is not None:
            self.send()
        self.gather()
        self.send()

    def open(self) -> None:
        """Look up where the published revisions of the session stand, once.

        Raises:
            StoreError: the store cannot be read.
        """
        if self._publisher is None:
            self._publisher = LivePublisher(self.store, self.key)

    def gather(self) -> None:
        """Make a batch of what waits, where none is left from before."""
        if self._batch is not None or self._publisher is None:
            return
        self.state = settle(self.state)
        now = self.wall.now()
        rows = self.writer.take(self.state, now) if self.writer is not None else {}
        samples = self.parser.telemetry() if isinstance(self.parser, SamplesParser) else None
        if samples is not None and self.writer is not None:
            rows |= self.writer.telemetry(samples)
        self._batch = rows | self._publisher.tables(replace(self.state, incidents=self.incidents.latest), now)
        self._is_dirty = False

    def send(self, write: Write | None = None) -> None:
        """Write the batch in one transaction, or as ``write`` does; another thread than that of `take` may call it.

        Raises:
            StoreError: the store did not take it; the batch still waits.
        """
        with self._sending:
            batch = self._batch
            if batch is None or self._publisher is None:
                return
            began = self.wall.now()
            if write is None:
                self.store.write_tables(batch)
            elif (refused := write(self.store, batch)) and self.writer is not None:
                self.writer.add(refused)
                self._is_dirty = True
            self._batch, self.revision, self._flushed = None, self._publisher.revision, self.wall.now()
        self._pause = min(max(_REST * (self._flushed - began), _SOONEST), _LATEST)

    def _fold(self, records: Iterable[Record]) -> None:
        listed = list(records)
        for record in listed:
            self.state = reduce(self.state, record)
        told = self.incidents.take(listed)
        if self.writer is not None:
            self.writer.add(listed)
            self.writer.add(told)
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
        wall_s = clock.wall_seconds(left)
        clock.sleep(left if wall_s <= _STEP_S else left * _STEP_S / wall_s)
        road.tick()
