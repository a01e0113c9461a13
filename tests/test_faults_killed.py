"""kill -9 in the middle of a write: every session is whole or absent, and the next run completes."""

import random
import time

import pytest
from workers import ROUNDS, checksums, problems, serial_checksums, start, write_for_ever, write_rounds

from racelab.errors import StoreError
from racelab.runs.local_postgres import LocalPostgres
from racelab.store.open import open_store

LAPS = 60


def kill_often(url: str, times: int, seed: int) -> int:
    """Kill a writer at random moments; the store is sound after each. Returns the sessions that it wrote."""
    moments, written = random.Random(seed), 0
    for _ in range(times):
        writer = start(write_for_ever, url, LAPS)
        time.sleep(moments.uniform(0.02, 1.0))
        writer.kill()
        with open_store(url) as store:  # type: ignore[attr-defined]
            sessions = store.sessions()
            assert sessions["entries"].eq(2).all()
            assert sessions["laps"].gt(0).all()
            assert len(store.read("ingest_runs")) == len(store.read("events")) == len(sessions)
            written = max(written, len(sessions))
        assert problems(url) == []
    return written


def complete(url: str) -> None:
    """Write all sessions once more; nothing is left of what was cut."""
    start(write_rounds, url, range(1, ROUNDS + 1), LAPS).result()
    assert checksums(url) == serial_checksums(range(1, ROUNDS + 1), LAPS)
    assert problems(url) == []


def test_a_killed_writer_leaves_whole_sessions_or_none(backend_url: str) -> None:
    kill_often(backend_url, 5, seed=1)
    complete(backend_url)


@pytest.mark.soak
def test_a_hundred_kills(backend_url: str) -> None:
    assert kill_often(backend_url, 100, seed=2) > 0
    complete(backend_url)


def break_server(server: LocalPostgres, how: str, times: int) -> list[str]:
    """Stop or kill the server while a writer is at work and start it again; what the writers said."""
    said, moments = [], random.Random(3)
    for _ in range(times):
        writer = start(write_for_ever, server.url, LAPS)
        time.sleep(moments.uniform(0.3, 1.5))
        server.kill() if how == "kill" else server.stop()
        outcome = writer.result()
        assert isinstance(outcome, StoreError)
        said.append(str(outcome))
        server.start()
        assert problems(server.url) == []
    return said


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_that_goes_away_in_mid_ingest_is_one_line(private_postgres: LocalPostgres, how: str) -> None:
    with open_store(private_postgres.url) as held:  # type: ignore[attr-defined]
        [said] = break_server(private_postgres, how, 1)
        assert "\n" not in said
        assert said.startswith("the store postgresql+psycopg://postgres@/postgres ")
        # A store that was open before the server was started anew goes on: the pool tries its connections first.
        assert held.sessions()["entries"].eq(2).all()
    complete(private_postgres.url)


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_that_goes_away_twenty_times(private_postgres: LocalPostgres, how: str) -> None:
    for said in break_server(private_postgres, how, 20):
        assert "\n" not in said
    complete(private_postgres.url)
