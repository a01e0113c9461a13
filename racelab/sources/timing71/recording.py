"""A Timing71 recording: a ZIP of a manifest, key frames and difference frames, read as full states."""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.difference import Mismatch, apply

# A state of 100 cars is about 100 kB; a member beyond this is not a frame.
_MEMBER_BYTES = 8 * 1024 * 1024
_FRAMES = 400_000
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, RecursionError, RuntimeError,
    KeyError, TypeError, AttributeError,
)  # fmt: skip


def sniff(path: Path) -> bool:
    """Whether the file is a ZIP with a Timing71 manifest; false for what cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return isinstance(_json(archive, spec.MANIFEST).get("colSpec"), list)
    except _UNREADABLE:
        return False


class Recording:
    """The frames of a recording in their order; nothing is unpacked to disk."""

    def __init__(self, path: Path) -> None:
        """Read the manifest and the names of the frames.

        Raises:
            BadInput: the file is no recording, is cut off, or has no frame.
        """
        self.path = path
        self.skipped: list[str] = []
        with _opened(path) as archive:
            self.manifest = _manifest(archive, path)
            self._names = _frame_names(archive)
        if not any(is_key for _, is_key, _ in self._names):
            raise BadInput(f"{path}: the recording has no key frame; copy or download it again")

    def __len__(self) -> int:
        return len(self._names)

    def frames(self) -> Iterator[Frame]:
        """Full states one by one; frames that cannot be read or do not fit are named in `skipped`."""
        self.skipped.clear()
        state: dict[str, Any] | None = None
        with _opened(self.path) as archive:
            for second, is_key, name in self._names:
                try:
                    content = _json(archive, name)
                    state = _key(content) if is_key else _next(state, content)
                    frame = Frame(_instant(second, content), state)
                except _UNREADABLE:
                    state = None
                    self.skipped.append(name)
                    continue
                yield frame


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        if path.stat().st_size == 0:
            raise BadInput(f"{path}: the file is empty; copy or download it again")
        return zipfile.ZipFile(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}); check its name and rights") from error
    except _UNREADABLE as error:
        raise BadInput(f"{path}: not a whole ZIP file ({error}); copy or download it again") from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = _json(archive, spec.MANIFEST)
    except KeyError as error:
        raise BadInput(f"{path}: no {spec.MANIFEST} inside; a Timing71 recording has one") from error
    except _UNREADABLE as error:
        raise BadInput(f"{path}: {spec.MANIFEST} cannot be read ({error}); copy or download the file again") from error
    columns = manifest.get("colSpec") if isinstance(manifest, dict) else None
    if not isinstance(columns, list) or not any(column and column[0] == spec.NUMBER for column in columns):
        raise BadInput(f"{path}: {spec.MANIFEST} has no colSpec with a column {spec.NUMBER!r}; is it a Timing71 file?")
    return manifest


def _frame_names(archive: zipfile.ZipFile) -> list[tuple[int, bool, str]]:
    """Second, whether it is a key frame, and name; a key frame stands before a difference of the same second."""
    found = []
    for info in archive.infolist()[:_FRAMES]:
        match = spec.FRAME_NAME.fullmatch(info.filename)
        if match:
            found.append((int(match[1]), not match[2], info.filename))
    return sorted(set(found), key=lambda frame: (frame[0], not frame[1]))


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    info = archive.getinfo(name)
    if info.file_size > _MEMBER_BYTES:
        raise ValueError(f"{name} claims {info.file_size} bytes")
    with archive.open(info) as member:
        content = member.read(_MEMBER_BYTES + 1)
    if len(content) > _MEMBER_BYTES:
        raise ValueError(f"{name} is larger than {_MEMBER_BYTES} bytes")
    return json.loads(content)


def _key(content: Any) -> dict[str, Any]:
    cars, session, messages = content["cars"], content["session"], content.get("messages") or []
    if not (isinstance(cars, list) and isinstance(session, dict) and isinstance(messages, list)):
        raise ValueError("not a state")
    return {"cars": cars, "session": session, "messages": messages}


def _next(state: dict[str, Any] | None, content: Any) -> dict[str, Any]:
    if state is None:
        raise Mismatch("no key frame before it")
    messages = content.get("messages") or []
    cars, session = apply(state["cars"], content["cars"]), apply(state["session"], content["session"])
    return {"cars": cars, "session": session, "messages": messages if isinstance(messages, list) else []}


def _instant(second: int, content: Any) -> datetime:
    updated = content.get("lastUpdated")
    exact = isinstance(updated, int | float) and 0 <= updated / 1000 - second < 1
    return datetime.fromtimestamp(updated / 1000 if exact else second, UTC)
