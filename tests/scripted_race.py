"""A race that a script tells, for tests of the monitor: frames at their instants on the test's clock, in plain words.

Each frame's payload is a list of records as ``[kind, values]``; the parser below makes records of them.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap
from racelab.domain.records import Clock as RaceClock
from racelab.domain.records import Record
from racelab.live.clock import Clock
from racelab.live.feeds.health import CONNECTED, FeedHealth

PROTOCOL = "scripted"
Script = list[tuple[float, list[list[Any]]]]


class ScriptParser:
    """Reads the frames of a script."""

    def process(self, frame: Frame) -> Iterable[Record]:
        for kind, *values in frame.payload:
            match kind:
                case "entry":
                    yield Entry(values[0], "GT", team=f"Team {values[0]}", drivers=(Driver(1, f"Driver {values[0]}"),))
                case "lap":
                    car, number, lap_ms, end_ms = values
                    yield Lap(
                        car, number, seat=1, stint=1, lap_time_ms=lap_ms, start_ms=end_ms - lap_ms, end_ms=end_ms,
                        flag=Flag.GREEN, tyre_age=number,
                    )  # fmt: skip
                case "flag":
                    yield TrackStatus(values[0], Flag(values[1]))
                case "status":
                    yield SessionStatus(values[0], values[1])
                case "clock":
                    yield RaceClock(values[0], values[0])

    def finish(self) -> Iterator[Record]:
        return iter(())


@dataclass
class Busy:
    """How much is done at the side right now; the clock of a test stands still meanwhile."""

    count: int = 0

    async def while_(self, work: Awaitable[Any]) -> Any:
        self.count += 1
        try:
            return await work
        finally:
            self.count -= 1


class VirtualClock:
    """A clock that jumps from one awaited instant to the next as soon as nothing else is to be done."""

    def __init__(self, begin: datetime, busy: Busy) -> None:
        self.at, self.busy = begin, busy
        self.holds: Callable[[], bool] = lambda: False
        self._waits: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    async def wait(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waits, (self.at + timedelta(seconds=max(seconds, 0)), next(self._numbers), future))
        await future

    def wall_seconds(self, seconds: float) -> float:
        return seconds

    async def run(self) -> None:
        """Turn the clock for ever."""
        while True:
            for _ in range(10):
                await asyncio.sleep(0)
            if self.busy.count or not self._waits or self.holds():
                await asyncio.sleep(0.001)
                continue
            at, _, future = heapq.heappop(self._waits)
            if not future.done():
                self.at = max(self.at, at)
                future.set_result(None)


@dataclass
class ScriptedFeed:
    """Sends a script's frames when their seconds since ``begin`` have come; who joins late misses what was before.

    ``breaks`` are seconds at which it raises, once each; ``sent`` counts frames, ``joined`` connections.
    """

    begin: datetime
    script: Script
    clock: Clock
    breaks: list[float] = field(default_factory=list)
    protocol: str = PROTOCOL
    manifest: dict[str, Any] = field(default_factory=dict)
    sent: int = 0
    joined: int = 0

    def __post_init__(self) -> None:
        self.health = FeedHealth("the scripted service")

    async def frames(self) -> AsyncIterator[Frame]:
        self.joined += 1
        entries, since = [one for one in self.script[0][1] if one[0] == "entry"], self.clock.now()
        self.health.become(CONNECTED, since)
        # As services do, it tells who runs to everybody who joins.
        yield Frame(since, entries)
        for after, payload in self.script:
            at = self.begin + timedelta(seconds=after)
            if at <= since:
                continue
            await self._until(at)
            if self.breaks and after >= self.breaks[0]:
                self.breaks.pop(0)
                raise ConnectionResetError("the scripted service broke")
            self.sent += 1
            self.health.last_frame = at
            yield Frame(at, payload)
        while True:
            await self.clock.wait(1.0)

    async def _until(self, at: datetime) -> None:
        while (left := (at - self.clock.now()).total_seconds()) > 0:
            await self.clock.wait(left)


def race_script(cars: int, laps: int, *, lap_s: float = 60.0, flagged: bool = True) -> Script:
    """Cars of slightly different pace over so many laps of the first one, then the flag, and everybody comes home."""
    numbers = [str(10 + place) for place in range(cars)]
    ends = {number: _ends(place, laps, lap_s) for place, number in enumerate(numbers)}
    finish = ends[numbers[0]][-1][0]
    frames: Script = [
        (0.0, [*(["entry", number] for number in numbers), ["flag", 0, "green"], ["status", 0, "started"]])
    ]
    for number, crossed in ends.items():
        for lap, (end, took) in enumerate(crossed, 1):
            frames.append((end / 1000, [["lap", number, lap, took, end]]))
            if end >= finish:
                break
    if flagged:
        frames.append((finish / 1000 + 0.001, [["flag", finish, "chequered"]]))
    return sorted(frames, key=lambda frame: frame[0])


def _ends(place: int, laps: int, lap_s: float) -> list[tuple[int, int]]:
    """Each crossing in ms with the lap time before it."""
    end, found = 0, []
    for lap in range(1, laps + 1):
        took = int(lap_s * 1000 * (1 + 0.002 * place)) + 37 * ((lap * 7 + place * 3) % 11) + (5000 if lap == 1 else 0)
        end += took
        found.append((end, took))
    return found
