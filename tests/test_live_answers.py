"""What a server asks for in its answers is kept to, within bounds, and no secret stands in an error."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from racelab.live.feeds.answers import AccessRefused, newer_only, no_answer, read_body, refusal
from racelab.live.feeds.connection import FeedLost

NOW = datetime(2026, 6, 13, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "told", "wait"),
    [
        (429, {}, 30.0),
        (429, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "99999"}, 3600.0),
        (503, {"Retry-After": "Sat, 13 Jun 2026 14:01:30 GMT"}, 90.0),
        (503, {"Retry-After": "Sat, 13 Jun 2026 13:00:00 GMT"}, 0.0),
        (500, {"Retry-After": "soon"}, None),
        (500, {}, None),
        (403, {"Retry-After": "5"}, 5.0),
    ],
)
def test_a_server_is_left_alone_as_long_as_it_asks(status, told, wait):
    error = refusal(status, "laps", told, NOW)
    assert error.retry_after_s == wait
    assert isinstance(error, AccessRefused) == (status == 403)
    assert str(status) in str(error)


def test_only_newer_answers_are_asked_for_where_the_server_can_tell():
    assert newer_only({"ETag": '"1"', "Date": "x"}) == {"If-None-Match": '"1"'}
    assert newer_only({"Last-Modified": "then"}) == {"If-Modified-Since": "then"}
    assert newer_only({}) == {}


def test_a_body_beyond_the_bound_is_given_up():
    async def read(size):
        return await read_body(httpx.Response(200, content=iter_parts(size)), "laps", 100)

    async def iter_parts(size):
        for _ in range(size):
            yield b"0123456789"

    assert asyncio.run(read(10)) == b"0123456789" * 10
    with pytest.raises(FeedLost, match="laps: the answer is longer than 100 bytes"):
        asyncio.run(read(11))


def test_a_server_that_does_not_answer_is_named_by_its_host_alone():
    error = no_answer(
        "negotiating", "https://user:secret@timing.example:8443/hub?token=secret", httpx.ConnectError("x")
    )
    assert str(error) == "negotiating: timing.example does not answer (ConnectError)"
