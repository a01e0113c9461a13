"""Serves an emulator on a free loopback port in a thread of its own; it can be stopped and started again there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

_PATIENCE_S = 10.0


class Loopback:
    """What listens on a port of this machine alone."""

    port = 0

    @property
    def url(self) -> str:
        """The base address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """The base address for WebSockets."""
        return f"ws://127.0.0.1:{self.port}"


class Served(Loopback):
    """An app under an address: `url` for HTTP, `ws_url` for WebSockets, neither with a slash at its end."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve, on the same port as before where there was one."""
        # Named as TCP, so that asyncio sends answers at once: else each waits 40 ms for the acknowledgement before it.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(64)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self.app, loop="asyncio", http="h11", ws="websockets-sansio", lifespan="off", log_config=None,
            log_level="critical", access_log=False, timeout_graceful_shutdown=1, ws_ping_interval=None,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, args=(self._server, listening), daemon=True)
        self._thread.start()
        # Who connects meanwhile waits in the queue of the socket, which listens already.

    def stop(self) -> None:
        """Close the port and every connection at once, as a server that dies does."""
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is None or thread is None:
            return
        server.should_exit = server.force_exit = True
        thread.join(_PATIENCE_S)
        assert not thread.is_alive(), "the emulator did not stop"

    @staticmethod
    def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
        with listening:
            server.run(sockets=[listening])


@contextmanager
def serve(app: Any) -> Iterator[Served]:
    """An app (starlette, or any other of ASGI) that is served during the block."""
    served = Served(app)
    served.start()
    try:
        yield served
    finally:
        served.stop()
