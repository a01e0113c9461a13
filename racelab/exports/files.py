"""Writing exports: names that every file system takes, whole files only."""

import json
import os
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from racelab import wall
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.exports.race import event_name, race_document
from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store

_MAX_NAME = 120


def export_race(session: str | int, out: Path | str | None = None, *, db: str | None = None) -> Path:
    """Write the race JSON of a session; returns the file, `<event>_<YYYYmmdd>_<HHMMSS>.json` in UTC.

    ``out`` is the folder, by default `exports` in the data folder.

    Raises:
        NotFound: the store has no such session.
        StoreError: the folder cannot be written.
    """
    with open_store(db) as store:
        return write_race(store, store.find(session), Path(out) if out else export_folder())


def write_race(store: Store, key: SessionKey, folder: Path, exported_at: datetime | None = None) -> Path:
    """Write the race JSON of a session into a folder, which is made if it is not there.

    Raises:
        StoreError: the folder cannot be written.
    """
    moment = exported_at or wall.now()
    document = race_document(store, key, moment)
    path = _path(folder, document["race_info"]["name"], moment)
    text = document_text(document)
    return write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))


def race_path(store: Store, key: SessionKey, folder: Path, exported_at: datetime) -> Path:
    """The file to which `write_race` writes a session at an instant.

    Raises:
        StoreError: the store cannot be read.
    """
    events = store.read("events", event_id=key.event_id)
    return _path(folder, event_name(key, str(events["name"].iloc[0])), exported_at)


def _path(folder: Path, name: str, moment: datetime) -> Path:
    return folder / f"{safe_name(name)}_{moment.astimezone(UTC):%Y%m%d_%H%M%S}.json"


def export_folder() -> Path:
    """`exports` in the data folder that the settings name."""
    return get_settings().data / "exports"


def safe_name(text: str) -> str:
    """A file name's stem: letters, digits, `-` and `_`; everything else becomes one underscore."""
    return re.sub(r"[^\w-]+", "_", text).strip("_")[:_MAX_NAME] or "race"


def document_text(document: dict[str, Any]) -> str:
    """The document as JSON with one line a record, so that thousands of laps stay readable and quick."""
    return "{\n" + ",\n".join(f"{_json(key)}: {_section(value)}" for key, value in document.items()) + "\n}\n"


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place and move it there, so that nobody reads half of one.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}; choose another folder") from error
    return path


def _section(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "[\n" + ",\n".join(map(_json, value)) + "\n]" if value else "[]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
