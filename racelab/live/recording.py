"""Reading recordings: their first line and their frames, one after the other, never the whole file in memory."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.live.blocks import read_blocks
from racelab.live.identity import RECORDING

VERSION = 1
SUFFIX = ".jsonl.gz"


class RecordedFeed:
    """The frames of a recording that a `Recorder` wrote; a tail cut off by a crash is left out."""

    def __init__(self, path: Path) -> None:
        """Read the first line.

        Raises:
            BadInput: the file is no such recording.
        """
        self.path = path
        head = next(_lines(path), {})
        if head.get("racelab") != VERSION or not isinstance(head.get("manifest"), dict):
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
        if file.read(2) != b"\x1f\x8b":
            return False
    return next(_lines(path), {}).get("racelab") == VERSION


def find_recording(path: Path) -> Path | None:
    """The recording that a path means: the file itself, or that of a session's folder; None where it is none."""
    file = path / RECORDING if path.is_dir() else path
    return file if file.is_file() and is_recording(file) else None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines; reading ends at the first that is torn."""
    for block in read_blocks(path):
        for line in block.content.splitlines():
            try:
                content = json.loads(line)
            except ValueError:
                return
            if isinstance(content, dict):
                yield content
