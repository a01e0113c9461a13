"""A process that goes away in mid-race, a slow wire and long silence: every protocol ends with the whole race."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
import test_live_alkamel_feed as ddp
import test_live_f1 as f1
import test_live_griiip as griiip
import test_live_imsa_feed as imsa
from emulators.alkamel_ddp import AlkamelDdp
from emulators.harness import fast_clock, interruptions, run_feed
from emulators.imsa_jsonp import ImsaJsonp
from emulators.proxy import wire
from emulators.server import serve
from imsa_sessions import QuickClock, StillClock

from racelab.live.feeds.alkamel_ddp import AlkamelDdpFeed
from racelab.live.feeds.f1 import F1Feed
from racelab.live.feeds.griiip import GriiipFeed
from racelab.live.feeds.imsa_jsonp import ImsaJsonpFeed
from racelab.live.follow import follow_session
from racelab.settings import Settings
from racelab.store.open import open_store


def cut_off(feed, session, store, folder, clock, is_there: Callable[[], bool]) -> None:
    """Follow the session, and end in the middle of it once something is so."""

    async def main() -> None:
        task = asyncio.ensure_future(follow_session(feed, session, store, folder, clock, lambda _: False))
        async with asyncio.timeout(30):
            while not is_there():
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


@pytest.fixture
def undisturbed(tmp_path_factory, empty_sqlite):
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "a.db").write_bytes(empty_sqlite.read_bytes())
    with open_store(f"sqlite:///{folder / 'a.db'}") as store:
        yield store, folder


@pytest.fixture(scope="module")
def calm(tmp_path_factory, empty_sqlite):
    return f1.Run(tmp_path_factory.mktemp("calm"), empty_sqlite).go()


def test_formula_1_goes_on_where_nothing_was_told_meanwhile(calm, tmp_path, empty_sqlite):
    place = 82
    run = f1.Run(tmp_path / "cut", empty_sqlite, holds=True, waits_at=place)
    run.clock = fast_clock(500, f1.BEGIN)
    with serve(run.service.app) as served:
        settings = Settings(f1_live_url=f"{served.url}/signalrcore", f1_live_silence_s=3_000)
        first, second = (F1Feed(settings, run.clock, None, random.Random(3)) for _ in range(2))
        rest = f1.SESSION, run.store, run.folder, run.clock
        cut_off(first, *rest, lambda: first.health.frames == 1 + place)
        run.service.waits_at = None
        run_feed(second, *rest, lambda state: state.status == "ends")
    f1.same(calm, run)
    assert len(interruptions(run.store, f1.KEY)) == 1


def test_a_wec_session_is_whole_again_as_its_service_tells_what_was_missed(tmp_path, empty_sqlite):
    calm = griiip.Run(tmp_path / "calm", empty_sqlite).go()
    run = griiip.Run(tmp_path / "cut", empty_sqlite)
    with serve(run.service.app) as served:
        settings = Settings(griiip_url=served.url, griiip_mode="rest", griiip_interval_s=12)
        feed = GriiipFeed(settings, run.clock, griiip.SESSION, random.Random(3))
        cut_off(
            feed, griiip.SESSION, run.store, run.folder, run.clock,
            lambda: run.now() > griiip.START + timedelta(seconds=70),
        )  # fmt: skip
    # Half a minute of the race passes while nobody follows it.
    run.clock.at += timedelta(seconds=30)
    run.go()
    griiip.same(calm, run)
    (span,) = interruptions(run.store, griiip.KEY)
    lost, back = (griiip.datetime.fromisoformat(one) for one in span.split(" to "))
    assert timedelta(seconds=28) < back - lost < timedelta(seconds=60)


def test_imsas_files_go_on_where_no_lap_was_missed(undisturbed, store, tmp_path):
    imsa.follow(ImsaJsonp(imsa.STEPS), *undisturbed)
    emulator, clock = ImsaJsonp(imsa.STEPS), QuickClock(imsa.START - timedelta(seconds=30))
    with serve(emulator.app) as served:
        feed = ImsaJsonpFeed(clock, served.url)
        cut_off(feed, imsa.SESSION, store, tmp_path / "rec", clock, lambda: emulator.place >= 11)
    emulator.requests.clear()
    imsa.follow(emulator, store, tmp_path, clock=clock)
    imsa.same(undisturbed[0], store)
    assert len(interruptions(store, imsa.KEY)) == 1


def test_al_kamels_timing_goes_on_where_no_lap_was_missed(undisturbed, store, tmp_path):
    ddp.follow(AlkamelDdp(ddp.STATES), *undisturbed)
    emulator, clock = AlkamelDdp(ddp.STATES, pace_s=0.02), StillClock(ddp.START)
    with serve(emulator.app) as served:
        feed = AlkamelDdpFeed(clock, ddp.SESSION.session, served.ws_url)
        cut_off(feed, ddp.SESSION, store, tmp_path / "rec", clock, lambda: emulator.place >= 12)
    ddp.follow(emulator, store, tmp_path)
    ddp.same(undisturbed[0], store)
    assert len(interruptions(store, ddp.KEY)) == 1


def test_ten_minutes_of_silence_of_formula_1_are_named_and_what_came_late_keeps_its_time(calm, tmp_path, empty_sqlite):
    """The service is held up, then tells everything: each message is stamped with when it happened."""
    run = f1.Run(tmp_path / "silent", empty_sqlite, holds=True, waits_at=82)
    run.clock = fast_clock(800, f1.BEGIN)
    since = []

    def is_over(state):
        if feed.health.frames == 1 + 82 and not since:
            since.append(run.clock.now())
        if since and run.service.waits_at and run.clock.now() > since[0] + timedelta(minutes=10):
            run.service.waits_at = None
        return state.status == "ends"

    with serve(run.service.app) as served:
        # The session's keep-alives go on, only the messages do not come.
        settings = Settings(f1_live_url=f"{served.url}/signalrcore", f1_live_silence_s=240)
        feed = F1Feed(settings, run.clock, None, random.Random(3))
        run_feed(feed, f1.SESSION, run.store, run.folder, run.clock, is_over)
    f1.same(calm, run)
    spans = [
        [griiip.datetime.fromisoformat(one) for one in span.split(" to ")] for span in interruptions(run.store, f1.KEY)
    ]
    assert spans
    assert spans[-1][1] - spans[0][0] > timedelta(minutes=4)


def test_formula_1_over_a_slow_wire_is_the_same(calm, tmp_path, empty_sqlite):
    run = f1.Run(tmp_path / "slow", empty_sqlite)
    run.clock = fast_clock(800, f1.BEGIN)

    def is_over(state):
        proxy.slow_s = 0.00002 if 20 < feed.health.frames < 40 else 0.0
        return state.status == "ends"

    with serve(run.service.app) as served, wire(served.url) as proxy:
        settings = Settings(f1_live_url=f"{proxy.url}/signalrcore", f1_live_silence_s=3_000)
        feed = F1Feed(settings, run.clock, None, random.Random(3))
        run_feed(feed, f1.SESSION, run.store, run.folder, run.clock, is_over)
    f1.same(calm, run)
    assert interruptions(run.store, f1.KEY) == []


def test_al_kamels_timing_over_a_slow_wire_is_the_same(undisturbed, store, tmp_path):
    ddp.follow(AlkamelDdp(ddp.STATES), *undisturbed)
    emulator = AlkamelDdp(ddp.STATES)

    def slow(proxy):
        proxy.slow_s = 0.00002 if 3 < emulator.place < 6 else 0.0

    feed = ddp.follow(emulator, store, tmp_path, before=slow, through=True)
    ddp.same(undisturbed[0], store)
    assert (interruptions(store, ddp.KEY), feed.health.connections) == ([], 1)
