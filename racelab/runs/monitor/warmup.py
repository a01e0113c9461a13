"""Before a race: is the store there, can the folder be written, is there room."""

import os
import shutil
import tempfile
from pathlib import Path

from racelab.errors import StoreError
from racelab.runs.monitor.parts import FAILED, OK, WARNING, Parts
from racelab.store.protocol import Store

# A 24-hour race's recording takes some hundred MB, its rows as much.
_ROOM_BYTES = 2_000_000_000


def warm_up(store: Store, data: Path, parts: Parts) -> bool:
    """Look at what a race needs beside its feed, and say it; whether everything is well."""
    return all([_store(store, parts), _folder(data / "recordings", parts)])


def _store(store: Store, parts: Parts) -> bool:
    try:
        count = len(store.sessions())
    except StoreError as error:
        parts.say("store", FAILED, str(error))
        return False
    parts.say("store", OK, f"reachable, {count} sessions")
    return True


def _folder(folder: Path, parts: Parts) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        os.close(handle)
        Path(name).unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        parts.say("folder", FAILED, f"{folder} cannot be written: {error.strerror or error}; set RACELAB_DATA")
        return False
    if free < _ROOM_BYTES:
        parts.say("folder", WARNING, f"{folder}: {free // 1_000_000} MB free, too little for a long race: make room")
        return False
    parts.say("folder", OK, f"can be written, {free // 1_000_000_000} GB free")
    return True
