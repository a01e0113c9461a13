"""A made-up timing service over WebSockets, its feed and its parser, for tests of the road that every feed takes.

It tells everything so far to whoever connects, then each lap as it is completed, and the chequered flag.
"""

import json
import random
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap
from racelab.domain.records import Record, Timing
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import Clock
from racelab.live.feeds.connection import FeedLost, Patience, reconnecting
from racelab.live.feeds.health import FeedHealth
from racelab.live.identity import LiveSession
from racelab.live.protocols import PROTOCOLS

PROTOCOL = "toy"
BEGIN = datetime.fromisoformat("2026-06-13T14:00:00+00:00")
KEY = SessionKey(Series.WEC, 2026, 3, "R")
SESSION = LiveSession(Event("24 Hours of Toys", circuit="Nursery"), Session(KEY, BEGIN, status="scheduled"))


@dataclass
class Race:
    """So many cars for so many seconds; every car comes round about every `lap_s` seconds."""

    cars: int = 4
    seconds: float = 600.0
    lap_s: float = 90.0
    sectors: bool = False
    told: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng, end = random.Random(self.cars), int(self.seconds * 1000)
        for car in range(1, self.cars + 1):
            # They start one after the other, so that something is told all the time.
            at, lap = int(1000 * self.lap_s * (car - 1) / self.cars), 0
            while at < end:
                time = int(1000 * self.lap_s * (1 + 0.02 * rng.random() + 0.001 * car))
                for sector in (1, 2) if self.sectors else ():
                    passed = at + time * sector // 3
                    self.told.append((passed, {"car": str(car), f"s{sector}": time // 3, "at": passed}))
                at, lap = at + time, lap + 1
                self.told.append((at, {"car": str(car), "lap": lap, "ms": time, "at": at}))
        self.told.append((0, {"flag": "green", "at": 0}))
        self.told.append((end, {"flag": "chequered", "at": end}))
        self.told.sort(key=lambda each: (each[0], "flag" in each[1]))
        self.end_ms = self.told[-1][0]

    @property
    def laps(self) -> int:
        """The laps of all cars."""
        return sum("lap" in each for _, each in self.told)


def app(race: Race, clock: Clock) -> Starlette:
    """The service, which lives by this clock."""
    times = [at for at, _ in race.told]

    async def timing(socket: WebSocket) -> None:
        await socket.accept()
        place = bisect_right(times, _ms(clock))
        try:
            await socket.send_text(json.dumps({"all": [each for _, each in race.told[:place]]}))
            while place < len(times):
                if (left := times[place] - _ms(clock)) > 0:
                    await clock.wait(left / 1000)
                    continue
                await socket.send_text(json.dumps({"new": race.told[place][1]}))
                place += 1
            await socket.send_text(json.dumps({"over": True}))
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            return

    return Starlette(routes=[WebSocketRoute("/timing", timing)])


def _ms(clock: Clock) -> int:
    return int((clock.now() - BEGIN).total_seconds() * 1000)


class ToyFeed:
    """Follows the service."""

    protocol = PROTOCOL

    def __init__(self, url: str, clock: Clock, patience: Patience | None = None) -> None:
        self.manifest: dict[str, Any] = {"toys": True}
        self.health = FeedHealth("toys")
        self._url, self._clock, self._patience = f"{url}/timing", clock, patience or Patience()

    def frames(self) -> AsyncIterator[Frame]:
        return reconnecting(self._connect, self.health, self._patience, self._clock, random.Random(1))

    async def _connect(self) -> AsyncIterator[Frame]:
        try:
            async with websockets.connect(
                self._url,
                proxy=None,
                ping_interval=None,
                open_timeout=max(self._clock.wall_seconds(60), 3.0),
                close_timeout=0.05,
            ) as socket:
                async for text in socket:
                    yield Frame(self._clock.now(), _read(text))
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise FeedLost(f"{type(error).__name__}") from error


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return str(text)


class ToyParser:
    """Records of the service's frames; a lap that is told again is the same record."""

    def __init__(self) -> None:
        self.cars: set[str] = set()
        self.messages = 0

    def process(self, frame: Frame) -> list[Record]:
        held = frame.payload if isinstance(frame.payload, dict) else {}
        told = [*held.get("all", ()), *([held["new"]] if "new" in held else ())]
        return [record for each in told for record in self._of(each)]

    def _of(self, told: dict[str, Any]) -> list[Record]:
        if "flag" in told:
            text = told["flag"].upper()
            return [TrackStatus(told["at"], Flag(told["flag"])), RaceControlMessage(told["at"], text, told["at"])]
        number, at = told["car"], told["at"]
        if "lap" not in told:
            return [Timing(number, at, s1_ms=told.get("s1"), s2_ms=told.get("s2"))]
        ms = told["ms"]
        entries: list[Record] = [] if number in self.cars else [Entry(number, "TOY")]
        self.cars.add(number)
        lap = Lap(number, told["lap"], lap_time_ms=ms, start_ms=at - ms, end_ms=at)
        return [*entries, lap, Timing(number, at, laps=told["lap"], last_lap_ms=ms)]

    def finish(self) -> list[Record]:
        return []


PROTOCOLS[PROTOCOL] = lambda _, session: ToyParser()


def lead(seconds: float = 5.0) -> datetime:
    """An instant shortly before the start."""
    return BEGIN - timedelta(seconds=seconds)
