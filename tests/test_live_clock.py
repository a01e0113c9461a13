"""Clocks: live, replayed at any speed, paused, sought, delayed."""

from datetime import UTC, datetime, timedelta

from racelab.live.clock import ManualClock, ReplayClock, SystemClock

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
