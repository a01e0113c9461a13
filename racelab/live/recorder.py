"""Raw frames on disk before anyone reads them: compressed JSON lines, appended and never changed.

A recording is a row of gzip members, so that ``zcat`` reads it too. The first line names the provider's protocol and
what its parser needs; each further line is a frame with the instant at which it came. One process writes a recording.
"""

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.live.blockfile import BlockFile
from racelab.live.clock import Clock
from racelab.live.link import CONNECTED_AGAIN, CONNECTION_LOST, link_frame
from racelab.live.recording import VERSION, RecordedFeed, is_recording

__all__ = ["RecordedFeed", "Recorder", "is_recording"]
log = logging.getLogger("racelab")
_LATE = timedelta(seconds=1)
# What waits in memory while the disk takes nothing; beyond it is given up.
_WAITING_BYTES = 64 * 1024 * 1024


class Recorder:
    """Appends frames to a recording; what is older than a second is on the disk after `append` or `tick`.

    A disk that takes nothing stops nobody: that is logged once, frames wait in memory and are written when the disk
    takes them again. Beyond 64 MB they are given up, and link frames in their place name the gap.
    """

    def __init__(self, path: Path, protocol: str, manifest: dict[str, Any], clock: Clock) -> None:
        """Begin a recording, or go on with one that a crash may have cut off.

        Raises:
            BadInput: somebody else records the session.
            OSError: the folder or the file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._clock = path, clock
        self._lock = FileLock(f"{path}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise BadInput(f"{path}: the session is being recorded already; stop the other racelab first") from error
        self._file = BlockFile(path)
        self._lines: list[bytes] = []
        self._bytes = 0
        self._first: datetime | None = None
        self._since = clock.now()
        self._is_unsynced = self._is_failing = False
        if self._file.size == 0:
            self._wait(_packed({"racelab": VERSION, "protocol": protocol, "manifest": manifest}))
            self.flush()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.write()
        try:
            self._file.close()
        except OSError as fault:
            self._fails(fault)
        self._lock.release()

    def append(self, frame: Frame) -> None:
        """Take a frame, and write if the oldest one that waits is a second old."""
        if self._bytes > _WAITING_BYTES and self._first is not None:
            lost = link_frame(self._first, CONNECTION_LOST, "the disk took no frames")
            self._lines, self._bytes = [], 0
            self._wait(_line(lost))
            self._wait(_line(link_frame(frame.received_at, CONNECTED_AGAIN, "the disk took no frames")))
        self._first = self._first or frame.received_at
        self._wait(_line(frame))
        self.tick()

    def tick(self) -> None:
        """Write what has waited for a second; whoever waits for frames calls this meanwhile."""
        if self.is_due():
            self.flush()

    def is_due(self) -> bool:
        """Whether something has waited for a second to be on the disk."""
        return (bool(self._lines) or self._is_unsynced) and self._clock.now() - self._since >= _LATE

    def flush(self) -> None:
        """Write everything that waits, and see it to the disk."""
        self.write()
        self.sync()

    def write(self) -> None:
        """Hand what waits to the system: should this process die now, nothing of it is lost."""
        if not self._lines:
            return
        try:
            self._file.append(b"".join(self._lines))
        except OSError as error:
            self._fails(error)
            return
        self._lines, self._bytes, self._first = [], 0, None
        self._is_unsynced = True
        if self._is_failing:
            self._is_failing = False
            log.info("recording %s: the disk takes frames again", self._path)

    def sync(self) -> None:
        """See to the disk what was written; a thread may do this while others go on."""
        if not self._is_unsynced:
            return
        self._is_unsynced = False
        try:
            self._file.sync()
        except OSError as error:
            self._fails(error)

    def _wait(self, line: bytes) -> None:
        if not self._lines and not self._is_unsynced:
            self._since = self._clock.now()
        self._lines.append(line)
        self._bytes += len(line)

    def _fails(self, error: OSError) -> None:
        self._since = self._clock.now()
        if not self._is_failing:
            self._is_failing = True
            told = "recording %s: %s; the session goes on and its frames wait in memory: free some space"
            log.error(told, self._path, error.strerror)


def _line(frame: Frame) -> bytes:
    return _packed({"at": frame.received_at.isoformat(), "payload": frame.payload})


def _packed(content: dict[str, Any]) -> bytes:
    # What a server sends may hold half a character; it is kept as it came.
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"
