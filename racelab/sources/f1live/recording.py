"""Recorded sessions as frames: the text that FastF1's recorder saves, and folders of the archive's streams.

A frame's payload is the list ``[topic, content]``.
"""

import gzip
import heapq
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.lines import read_stream, read_text
from racelab.sources.f1live.streams import stream_zero
from racelab.sources.f1live.values import instant, stamp_ms

SUFFIXES = (".txt", ".txt.gz")
_STREAM = (".jsonStream", ".jsonStream.gz")
_LONGEST = 8 * 1024 * 1024
_LOOKED_AT = 20
# Names of lines that cannot be read are kept up to here; the count goes on.
KEPT = 1_000


def sniff(path: Path) -> bool:
    """Whether the path is a recording of FastF1's, or a folder of the archive's streams; false for what cannot be read."""
    if path.is_dir():
        return bool(stream_files(path))
    if not path.is_file():
        return False
    try:
        with _opened(path) as file:
            return any(_reads(line) for _, line in zip(range(_LOOKED_AT), lines(file), strict=False))
    except (BadInput, OSError):
        return False


def stream_files(folder: Path) -> list[Path]:
    """The archive's streams in a folder, of the topics that are read."""
    found = [file for file in sorted(folder.iterdir()) if file.is_file() and file.name.endswith(_STREAM)]
    return [file for file in found if topic_of(file) in spec.KNOWN]


def topic_of(path: Path) -> str:
    """The topic that a stream's file is named after."""
    return path.name.removesuffix(".gz").removesuffix(".jsonStream")


class Recording:
    """Messages in the order in which they came; lines that cannot be read are named in `skipped`."""

    def __init__(self, path: Path) -> None:
        """Remember where it is.

        Raises:
            BadInput: there is nothing that could be read.
        """
        self.path = path
        self.skipped: list[str] = []
        self.unread = 0
        if path.is_dir() and not stream_files(path):
            raise BadInput(f"{path}: no streams of live timing in this folder; they are named <Topic>.jsonStream")
        if path.is_file() and path.stat().st_size == 0:
            raise BadInput(f"{path}: the file is empty; copy or record it again")

    def __len__(self) -> int:
        return sum(1 for _ in self.frames())

    def frames(self) -> Iterator[Frame]:
        """The frames, from the first on; a cut-off end is left out."""
        self.skipped.clear()
        self.unread = 0
        return self._streams() if self.path.is_dir() else self._text()

    def _text(self) -> Iterator[Frame]:
        with _opened(self.path) as file:
            for number, line in enumerate(lines(file), 1):
                if not line.strip():
                    continue
                try:
                    topic, content, stamp = read_text(line)
                    frame = Frame(_moment(stamp), [topic, content])
                except ValueError as error:
                    self._skip(f"{self.path.name}, line {number}: {error}")
                    continue
                yield frame

    def _streams(self) -> Iterator[Frame]:
        files = stream_files(self.path)
        zero = stream_zero((topic_of(file), self._stream(file)) for file in files)
        if zero is None:
            raise BadInput(f"{self.path}: nothing in these streams tells the time of day; SessionInfo.jsonStream would")
        self.skipped.clear()
        self.unread = 0
        merged = heapq.merge(*(self._ranked(file) for file in files), key=lambda one: one[:2])
        for at, _, topic, content in merged:
            yield Frame(instant(zero + at), [topic, content])

    def _ranked(self, file: Path) -> Iterator[tuple[int, int, str, Any]]:
        topic = topic_of(file)
        rank = spec.FIRST.index(topic) if topic in spec.FIRST else len(spec.FIRST)
        return ((at, rank, topic, content) for at, content in self._stream(file))

    def _stream(self, file: Path) -> Iterator[tuple[int, Any]]:
        with _opened(file) as opened:
            for number, line in enumerate(lines(opened), 1):
                if not line.strip():
                    continue
                try:
                    found = read_stream(line)
                except ValueError as error:
                    self._skip(f"{file.name}, line {number}: {error}")
                    continue
                yield found

    def _skip(self, why: str) -> None:
        self.unread += 1
        if len(self.skipped) < KEPT:
            self.skipped.append(why)


def lines(file: IO[bytes]) -> Iterator[str]:
    """Lines of a file as text; reading ends without fuss where a compressed file is torn."""
    while True:
        try:
            line = file.readline(_LONGEST + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return
        if not line:
            return
        yield line.decode("utf-8", "replace")


def _reads(line: str) -> bool:
    try:
        return bool(read_text(line)[0])
    except ValueError:
        return False


def _moment(stamp: str) -> datetime:
    millis = stamp_ms(stamp)
    if millis is None:
        raise ValueError(f"no time {stamp[:40]!r}")
    return instant(millis)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}); check its name and rights") from error


def text_files(folder: Path) -> Iterable[Path]:
    """Saved texts in a folder and below."""
    return sorted(file for file in folder.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
