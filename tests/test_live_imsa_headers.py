"""Headers that a user sets reach either of IMSA's services, in place of our own where they have the same name."""

import asyncio
from contextlib import aclosing

import pytest
from emulators.alkamel_ddp import AlkamelDdp, states_of
from emulators.imsa_jsonp import ImsaJsonp, steps_of
from emulators.server import serve
from emulators.snapshots import made_up
from imsa_sessions import SESSION

from racelab.live.clock import SystemClock
from racelab.runs.monitor.feeds import make_feed
from racelab.settings import Settings


def first_frame(app, **settings):
    async def main(served):
        given = {"imsa_url": served.url, "alkamel_ddp_url": served.ws_url, "imsa_headers": {"X-Key": "s3cret", "Referer": "https://own.example/"}}  # fmt: skip
        feed = make_feed(SESSION, Settings(**given, **settings), SystemClock())
        async with asyncio.timeout(20), aclosing(feed.frames()) as frames:
            await anext(frames)
        return feed

    with serve(app) as served:
        return asyncio.run(main(served))


@pytest.mark.parametrize("service", ["jsonp", "ddp"])
def test_headers_reach_the_service_and_stand_in_no_recording(service):
    snapshots = made_up(step_s=20)
    if service == "jsonp":
        emulator = ImsaJsonp(steps_of(snapshots))
        feed = first_frame(emulator.app)
        assert {(one["x-key"], one["referer"]) for one in emulator.headers} == {("s3cret", "https://own.example/")}
    else:
        emulator = AlkamelDdp(states_of(snapshots))
        feed = first_frame(emulator.app, imsa_feed="ddp")
        assert set(emulator.keys) == {"s3cret"}
    assert "s3cret" not in str(feed.manifest) + str(feed.health)
