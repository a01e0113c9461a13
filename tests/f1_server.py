"""A small web server that plays a mirror of FastF1's sources: well, missing, failing or cut off."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEDULE_2024 = {
    "round_number": {"0": 1, "1": 2},
    "country": {"0": "Bahrain", "1": "Saudi Arabia"},
    "location": {"0": "Sakhir", "1": "Jeddah"},
    "official_event_name": {"0": "BAHRAIN GRAND PRIX 2024", "1": "SAUDI ARABIAN GRAND PRIX 2024"},
    "event_date": {"0": "2024-03-02T00:00:00", "1": "2024-03-09T00:00:00"},
    "event_name": {"0": "Bahrain Grand Prix", "1": "Saudi Arabian Grand Prix"},
    "event_format": {"0": "conventional", "1": "sprint_qualifying"},
    "session1": {"0": "Practice 1", "1": "Practice 1"},
    "session1_date": {"0": "2024-02-29T14:30:00", "1": "2024-03-07T16:30:00"},
    "session2": {"0": "Practice 2", "1": "Sprint Qualifying"},
    "session2_date": {"0": "2024-02-29T18:00:00", "1": "2024-03-07T20:00:00"},
    "session3": {"0": "Practice 3", "1": "Sprint"},
    "session3_date": {"0": "2024-03-01T15:30:00", "1": "2024-03-08T16:30:00"},
    "session4": {"0": "Qualifying", "1": "Qualifying"},
    "session4_date": {"0": "2024-03-01T19:00:00", "1": "2024-03-08T20:00:00"},
    "session5": {"0": "Race", "1": "Race"},
    "session5_date": {"0": "2024-03-02T18:00:00", "1": "2099-03-09T20:00:00"},
    "gmt_offset": {"0": "+03:00", "1": "+03:00"},
    "f1_api_support": {"0": True, "1": True},
}


@contextmanager
def serve(fault: str, schedule: bool = True) -> Iterator[tuple[str, list[str]]]:
    """The address and the paths that were asked. Faults: 404, 500, cut (a body shorter than it says), junk."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            good = schedule and self.path.startswith("/f1schedule/")
            body = json.dumps(SCHEDULE_2024).encode() if good else b'{"MRData": {"x"'
            self.send_response(200 if good or not fault.isdecimal() else int(fault))
            self.send_header("Content-Length", str(len(body) + (0 if good or fault != "cut" else 5000)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Source:
    """A web server whose answers are good, but for those whose path ends as a fault says."""

    content: Callable[[str], bytes | None]
    base: str = ""
    asked: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def fault_of(self, path: str) -> str:
        """The fault of a path, or an empty text; one that ends in `once` is gone after it was seen."""
        suffix = next((suffix for suffix in self.faults if path.endswith(suffix)), None)
        fault = self.faults.get(suffix or "", "")
        return self.faults.pop(suffix or "").removesuffix(" once") if fault.endswith(" once") else fault


@contextmanager
def source(content: Callable[[str], bytes | None]) -> Iterator[Source]:
    """A source that can be told to fail. Faults: a status, silent, drip, hang up, short, cut gzip, or `=` and a body,
    or `>` and an address to which it sends."""
    told = Source(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            told.asked.append(path)
            body, fault = told.content(self.path), told.fault_of(path)
            with suppress(OSError):
                self.answer(body, fault)

        def answer(self, body: bytes | None, fault: str) -> None:
            if fault == "silent":
                told.over.wait()
            elif fault == "hang up":
                self.close_connection = True
            elif fault.startswith(">"):
                self.say(302, b"", Location=fault[1:])
            elif fault.isdecimal() or body is None:
                self.say(int(fault) if fault.isdecimal() else 404, b"no")
            elif fault.startswith("="):
                self.say(200, fault[1:].encode())
            else:
                self.damaged(gzip.compress(body), fault)

        def damaged(self, packed: bytes, fault: str) -> None:
            half = packed[: len(packed) // 2]
            sent = packed if not fault else half
            length = len(half) if fault == "cut gzip" else len(packed)
            self.say(200, b"" if fault == "drip" else sent, length, **{"Content-Encoding": "gzip"})
            for place in range(len(packed) if fault == "drip" else 0):
                self.wfile.write(packed[place : place + 1])
                self.wfile.flush()
                if told.over.wait(0.05):
                    return

        def say(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
