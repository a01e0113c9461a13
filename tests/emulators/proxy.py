"""A wire with faults between a feed and an emulator: a TCP proxy in a thread of its own, with switches.

What the feed sends goes on untouched; the switches are for what the emulator answers.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from emulators.server import Loopback

_READ_BYTES = 65536
_LOOK_S = 0.005


class Proxy(Loopback):
    """The wire to one server; `url` and `ws_url` are what the feed is given in place of the server's.

    Switches, to set at any time: ``refuses`` closes new connections at once; ``is_silent`` holds back what the server
    sends, the connections staying open; ``slow_s`` is a pause after each byte. ``connections`` counts those taken.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target if "//" in target else f"//{target}")
        self._host, self._target_port = parts.hostname or "127.0.0.1", parts.port or 80
        self.port = 0
        self.connections = 0
        self.passed = 0
        self.refuses = False
        self.is_silent = False
        self.slow_s = 0.0
        self._left: int | None = None
        self._garbage = b""
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None

    def drop(self) -> None:
        """Cut every connection now."""
        self._run(self._cut)

    def drop_after(self, count: int) -> None:
        """Let so many more bytes of the server through, then cut: half a frame arrives. It happens once."""
        self._left = count

    def inject(self, garbage: bytes) -> None:
        """Put bytes that the server did not send before the next ones that it sends. It happens once."""
        self._garbage = garbage

    def _run(self, action: Callable[[], None]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(action)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuses:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(self._host, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        pumps = [asyncio.ensure_future(self._up(reader, back)), asyncio.ensure_future(self._down(there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (writer, back):
                self._writers.discard(each)
                each.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                writer.write(data)
                await writer.drain()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                while self.is_silent:
                    await asyncio.sleep(_LOOK_S)
                data, self._garbage = self._garbage + data, b""
                is_last = self._left is not None and len(data) >= self._left
                if self._left is not None:
                    data, self._left = data[: self._left], None if is_last else self._left - len(data)
                await self._send(data, writer)
                if is_last:
                    # What was sent must arrive before the end does.
                    writer.close()
                    return

    async def _send(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        self.passed += len(data)
        place = 0
        while place < len(data) and self.slow_s:
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(self.slow_s)
            place += 1
        writer.write(data[place:])
        await writer.drain()

    def _serve(self, is_ready: threading.Event) -> None:
        asyncio.run(self._main(is_ready))

    async def _main(self, is_ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            with suppress(asyncio.CancelledError):
                await self._take(reader, writer)

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        is_ready.set()
        await self._over.wait()
        server.close()
        self._cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def wire(target: str) -> Iterator[Proxy]:
    """A proxy before a server (its URL or ``host:port``) during the block."""
    proxy, is_ready = Proxy(target), threading.Event()
    thread = threading.Thread(target=proxy._serve, args=(is_ready,), daemon=True)
    thread.start()
    assert is_ready.wait(10)
    try:
        yield proxy
    finally:
        proxy._run(proxy._over.set)  # type: ignore[union-attr]
        thread.join(10)
        assert not thread.is_alive(), "the proxy did not stop"
