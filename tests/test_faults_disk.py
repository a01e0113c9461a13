"""A full disk, a read-only place, a locked store, a file that is no store: one clear line, and the store is sound."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import workers
from builders import KEY, session_data
from filelock import FileLock

from racelab.cli import main
from racelab.errors import StoreError
from racelab.store.open import open_store
from racelab.store.sql import SqlStore

KINDS = ["sqlite", "json"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="racelab-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def filled(kind: str, folder: Path) -> str:
    """A store with one session in the folder."""
    url = f"{kind}:///{folder}/store"
    with open_store(url) as store:  # type: ignore[attr-defined]
        store.write_session(session_data())
    return url


def assert_as_it_was(url: str, before: dict[str, str]) -> None:
    assert workers.checksums(url) == before
    assert workers.problems(url) == []
    assert workers.write_rounds(url, [workers.ROUNDS + 1], 3) == ["added"]


def assert_one_line(error: object, *words: str) -> None:
    assert isinstance(error, StoreError)
    assert "\n" not in str(error)
    assert any(word in str(error) for word in words), error


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_may_not_grow(place: Path, kind: str) -> None:
    url = filled(kind, place)
    before = workers.checksums(url)
    sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
    error = workers.start(workers.write_limited, url, max(sizes) + 60_000, 3000).result()
    assert_one_line(error, "full", "disk I/O error", "File too large")
    assert_as_it_was(url, before)


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 2 MB, where this process may mount one."""
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk(small_disk: Path, kind: str) -> None:
    url = filled(kind, small_disk)
    before = workers.checksums(url)
    error = workers.start(workers.write_rounds, url, [workers.ROUNDS + 1], 20_000).result()
    assert_one_line(error, "full", "No space left", "disk I/O error")
    assert_as_it_was(url, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_without_the_right_to_write(place: Path, kind: str) -> None:
    url = filled(kind, place)
    before = workers.checksums(url)
    held = list(place.rglob("*"))
    for path in [place, *held]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    error = workers.start(workers.write_as_nobody, url).result()
    for path in [place, *held]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert_one_line(error, "readonly", "unable to open", "Permission denied", "read-only")
    assert_as_it_was(url, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_only_file_system(place: Path, kind: str) -> None:
    url = filled(kind, place)
    before = workers.checksums(url)
    mounted = subprocess.run(["mount", "--bind", str(place), str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no read-only file system: {mounted.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        with pytest.raises(StoreError) as caught:
            workers.write_rounds(url, [workers.ROUNDS + 1], 3)
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert_one_line(caught.value, "readonly", "unable to open", "Read-only")
    assert_as_it_was(url, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_locked_store(
    place: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another process holds the store for longer than RACELAB_BUSY_TIMEOUT_S."""
    url = filled(kind, place)
    before = workers.checksums(url)
    monkeypatch.setenv("RACELAB_BUSY_TIMEOUT_S", "0.2")
    if kind == "sqlite":
        holder = sqlite3.connect(place / "store", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        release = holder.close
    else:
        lock = FileLock(place / "store" / "store.lock")
        lock.acquire()
        release = lock.release
    line = fails(["--db", url, "ingest", "sample"], capsys)
    release()
    assert "locked" in line
    assert_as_it_was(url, before)


def fails(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a command ends that cannot be done."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 1, said
    assert "Traceback" not in said
    [line] = [line for line in said.splitlines() if line.startswith("racelab: ")]
    assert not line.startswith("racelab: unexpected")
    return line


def broken(folder: Path, how: str) -> Path:
    """Something that is no store, under the name of one."""
    path = folder / "broken.db"
    if how == "folder":
        path.mkdir()
    elif how == "text":
        path.write_text("this is a letter, " * 1000)
    else:
        with SqlStore(f"sqlite:///{path}") as store:
            store.write_session(session_data(laps=400))
        raw = path.read_bytes()
        path.write_bytes(raw[: len(raw) // 2] if how == "half" else raw[:5000] + os.urandom(40_000) + raw[45_000:])
    return path


@pytest.mark.parametrize("how", ["folder", "text", "half", "scrambled"])
def test_what_is_no_database_is_one_line_and_stays_as_it_is(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = broken(tmp_path, how)
    before = path.read_bytes() if path.is_file() else None
    for command in (
        ["db", "check"],
        ["db", "stats", "--checksums"],
        ["db", "backup", str(tmp_path / "b.zip")],
        ["sessions"],
    ):
        line = fails(["--db", f"sqlite:///{path}", *command], capsys)
        assert str(path) in line
    assert not (tmp_path / "b.zip").exists()
    assert (path.read_bytes() if path.is_file() else None) == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "zero.db").touch()
    url = f"sqlite:///{tmp_path / 'zero.db'}"
    assert workers.write_rounds(url, [1], 3) == ["added"]
    assert workers.problems(url) == []


@pytest.mark.parametrize("how", ["text", "half", "list"])
def test_a_broken_file_of_a_folder_is_one_line(tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = filled("json", tmp_path)
    path = tmp_path / "store" / "lap_data.json"
    raw = path.read_bytes()
    path.write_bytes({"text": b"a letter", "half": raw[: len(raw) // 2], "list": b"[1, 2, 3]"}[how])
    before = path.read_bytes()
    for command in (["db", "check"], ["show", str(KEY)]):
        assert "lap_data.json" in fails(["--db", url, *command], capsys)
    assert path.read_bytes() == before
