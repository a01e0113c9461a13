"""The folder's own file: of which schema it is, and what each of its files holds, piece by piece."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from racelab.errors import StoreError
from racelab.store.folder.blocks import Blocks, index
from racelab.store.migrate import head

MANIFEST = "store.json"
_FORMAT = "racelab JSON store"


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as it was written: its size, its time, and the index of its groups."""

    size: int
    mtime_ns: int
    groups: list[list[Any]]

    @property
    def counts(self) -> dict[tuple[Any, ...], int]:
        """Rows by group."""
        return {tuple(key): rows for key, rows, _, _ in self.groups}


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of the folder after a number of writes (``generation``)."""

    generation: int = 0
    files: dict[str, Listed] = field(default_factory=dict)
    schema: str | None = None


def listed(blocks: Blocks, size: int, mtime_ns: int) -> Listed:
    """What to say of a file that was written."""
    return Listed(size, mtime_ns, index(blocks))


def to_bytes(manifest: Manifest) -> bytes:
    """The manifest as its file holds it: a line a file."""
    top = orjson.dumps({"format": _FORMAT, "schema": head(), "generation": manifest.generation}).decode()
    lines = [
        f"{orjson.dumps(name).decode()}:{orjson.dumps([one.size, one.mtime_ns, one.groups]).decode()}"
        for name, one in sorted(manifest.files.items())
    ]
    return (top[:-1] + ',"files":{\n' + ",\n".join(lines) + "\n}}\n").encode()


def read(folder: Path) -> Manifest | None:
    """The folder's manifest, or None where it has none.

    Raises:
        StoreError: it cannot be read, or belongs to a newer version.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = orjson.loads(content)
        files = {name: Listed(*one) for name, one in found["files"].items()}
        schema = str(found["schema"])
        manifest = Manifest(int(found["generation"]), files, schema)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} cannot be read: restore it from a copy of the folder; without it the other files are read as if"
            " written by hand"
        ) from error
    if schema > head():
        raise StoreError(f"{path} is of schema {schema}, newer than this racelab's {head()}: install a newer racelab")
    return manifest
