"""Telemetry in files beside the store: where they lie, moving rows there and back.

A row of `telemetry_archives` says that a session's telemetry is in a file. It is put in and the rows of the table are
deleted in one transaction, after the file was written aside, made durable, read back and renamed. A file's name holds
its digest, so that none is ever written over one that a row names; whatever no row names is swept away.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
from sqlalchemy.engine import make_url

from racelab import wall
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.settings import get_settings
from racelab.store.cloudsql import INSTANCE
from racelab.store.places import folder_of
from racelab.store.protocol import Progress, Store
from racelab.store.rows import frame_columns, named_columns
from racelab.store.tables import TABLES

_DIGEST_LETTERS = 16
_ASIDE = "new"


@dataclass(frozen=True, slots=True)
class Archived:
    """An archive of a session's telemetry: where it lies, its rows and the SHA-256 of the file."""

    key: SessionKey
    path: Path
    rows: int
    digest: str


def archive_folder(url: str) -> Path | None:
    """The folder of a store's archives: beside a file or folder, else of the database's own in the data folder.

    A store in memory has none. No two stores share one: the sweep of one would remove files of the other.
    """
    if url.startswith("json:"):
        return _beside(folder_of(url))
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        host = parsed.query.get(INSTANCE) or parsed.host or parsed.query.get("host") or "local"
        name = "_".join(str(part) for part in (host, parsed.port or 5432, parsed.database))
        return get_settings().data / "telemetry" / "".join(c if c.isalnum() or c in "._-" else "_" for c in name)
    if parsed.database in (None, "", ":memory:"):
        return None
    return _beside(Path(str(parsed.database)))


def located(url: str, file: str) -> Path:
    """The place of an archive that the store names.

    Raises:
        StoreError: the name leads out of the archive's folder.
    """
    folder = _folder(url).resolve()
    path = folder if "\x00" in file else (folder / PurePosixPath(file)).resolve()
    if path == folder or not path.is_relative_to(folder):
        raise StoreError(f"telemetry_archives names {file!r}, which is not in {folder}: restore the store from a copy")
    return path


def find_archive(store: Store, key: SessionKey) -> Archived | None:
    """The archive of a session's telemetry, or None.

    Raises:
        StoreError: the store cannot be read.
    """
    for row in store.read("telemetry_archives", key).itertuples():
        return Archived(key, located(store.url, row.file), int(row.rows), row.digest)
    return None


def archive_telemetry(store: Store, key: SessionKey, progress: Progress | None = None) -> Archived | None:
    """Move a session's telemetry to a file; None where it has none in the table. ``progress`` is told rows done.

    Raises:
        StoreError: the file or the store cannot be written; the telemetry is where it was.
    """
    folder = _folder(store.url)
    with store.holding(key) as held:
        cars = held.values("telemetry", "car_number", key)
        if not cars:
            return None
        # Where rows were added to archived ones since, all together become a new file.
        cars = sorted({*cars, *_archived_cars(held, key)})
        path, rows, digest = _written(folder / str(key), _telemetry(held, key, cars, progress))
        row = {
            "session_id": key.session_id,
            "file": path.relative_to(folder).as_posix(),
            "rows": rows,
            "digest": digest,
        }
        rows_now = named_columns("telemetry_archives", [{**row, "created_utc": wall.now()}])
        held.replace_tables({"telemetry": {}, "telemetry_archives": rows_now}, session_id=key.session_id)
    sweep(store, key)
    return Archived(key, path, rows, digest)


def unarchive_telemetry(store: Store, key: SessionKey, progress: Progress | None = None) -> int | None:
    """Put archived telemetry back into the table, and remove the file; the rows, or None where none is archived.

    Raises:
        StoreError: the file is missing or damaged, or the store cannot be written; everything is as it was.
    """
    with store.holding(key) as held:
        found = find_archive(held, key)
        if found is None:
            return None
        for frame in _telemetry(held, key, _archived_cars(held, key), progress):
            held.write_tables({"telemetry": frame_columns("telemetry", frame)})
        held.delete("telemetry_archives", session_id=key.session_id)
    sweep(store, key)
    return found.rows


def sweep(store: Store, key: SessionKey) -> None:
    """Remove a session's files that no row names: of an earlier reading, or of a move that was cut off."""
    folder = archive_folder(store.url)
    if folder is None or not (place := folder / str(key)).parent.is_dir():
        return
    with store.holding(key) as held:
        named = find_archive(held, key)
        for path in _files_of(place):
            if named is None or path.resolve() != named.path:
                path.unlink(missing_ok=True)


def with_archived(
    url: str,
    held: pd.DataFrame,
    named: Iterable[Mapping[str, Any]],
    where: Mapping[str, object],
    span: tuple[int, int] | None,
) -> pd.DataFrame:
    """Telemetry of the table and of the archives that these rows name, filtered and ordered as the table's is.

    Raises:
        StoreError: a file is missing or damaged.
    """
    from racelab.store.parquet import read_file  # imported here: few stores have archives

    parts = [read_file(located(url, row["file"]), row["digest"], where, span) for row in named]
    parts = [part for part in parts if len(part)]
    if held.empty and len(parts) == 1 and span is None:
        return parts[0]
    if not parts:
        return held
    order = list(TABLES["telemetry"].key)
    whole = pd.concat([*parts, held] if len(held) else parts, ignore_index=True)
    # Rows that were added to the table since stand over the archived ones.
    whole = whole.drop_duplicates(order, keep="last")
    return whole.sort_values(order if span is None else ["time_ms", *order], ignore_index=True)


def strays(url: str, files: Iterable[str]) -> list[Path]:
    """Files in the archive's folder that are none of those that the store names."""
    folder = archive_folder(url)
    if folder is None:
        return []
    named = {located(url, file) for file in files}
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve() not in named)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}-telemetry")


def _folder(url: str) -> Path:
    folder = archive_folder(url)
    if folder is None:
        raise StoreError("a store in memory has no archive of telemetry: give the store a file")
    return folder


def _telemetry(store: Store, key: SessionKey, cars: list[str], progress: Progress | None) -> Iterator[pd.DataFrame]:
    """The telemetry car by car, wherever it lies."""
    done = 0
    for car in cars:
        frame = store.read("telemetry", key, car_number=car)
        yield frame
        done += len(frame)
        if progress is not None:
            progress("telemetry", done)


def _archived_cars(store: Store, key: SessionKey) -> list[str]:
    from racelab.store.parquet import cars_of

    found = find_archive(store, key)
    return cars_of(found.path, found.digest) if found else []


def _written(place: Path, frames: Iterator[pd.DataFrame]) -> tuple[Path, int, str]:
    from racelab.store.parquet import write_file

    aside = place.with_name(f"{place.name}.{_ASIDE}")
    try:
        rows, digest = write_file(aside, frames)
        path = place.with_name(f"{place.name}-{digest[:_DIGEST_LETTERS]}.parquet")
        aside.replace(path)
        _sync(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StoreError(
            f"{place.parent} cannot be written: {error.strerror or error}; the telemetry is where it was"
        ) from error
    return path, rows, digest


def _files_of(place: Path) -> list[Path]:
    return [*place.parent.glob(f"{place.name}-*.parquet"), *place.parent.glob(f"{place.name}.{_ASIDE}")]


def _sync(folder: Path) -> None:
    """Make the new name durable, and those of the folders above it."""
    for place in (folder, *list(folder.parents)[:4]):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
