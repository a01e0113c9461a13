"""Backups of SQLite: its own online backup, which copies pages of one moment while others write."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from racelab.errors import BadInput, StoreError
from racelab.runs.database.access import Opened, path_of
from racelab.runs.database.container import Backup, BackupWriter
from racelab.settings import Settings
from racelab.store.engine import mask, open_engine, upgrade_store
from racelab.store.places import sqlite_url
from racelab.store.protocol import Progress
from racelab.store.tables import TABLES

_MEMBER = "racelab.db"
_PAGES = 2048
_OK = (sqlite3.SQLITE_OK, sqlite3.SQLITE_DONE)


def save(store: Opened, target: BackupWriter, folder: Path, progress: Progress) -> dict[str, int]:
    """Copy the database into a file in the folder, check the copy and add it; returns the rows of its tables.

    Raises:
        StoreError: the database is damaged.
    """
    path = path_of(store.url)
    if path is None:
        raise BadInput("a store in memory has no backup")
    with _aside(folder, path.name) as copy, _closing(store.url):
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as snapshot:
            # The open transaction keeps every step on the same moment, whatever others commit meanwhile.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            source.backup(snapshot, pages=_PAGES, progress=_told("copy", progress, time.monotonic() + 3600))
            source.rollback()
            snapshot.execute("PRAGMA journal_mode=DELETE")
            _require_sound(snapshot, mask(store.url))
            rows = _rows(snapshot)
        target.add_file(_MEMBER, copy)
    return rows


def restore(settings: Settings, backup: Backup, progress: Progress, *, force: bool) -> None:
    """Put the saved database in the place of the store's, in one transaction of the store's.

    Raises:
        BadInput: what is saved is no sound database.
        StoreError: the store is not empty and ``force`` is not set, or is locked.
    """
    path = path_of(settings.store_url)
    if path is None:
        raise BadInput("a store in memory takes no backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _aside(path.parent, path.name) as copy, _closing(settings.store_url):
        with copy.open("wb") as target:
            backup.extract(_MEMBER, target)
        with closing(sqlite3.connect(copy)) as saved:
            _require_sound(saved, str(backup.file))
        upgrade_store(sqlite_url(copy), settings.busy_timeout_s)
        with closing(sqlite3.connect(copy)) as saved:
            if _rows(saved) != {**dict.fromkeys(TABLES, 0), **backup.manifest.rows}:
                raise BadInput(f"{backup.file} holds other rows than its manifest says: take another backup")
            _replace(saved, path, settings, progress, force)


def _replace(saved: sqlite3.Connection, path: Path, settings: Settings, progress: Progress, force: bool) -> None:
    # Opening it makes an empty store where there is none, and refuses a file that is something else.
    open_engine(settings.store_url, settings.busy_timeout_s).dispose()
    with closing(sqlite3.connect(path, timeout=settings.busy_timeout_s)) as store:
        held = {table: count for table, count in _rows(store).items() if count}
        if held and not force:
            raise StoreError(
                f"the store {mask(settings.store_url)} holds {sum(held.values())} rows: restore into an empty store, or"
                " add --force to replace them"
            )
        saved.backup(
            store, pages=_PAGES, progress=_told("restore", progress, time.monotonic() + settings.busy_timeout_s)
        )


def _told(label: str, progress: Progress, deadline: float) -> Callable[[int, int, int], None]:
    """Reports the pages that are done; ends the wait for a database that stays locked."""

    def tell(status: int, remaining: int, total: int) -> None:
        progress(f"{label} pages", total - remaining)
        if status not in _OK and time.monotonic() > deadline:
            raise StoreError("the store is locked by another process and stays as it was: try again when it is done")

    return tell


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    there = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return {
        table: int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608  # declared names
        for table in TABLES
        if table in there
    }


def _require_sound(connection: sqlite3.Connection, name: str) -> None:
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StoreError(f"{name} is damaged: {found[0]}; restore an earlier backup")


@contextmanager
def _aside(folder: Path, name: str) -> Iterator[Path]:
    """A path for a copy beside its destination; what is left there is removed."""
    path = folder / f".{name}.{os.getpid()}.copy"
    try:
        yield path
    finally:
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}-journal")):
            file.unlink(missing_ok=True)


@contextmanager
def _closing(url: str) -> Iterator[None]:
    """Tell of the driver's errors in one line."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the store {mask(url)} cannot be copied: {error}; it is as it was") from error
