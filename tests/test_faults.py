"""A killed ingest leaves whole sessions or none; a locked or read-only store is one clear line."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import KEY, session_data

from racelab.errors import StoreError
from racelab.store.sql import SqlStore

LAPS = 4000
WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from builders import session_data
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.store.sql import SqlStore

store = SqlStore(sys.argv[1], chunk_rows=500)
print("open", flush=True)
for round_ in range(1, 60):
    store.write_session(session_data(SessionKey(Series.WEC, 2024, round_, "R"), laps=int(sys.argv[3])))
"""


@pytest.mark.parametrize("seed", range(4))
def test_kill_at_a_random_point_leaves_whole_sessions_or_none(tmp_path: Path, seed: int) -> None:
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    command = [sys.executable, "-c", WRITER, url, str(Path(__file__).parent), str(LAPS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(random.Random(seed).uniform(0.05, 1.2))
        os.kill(writer.pid, signal.SIGKILL)
    with SqlStore(url) as store:
        sessions = store.sessions()
        assert sessions["laps"].eq(2 * LAPS).all()
        assert sessions["entries"].eq(2).all()
        assert len(store.read("ingest_runs")) == len(sessions)
        assert len(store.read("events")) == len(sessions)


def test_a_locked_store_is_one_clear_line_and_nothing_is_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'locked.db'}"
    refused = pytest.raises(StoreError, match="database is locked; nothing of them is stored")
    with SqlStore(url, busy_timeout_s=0.1) as store, SqlStore(url) as other, other._transaction(), refused:
        store.write_session(session_data())
    with SqlStore(url) as store:
        assert store.digest(KEY) is None


def test_a_full_disk_is_one_clear_line_and_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    with SqlStore(url) as store:
        store.write_session(session_data())
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limited = SqlStore(url)

    @sa.event.listens_for(limited._engine, "connect")
    def _limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 2}")  # type: ignore[attr-defined]

    limited._engine.dispose()
    with pytest.raises(StoreError, match="full; nothing of them is stored"):
        limited.write_session(session_data(laps=LAPS, digest="two"))
    limited.close()
    with SqlStore(url) as store:
        assert store.digest(KEY) == "one"
        assert len(store.read("laps", KEY)) == 6
