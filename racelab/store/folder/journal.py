"""Several files changed at once: all of them or none, whatever happens in between.

New files are written aside and made durable; a marker that names them is the decision; then they are renamed and the
marker goes. Whoever next takes the lock finishes what a marker names, and throws away what none names.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import orjson

from racelab.errors import StoreError

MARKER = "commit.json"
_ASIDE = ".new"


def write_aside(folder: Path, name: str, parts: Iterable[bytes], generation: int) -> os.stat_result:
    """Write a new version of a file beside it, durably; what it then is."""
    with _aside(folder, name, generation).open("wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
        return os.fstat(file.fileno())


def decide(folder: Path, names: list[str], generation: int) -> None:
    """Make the new versions of these files count, from here on and after any crash."""
    content = orjson.dumps({"generation": generation, "files": names})
    write_aside(folder, MARKER, [content], generation)
    _sync(folder)
    os.replace(_aside(folder, MARKER, generation), folder / MARKER)
    _sync(folder)


def finish(folder: Path) -> None:
    """Rename what the marker names, and remove it; nothing where there is no marker.

    Raises:
        StoreError: the marker cannot be read.
    """
    marker = folder / MARKER
    if not marker.exists():
        return
    try:
        decided = orjson.loads(marker.read_bytes())
        names = [(str(name), int(decided["generation"])) for name in decided["files"]]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{marker} cannot be read: restore the folder from a copy") from error
    for name, generation in names:
        aside = _aside(folder, Path(name).name, generation)
        if aside.exists():
            os.replace(aside, folder / Path(name).name)
    _sync(folder)
    marker.unlink()
    _sync(folder)


def sweep(folder: Path) -> None:
    """Throw away new versions that nothing decided on."""
    for path in folder.glob(f"*{_ASIDE}"):
        path.unlink(missing_ok=True)


def _aside(folder: Path, name: str, generation: int) -> Path:
    return folder / f"{name}.{generation}{_ASIDE}"


def _sync(folder: Path) -> None:
    """Make renames durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
