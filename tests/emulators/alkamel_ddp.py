"""An emulator of Al Kamel's live timing: Meteor's DDP over SockJS, in the service's own words and with its faults."""

import asyncio
import copy
import json
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from emulators.snapshots import CHEQUERED, GREEN, RED, YELLOW, Car, Snapshot

OID = {"$type": "oid", "$value": "5bc1a0f2e1b2c3d4e5f60718"}
OTHER = {"$type": "oid", "$value": "5bc1a0f2e1b2c3d4e5f60799"}
PAST = {"$type": "oid", "$value": "5bc1a0f2e1b2c3d4e5f60700"}
PUBLISHED = {
    "entry": "session_entry", "sessionStatus": "session_status", "standings": "standings", "pitInfo": "session_pit_info",
    "raceControl": "race_control", "weather": "weather",
}  # fmt: skip
Documents = dict[str, dict[str, Any]]


@dataclass
class AlkamelDdp:
    """Pushes one state after another to whoever has subscribed; states do not pass while nobody has.

    ``faults`` are words by the place of the state before which they happen, each once: ``close`` (SockJS closes),
    ``drop``, ``garbage``, ``half``, ``types``, ``twice``, ``swap`` (rows of this state after those of the next),
    ``silence`` (nothing more on this connection) and ``skip:n`` (drops, and n states pass meanwhile).
    ``refuse`` are statuses for the next connections; ``lacks`` are publications that the server does not have.
    """

    states: list[Documents]
    faults: dict[int, str] = field(default_factory=dict)
    refuse: deque[int] = field(default_factory=deque)
    retry_after: str | None = None
    lacks: tuple[str, ...] = ()
    version: str = "1"
    has_feed: bool = True
    pace_s: float = 0.0
    place: int = 0
    connections: int = 0
    origins: list[str | None] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    received: list[dict] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[WebSocketRoute("/sockjs/{server}/{session}/websocket", self.talk)])

    async def talk(self, socket: WebSocket) -> None:
        self.connections += 1
        self.origins.append(socket.headers.get("origin"))
        self.keys.append(socket.headers.get("x-key"))
        params = socket.path_params
        assert re.fullmatch(r"\d{3}", params["server"]), params
        assert re.fullmatch(r"[a-z0-9]{8}", params["session"]), params
        if self.refuse:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            await socket.send_denial_response(Response("no", self.refuse.popleft(), headers=headers))
            return
        await socket.accept()
        pushing: asyncio.Task | None = None
        subscribed: set[str] = set()
        try:
            await socket.send_text("o")
            await socket.send_text("h")
            while True:
                for text in json.loads(await socket.receive_text()):
                    message = json.loads(text)
                    self.received.append(message)
                    await self._answer(socket, message, subscribed)
                if {"entry", "standings", "asked for the last"} <= subscribed and pushing is None:
                    pushing = asyncio.create_task(self._push(socket))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if pushing is not None:
                pushing.cancel()

    async def _answer(self, socket: WebSocket, message: dict, subscribed: set[str]) -> None:
        kind = message["msg"]
        if kind == "connect":
            if message["version"] != self.version:
                await say(socket, {"msg": "failed", "version": self.version})
                return
            await say(socket, {"server_id": "0"}, {"msg": "connected", "session": "abc"}, {"msg": "ping"})
        elif kind == "sub":
            name, params = message["name"], message["params"]
            if name == "bestResults":
                subscribed.add("asked for the last")
            if name in self.lacks or (name == "livetimingFeed" and not (self.has_feed and params == ["imsa"])):
                await say(socket, {"msg": "nosub", "id": message["id"], "error": {"error": 404, "reason": "not found"}})
                return
            await say(socket, *self._published(name, params), {"msg": "ready", "subs": [message["id"]]})
            subscribed.add(name)

    def _published(self, name: str, params: list) -> list[dict]:
        if name == "livetimingFeed":
            return [added("feeds", "f1", {"name": "imsa", "sessions": [PAST, OTHER, OID]})]
        if name == "sessionInfo":
            assert params == [[PAST, OTHER, OID]]
            return [added("session_info", key, {"session": oid, "info": info}) for key, oid, info in _infos()]
        collection = PUBLISHED.get(name)
        if collection is None or collection not in self.states[self.place]:
            return []
        assert params == [OID], "the open session of the series is to be subscribed to"
        return [added(collection, f"{collection}-1", {"session": OID, **self.states[self.place][collection]})]

    async def _push(self, socket: WebSocket) -> None:
        while self.place + 1 < len(self.states):
            fault = self.faults.pop(self.place, "")
            if fault in ("close", "drop", "silence", "garbage", "half") or fault.startswith("skip"):
                await self._break(socket, fault)
                return
            before, self.place = self.states[self.place], self.place + 1
            news = list(changes(before, self.states[self.place]))
            if fault == "swap" and self.place + 1 < len(self.states):
                self.place += 1
                later = list(changes(self.states[self.place - 1], self.states[self.place]))
                rows = [one for one in later if one["collection"] == "standings"]
                news = [*[one for one in later if one not in rows], *rows, *news]
                # What the swap has overtaken is told again, as the service does with the next change.
                news += [changed("standings", {"standings": {"standings": rows_of(self.states[self.place])}})]
            if fault == "types":
                news = [*wrong(), *news]
            if fault == "twice":
                news = [one for one in news for _ in range(2)]
            await say(socket, *news)
            await asyncio.sleep(self.pace_s)
        await say(socket, {"msg": "ping", "id": "last"})

    async def _break(self, socket: WebSocket, fault: str) -> None:
        if fault == "silence":
            await asyncio.sleep(3600)
        if fault == "garbage":
            await socket.send_text('a["{\\"msg\\": garbage}"]')
        elif fault == "half":
            await socket.send_text('a["{\\"msg\\":\\"changed\\",\\"colle')
        elif fault == "close":
            await socket.send_text('c[3000,"Go away!"]')
        if fault.startswith("skip"):
            self.place = min(self.place + int(fault.partition(":")[2]), len(self.states) - 1)
        await socket.close(1011)


async def say(socket: WebSocket, *messages: dict) -> None:
    if messages:
        await socket.send_text("a" + json.dumps([json.dumps(one) for one in messages]))


def added(collection: str, key: str, fields: dict) -> dict:
    return {"msg": "added", "collection": collection, "id": key, "fields": fields}


def changed(collection: str, fields: dict) -> dict:
    return {"msg": "changed", "collection": collection, "id": f"{collection}-1", "fields": fields}


def changes(before: Documents, after: Documents) -> Iterable[dict]:
    """What is pushed from one state to the next: of the nested map only the keys that differ."""
    for collection, document in after.items():
        ((name, nested),) = document.items()
        old = before.get(collection, {}).get(name, {})
        if collection == "standings":
            rows = {
                place: row for place, row in nested["standings"].items() if old.get("standings", {}).get(place) != row
            }
            if rows:
                yield changed(collection, {name: {"standings": rows}})
        elif news := {key: value for key, value in nested.items() if old.get(key) != value}:
            yield changed(collection, {name: news})


def rows_of(state: Documents) -> dict:
    return state["standings"]["standings"]["standings"]


def wrong() -> list[dict]:
    """Messages of wrong types, which a service that is being worked on may send."""
    rows = {"1": 7, "2": {"data": None}, "x": {"data": "1;2"}, "3": {"data": "1;;CLASSIFIED;x;y;z;;;;"}}
    return [
        changed("standings", {"standings": {"standings": rows}}), changed("standings", {"standings": [1, 2]}),
        changed("session_status", {"status": 5}), changed("session_entry", {"entry": {"31": None, "x" * 99: {}}}),
        changed("session_pit_info", {"pitOuts": {"31": 4}}), {"msg": "changed", "collection": 9, "id": [], "fields": 1},
        changed("race_control", {"raceControlMessages": {"log": {"0": {"date": "soon", "message": 4}}}}), {"msg": []},
    ]  # fmt: skip


def _infos() -> list[tuple[str, dict, dict]]:
    series = "IMSA WeatherTech SportsCar Championship"
    return [
        ("i0", PAST, {"champName": series, "eventName": "Detroit", "name": "Qualifying", "type": "QUALIFYING_BEST_LAP", "closed": True}),
        ("i1", OTHER, {"champName": "Michelin Pilot Challenge", "eventName": "Detroit", "name": "Race", "type": "RACE", "closed": False}),
        ("i2", OID, {"champName": series, "eventName": "Detroit", "name": "Race", "type": "RACE", "closed": False}),
    ]  # fmt: skip


def states_of(snapshots: Iterable[Snapshot], length_s: int = 6_000, skew_ms: int = 0) -> list[Documents]:
    """The documents that are published at each snapshot; ``skew_ms`` is how far the service's clock is ahead."""
    listed = list(snapshots)
    first = next(snap for snap in listed if snap.elapsed_s)
    start_ms = round((first.at_s - (first.elapsed_s or 0)) * 1000) + skew_ms
    stops: dict[str, tuple[str, int]] = {}
    outs: dict[str, dict] = {}
    log: dict[str, dict] = {}
    said: set = set()
    states = []
    for snap in listed:
        now_ms = round(snap.at_s * 1000) + skew_ms
        for car in snap.cars:
            _pit(car, now_ms, stops, outs)
        for stamp, text in snap.messages:
            if (stamp, text) not in said:
                said.add((stamp, text))
                log[str(len(log))] = {"date": stamp + skew_ms, "message": text}
        states.append(
            {
                "session_entry": {"entry": {car.number: _entry(car) for car in snap.cars}},
                "session_status": {"status": _status(snap, start_ms, length_s)},
                "session_pit_info": {"pitOuts": copy.deepcopy(outs)},
                "race_control": {"raceControlMessages": {"log": dict(log), "currentMessages": {}}},
                "weather": {
                    "weather": {"ambientTemperature": 21.5, "trackTemperature": 38, "humidity": "45", "windSpeed": 3}
                },
                "standings": {
                    "standings": {"hasClasses": True, "standings": {str(c.place): _row(c, start_ms) for c in snap.cars}}
                },
            }
        )
    return states


def recorded(rows: list[dict]) -> list[Documents]:
    """Recorded rows as they are, each under its place."""
    listed = {row["data"].split(";")[0]: row for row in rows}
    held: Documents = {name: {key: {}} for name, key in (("session_entry", "entry"), ("session_status", "status"), ("session_pit_info", "pitOuts"), ("race_control", "raceControlMessages"))}  # fmt: skip
    return [{**held, "standings": {"standings": {"hasClasses": True, "standings": listed}}}]


def _pit(car: Car, now_ms: int, stops: dict, outs: dict) -> None:
    before, since = stops.get(car.number, ("", 0))
    if car.state == "PIT" and before != "PIT":
        stops[car.number] = ("PIT", now_ms)
    elif car.state != "PIT" and before == "PIT":
        held = outs.get(car.number, {"totalPitTime": 0})
        spent = now_ms - since
        outs[car.number] = {"lastPitHour": since, "lastPitTime": spent, "totalPitTime": held["totalPitTime"] + spent}
        stops[car.number] = (car.state, 0)
    elif before != "PIT":
        stops[car.number] = (car.state, 0)


def _entry(car: Car) -> dict:
    first, _, last = car.driver.partition(" ")
    return {
        "name": car.driver,
        "firstname": first,
        "lastname": last,
        "team": car.team,
        "vehicle": car.vehicle,
        "class": car.car_class,
    }


def _status(snap: Snapshot, start_ms: int, length_s: int) -> dict:
    words = {GREEN: "GF", YELLOW: "FCY", RED: "RF", CHEQUERED: "CH"}
    running = snap.elapsed_s is not None
    return {
        "currentFlag": words.get(snap.flag, ""), "currentLap": max(car.laps for car in snap.cars) + 1,
        "startTime": start_ms // 1000 if running else 0, "isSessionRunning": running and snap.flag != CHEQUERED,
        "isFinished": snap.flag == CHEQUERED, "finalType": "BY_TIME", "finalTime": length_s, "finalLaps": 0,
    }  # fmt: skip


def _row(car: Car, start_ms: int) -> dict:
    states = {"RUN": "TRACK", "PIT": "BOX", "OUT": "OUT_LAP", "STOP": "STOPPED", "FIN": "TRACK", "RET": "STOPPED"}
    line = start_ms + car.line_ms
    done = car.sectors or car.last_sectors
    data = f"{car.place};{car.number};CLASSIFIED;{car.place};{car.laps};{car.stops};172.494;{line};{states[car.state]};{car.laps + 1};"
    row = {
        "data": data, "class": car.car_class, "isRunning": car.state in ("RUN", "OUT"), "isCheckered": car.state == "FIN",
        "currentLapStartTime": line, "currentSectors": _sectors(done), "lastSectors": _sectors(car.last_sectors),
        "currentLoopSectors": _loops(car.sectors), "previousLoopSectors": _loops(car.last_sectors), "laps": car.laps,
        "currentLapNumber": car.laps + 1, "isLastLapBestPersonal": False,
    }  # fmt: skip
    if car.laps:
        row |= {
            "elapsedTime": car.line_ms,
            "lastLapTime": car.last_ms,
            "bestLapTime": car.best_ms,
            "bestLapNumber": car.best_lap,
        }
    return row


def _sectors(times: list[int]) -> str:
    return "".join(f"{n};{ms};false;false;false;false;" for n, ms in enumerate(times, 1))


def _loops(times: list[int]) -> str:
    return "".join(f"{n};{sum(times[:n])};" for n in range(1, len(times) + 1))
