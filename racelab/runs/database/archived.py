"""Telemetry that lies in files beside the store: whether they are what the store says, and copies of them."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from racelab.errors import StoreError
from racelab.runs.database.access import Opened
from racelab.runs.database.container import Backup, BackupWriter
from racelab.runs.database.problems import Problem
from racelab.store.archive import archive_folder, located, strays
from racelab.store.tables import SA_TABLES

PREFIX = "telemetry/"
_ASIDE = ".restored"


def wrong_archives(store: Opened) -> Iterator[Problem]:
    """Archives that the store names and that are missing, or are not the file that was written."""
    faults: dict[str, list[str]] = {}
    for session_id, file, digest in _named(store.connection):
        what = _fault(store.url, file, digest)
        if what:
            faults.setdefault(what, []).append(f"session_id {session_id}, file {file}")
    for what, files in faults.items():
        yield Problem("archives", "telemetry_archives", what, len(files), tuple(files[:3]))
    left = [str(path) for path in strays(store.url, (file for _, file, _ in _named(store.connection)))]
    if left:
        yield Problem(
            "archives", "telemetry_archives", "files that no row names: delete them", len(left), tuple(left[:3])
        )


def save_archives(store: Opened, target: BackupWriter) -> None:
    """Add the archives that the store names.

    Raises:
        StoreError: one is missing or damaged.
    """
    for _, file, digest in _named(store.connection):
        what = _fault(store.url, file, digest)
        if what:
            raise StoreError(f"{file}: {what}; `racelab db check` lists all, archive the session again or restore it")
        target.add_file(f"{PREFIX}{file}", located(store.url, file))


@contextmanager
def restored_archives(url: str, backup: Backup) -> Iterator[None]:
    """The backup's archives in the store's folder; gone again where the block ends with an error."""
    members = [name for name in backup.manifest.members if name.startswith(PREFIX)]
    with ExitStack() as undo:
        for name in members:
            path = located(url, name.removeprefix(PREFIX))
            if path.is_file() and _digest(path) == backup.manifest.members[name].sha256:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(path.name + _ASIDE)
            undo.callback(aside.unlink, missing_ok=True)
            undo.callback(path.unlink, missing_ok=True)
            with aside.open("wb") as target:
                backup.extract(name, target)
            aside.replace(path)
        yield
        undo.pop_all()


def archive_bytes(url: str) -> int:
    """The bytes of all archives of the store."""
    folder = archive_folder(url)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder else 0


def _named(connection: sa.Connection) -> "list[sa.Row[int, str, str]]":
    held = SA_TABLES["telemetry_archives"].c
    return list(connection.execute(sa.select(held.session_id, held.file, held.digest).order_by(held.session_id)))


def _fault(url: str, file: str, digest: str) -> str | None:
    path: Path = located(url, file)
    if not path.is_file():
        return "the file is missing"
    return None if _digest(path) == digest else "the file is not the one that was written"


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
