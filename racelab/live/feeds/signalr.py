"""SignalR Core's hub protocol in JSON over a websocket: invocations, completions and keep-alives both ways.

    async with hub("https://example.org/hub") as opened:
        state = await opened.invoke("Subscribe", [["topic"]])
        async for message in opened.messages():
            ...

Every trouble is FeedLost or FeedRefused, so that `feeds.connection.reconnecting` can deal with it.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from racelab import wall
from racelab.live.feeds.answers import SILENT, no_answer, refusal
from racelab.live.feeds.connection import FeedLost
from racelab.live.feeds.negotiation import Negotiated, negotiate

_END = "\x1e"
_INVOCATION, _COMPLETION, _PING, _CLOSE = 1, 3, 6, 7
# The full state of a session has some hundred kB; what is beyond this is no timing.
_MOST_CHARS = 16 * 1024 * 1024
_MOST_WAITING = 10_000
# Servers give up a client that says nothing for 30 s.
_PING_S = 10.0


@dataclass(frozen=True, slots=True)
class Message:
    """An invocation by the server. One that cannot be read has no target, and its text as the only argument."""

    target: str | None
    arguments: list[Any]


class Hub:
    """An open connection; it is read by one task."""

    def __init__(self, socket: ClientConnection, timeout_s: float) -> None:
        self._socket, self._timeout_s = socket, timeout_s
        self._tail = ""
        self._records: deque[str] = deque()
        self._waiting: deque[Message] = deque()
        self._invoked = 0
        self._ping_at = _now() + _PING_S

    async def shake_hands(self) -> None:
        """Agree on the protocol.

        Raises:
            FeedLost: the server does not.
        """
        await self._send({"protocol": "json", "version": 1})
        answer = _object(await self._in_time())
        if answer is None or "error" in answer:
            raise FeedLost(f"the handshake failed: {str((answer or {}).get('error'))[:200]}")

    async def invoke(self, target: str, arguments: list[Any]) -> Any:
        """Call a method of the server and return its result; messages that come meanwhile wait to be read.

        Raises:
            FeedLost: the server says that it failed, or the connection broke.
        """
        number, self._invoked = str(self._invoked), self._invoked + 1
        await self._send({"type": _INVOCATION, "invocationId": number, "target": target, "arguments": arguments})
        while True:
            text = await self._in_time()
            record = _object(text)
            if record is not None and record.get("type") == _COMPLETION and record.get("invocationId") == number:
                if "error" in record:
                    raise FeedLost(f"{target} failed: {str(record['error'])[:200]}")
                return record.get("result")
            message = await self._taken(text, record)
            if message is not None:
                if len(self._waiting) >= _MOST_WAITING:
                    raise FeedLost(f"no answer to {target} among {_MOST_WAITING} messages")
                self._waiting.append(message)

    async def messages(self) -> AsyncGenerator[Message, None]:
        """The server's invocations, as they come; ends where the websocket is closed in good order.

        Raises:
            FeedLost: the connection broke, or the server said that it closes it.
        """
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            text = await self._record()
            if text is None:
                return
            message = await self._taken(text, _object(text))
            if message is not None:
                yield message

    async def _taken(self, text: str, record: dict[str, Any] | None) -> Message | None:
        """The message of a record; what belongs to the protocol itself is dealt with."""
        kind = record.get("type") if record is not None else None
        if record is not None and kind == _CLOSE:
            why = record.get("error")
            raise FeedLost(f"the server closed the connection{f': {str(why)[:200]}' if why else ''}")
        if record is not None and kind == _INVOCATION:
            target, arguments = record.get("target"), record.get("arguments")
            if isinstance(target, str) and isinstance(arguments, list):
                return Message(target, arguments)
        return None if kind in (_PING, _COMPLETION) else Message(None, [text[:1000]])

    async def _in_time(self) -> str:
        """The next record, which must come within the time for answers."""
        try:
            async with asyncio.timeout(self._timeout_s):
                text = await self._record()
        except TimeoutError:
            raise FeedLost(f"no answer within {self._timeout_s:.0f} s") from None
        if text is None:
            raise FeedLost("the server closed the connection")
        return text

    async def _record(self) -> str | None:
        """The next record, without its end; None where the server closed. A record may come in parts or with others."""
        while not self._records:
            part = await self._received()
            if part is None:
                return None
            *whole, self._tail = (self._tail + part).split(_END)
            self._records.extend(record for record in whole if record)
            if len(self._tail) > _MOST_CHARS:
                raise FeedLost("a message without end")
        return self._records.popleft()

    async def _received(self) -> str | None:
        """The websocket's next message; our keep-alives are sent meanwhile."""
        while True:
            if _now() >= self._ping_at:
                await self._send({"type": _PING})
            try:
                async with asyncio.timeout_at(self._ping_at):
                    part = await self._socket.recv(decode=True)
            except TimeoutError:
                continue
            except ConnectionClosed as error:
                if error.rcvd is not None and error.rcvd.code in (1000, 1001):
                    return None
                raise FeedLost("the connection broke") from None
            return part if isinstance(part, str) else part.decode(errors="replace")

    async def _send(self, record: dict[str, Any]) -> None:
        self._ping_at = _now() + _PING_S
        try:
            await self._socket.send(json.dumps(record, separators=(",", ":")) + _END)
        except ConnectionClosed:
            raise FeedLost("the connection broke") from None


@asynccontextmanager
async def hub(
    url: str, headers: Mapping[str, str] | None = None, *, token: str | None = None, is_sticky: bool = False,
    timeout_s: float = 20.0,
) -> AsyncIterator[Hub]:  # fmt: skip
    """Negotiate, connect and shake hands with a hub; it is closed at the end.

    Args:
        url: the hub's, http or https, without ``/negotiate``.
        headers: sent with every request.
        token: the account's, sent as bearer.
        is_sticky: fetch the load balancer's cookies first.
        timeout_s: how long an answer may take, in seconds of the machine.

    Raises:
        FeedRefused: the server does not let us in (401, 403).
        FeedLost: anything else that goes wrong.
    """
    negotiated = await negotiate(url, headers or {}, token, is_sticky=is_sticky, timeout_s=timeout_s)
    socket = await _connected(negotiated, timeout_s)
    try:
        opened = Hub(socket, timeout_s)
        await opened.shake_hands()
        yield opened
    finally:
        await socket.close()


async def _connected(to: Negotiated, timeout_s: float) -> ClientConnection:
    try:
        return await connect(
            to.url, additional_headers=to.headers, open_timeout=timeout_s, close_timeout=1, max_size=_MOST_CHARS, ping_interval=None,
            logger=SILENT,
        )  # fmt: skip
    except InvalidStatus as error:
        answer = error.response
        raise refusal(answer.status_code, "connecting", answer.headers, wall.now()) from None
    except (WebSocketException, OSError, TimeoutError, ValueError) as error:
        raise no_answer("connecting", to.url, error) from None


def _object(text: str) -> dict[str, Any] | None:
    """The record as an object; None where it is none, or has values or letters that JSON cannot have."""
    try:
        record = orjson.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _now() -> float:
    """The event loop's own time, by which keep-alives go."""
    return asyncio.get_running_loop().time()
