"""Processes that write different sessions while others read: no error, no lost and no doubled row."""

import pytest
import workers
from workers import CONTEXT, checksums, problems, serial_checksums, start, write_after, write_rounds

LAPS = 40


def write_while_others_read(url: str, writers: int, readers: int, each: int) -> int:
    """Every writer has sessions of its own; the store ends as one process would have left it. Returns the readings."""
    done = CONTEXT.Event()
    reading = [start(workers.read_until, url, done, LAPS) for _ in range(readers)]
    writing = [start(write_rounds, url, range(1 + n, 1 + writers * each, writers), LAPS) for n in range(writers)]
    said = [change for one in writing for change in one.result()]
    done.set()
    readings = [one.result() for one in reading]
    rounds = range(1, 1 + writers * each)
    assert said == ["added"] * len(rounds)
    assert checksums(url) == serial_checksums(rounds, LAPS)
    assert problems(url) == []
    assert all(count > 0 for count in readings)
    return sum(readings)


def test_writers_and_readers_at_once(backend_url: str) -> None:
    write_while_others_read(backend_url, 3, 3, 3)


@pytest.mark.soak
def test_eight_writers_and_eight_readers(backend_url: str) -> None:
    write_while_others_read(backend_url, 8, 8, 4 if backend_url.startswith("json") else 12)


@pytest.mark.parametrize(
    "delays", [(0.0, 0.0), (0.3, 0.0), (0.0, 0.3)], ids=["together", "second first", "first first"]
)
def test_two_that_write_one_session(backend_url: str, delays: tuple[float, float]) -> None:
    barrier = CONTEXT.Barrier(2)
    both = [start(write_after, backend_url, barrier, delay) for delay in delays]
    assert sorted(one.result() for one in both) == ["added", "unchanged"]
    assert problems(backend_url) == []


@pytest.mark.soak
def test_two_that_write_one_session_often(backend_url: str) -> None:
    from racelab.store.open import open_store

    for _ in range(20):
        with open_store(backend_url) as store:  # type: ignore[attr-defined]
            store.delete("events", season=2024)
        test_two_that_write_one_session(backend_url, (0.0, 0.0))
