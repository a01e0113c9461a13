"""Following a session through faults of wire, store and process: the store ends as if there had been none."""

import asyncio
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from emulators import toy
from emulators.harness import fast_clock, interruptions, run_feed, same_rows, until
from emulators.proxy import wire
from emulators.server import serve

from racelab.domain.flags import Flag
from racelab.domain.frames import Frame
from racelab.live.clock import SystemClock
from racelab.live.feeds.connection import Patience, reconnecting
from racelab.live.feeds.health import FeedHealth
from racelab.live.identity import recording_path
from racelab.live.recording import RecordedFeed
from racelab.store.sql import SqlStore

RACE = toy.Race(cars=4, seconds=600, lap_s=60)
SPEED = 400.0
# A minute of the race is a tenth of a second of the machine, which may be busy: only where silence is the fault, it
# is listened for.
CALM = Patience(tries=3, pause_s=5.0, longest_s=20.0, silence_s=36_000.0)
ALERT = Patience(tries=3, pause_s=5.0, longest_s=20.0, silence_s=240.0)


@pytest.fixture(scope="module")
def calm(tmp_path_factory, empty_sqlite):
    """The store after a run without a fault."""
    folder = tmp_path_factory.mktemp("calm")
    with opened(folder, empty_sqlite) as store:
        clock = fast_clock(SPEED, toy.lead())
        with serve(toy.app(RACE, clock)) as server:
            run_feed(toy.ToyFeed(server.ws_url, clock, CALM), toy.SESSION, store, folder, clock, is_over)
        yield store


@contextmanager
def opened(folder, empty_sqlite, **options):
    path = Path(folder) / "store.db"
    path.write_bytes(Path(empty_sqlite).read_bytes())
    with SqlStore(f"sqlite:///{path}", **options) as store:
        yield store


def is_over(state):
    return state.flag is Flag.CHEQUERED and sum(car.laps or 0 for car in state.cars.values()) >= RACE.laps


@pytest.fixture
def own(tmp_path, empty_sqlite):
    with opened(tmp_path, empty_sqlite) as store:
        yield store


def test_a_calm_run_stores_every_lap(calm):
    laps = calm.read("laps", toy.KEY)
    assert len(laps) == RACE.laps == 40
    assert set(laps["lap_time_ms"]) == {each["ms"] for _, each in RACE.told if "ms" in each}
    assert interruptions(calm, toy.KEY) == []
    row = calm.read("sessions", toy.KEY).iloc[0]
    assert row["end_utc"].to_pydatetime() - toy.BEGIN == timedelta(seconds=600)


@contextmanager
def script(clock, *steps):
    """Do things at session times (s) while the block runs, in a thread of their own."""

    def run():
        for seconds, action in steps:
            while (left := (toy.BEGIN + timedelta(seconds=seconds) - clock.now()).total_seconds()) > 0:
                time.sleep(min(clock.wall_seconds(left), 0.05))
            action()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive()


def switch(owner, name, value):
    return lambda: setattr(owner, name, value)


FAULTS = {
    "dropped": lambda proxy, server: [(200, proxy.drop)],
    "half a frame": lambda proxy, server: [(200, lambda: proxy.drop_after(25))],
    "garbage": lambda proxy, server: [(200, lambda: proxy.inject(bytes(range(256))))],
    "refused": lambda proxy, server: [
        (200, switch(proxy, "refuses", True)), (200, proxy.drop), (300, switch(proxy, "refuses", False))
    ],
    "restarted": lambda proxy, server: [(200, server.stop), (300, server.start)],
    "silent": lambda proxy, server: [
        (50, switch(proxy, "is_silent", True)), (550, switch(proxy, "is_silent", False))
    ],
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_wire_changes_nothing_in_the_end(fault, calm, own, tmp_path):
    clock = fast_clock(SPEED, toy.lead())
    with serve(toy.app(RACE, clock)) as server, wire(server.url) as proxy:
        feed = toy.ToyFeed(proxy.ws_url, clock, ALERT if fault == "silent" else CALM)
        with script(clock, *FAULTS[fault](proxy, server)):
            run_feed(feed, toy.SESSION, own, tmp_path, clock, is_over)
    same_rows(calm, own, toy.KEY)
    spans = interruptions(own, toy.KEY)
    assert spans
    assert all(span.startswith("2026-06-13T14:") and span[21:].startswith("to 2026-06-13T14:") for span in spans)
    assert feed.health.connections > 1


def test_a_slow_wire_is_none_that_broke(calm, own, tmp_path):
    clock = fast_clock(SPEED, toy.lead())
    steps = [(200, lambda: setattr(proxy, "slow_s", 0.0002)), (400, lambda: setattr(proxy, "slow_s", 0.0))]
    with serve(toy.app(RACE, clock)) as server, wire(server.url) as proxy, script(clock, *steps):
        run_feed(toy.ToyFeed(proxy.ws_url, clock, CALM), toy.SESSION, own, tmp_path, clock, is_over)
    same_rows(calm, own, toy.KEY)


def test_ten_minutes_of_silence_are_named(empty_sqlite, own, tmp_path):
    race = toy.Race(cars=4, seconds=1200, lap_s=60)
    clock = fast_clock(SPEED, toy.lead())
    with serve(toy.app(race, clock)) as server, wire(server.url) as proxy:
        feed = toy.ToyFeed(proxy.ws_url, clock, ALERT)
        with script(clock, (300, switch(proxy, "is_silent", True)), (900, switch(proxy, "is_silent", False))):
            run_feed(feed, toy.SESSION, own, tmp_path, clock, lambda state: is_over_of(race, state))
    assert len(own.read("laps", toy.KEY)) == race.laps
    spans = [span.split(" to ") for span in interruptions(own, toy.KEY)]
    assert any(begin < "2026-06-13T14:14" and end >= "2026-06-13T14:15:00Z" for begin, end in spans), spans
    assert own.read("repairs", toy.KEY)["reason"].str.startswith("nothing came for 240 s; ").any()


def is_over_of(race, state):
    return state.flag is Flag.CHEQUERED and sum(car.laps or 0 for car in state.cars.values()) >= race.laps


def test_a_locked_database_is_waited_for(calm, empty_sqlite, tmp_path, caplog):
    clock = fast_clock(SPEED, toy.lead())
    with opened(tmp_path, empty_sqlite, busy_timeout_s=0.05) as own, serve(toy.app(RACE, clock)) as server:
        lock = sqlite3.connect(tmp_path / "store.db", check_same_thread=False, isolation_level=None)
        steps = [(100, lambda: lock.execute("BEGIN IMMEDIATE")), (500, lock.rollback)]
        with caplog.at_level(logging.INFO, "racelab"), script(clock, *steps):
            run_feed(toy.ToyFeed(server.ws_url, clock, CALM), toy.SESSION, own, tmp_path, clock, is_over)
        lock.close()
        same_rows(calm, own, toy.KEY)
        assert interruptions(own, toy.KEY) == []
    said = [each.message for each in caplog.records if "the store" in each.message]
    assert len(said) == 2, said
    assert "database is locked" in said[0]
    assert said[1].endswith("the store takes rows again, also what waited")


@pytest.mark.postgres
def test_a_database_server_that_is_restarted_loses_nothing(calm, private_postgres, tmp_path):
    clock = fast_clock(SPEED / 3, toy.lead())
    with SqlStore(private_postgres.url) as own, serve(toy.app(RACE, clock)) as server:
        with script(clock, (100, private_postgres.stop), (300, private_postgres.start)):
            run_feed(toy.ToyFeed(server.ws_url, clock, CALM), toy.SESSION, own, tmp_path, clock, is_over)
        same_rows(calm, own, toy.KEY)


FOLLOWER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from emulators import toy
from emulators.harness import fast_clock, run_feed
from racelab.store.sql import SqlStore
feed = toy.ToyFeed({address!r}, clock := fast_clock(1.0, toy.BEGIN))
with SqlStore({url!r}) as store:
    run_feed(feed, toy.SESSION, store, Path({folder!r}), clock, lambda state: False, 60.0)
"""


def test_a_process_that_was_killed_leaves_no_trace_but_the_gap(calm, own, tmp_path):
    clock, path = fast_clock(SPEED, toy.lead()), recording_path(tmp_path, toy.KEY)
    # The race stands still until the process was killed, and goes on two minutes before the next one comes.
    clock.seek(toy.BEGIN + timedelta(seconds=150))
    clock.pause()
    with serve(toy.app(RACE, clock)) as server:
        program = FOLLOWER.format(
            tests=str(Path(__file__).parent), url=own.url, address=server.ws_url, folder=str(tmp_path)
        )
        with subprocess.Popen([sys.executable, "-c", program]) as child:
            until(lambda: path.exists() and len(own.read("laps", toy.KEY)) >= 4)
            clock.resume()
            until(lambda: clock.now() > toy.BEGIN + timedelta(seconds=250))
            clock.pause()
            until(lambda: len(own.read("laps", toy.KEY)) >= 10)
            os.kill(child.pid, signal.SIGKILL)
        stored = len(own.read("laps", toy.KEY))
        last = list(RecordedFeed(path).frames())[-1].received_at
        clock.seek(clock.now() + timedelta(seconds=120))
        clock.resume()
        back = clock.now()
        run_feed(toy.ToyFeed(server.ws_url, clock, CALM), toy.SESSION, own, tmp_path, clock, is_over)
    assert 10 <= stored < RACE.laps
    same_rows(calm, own, toy.KEY)
    (span,) = interruptions(own, toy.KEY)
    begin, end = span.split(" to ")
    assert begin == f"{last:%Y-%m-%dT%H:%M:%SZ}"
    assert end >= f"{back:%Y-%m-%dT%H:%M:%SZ}"
    assert "racelab was not running" in own.read("repairs", toy.KEY)["reason"].iloc[0]


@pytest.mark.parametrize("steps", range(6))
def test_who_stops_while_a_frame_comes_is_not_made_to_wait_for_more(steps):
    async def main():
        coming = asyncio.Event()

        async def connect():
            while True:
                await coming.wait()
                coming.clear()
                yield Frame(toy.BEGIN, {})

        async def read():
            patience = Patience(silence_s=60)
            async for _ in reconnecting(connect, FeedHealth("toy"), patience, SystemClock(), random.Random(1)):
                pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        coming.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=0.2)
        task.cancel()
        return bool(done)

    assert asyncio.run(main())
