"""Clocks: live, replayed at any speed, paused, sought, delayed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from racelab.live.clock import DelayedClock, ManualClock, ReplayClock, SystemClock

BEGIN = datetime(2026, 5, 30, 20, 0, tzinfo=UTC)


def test_the_system_clock_tells_utc():
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    clock.sleep(0.001)
    assert before.tzinfo is UTC
    assert clock.now() > before


def test_a_replay_clock_runs_at_its_speed():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 4.0, wall)
    clock.sleep(60)
    assert clock.now() == BEGIN + timedelta(seconds=60)
    assert wall.now() == datetime(2000, 1, 1, 0, 0, 15, tzinfo=UTC)
    wall.sleep(10)
    assert clock.now() == BEGIN + timedelta(seconds=100)


def test_a_replay_clock_of_speed_0_takes_no_time():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 0, wall)
    wall.sleep(10)
    assert clock.now() == BEGIN
    clock.sleep(3_600)
    assert clock.now() == BEGIN + timedelta(hours=1)
    assert wall.now() == datetime(2000, 1, 1, 0, 0, 10, tzinfo=UTC)


def test_a_replay_stands_still_while_it_is_paused():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 10.0, wall)
    wall.sleep(3)
    clock.pause()
    wall.sleep(100)
    assert (clock.now(), clock.is_paused) == (BEGIN + timedelta(seconds=30), True)
    clock.resume()
    wall.sleep(1)
    assert (clock.now(), clock.is_paused) == (BEGIN + timedelta(seconds=40), False)


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_a_replay_goes_on_from_where_it_is_set_to(offset):
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 10.0, wall)
    wall.sleep(3)
    clock.seek(BEGIN + timedelta(seconds=offset))
    wall.sleep(1)
    assert clock.now() == BEGIN + timedelta(seconds=offset + 10)
    clock.pause()
    clock.seek(BEGIN)
    wall.sleep(1)
    assert clock.now() == BEGIN


def test_a_replay_changes_its_speed_where_it_stands():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 10.0, wall)
    wall.sleep(1)
    clock.run_at(2.0)
    wall.sleep(1)
    assert clock.now() == BEGIN + timedelta(seconds=12)
    assert clock.wall_seconds(10) == 5


async def waited(wall, clock, seconds, *steps):
    """How long a wait takes on the machine, in seconds, where something is done with the clock meanwhile."""

    async def disturb():
        for at, action in steps:
            while (wall.now() - begun).total_seconds() < at:
                await asyncio.sleep(0)
            action()

    begun = wall.now()
    other = asyncio.create_task(disturb())
    await clock.wait(seconds)
    took = (wall.now() - begun).total_seconds()
    await other
    return took


def test_whoever_waits_waits_for_a_paused_or_sought_clock():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 10.0, wall)

    def wait(*steps):
        return asyncio.run(waited(wall, clock, 100, *steps))

    assert wait() == pytest.approx(10, abs=0.2)
    assert wait((2, clock.pause), (7, clock.resume)) == pytest.approx(15, abs=0.4)
    assert wait((2, lambda: clock.seek(clock.now() + timedelta(hours=1)))) == pytest.approx(2, abs=0.4)
    assert wait((2, lambda: clock.seek(clock.now() - timedelta(seconds=50)))) == pytest.approx(15, abs=0.4)
    assert wait((2, lambda: clock.run_at(40))) == pytest.approx(4, abs=0.4)
    clock.run_at(10)
    assert wait((2, lambda: clock.run_at(0))) == pytest.approx(2, abs=0.4)


def test_a_delayed_clock_is_behind_by_one_number():
    wall = ManualClock(BEGIN)
    clock = DelayedClock(wall, timedelta(seconds=45))
    assert clock.now() == BEGIN - timedelta(seconds=45)
    clock.sleep(10)
    asyncio.run(clock.wait(5))
    assert wall.now() == BEGIN + timedelta(seconds=15)
    clock.delay = timedelta(seconds=5)
    assert clock.now() == BEGIN + timedelta(seconds=10)
    assert clock.wall_seconds(3) == 3
