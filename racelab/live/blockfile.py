"""Writing a file of blocks: a piece is appended whole or not at all, also on a disk that is full."""

import os
import zlib
from pathlib import Path

from racelab.live.blocks import mend, tail_of

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# So much of it can wait unfinished for a reader that takes only whole blocks, such as `zcat`.
_BLOCK_BYTES = 1024 * 1024


class BlockFile:
    """A file that grows by pieces; each can be read once it is appended, whatever happens to the process then."""

    def __init__(self, path: Path) -> None:
        """Open it, closing first a block that a crash cut off.

        Raises:
            OSError: it cannot be written.
        """
        if path.exists():
            mend(path)
        # Unbuffered: what is written is the system's.
        self._file = path.open("ab", buffering=0)
        self.size = self._file.tell()
        # What completes the block that was begun before, and has to stand before the next piece.
        self._ends = b""
        self._sum = self._length = 0
        self._begin()

    def append(self, content: bytes) -> None:
        """Append a piece, whole.

        Raises:
            OSError: the disk does not take it; the file is as it was, and the piece may be appended again.
        """
        ends = self._end()
        head = b"" if self._length else _HEAD
        piece = head + self._deflate.compress(content) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        try:
            self._write(self._ends + piece)
        except OSError:
            # The compressor has seen what the file has not: a new block begins with the next piece.
            self._ends += ends
            self._begin()
            raise
        self._ends = b""
        self._sum, self._length = zlib.crc32(content, self._sum), self._length + len(content)
        if self._length >= _BLOCK_BYTES:
            self._ends = self._end()
            self._begin()

    def sync(self) -> None:
        """See to the disk what was appended.

        Raises:
            OSError: the disk does not take it.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Complete the last block and close.

        Raises:
            OSError: the disk does not take the block's end; what was appended can be read all the same.
        """
        try:
            self._write(self._ends + self._end())
            self.sync()
        finally:
            self._file.close()

    def _begin(self) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._sum, self._length = 0, 0

    def _end(self) -> bytes:
        return tail_of(self._sum, self._length) if self._length else b""

    def _write(self, piece: bytes) -> None:
        try:
            left = memoryview(piece)
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._file.truncate(self.size)
            raise
        self.size += len(piece)
