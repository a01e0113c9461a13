"""A session that can be rewound: its records and, every so often, the whole state, both kept small in memory."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce as fold_over
from typing import NamedTuple

from racelab.domain.frames import Parser
from racelab.domain.records import Record
from racelab.live.compact import pack_records, pack_state, unpack_records, unpack_state
from racelab.live.feed import Feed
from racelab.live.reducers import initial_state, reduce, settle
from racelab.live.state import RaceState

# So many records are folded in a few hundredths of a second, also with sixty cars.
EVERY = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Block(NamedTuple):
    """The state before some frames, and their records.

    ``crossings`` counts each car's crossings at that time: they only grow, so that they are cut from the newest state.
    """

    state: bytes
    crossings: dict[str, int]
    records: bytes


class Timeline:
    """Gives the state at any time of a session, as folding everything up to then would.

    It grows while the session runs. Each block of frames is kept as compressed records behind the compressed state
    before them; `at` folds no more than one block. One thread uses it at a time.
    """

    def __init__(self, *, is_race: bool = True, every: int = EVERY) -> None:
        self.state = initial_state(is_race=is_race)
        self._start = self.state
        self._every = every
        self._blocks: list[_Block] = []
        self._bases: list[int] = []
        self._open_from, self._open = self.state, list[Record]()
        self._count = 0
        # By frame: the latest instant so far, the session time after it, and the records up to its end.
        self._instants, self._times, self._ends = array("q"), array("q"), array("q")

    @classmethod
    def of(cls, feed: Feed, parser: Parser, *, is_race: bool = True) -> "Timeline":
        """The timeline of all frames of a feed; what the parser tells at its end belongs to the last one."""
        timeline, last = cls(is_race=is_race), None
        for frame in feed.frames():
            timeline.add(frame.received_at, parser.process(frame))
            last = frame.received_at
        if last is not None:
            timeline.add(last, parser.finish())
        return timeline

    def add(self, received_at: datetime, records: Iterable[Record]) -> RaceState:
        """Fold in what a frame brought; returns the state after it, with places and gaps as they were."""
        listed = list(records)
        if not listed:
            return self.state
        if len(self._open) >= self._every:
            self._close()
        self.state = fold_over(reduce, listed, self.state)
        self._open.extend(listed)
        self._count += len(listed)
        # A replay up to an instant ends before the first frame that came later.
        instant = (received_at - _EPOCH) // _MICROSECOND
        self._instants.append(max(instant, self._instants[-1]) if self._instants else instant)
        self._times.append(self.state.time_ms)
        self._ends.append(self._count)
        return self.state

    def at(self, when: datetime | int) -> RaceState:
        """The state at an instant, or at a session time in ms: after the last frame that is not later.

        Before the first frame it is that of a session of which nothing is known.
        """
        if isinstance(when, datetime):
            place = bisect_right(self._instants, (when - _EPOCH) // _MICROSECOND)
        else:
            place = bisect_right(self._times, when)
        return self._after(self._ends[place - 1]) if place else settle(self._start)

    @property
    def kept_bytes(self) -> int:
        """The bytes of memory that the blocks and the index take; the newest block, not yet packed, aside."""
        blocks = sum(len(block.state) + len(block.records) + 100 * len(block.crossings) for block in self._blocks)
        return blocks + sum(index.itemsize * len(index) for index in (self._instants, self._times, self._ends))

    def _after(self, count: int) -> RaceState:
        """The state after so many records."""
        packed = self._count - len(self._open)
        if count > packed:
            return settle(fold_over(reduce, self._open[: count - packed], self._open_from))
        place = bisect_right(self._bases, count - 1) - 1
        block, base = self._blocks[place], self._bases[place]
        return settle(fold_over(reduce, unpack_records(block.records)[: count - base], self._restored(block)))

    def _close(self) -> None:
        """Pack the newest block; the next one begins with the state as it is now."""
        before = self._open_from
        ledger = {number: replace(held, laps=(), times=()) for number, held in before.ledger.items()}
        crossings = {number: len(held.laps) for number, held in before.ledger.items()}
        packed = pack_state(replace(before, ledger=ledger))
        self._bases.append(self._count - len(self._open))
        self._blocks.append(_Block(packed, crossings, pack_records(self._open)))
        self._open_from, self._open = self.state, []

    def _restored(self, block: _Block) -> RaceState:
        state, newest = unpack_state(block.state), self.state.ledger
        cut = {
            number: replace(held, laps=newest[number].laps[:count], times=newest[number].times[:count])
            for (number, held), count in zip(state.ledger.items(), block.crossings.values(), strict=True)
        }
        return replace(state, ledger=cut)
