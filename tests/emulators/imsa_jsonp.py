"""An emulator of IMSA's scoring: three files behind a callback, in the service's own words and with its faults."""

import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from emulators.snapshots import CHEQUERED, GREEN, RED, YELLOW, Car, Snapshot

FILES = ("SessionInfo", "RaceData", "RaceResults")
Step = dict[str, bytes]


@dataclass
class ImsaJsonp:
    """Serves one step after another: the next one when every file of this one was fetched whole.

    ``faults`` are taken one a request: a status (with ``retry_after``), or one of the words ``garbage``, ``half``,
    ``list`` (a wrong type), ``rows`` (rows of wrong types), ``old`` (the step before), ``other`` (another series),
    ``shell`` (no rows), ``slow`` and ``drop``. A fetch that went wrong does not move on.
    """

    steps: list[Step]
    faults: deque[int | str] = field(default_factory=deque)
    faulty_from: int = 0
    retry_after: str | None = None
    slow_s: float = 0.5
    place: int = 0
    requests: Counter = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    etags: bool = True
    not_modified: int = 0
    skip: dict[int, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    _fetched: set[str] = field(default_factory=set)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{name}_JSONP.json", self.answer)])

    async def answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.requests[name] += 1
        self.headers.append(dict(request.headers))
        self.queries.append(dict(request.query_params))
        if name not in FILES or name in self.absent:
            return Response("not here", 404)
        if self.faults and self.place >= self.faulty_from:
            fault = self.faults.popleft()
            found = await self._fault(fault, name)
            if found is not None:
                return found
        body = self.steps[self.place][name]
        tag = f'"{self.place}-{name}-{hash(body)}"'
        is_known = self.etags and request.headers.get("if-none-match") == tag
        self._fetched.add(name)
        if self._fetched | set(self.absent) >= set(FILES) and self.place + 1 < len(self.steps):
            self._fetched.clear()
            self.place = self.skip.pop(self.place, self.place + 1)
        if is_known:
            self.not_modified += 1
            return Response(status_code=304)
        return Response(body, media_type="application/javascript", headers={"ETag": tag} if self.etags else {})

    async def _fault(self, fault: int | str, name: str) -> Response | None:
        body = self.steps[self.place][name]
        if isinstance(fault, int):
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return Response("trouble", fault, headers=headers)
        if fault == "slow":
            await anyio.sleep(self.slow_s)
            return None
        if fault == "drop":
            return StreamingResponse(_broken(body), headers={"Content-Length": str(len(body))})
        if fault == "old":
            return Response(self.steps[max(self.place - 1, 0)][name])
        made = {
            "garbage": b"<html>\xff\xfe maintenance", "half": body[: len(body) // 2], "list": b"jsonp([1, 2, 3]);",
            "rows": _wrong(name), "shell": _shell(name), "other": _other(body),
        }  # fmt: skip
        return Response(made[fault])


async def _broken(body: bytes):
    yield body[: len(body) // 2]
    raise ConnectionResetError


def _wrong(name: str) -> bytes:
    rows = [7, "x", None, {"N": [], "C": {}}, {"N": "31", "C": 5, "L": "many"}, {"N": {"x": 1}, "C": "GTP", "L": 3}]
    return wrap(name, {"S": "WeatherTech Championship - Race", "B": rows, "C": "four", "A": 17, "TT": [], "F": {}})


def _shell(name: str) -> bytes:
    held = {"S": "WeatherTech Championship - Race", "E": "", "B": []}
    return wrap(name, held if name == "RaceResults" else {"B": "Session Complete"} if name == "RaceData" else {})


def _other(body: bytes) -> bytes:
    return body.replace(b"WeatherTech Championship", b"Michelin Pilot Challenge").replace(b'"L":', b'"L":9')


def wrap(name: str, content: dict) -> bytes:
    """A file as the service sends it: in a callback, and with its letters encoded twice."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"jsonp{name}({text.encode().decode('latin-1')});".encode()


def steps_of(snapshots: Iterable[Snapshot], session: str = "WeatherTech Championship - Race") -> list[Step]:
    """The three files at each snapshot."""
    return [
        {
            "SessionInfo": wrap("SessionInfo", _info(snap, session)),
            "RaceData": wrap("RaceData", _data(snap)),
            "RaceResults": wrap("RaceResults", _results(snap, session)),
        }
        for snap in snapshots
    ]


def recorded(body: bytes) -> list[Step]:
    """The recorded answer, byte for byte, with the other two files empty."""
    return [{"SessionInfo": b"{}", "RaceData": b"{}", "RaceResults": body}]


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _time(ms: int) -> str:
    if not ms:
        return "--.---"
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest / 1000:06.3f}" if minutes else f"{rest / 1000:.3f}"


def _gap(gap: tuple[int | None, int | None], sign: str = "") -> str:
    ms, laps = gap
    if laps:
        return f"{laps} lap{'s' if laps > 1 else ''}"
    return "--.---" if ms is None else sign + (_time(ms) if ms else "0.000")


def _info(snap: Snapshot, session: str) -> dict:
    words = {GREEN: "Green", YELLOW: "Yellow", RED: "Red", CHEQUERED: "Checkered"}
    return {
        "S": session, "E": "Detroit", "F": words.get(snap.flag, ""), "TT": _clock(snap.elapsed_s or 0),
        "TR": _clock(snap.remaining_s),
    }  # fmt: skip


def _data(snap: Snapshot) -> dict:
    codes = {GREEN: 1, YELLOW: 2, RED: 3, CHEQUERED: 4}
    to_go = f"Time to go: {_clock(snap.remaining_s)}"
    return {"A": _clock(snap.at_s % 86_400), "B": to_go, "C": codes.get(snap.flag, 0)}


def _results(snap: Snapshot, session: str) -> dict:
    rows = [_row(car) for car in snap.cars]
    rows.append({"A": len(rows) + 1, "C": "", "N": "E1", "F": " ", "L": 0, "LL": "--.---", "P": 0, "PS": 0})
    rows.append({"A": len(rows) + 1, "C": "", "N": "Tx1234567", "F": "", "L": 3, "LL": "1:00.000", "P": 0})
    return {"A": 3, "R": 1, "S": session, "E": "Detroit", "T": "Detroit", "DT": _clock(snap.at_s % 86_400), "B": rows}


def _row(car: Car) -> dict:
    return {
        "A": car.place, "C": car.car_class, "N": car.number, "F": car.driver, "L": car.laps, "LL": _time(car.last_ms),
        "BL": _time(car.best_ms), "IN": car.best_lap, "D": _gap(car.gap), "G": _gap(car.interval, "-"),
        "V": car.vehicle, "P": 1 if car.state == "PIT" else 0, "PS": car.stops, "PIC": car.class_place, "RM": 0, "SR": [],
    }  # fmt: skip
