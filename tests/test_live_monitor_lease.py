"""The lease, on each kind of store and between real processes."""

import asyncio
from datetime import timedelta

import pytest
from lease_workers import MINUTE, NOW, ROUNDS, monitor_for_ever, take_rounds
from workers import CONTEXT, start

from racelab import wall
from racelab.errors import RacelabError
from racelab.runs.monitor import lease
from racelab.runs.monitor.monitor import Monitor
from racelab.runs.monitor.status import monitor_status
from racelab.settings import get_settings


def test_only_one_holds_it_until_it_runs_out(backend):
    assert lease.take(backend, "a", NOW, MINUTE)
    assert not lease.take(backend, "b", NOW + MINUTE / 2, MINUTE)
    assert lease.take(backend, "a", NOW + MINUTE / 2, MINUTE), "its holder renews it"
    assert not lease.take(backend, "b", NOW + MINUTE * 1.4, MINUTE)
    assert lease.take(backend, "b", NOW + MINUTE * 1.5, MINUTE), "expired, another takes over"
    assert not lease.take(backend, "a", NOW + MINUTE * 1.6, MINUTE)
    held = lease.read(backend)
    assert held == lease.Held("b", NOW + MINUTE * 1.5, NOW + MINUTE * 2.5)


def test_it_remembers_since_when_it_is_held(backend):
    for minute in range(3):
        lease.take(backend, "a", NOW + MINUTE * minute, MINUTE * 2)
    assert lease.read(backend) == lease.Held("a", NOW, NOW + MINUTE * 4)


def test_given_back_it_is_free_at_once_and_only_its_holder_gives_it_back(backend):
    lease.take(backend, "a", NOW, MINUTE)
    lease.give_back(backend, "b")
    assert not lease.take(backend, "b", NOW, MINUTE)
    lease.give_back(backend, "a")
    assert lease.read(backend) is None
    assert lease.take(backend, "b", NOW, MINUTE)


def test_leases_of_other_names_do_not_meet(backend):
    assert lease.take(backend, "a", NOW, MINUTE, "monitor")
    assert lease.take(backend, "b", NOW, MINUTE, "something else")


def test_two_processes_that_ask_at_once_are_never_both_given_it(backend_url):
    barrier = CONTEXT.Barrier(2)
    processes = [start(take_rounds, backend_url, holder, barrier) for holder in ("a", "b")]
    first, second = (process.result() for process in processes)
    assert not isinstance(first, RacelabError)
    assert not isinstance(second, RacelabError)
    assert sorted([*first, *second]) == list(range(ROUNDS)), "each round has just one winner"


def test_a_second_monitor_waits_and_takes_over_from_one_that_was_killed(tmp_path, store, caplog):
    caplog.set_level("INFO", "racelab")
    first = start(monitor_for_ever, store.url, str(tmp_path / "first"))
    settings = get_settings().model_copy(update={"monitor_series": "wec", "monitor_lease_s": 2.0})

    async def second():
        monitor, stop = Monitor(store, settings), asyncio.Event()
        async with asyncio.timeout(120):
            while lease.read(store) is None:
                await asyncio.sleep(0.02)
            holder = lease.read(store).holder
            task = asyncio.create_task(monitor.run(stop))
            await asyncio.sleep(2.5)
            assert lease.read(store).holder == holder, "the first one renews it"
            assert monitor.last_check is None
            assert monitor_status(store, wall.now())["holder"] == holder
            first.kill()
            while monitor.last_check is None:
                await asyncio.sleep(0.02)
            assert lease.read(store).holder == monitor.holder
            stop.set()
            await task
        return holder

    holder = asyncio.run(second())
    assert lease.read(store) is None
    assert f"another monitor ({holder}) follows this store; this one waits" in caplog.text
    assert "this one goes on in its place" in caplog.text


@pytest.mark.parametrize("lost", [True, False])
def test_a_monitor_whose_lease_was_taken_ends_its_feeds(store, caplog, lost):
    settings = get_settings().model_copy(update={"monitor_series": "wec", "monitor_lease_s": 0.3})

    async def run():
        monitor, stop = Monitor(store, settings), asyncio.Event()
        task = asyncio.create_task(monitor.run(stop))
        async with asyncio.timeout(120):
            while monitor.last_check is None:
                await asyncio.sleep(0.01)
            if lost:
                until = wall.now() + timedelta(seconds=1)
                store.upsert("leases", [{"name": "monitor", "holder": "x", "since_utc": until, "expires_utc": until}])
                while "has taken over this store" not in caplog.text:
                    await asyncio.sleep(0.01)
                assert lease.read(store).holder == "x"
            stop.set()
            await task
        assert lease.read(store) is None or lost

    asyncio.run(run())
