"""SignalR Core's hub protocol against a server made by hand."""

import asyncio
import json

import pytest
from emulators.server import serve
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from racelab.live.feeds import signalr
from racelab.live.feeds.connection import FeedLost, FeedRefused
from racelab.live.feeds.signalr import Message, hub

END = "\x1e"


def feed(*arguments):
    return json.dumps({"type": 1, "target": "feed", "arguments": arguments}) + END


def app(talk, told=None, status=200, headers=None):
    seen = []

    async def negotiate(request):
        seen.append(request)
        return JSONResponse(told or {"connectionToken": "t"}, status, headers)

    async def socket(websocket):
        seen.append(websocket)
        await websocket.accept()
        assert await websocket.receive_text() == '{"protocol":"json","version":1}' + END
        await talk(websocket)

    made = Starlette(
        routes=[Route("/hub/negotiate", negotiate, methods=["POST"]), WebSocketRoute("/{path:path}", socket)]
    )
    made.state.seen = seen
    return made


def read(server, act, **options):
    async def main():
        async with hub(f"{served.url}/hub", timeout_s=2, **options) as opened:
            return await act(opened)

    with serve(server) as served:
        return asyncio.run(main())


async def everything(opened):
    return [message async for message in opened.messages()]


def test_records_come_in_parts_and_together():
    async def talk(socket):
        await socket.send_text("{}" + END + feed("a", 1)[:9])
        await socket.send_text(feed("a", 1)[9:] + feed("b") + '{"type":6}' + END + feed("cé")[:-1])
        await socket.send_bytes(END.encode())
        await socket.close()

    assert read(app(talk), everything) == [
        Message("feed", ["a", 1]), Message("feed", ["b"]), Message("feed", ["cé"]),
    ]  # fmt: skip


def test_what_comes_before_an_answer_waits():
    async def talk(socket):
        await socket.send_text("{}" + END)
        call = json.loads((await socket.receive_text())[:-1])
        assert call == {"type": 1, "invocationId": "0", "target": "Join", "arguments": ["x"]}
        await socket.send_text(feed("early") + json.dumps({"type": 3, "invocationId": "0", "result": {"n": 1}}) + END)
        await socket.send_text(feed("late"))
        await socket.close()

    async def act(opened):
        return await opened.invoke("Join", ["x"]), await everything(opened)

    assert read(app(talk), act) == ({"n": 1}, [Message("feed", ["early"]), Message("feed", ["late"])])


@pytest.mark.parametrize(
    "text", ["{", "nothing", "[]", '{"type":99}', '{"type":1,"target":5}', '{"type":1,"target":"x","arguments":{}}',
             '{"a":NaN}', '{"a":"\\ud800"}'],
)  # fmt: skip
def test_what_cannot_be_read_is_handed_on_as_it_came(text):
    async def talk(socket):
        await socket.send_text("{}" + END + text + END + feed("on"))
        await socket.close()

    assert read(app(talk), everything) == [Message(None, [text]), Message("feed", ["on"])]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (['{"error":"no"}' + END], "handshake failed: no"),
        (["nonsense" + END], "handshake failed"),
        (["{}" + END + '{"type":7,"error":"shut down"}' + END], "the server closed the connection: shut down"),
        (["{}" + END + '{"type":3,"invocationId":"0","error":"no such method"}' + END], "Join failed: no such method"),
        (["{}" + END], "the server closed the connection"),
        (["{}" + END + "x" * 200], "a message without end"),
    ],
)
def test_trouble_has_a_reason(answers, why, monkeypatch):
    monkeypatch.setattr(signalr, "_MOST_CHARS", 100)

    async def talk(socket):
        if answers[0].startswith("{}"):
            answers[0] = answers[0][3:]
            await socket.send_text("{}" + END)
            await socket.receive_text()
        for answer in answers:
            for place in range(0, len(answer), 60):
                await socket.send_text(answer[place : place + 60])
        await socket.close()

    async def act(opened):
        return await opened.invoke("Join", [])

    with pytest.raises(FeedLost, match=why):
        read(app(talk), act)


def test_a_server_that_does_not_answer_is_given_up():
    async def talk(socket):
        await socket.send_text("{}" + END)
        await asyncio.sleep(0.4)

    async def main(url):
        async with hub(url, timeout_s=0.1) as opened:
            await opened.invoke("Join", [])

    with serve(app(talk)) as served, pytest.raises(FeedLost, match="no answer within"):
        asyncio.run(main(f"{served.url}/hub"))


def test_the_client_keeps_the_connection_alive(monkeypatch):
    monkeypatch.setattr(signalr, "_PING_S", 0.02)
    heard = []

    async def talk(socket):
        await socket.send_text("{}" + END)
        heard.extend([await socket.receive_text(), await socket.receive_text()])
        await socket.close()

    assert read(app(talk), everything) == []
    assert heard == ['{"type":6}' + END] * 2


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [(401, {}, FeedRefused, None), (403, {}, FeedRefused, None), (429, {"Retry-After": "7"}, FeedLost, 7.0),
     (500, {}, FeedLost, None), (503, {"Retry-After": "1e9"}, FeedLost, None), (429, {"Retry-After": "99999"}, FeedLost, 3600.0)],
)  # fmt: skip
def test_a_refused_negotiation_says_how(status, headers, kind, wait):
    with pytest.raises(FeedLost, match=str(status)) as caught:
        read(app(None, status=status, headers=headers), everything, token="secret")
    assert isinstance(caught.value, FeedRefused) is (kind is FeedRefused)
    assert caught.value.retry_after_s == wait
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("told", [[], {"error": "closed"}, {"connectionToken": 5}, {"url": 5, "accessToken": "x"}])
def test_an_answer_without_a_connection_is_trouble(told):
    with pytest.raises(FeedLost):
        read(app(None, told=told or ["x"]), everything)


def test_a_service_elsewhere_gets_its_own_token_only():
    async def talk(socket):
        await socket.send_text("{}" + END + feed("there"))
        await socket.close()

    server = app(talk)
    with serve(server) as served:
        elsewhere = app(talk, told={"url": f"{served.url}/client/?hub=x", "accessToken": "its own"})
        got = read(elsewhere, everything, token="ours", headers={"X-Page": "p"})
    (socket,) = server.state.seen
    assert got == [Message("feed", ["there"])]
    assert (socket.url.path, dict(socket.query_params)) == ("/client/", {"hub": "x", "access_token": "its own"})
    assert socket.headers["x-page"] == "p"
    assert "authorization" not in socket.headers
    assert elsewhere.state.seen[0].headers["authorization"] == "Bearer ours"


def test_a_server_that_is_not_there_is_trouble():
    async def main():
        async with hub("http://127.0.0.1:9/hub", timeout_s=1):
            pass

    with pytest.raises(FeedLost, match="negotiating: "):
        asyncio.run(main())


def test_a_page_instead_of_an_answer_is_trouble():
    async def page(_):
        return Response("<html>")

    async def main(url):
        async with hub(url, timeout_s=1):
            pass

    server = Starlette(routes=[Route("/hub/negotiate", page, methods=["POST"])])
    with serve(server) as served, pytest.raises(FeedLost, match="cannot be read"):
        asyncio.run(main(f"{served.url}/hub"))
