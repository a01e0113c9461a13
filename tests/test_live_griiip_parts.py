"""The parts of Griiip's feed: finding the session, answers, what is new, and what a push holds."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import ManualClock
from racelab.live.feeds.connection import FeedLost, FeedRefused
from racelab.live.feeds.griiip_answers import Answers, NotThere, Unchanged
from racelab.live.feeds.griiip_finding import find_sid
from racelab.live.feeds.griiip_news import News
from racelab.live.feeds.griiip_push import parts_of
from racelab.live.feeds.signalr import Message
from racelab.live.identity import LiveSession

START = datetime(2026, 6, 13, 14, tzinfo=UTC)
RACE = LiveSession(Event("Le Mans"), Session(SessionKey.read("wec/2026/4/R"), start_utc=START))


def info(sid, hours=0.0, **more):
    start = (START + timedelta(hours=hours)).isoformat()
    return {"sid": sid, "seriesId": 10, "domain": "RealWorld", "isRaceSession": True, "startTime": start} | more


def answered(handler, ask):
    """What ``ask`` gives of answers that a function makes of each request; the clock too."""
    clock = ManualClock(START)

    async def main():
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
            return await ask(Answers(client, "http://service", clock), clock)

    return asyncio.run(main()), clock


def service(paths):
    def handler(request):
        held = paths.get(request.url.path)
        return httpx.Response(404) if held is None else httpx.Response(200, json=held)

    return handler


@pytest.mark.parametrize(
    ("infos", "found"),
    [
        ([info(5, seriesId=355), info(6, domain="iRacing"), info(7)], 7),
        ([info(5, -3.5), info(6, 0.2), info(7, 5)], 6),
        ([info(5, isRaceSession=False), info(6, 1)], 6),
        ([info(4, 100), {"sid": "x"}, info(True), info(8, startTime="soon")], 8),
    ],
)
def test_of_all_live_sessions_that_is_taken_which_the_calendar_means(infos, found):
    paths = {"/meta/sessions-schedule-live": [{"sid": one["sid"]} for one in infos] + [5, {}]}
    paths |= {f"/live/session-info/{one['sid']}": one for one in infos}
    sid, _ = answered(service(paths), lambda answers, clock: find_sid(answers, clock, RACE))
    assert sid == found


def test_other_lists_serve_where_the_schedule_has_nothing():
    live = {"/live/session-info/": [info(9), info(3, seriesId=11)]}
    assert answered(service(live), lambda answers, clock: find_sid(answers, clock, RACE))[0] == 9
    listed = {"/meta/sessions": [{"id": 12, "startTime": info(1)["startTime"]}, {"id": 13, "hideFromUsers": True}]}
    assert answered(service(listed), lambda answers, clock: find_sid(answers, clock, RACE))[0] == 12


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"id": 21, "startTime": info(0, -4)["startTime"]}, None),
        ({"id": 21, "startTime": info(0, -0.5)["startTime"], "sessionType": "Warm Up"}, None),
        ({"id": 21, "startTime": info(0, -4)["startTime"], "sessionType": "Race"}, 21),
    ],
)
def test_a_session_before_the_race_is_not_taken_for_it_while_the_race_is_on_no_list(listed, found):
    live = {"sid": 20, **info(20, -4, isRaceSession=False)}
    paths = {"/meta/sessions-schedule-live": [live], "/live/session-info/20": live, "/live/session-info/": [live]}
    look = service(paths | {"/meta/sessions": [listed]})
    if found is None:
        with pytest.raises(FeedLost, match="no live session of series 10"):
            answered(look, lambda answers, clock: find_sid(answers, clock, RACE))
    else:
        assert answered(look, lambda answers, clock: find_sid(answers, clock, RACE))[0] == found


def test_without_a_session_the_feed_says_so():
    with pytest.raises(FeedLost, match="no live session of series 10"):
        answered(service({}), lambda answers, clock: find_sid(answers, clock, RACE))


def test_a_request_is_tried_thrice_five_seconds_apart():
    asked = []

    def handler(request):
        asked.append(request)
        return httpx.Response(500) if len(asked) < 3 else httpx.Response(200, json=[1])

    content, clock = answered(handler, lambda answers, _: answers.get("/live/laps/1"))
    assert (content, len(asked), clock.now() - START) == ([1], 3, timedelta(seconds=10))
    with pytest.raises(FeedLost, match="/live/laps/1 failed with status 502"):
        answered(lambda _: httpx.Response(502), lambda answers, _: answers.get("/live/laps/1"))


@pytest.mark.parametrize(
    ("response", "error", "wait"),
    [
        (httpx.Response(429, headers={"Retry-After": "40"}), FeedLost, 40),
        (httpx.Response(429), FeedLost, 30),
        (httpx.Response(403), FeedRefused, None),
        (httpx.Response(404), NotThere, None),
        (httpx.Response(200, text='[{"a": 1}, {"b'), FeedLost, None),
        (httpx.Response(200, text="[NaN]"), FeedLost, None),
        (httpx.Response(200, text='["\\ud800"]'), FeedLost, None),
        (httpx.Response(200, text="[" * 50_000), FeedLost, None),
    ],
)
def test_what_is_no_answer_is_told_apart(response, error, wait):
    with pytest.raises(error) as raised:
        answered(lambda _: response, lambda answers, _: answers.get("/live/laps/1?key=s3cret"))
    assert raised.value.retry_after_s == wait
    assert "s3cret" not in str(raised.value)


def test_an_answer_is_asked_for_only_if_it_is_another_one():
    def handler(request):
        if request.headers.get("If-None-Match") == '"a"':
            return httpx.Response(304)
        return httpx.Response(200, json=[], headers={"ETag": '"a"'})

    async def twice(answers, _):
        assert await answers.get("/x") == []
        with pytest.raises(Unchanged):
            await answers.get("/x")

    answered(handler, twice)


def test_only_what_has_another_form_is_new():
    news = News()
    first, second = {"pid": 1, "ts": "a"}, {"pid": 2, "ts": "b"}
    assert news.of("ranks", [first, second]) == [first, second]
    assert news.of("ranks", [second, first]) is None
    moved = first | {"ts": "c"}
    assert news.of("ranks", [moved, second]) == [moved]
    assert news.of("ranks", [first, second]) == [first]
    assert news.of("gaps", {"1": [first], "2": []}) == [first]
    assert news.of("log", {"items": [first], "startAfter": 5}) == [first]
    clock = {"ts": "a", "tsNow": "1"}
    assert news.of("clock", clock) == clock
    assert news.of("clock", clock | {"tsNow": "2"}) is None
    assert (news.of("odd", "closed"), news.of("odd", "closed")) == ("closed", None)


def test_a_bootstrap_told_again_holds_only_what_is_new():
    news = News()
    content = {"laps": [{"pid": 1, "lapNumber": 1}], "grids": [{"pid": 1}], "tires": None}
    assert news.of_bootstrap(content) == {"laps": content["laps"], "grids": content["grids"]}
    again = content | {"laps": [*content["laps"], {"pid": 1, "lapNumber": 2}]}
    assert news.of_bootstrap(again) == {"laps": [{"pid": 1, "lapNumber": 2}], "grids": content["grids"]}


def test_a_push_is_read_as_parts():
    items = [
        {"channel": "laps", "view": {"pid": 1}}, {"channel": "laps", "view": [{"pid": 2}]}, {"channel": "car-telemetry-1", "view": {}},
        {"channel": "gaps", "view": {"pid": 1}}, 7,
    ]  # fmt: skip
    assert list(parts_of(Message("ReceiveBatch", [{"items": items}]))) == [("laps", [{"pid": 1}, {"pid": 2}]), (None, [7]), ("gaps", [{"pid": 1}])]  # fmt: skip
    assert list(parts_of(Message("lv-ranks", [{"pid": 1}]))) == [("ranks", {"pid": 1})]
    assert list(parts_of(Message(None, ["{"]))) == [(None, ["{"])]
    assert list(parts_of(Message("ReceiveBatch", [5]))) == [(None, [5])]
    assert json.dumps(list(parts_of(Message("other", []))))
