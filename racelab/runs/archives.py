"""Moving the telemetry of many sessions to files beside the store and back, and what room that leaves."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.runs.database.access import kind_of, path_of
from racelab.store.archive import archive_folder, archive_telemetry, find_archive, unarchive_telemetry
from racelab.store.protocol import Progress, Store


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done with a session's telemetry: ``change`` is archived, unarchived or unchanged.

    ``rows`` are those moved, ``file`` and ``bytes`` are of the archive that is there now, if any.
    """

    session: str
    change: str
    rows: int
    file: Path | None
    bytes: int | None


def archive_all(store: Store, keys: Iterable[SessionKey], progress: Progress) -> Iterator[Moved]:
    """Archive sessions one by one; each is safe when it is told of."""
    for key in keys:
        done = archive_telemetry(store, key, _named(progress, key))
        yield _moved(store, key, "archived" if done else "unchanged", done.rows if done else 0)


def unarchive_all(store: Store, keys: Iterable[SessionKey], progress: Progress) -> Iterator[Moved]:
    """Put the telemetry of sessions back one by one; each is safe when it is told of."""
    for key in keys:
        rows = unarchive_telemetry(store, key, _named(progress, key))
        yield _moved(store, key, "unchanged" if rows is None else "unarchived", rows or 0)


def seasons_before(store: Store, year: int) -> list[SessionKey]:
    """The sessions of the seasons before a year."""
    frame = store.sessions()
    return [SessionKey.of_id(int(number)) for number in frame.loc[frame["season"] < year, "id"]]


def room(url: str) -> dict[str, int | None]:
    """Bytes on the disk of the store (None where a server keeps it) and of its archives."""
    path, archives = path_of(url), archive_folder(url)
    beside = [] if path is None else [path, Path(f"{path}-wal"), *path.rglob("*")]
    return {"store": _bytes(beside) if beside else None, "archives": _bytes(archives.rglob("*")) if archives else 0}


def give_back_room(url: str, busy_timeout_s: float) -> None:
    """Let a SQLite file shrink to what it holds; the others do that by themselves.

    Raises:
        StoreError: another process keeps the file; what was moved is safe.
    """
    path = path_of(url)
    if kind_of(url) != "sqlite" or path is None:
        return
    try:
        with closing(sqlite3.connect(path, timeout=busy_timeout_s)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StoreError(
            f"{path} cannot be made smaller now: {error}; the telemetry is moved, try again later"
        ) from error


def _moved(store: Store, key: SessionKey, change: str, rows: int) -> Moved:
    found = find_archive(store, key)
    size = found.path.stat().st_size if found and found.path.is_file() else None
    return Moved(str(key), change, rows, found.path if found else None, size)


def _named(progress: Progress, key: SessionKey) -> Progress:
    return lambda _, rows: progress(f"{key}: telemetry rows", rows)


def _bytes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
