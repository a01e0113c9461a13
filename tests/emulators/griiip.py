"""An emulator of Griiip: answers over HTTP, pushes over SignalR, from recorded answers or from a made-up race.

It speaks the service's own words and shares no code with the feed or its parser.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable
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

from emulators.griiip_race import SID, MadeRace

END = "\x1e"
RECORDED = {
    "live/best-laps/{sid}": "live_best-laps", "live/current-top-speeds/{sid}": "live_current_top_speeds",
    "live/gaps/{sid}": "live_gaps", "live/laps/{sid}": "live_laps", "live/pit-in/{sid}": "live_pit-in",
    "live/participants-running-status/{sid}": "live_participants-running-status",
    "live/participants/{sid}": "live_participants", "live/pit-out/{sid}": "live_pit-out",
    "live/race-flags/{sid}": "live_race-flags", "live/racelog-items/{sid}/paged": "live_racelog-items_paged",
    "live/ranks/{sid}": "live_ranks", "live/sectors/{sid}/current-lap": "live_sectors_current_lap",
    "live/session-clock/{sid}": "live_session-clock", "live/session-info/{sid}": "live_session-info",
    "live/weather-current/{sid}": "live_weather_current",
}  # fmt: skip
STRANGE: list[Any] = [
    5, None, "closed", {}, [], [5, None, "x", []], {"items": 7}, {"error": {"code": 1}}, [[{"pid": 1}]], {"500001": [3]},
    [{"pid": "500001", "lapNumber": "3", "lapTimeMillis": 1.5, "ts": 7, "carNumber": 7, "drivers": {}, "flag": 3}],
    [{"pid": 500001, "carNumber": "10", "lapNumber": None, "lapTimeMillis": "fast", "overallPosition": "first"}],
    [{"pid": 500001, "lapNumber": 2, "lapTimeMillis": -1, "ts": "yesterday", "overallPosition": -2, "status": ["x"]}],
    [{"pid": 10**30, "lapNumber": 10**30, "lapTimeMillis": 10**30, "sectorNumbers": "2", "tires": [1], "text": 5}],
]  # fmt: skip


def recorded(folder: Path, sid: int) -> dict[str, bytes]:
    """The recorded answers by path, byte for byte."""
    return {path.format(sid=sid): (folder / f"{name}.json").read_bytes() for path, name in RECORDED.items()}


@dataclass
class GriiipService:
    """The service with its switches; ``now`` tells the instant of the session.

    It answers from ``answers`` by path, or tells the made-up ``race``. ``statuses`` are HTTP statuses with which the next
    answers begin. Shares (0 to 1): answers are ``strange``, ``cut`` in the middle, ``doubled`` record by record,
    ``shuffled``. ``skew`` is added to the server's own now. With ``pushes`` the race is pushed, ``batched`` for the whole
    session or by channels; while ``is_stalled`` only pings are.
    """

    now: Callable[[], datetime]
    race: MadeRace | None = None
    answers: dict[str, bytes] = field(default_factory=dict)
    token: str | None = None
    statuses: list[int] = field(default_factory=list)
    retry_after: int = 7
    strange: float = 0.0
    cut: float = 0.0
    doubled: float = 0.0
    shuffled: float = 0.0
    skew: timedelta = timedelta(0)
    slow_s: float = 0.0
    has_tags: bool = True
    has_bootstrap: bool = True
    pushes: bool = False
    batched: bool = True
    is_stalled: bool = False
    others: int = 1
    asked: list[str] = field(default_factory=list)
    statuses_sent: list[int] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    spoiled: int = 0
    pushed: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(7)
        self._place = 0
        self._seen: dict[str, list[dict[str, Any]]] = {}
        self.app = Starlette(
            routes=[
                Route("/live-session-stream/negotiate", self._negotiate, methods=["POST"]),
                WebSocketRoute("/client/", self._push),
                Route("/{path:path}", self._answer),
            ]
        )

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.asked.append(path)
        answer = await self._judged(request, path)
        self.statuses_sent.append(answer.status_code)
        return answer

    async def _judged(self, request: Request, path: str) -> Response:
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.token is not None and request.headers.get("authorization") != self.token:
            return PlainTextResponse("no", 401)
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return PlainTextResponse("no", status, {"Retry-After": str(self.retry_after)} if status == 429 else None)
        body = self.answers.get(path)
        if body is None and self.race is not None:
            told = self._told(path, request.query_params)
            body = None if told is Ellipsis else json.dumps(told).encode()
        if body is None:
            return PlainTextResponse("not there", 404)
        if self._happens(self.cut):
            self.spoiled += 1
            return Response(body[: len(body) // 2], media_type="application/json")
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.has_tags and request.headers.get("if-none-match") == tag:
            return Response(status_code=304)
        return Response(body, media_type="application/json", headers={"ETag": tag} if self.has_tags else None)

    def _told(self, path: str, query: Any) -> Any:
        if path == "meta/sessions-schedule-live":
            return [{"sid": SID - 1 - n, "isStarted": True} for n in range(self.others)] + [
                {"sid": SID, "isStarted": True}
            ]
        if path.startswith("live/session-info/") and path != f"live/session-info/{SID}":
            return {
                "sid": int(path.rsplit("/", maxsplit=1)[-1]),
                "seriesId": 355,
                "domain": "iRacing",
                "isRaceSession": True,
            }
        self._go_on()
        if path == f"api/v2/public/live/session/{SID}/bootstrap":
            return self._bootstrap() if self.has_bootstrap else ...
        if not path.startswith("live/") or str(SID) not in path:
            return ...
        if self._happens(self.strange):
            self.spoiled += 1
            return self._chance.choice(STRANGE)
        return self._spoiled(self._part(path.removeprefix("live/").replace(f"/{SID}", "").removeprefix("session/")))

    def _spoiled(self, told: Any) -> Any:
        if isinstance(told, list) and self._happens(self.doubled):
            told = told + told
        if isinstance(told, list) and self._happens(self.shuffled):
            self._chance.shuffle(told)
        return told

    def _go_on(self) -> None:
        """Take the events that have happened by now."""
        assert self.race is not None
        now = (self.now() - self.race.start) / timedelta(milliseconds=1)
        while self._place < len(self.race.events) and self.race.events[self._place][0] <= now:
            _, channel, record = self.race.events[self._place]
            self._seen.setdefault(channel, []).append(record)
            self._place += 1

    def _last(self, channel: str) -> list[dict[str, Any]]:
        return list({record["pid"]: record for record in self._seen.get(channel, [])}.values())

    def _newest(self, channel: str, laps: int) -> list[dict[str, Any]]:
        """The records of each car's last laps, the newest first."""
        by_car: dict[int, list[dict[str, Any]]] = {}
        for record in self._seen.get(channel, []):
            by_car.setdefault(record["pid"], []).append(record)
        return [
            record
            for held in by_car.values()
            for record in held[::-1]
            if record["lapNumber"] > held[-1]["lapNumber"] - laps
        ]

    def _part(self, part: str) -> Any:
        seen = self._seen.get(part, [])
        if part in ("pit-in", "pit-out", "race-flags"):
            return [*seen]
        if part in ("ranks", "gaps", "participants", "participants-running-status", "best-laps"):
            return self._last(part)
        if part == "tires-current":
            return self._last("tires")
        if part == "laps":
            return self._newest("laps", 15)
        if part == "sectors":
            return self._newest("sectors", 15)
        if part == "sectors/current-lap":
            done = {record["pid"]: record["lapNumber"] for record in self._seen.get("laps", [])}
            return {
                str(pid): [one for one in self._newest("sectors", 1) if one["pid"] == pid and one["lapNumber"] > laps]
                for pid, laps in done.items()
            }
        if part.startswith("racelog-items"):
            items = self._seen.get("race-log", [])[::-1]
            return {"items": items[:50], "startAfter": 5} if part.endswith("paged") else items
        return {"session-info": self._info, "session-clock": self._clock, "session-length-limit": self._limit,
                "weather-current": lambda: (self._seen.get("Weather") or [{}])[-1]}.get(part, lambda: ...)()  # fmt: skip

    def _info(self) -> dict[str, Any]:
        assert self.race is not None
        flags = [record["flag"] for record in self._seen.get("race-flags", [])]
        return {
            "startTime": self.race.iso(0), "seriesId": 10, "domain": "RealWorld", "isRaceSession": True, "eventName": "Made up",
            "hasSeenChequered": "Chequered" in flags, "connectionStatus": {"lastReceived": self.now().isoformat()},
            "ts": self.race.iso(-60_000), "elapsedTimeMillis": -1, "sid": SID, "pid": -1, "carNumber": "", "classId": "",
        }  # fmt: skip

    def _clock(self) -> dict[str, Any]:
        assert self.race is not None
        return {"increment": 1, "tsNow": (self.now() + self.skew).isoformat(), "startTime": self.race.iso(0),
                "ts": self.race.iso(0), "elapsedTimeMillis": 0, "sid": SID, "pid": -1}  # fmt: skip

    def _limit(self) -> dict[str, Any]:
        assert self.race is not None
        return {
            "sessionLengthType": "TimeOnly",
            "lapsLimit": -1,
            "timeLimitSeconds": self.race.length_ms // 1000,
            "sid": SID,
        }

    def _bootstrap(self) -> dict[str, Any]:
        named = {
            "participants": "participants", "sectors": "sectors", "raceFlags": "race-flags", "ranks": "ranks", "laps": "laps",
            "bestLaps": "best-laps", "gaps": "gaps", "runningStatuses": "participants-running-status", "pitIns": "pit-in",
            "tires": "tires-current", "currentLapSectors": "sectors/current-lap", "sessionInfo": "session-info",
            "sessionClock": "session-clock", "sessionLengthLimit": "session-length-limit", "weather": "weather-current",
            "raceLogFirstPage": "racelog-items/paged",
        }  # fmt: skip
        told = {key: self._spoiled(self._part(part)) for key, part in named.items()}
        energy = [{"pid": one["pid"], "e": one["e"]} for one in self._last("cars-energy-tanks")]
        return told | {
            "grids": self._last("grids"),
            "carsEnergyTanks": {"items": energy},
            "predictedLapTimes": [],
            "errors": None,
        }

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    async def _negotiate(self, request: Request) -> Response:
        if not self.pushes:
            return PlainTextResponse("not there", 404)
        url = str(request.url.replace(path="/client/", query="hub=live"))
        return JSONResponse({"url": url, "accessToken": "for-the-hub"})

    async def _push(self, socket: WebSocket) -> None:
        if socket.query_params.get("access_token") != "for-the-hub":
            await socket.close()
            return
        await socket.accept()
        groups: set[str] = set()
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.receive_text()
            await socket.send_text("{}" + END)
            listening = asyncio.ensure_future(self._listen(socket, groups))
            try:
                await self._stream(socket, groups)
            finally:
                listening.cancel()

    async def _listen(self, socket: WebSocket, groups: set[str]) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                for text in (await socket.receive_text()).split(END):
                    call = json.loads(text) if text else {}
                    if call.get("target") == "JoinGroup":
                        groups.add(call["arguments"][0])
                        self.joined.append(call["arguments"][0])
                        await socket.send_text(
                            json.dumps({"type": 3, "invocationId": call["invocationId"], "result": None}) + END
                        )

    async def _stream(self, socket: WebSocket, groups: set[str]) -> None:
        """Push what happens from the join on; ranks and gaps are none of it in a race."""
        assert self.race is not None
        while not groups:
            await asyncio.sleep(0.002)
        self._go_on()
        place = self._place
        while True:
            self._go_on()
            due = self.race.events[place : self._place]
            place = self._place
            told = [] if self.is_stalled else [
                (channel, {key: value for key, value in record.items() if key not in ("carNumber", "classId") or channel == "participants"})
                for _, channel, record in due if channel not in ("ranks", "gaps", "grids", "best-laps")
            ]  # fmt: skip
            if told:
                await self._send(socket, groups, told)
            await socket.send_text('{"type":6}' + END)
            await asyncio.sleep(0.005)

    async def _send(self, socket: WebSocket, groups: set[str], told: list[tuple[str, Any]]) -> None:
        for place in range(len(told) - 1):
            if self._happens(self.shuffled):
                told[place], told[place + 1] = told[place + 1], told[place]
        told = [one for one in told for _ in range(2 if self._happens(self.doubled) else 1)]
        if self._happens(self.strange):
            self.spoiled += 1
            told.append(
                (self._chance.choice(["laps", "ranks", "participants", "race-log"]), self._chance.choice(STRANGE))
            )
        self.pushed += len(told)
        if self.batched:
            items = [{"channel": channel, "view": view} for channel, view in told]
            calls = [{"type": 1, "target": "ReceiveBatch", "arguments": [{"items": items}]}]
        else:
            known = [one for one in told if f"SID-{SID}-{one[0]}" in groups]
            calls = [{"type": 1, "target": f"lv-{channel}", "arguments": [view]} for channel, view in known]
        await socket.send_text("".join(json.dumps(call) + END for call in calls))
