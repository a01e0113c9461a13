"""An emulator of Formula 1's live timing: the hub that a feed connects to, telling a recorded or made-up session.

It speaks the service's own words and shares no code with the feed or its parser. Messages are sent when the session's
clock has come to their stamps; who subscribes gets the state of every topic as it is then, merged from what went before.
"""

import ast
import asyncio
import copy
import gzip
import json
import random
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

END = "\x1e"
SIGNED_IN = {"CarData.z", "Position.z", "ChampionshipPrediction", "PitLaneTimeCollection"}
# In the state of a topic these are lists, though updates tell their items by number.
LISTS = {"Stints", "Messages", "StatusSeries", "Series", "Sectors", "Segments", "BestLapTimes", "Stats"}
GARBAGE = ["{", "not json", '{"type":1,"target":"feed","arguments":', "[]", "5", "null", '{"type":99}']
STRANGE = [
    [], [5], ["TimingData"], ["TimingData", None], ["TimingData", {"Lines": [1, 2]}], ["TimingData", {"Lines": {"x": 1}}],
    [["TimingData"], {}, "now"], ["SessionStatus", {"Status": {"a": 1}}], ["TrackStatus", "2"], ["DriverList", 7],
    ["TimingAppData", {"Lines": {"4": {"Stints": "soft"}}}], ["LapCount", {"TotalLaps": "many"}],
    ["RaceControlMessages", {"Messages": {"0": 5, "-1": {}, "x": {"Message": 5}}}], ["CarData.z", "AAAA"],
]  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A message of the session."""

    at: datetime
    topic: str
    content: Any


def stamped(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def recorded(path: Path, most: int | None = None) -> list[Told]:
    """The messages of a recording in FastF1's format, as recorded.

    What was made from the archive begins with a message of the start: that one is put where the service sent it.
    """
    told = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            topic, content, at = ast.literal_eval(line)
            told.append(Told(datetime.fromisoformat(at[:23].rstrip("Z") + "+00:00"), topic, content))
            if len(told) == most:
                break
    first = told.pop(0)
    told.insert(bisect_left(told, first.at, key=lambda one: one.at), first)
    return told


def made(start: datetime, messages: Iterable[tuple[int, str, Any]]) -> list[Told]:
    """Messages told by their session time (ms), with the heartbeats that the service sends every 15 s."""
    told = [Told(start + timedelta(milliseconds=ms), topic, content) for ms, topic, content in messages]
    beats, at = [], told[0].at
    while at < told[-1].at:
        beats.append(Told(at, "Heartbeat", {"Utc": stamped(at)}))
        at += timedelta(seconds=15)
    return sorted([*told, *beats], key=lambda one: one.at)


def combine(state: Any, update: Any) -> Any:
    """A topic's state after an update, in a copy of its own."""
    if isinstance(state, list) and isinstance(update, dict):
        found = dict(enumerate(state))
        for key, value in update.items():
            if key.isdigit():
                found[int(key)] = combine(found.get(int(key)), value)
        return [found[place] for place in sorted(found)]
    if isinstance(update, dict):
        held = dict(state) if isinstance(state, dict) else {}
        for key, value in update.items():
            if key != "_kf":
                held[key] = listed(key, combine(held.get(key), value))
        for key in held.pop("_deleted", []):
            held.pop(key, None)
        return held
    return copy.deepcopy(update)


def listed(key: str, value: Any) -> Any:
    if key in LISTS and isinstance(value, dict) and [*value] == [str(place) for place in range(len(value))]:
        return list(value.values())
    return value


@dataclass
class F1Service:
    """The service with its switches; ``now`` tells the instant of the session.

    ``statuses`` are HTTP statuses with which the next negotiations are answered. ``token`` is what a subscriber may sign
    in with; ``bars`` refuses every sign-in. Shares (0 to 1) of messages are ``doubled``, ``swapped`` with the one after,
    or followed by ``garbage`` or by messages of a ``strange`` type. ``skew`` is added to the stamps. While ``is_silent``
    nothing is sent, and with ``holds`` the session waits for a subscriber rather than going on without; the first one
    joins a session that ``is_begun``, or begins it. After ``waits_at`` messages it waits until that is taken away.
    """

    messages: list[Told]
    now: Callable[[], datetime]
    token: str | None = None
    bars: bool = False
    statuses: list[int] = field(default_factory=list)
    doubled: float = 0.0
    swapped: float = 0.0
    garbage: float = 0.0
    strange: float = 0.0
    cut: float = 0.3
    skew: timedelta = timedelta(0)
    is_silent: bool = False
    holds: bool = False
    is_begun: bool = False
    waits_at: int | None = None
    ping_s: float = 0.05
    closes_after: int | None = None
    subscribed: list[list[str]] = field(default_factory=list)
    seen_headers: list[dict[str, str]] = field(default_factory=list)
    pings: int = 0
    sent: int = 0
    spoiled: int = 0

    def __post_init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.place = 0
        self._merged = 0
        self._ids: set[str] = set()
        self._chance = random.Random(5)
        self.app = Starlette(
            routes=[
                Route("/signalrcore/negotiate", self._negotiate, methods=["OPTIONS", "POST"]),
                WebSocketRoute("/signalrcore", self._talk),
            ]
        )

    async def _negotiate(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            answer = PlainTextResponse("")
            answer.set_cookie("AWSALBCORS", "sticky")
            return answer
        self.seen_headers.append(dict(request.headers))
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return PlainTextResponse("no", status, {"Retry-After": "7"} if status == 429 else None)
        if request.cookies.get("AWSALBCORS") != "sticky" or request.query_params.get("negotiateVersion") != "1":
            return PlainTextResponse("bad", 400)
        if (status := self._judge(request.headers.get("authorization"))) != 200:
            return PlainTextResponse("no", status)
        name = f"connection-{len(self.seen_headers)}"
        self._ids.add(name)
        transports = [{"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}]
        told = {
            "negotiateVersion": 1,
            "connectionId": "other",
            "connectionToken": name,
            "availableTransports": transports,
        }
        return JSONResponse(told)

    def _judge(self, authorization: str | None) -> int:
        if authorization is None:
            return 200
        return 403 if self.bars else 200 if authorization == f"Bearer {self.token}" else 401

    async def _talk(self, socket: WebSocket) -> None:
        known = socket.query_params.get("id") in self._ids and socket.cookies.get("AWSALBCORS") == "sticky"
        if not known or self._judge(socket.headers.get("authorization")) != 200:
            await socket.close()
            return
        await socket.accept()
        is_signed = socket.headers.get("authorization") is not None
        with suppress(WebSocketDisconnect, RuntimeError):
            assert json.loads((await socket.receive_text()).rstrip(END)) == {"protocol": "json", "version": 1}
            await socket.send_text("{}" + END)
            topics = await self._subscription(socket, is_signed)
            listening = asyncio.ensure_future(self._listen(socket))
            try:
                await self._tell(socket, topics)
            finally:
                listening.cancel()

    async def _subscription(self, socket: WebSocket, is_signed: bool) -> set[str]:
        while True:
            call = json.loads((await socket.receive_text()).rstrip(END))
            if call["type"] == 1 and call["target"] == "Subscribe":
                break
        (asked,) = call["arguments"]
        self.subscribed.append(asked)
        topics = {topic for topic in asked if is_signed or topic not in SIGNED_IN}
        # The session goes on while nobody listens, unless it holds; it begins with the first subscriber.
        is_first = len(self.subscribed) == 1 and not self.is_begun
        while (
            not self.holds
            and not is_first
            and self.place < len(self.messages)
            and self.messages[self.place].at <= self.now()
        ):
            self.place += 1
        while self._merged < self.place:
            one = self.messages[self._merged]
            self.state[one.topic] = combine(self.state.get(one.topic), one.content)
            self._merged += 1
        state = {topic: held for topic, held in self.state.items() if topic in topics}
        await self._send(socket, [{"type": 3, "invocationId": call["invocationId"], "result": state}])
        return topics

    async def _listen(self, socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                self.pings += (await socket.receive_text()) == '{"type":6}' + END

    async def _tell(self, socket: WebSocket, topics: set[str]) -> None:
        loop = asyncio.get_running_loop()
        ping_at = loop.time()
        while True:
            records: list[Any] = []
            if loop.time() >= ping_at:
                records.append({"type": 6})
                ping_at = loop.time() + self.ping_s
            if not self.is_silent:
                records += self._due(topics)
            if records:
                await self._send(socket, records)
            if self.closes_after is not None and self.sent >= self.closes_after:
                self.closes_after = None
                await self._send(socket, [{"type": 7, "error": "Connection closed with an error."}])
                await socket.close()
                return
            await asyncio.sleep(0.002)

    def _due(self, topics: set[str]) -> list[Any]:
        """The records of the messages whose time has come."""
        now, due = self.now(), []
        last = len(self.messages) if self.waits_at is None else self.waits_at
        while self.place < last and self.messages[self.place].at <= now and len(due) < 200:
            due.append(self.messages[self.place])
            self.place += 1
        self.sent += len(due)
        told = [one for one in due if one.topic in topics]
        for place in range(len(told) - 1):
            if self._happens(self.swapped):
                told[place], told[place + 1] = told[place + 1], told[place]
        records: list[Any] = []
        for one in told:
            record = self._call([one.topic, one.content, stamped(one.at + self.skew)])
            records += [record] * (2 if self._happens(self.doubled) else 1)
            if self._happens(self.garbage):
                self.spoiled += 1
                records.append(self._chance.choice(GARBAGE))
            if self._happens(self.strange):
                self.spoiled += 1
                records.append(self._call([*self._chance.choice(STRANGE), stamped(one.at)]))
        return records

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    @staticmethod
    def _call(arguments: list[Any]) -> dict[str, Any]:
        return {"type": 1, "target": "feed", "arguments": arguments}

    async def _send(self, socket: WebSocket, records: list[Any]) -> None:
        """Records one after the other; they are cut into messages anywhere, as the service may."""
        text = "".join((one if isinstance(one, str) else json.dumps(one)) + END for one in records)
        while text:
            size = self._chance.randrange(1, len(text) + 1) if self._happens(self.cut) else len(text)
            await socket.send_text(text[:size])
            text = text[size:]
