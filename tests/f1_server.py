"""A small web server that plays a mirror of FastF1's sources: well, missing, failing or cut off."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
