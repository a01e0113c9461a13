"""Raw frames on disk before anyone reads them: blocks of compressed JSON lines, appended and never changed.

A recording is a row of gzip members, so that ``zcat`` reads it too. The first line names the provider's protocol and
what its parser needs; each further line is a frame with the instant at which it came.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.live.clock import Clock

_VERSION = 1
_LATE = timedelta(seconds=1)
_BLOCK_BYTES = 64 * 1024 * 1024
_READ_BYTES = 1024 * 1024


class Recorder:
    """Appends frames to a recording; what is older than a second is on the disk after `append` or `tick`."""

    def __init__(self, path: Path, protocol: str, manifest: dict[str, Any], clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            # What a crash cut off cannot be read, and would hide what is appended after it.
            os.truncate(path, max((end for _, end in _blocks(path)), default=0))
        self._file = path.open("ab")
        self._clock = clock
        self._lines: list[str] = []
        self._since = clock.now()
        if self._file.tell() == 0:
            self._lines.append(json.dumps({"racelab": _VERSION, "protocol": protocol, "manifest": manifest}))
            self.flush()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self._file.close()

    def append(self, frame: Frame) -> None:
        """Take a frame, and write if the oldest one that waits is a second old."""
        if not self._lines:
            self._since = self._clock.now()
        line = {"at": frame.received_at.isoformat(), "payload": frame.payload}
        self._lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        self.tick()

    def tick(self) -> None:
        """Write what has waited for a second; whoever waits for frames calls this meanwhile."""
        if self._lines and self._clock.now() - self._since >= _LATE:
            self.flush()

    def flush(self) -> None:
        """Write everything that waits as one block, and see it to the disk."""
        if not self._lines:
            return
        self._file.write(gzip.compress(("\n".join(self._lines) + "\n").encode(), 6))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._lines.clear()


class RecordedFeed:
    """The frames of a recording that a `Recorder` wrote; a tail cut off by a crash is left out."""

    def __init__(self, path: Path) -> None:
        """Read the first line.

        Raises:
            BadInput: the file is no such recording.
        """
        self.path = path
        head = next(_lines(path), {})
        if head.get("racelab") != _VERSION or not isinstance(head.get("manifest"), dict):
            raise BadInput(f"{path}: not a recording of racelab; its first line does not say so")
        self.protocol: str = str(head.get("protocol"))
        self.manifest: dict[str, Any] = head["manifest"]

    def __len__(self) -> int:
        return sum(1 for _ in self.frames())

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on."""
        for line in _lines(self.path):
            if "at" in line:
                yield Frame(datetime.fromisoformat(line["at"]), line["payload"])


def is_recording(path: Path) -> bool:
    """Whether the file begins as a recording does."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b" and next(_lines(path), {}).get("racelab") == _VERSION


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines of whole blocks; reading ends at the first that is torn."""
    for block, _ in _blocks(path):
        for line in block.splitlines():
            try:
                content = json.loads(line)
            except ValueError:
                return
            if isinstance(content, dict):
                yield content


def _blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Whole blocks, unpacked, each with the place in the file at which it ends."""
    with path.open("rb") as file:
        waiting = file.read(_READ_BYTES)
        while waiting:
            reader = zlib.decompressobj(wbits=31)
            parts: list[bytes] = []
            while waiting and not reader.eof:
                try:
                    parts.append(reader.decompress(waiting, _BLOCK_BYTES))
                except zlib.error:
                    return
                waiting = reader.unconsumed_tail or reader.unused_data or file.read(_READ_BYTES)
                if sum(map(len, parts)) > _BLOCK_BYTES:
                    return
            if not reader.eof:
                return
            yield b"".join(parts), file.tell() - len(waiting)
