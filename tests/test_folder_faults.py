"""The JSON folder under kills, full disks and many writers at once: whole transactions or none."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import KEY, session_data

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.store.folder import JsonStore
from racelab.store.lightweight import get_db

LAPS = 300
WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from builders import session_data
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.store.folder import JsonStore

store = JsonStore(sys.argv[1])
print("open", flush=True)
for turn in range(1000):
    key = SessionKey(Series.WEC, 2024, turn % 20 + 1, "R")
    store.write_session(session_data(key, laps=int(sys.argv[3]) + turn, digest=str(turn)))
"""
SAVER = """
import sys
from racelab import get_db

with get_db(sys.argv[1]) as db:
    print("open", flush=True)
    for number in range(int(sys.argv[4])):
        db.save_lap_data(int(sys.argv[2]), sys.argv[3], number, 90 + number / 1000)
        db.save_prediction(int(sys.argv[2]), "shared", "lap_time", number, sys.argv[3])
        db.create_session("Barber", "2024-01-15")
"""


class Killed(BaseException):
    """Stands for the end of the process: nobody catches it to tidy up."""


def url_of(folder: Path) -> str:
    return f"json:///{folder.as_posix()}"


def snapshot(folder: Path) -> dict[str, pd.DataFrame]:
    store = JsonStore(url_of(folder))
    return {
        name: store.read(name) for name in ("sessions", "ingest_runs", "entries", "laps", "race_control", "weather")
    }


def laps(folder: Path) -> int:
    return len(snapshot(folder)["laps"])


@pytest.mark.parametrize("call", ["fsync", "replace", "fstat", "open"])
def test_a_cut_at_any_step_of_a_write_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    folder, seen = tmp_path / "store", set()
    JsonStore(url_of(folder)).write_session(session_data())
    real: Callable[..., Any] = getattr(os, call)
    for step in range(200):
        store, left = JsonStore(url_of(folder)), step

        def cut(*given: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*given, **options)

        before, after = laps(folder), 6 if laps(folder) == 8 else 8
        with monkeypatch.context() as patched:
            patched.setattr(f"racelab.store.folder.journal.os.{call}", cut)
            try:
                store.write_session(session_data(laps=after // 2, digest=f"{after} {step}"))
                done = True
            except Killed:
                done = False
        found = snapshot(folder)
        assert len(found["laps"]) in (before, after), step
        assert (found["ingest_runs"]["digest"].iloc[0] == f"{after} {step}") == (len(found["laps"]) == after), step
        assert not done or len(found["laps"]) == after
        JsonStore(url_of(folder)).upsert("weather", [{"session_id": KEY.session_id, "time_ms": step}])
        assert not list(folder.glob("*.new")), step
        assert not (folder / "commit.json").exists()
        seen.add((done, len(found["laps"]) == after))
        if done:
            break
    assert {(True, True), (False, False)} <= seen
    assert call not in ("fsync", "replace") or (False, True) in seen


def kill_once(folder: Path, seed: int, size: int) -> None:
    command = [sys.executable, "-c", WRITER, url_of(folder), str(Path(__file__).parent), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(random.Random(seed).uniform(0.02, 1.0))
        os.kill(writer.pid, signal.SIGKILL)
    store = JsonStore(url_of(folder))
    sessions, runs = store.sessions(), store.read("ingest_runs")
    assert len(runs) == len(sessions) == len(store.read("events"))
    counted = dict(zip(sessions["id"], sessions["laps"], strict=True))
    assert {row.session_id: 2 * (size + int(row.digest)) for row in runs.itertuples()} == counted
    assert store.read("laps").groupby("session_id").size().to_dict() == counted


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_leaves_whole_sessions_and_their_newest_or_the_one_before(tmp_path: Path, seed: int) -> None:
    kill_once(tmp_path / "store", seed, LAPS)


@pytest.mark.soak
def test_a_hundred_kills_one_after_the_other(tmp_path: Path) -> None:
    for seed in range(100):
        kill_once(tmp_path / "store", seed, LAPS)


def test_processes_and_threads_that_write_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    url, count, writers = url_of(tmp_path / "store"), 6, ("a", "b", "c")
    with get_db(url) as db:
        session = db.create_session("Barber", "2024-01-15T10:00:00")
        processes = [
            subprocess.Popen([sys.executable, "-c", SAVER, url, str(session), name, str(count)], stdout=subprocess.PIPE)
            for name in writers
        ]

        def save(name: str) -> None:
            for number in range(count):
                db.save_lap_data(session, name, number, 90 + number / 1000)
                db.save_prediction(session, "shared", "lap_time", number, name)

        threads = [threading.Thread(target=save, args=(name,)) for name in ("d", "e")]
        for thread in threads:
            thread.start()
        for worker in [*threads]:
            worker.join()
        assert [process.wait() for process in processes] == [0, 0, 0]
        for process in processes:
            assert process.stdout is not None
            process.stdout.close()
        found = [(lap["driver_id"], lap["lap_number"], lap["lap_time"]) for lap in db.get_session_laps(session)]
        assert found == [(name, number, (90_000 + number) / 1000) for name in "abcde" for number in range(count)]
        saved = [(one["model_path"], one["prediction_value"]) for one in db.get_session_predictions(session)]
        assert sorted(saved) == [(name, float(number)) for name in "abcde" for number in range(count)]
        ids = [one["id"] for one in db.get_sessions("barber")]
        assert len(ids) == len(set(ids)) == 1 + count * len(writers)


def test_a_full_disk_is_one_clear_line_and_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    JsonStore(url_of(folder)).write_session(session_data())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    script = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from builders import session_data
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.store.folder import JsonStore

store = JsonStore({url_of(folder)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.write_session(session_data(SessionKey(Series.WEC, 2024, 5, "R"), laps=500))
except StoreError as error:
    print(error)
assert store.sessions()["laps"].tolist() == [6]
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "did not take the rows: File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    other = SessionKey(Series.WEC, 2024, 5, "R")
    assert JsonStore(url_of(folder)).write_session(session_data(other, laps=500)).change == "added"


def test_a_marker_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    JsonStore(url_of(folder)).write_session(session_data())
    (folder / "commit.json").write_text("{")
    with pytest.raises(StoreError, match=r"commit\.json cannot be read"):
        JsonStore(url_of(folder))


def test_a_marker_names_only_files_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "store", tmp_path / "outside"
    JsonStore(url_of(folder)).write_session(session_data())
    outside.write_text("mine")
    (tmp_path / "outside.9.new").write_text("theirs")
    (folder / "commit.json").write_text('{"generation": 9, "files": ["../outside"]}')
    assert laps(folder) == 6
    assert outside.read_text() == "mine"


def test_readers_see_whole_sessions_while_others_write(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store")
    JsonStore(url).write_session(session_data())
    stop, wrong = threading.Event(), []

    def look() -> None:
        store = JsonStore(url)
        while not stop.is_set():
            frame = store.sessions()
            run = int(store.read("ingest_runs", KEY)["rows"].iloc[0])
            wrong.extend(count for count in frame["laps"] if count not in (6, 20))
            wrong.extend([run] if run not in (19, 33) else [])

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    store = JsonStore(url)
    for turn in range(15):
        store.write_session(session_data(laps=10 if turn % 2 else 3, digest=f"{turn}"))
        store.write_session(session_data(SessionKey(Series.WEC, 2024, 9, "R"), digest=f"{turn}"))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
