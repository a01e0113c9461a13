"""The tests' own wire and server: each switch does what the fault tests rely on."""

import httpx
import pytest
from emulators.proxy import wire
from emulators.server import serve
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def app():
    return Starlette(routes=[Route("/", lambda _: PlainTextResponse("x" * 300))])


@pytest.fixture(scope="module")
def server():
    with serve(app()) as served:
        yield served


def test_the_wire_passes_what_it_is_given(server):
    with wire(server.url) as proxy:
        assert httpx.get(proxy.url).text == "x" * 300
        assert proxy.connections == 1


def test_the_wire_cuts_in_mid_answer(server):
    with wire(server.url) as proxy:
        proxy.drop_after(200)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(proxy.url)
        assert proxy.passed == 200
        assert httpx.get(proxy.url).status_code == 200


def test_the_wire_drops_and_refuses(server):
    with wire(server.url) as proxy, httpx.Client(base_url=proxy.url) as client:
        assert client.get("/").status_code == 200
        proxy.refuses = True
        proxy.drop()
        with pytest.raises(httpx.TransportError):
            httpx.get(proxy.url)
        proxy.refuses = False
        assert client.get("/").status_code == 200


def test_the_wire_puts_garbage_in(server):
    with wire(server.url) as proxy:
        proxy.inject(b"\x00\xff garbage\r\n")
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(proxy.url)
        assert httpx.get(proxy.url).status_code == 200


def test_the_wire_is_silent_and_speaks_again(server):
    with wire(server.url) as proxy:
        proxy.is_silent = True
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(proxy.url, timeout=0.1)
        proxy.is_silent, proxy.slow_s = False, 0.0001
        assert httpx.get(proxy.url).status_code == 200


def test_a_server_stops_and_starts_on_the_same_port():
    with serve(app()) as served:
        assert httpx.get(served.url).status_code == 200
        served.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(served.url)
        served.start()
        assert httpx.get(served.url).status_code == 200
