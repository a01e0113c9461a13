"""Blocks of a file that only grows: gzip members that can be read up to their last whole line, finished or not.

After each piece the compressor is brought to a byte's end (a sync flush), so that a block that a crash cut off can be
read so far, and be closed there by ten bytes.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a sync flush ends with, and the empty last piece of a block.
_MARK, _LAST = b"\x00\x00\xff\xff", b"\x03\x00"
# No block of ours is larger; one that is would be no recording but a bomb.
_BLOCK_BYTES = 64 * 1024 * 1024
_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """A block's content, where in the file it ends, and whether it is complete."""

    content: bytes
    end: int
    is_whole: bool


def read_blocks(path: Path) -> Iterator[Block]:
    """The blocks of a file, one after the other; the last may be torn, and what comes after a torn one is not read."""
    with path.open("rb") as file:
        waiting = file.read(_READ_BYTES)
        while waiting:
            reader = zlib.decompressobj(wbits=31)
            parts: list[bytes] = []
            size = 0
            while waiting and not reader.eof and size <= _BLOCK_BYTES:
                part, is_good = _unpacked(reader, waiting)
                parts.append(part)
                size += len(part)
                if not is_good:
                    break
                waiting = reader.unconsumed_tail or reader.unused_data or file.read(_READ_BYTES)
            if size > _BLOCK_BYTES:
                return
            yield Block(b"".join(parts), file.tell() - len(waiting), reader.eof)
            if not reader.eof:
                return


def mend(path: Path) -> None:
    """Close a block that a crash cut off, at the last piece of it that is whole; what comes after is cut away."""
    whole = max((block.end for block in read_blocks(path) if block.is_whole), default=0)
    with path.open("r+b") as file:
        file.seek(whole)
        torn = file.read(_BLOCK_BYTES)
        if not torn:
            return
        kept, tail = _closed(torn)
        file.truncate(whole + kept)
        file.seek(0, os.SEEK_END)
        file.write(tail)
        file.flush()
        os.fsync(file.fileno())


def _closed(torn: bytes) -> tuple[int, bytes]:
    """How much of a torn block is whole pieces, and the bytes that complete it there."""
    place = torn.rfind(_MARK)
    while place >= 0:
        kept = place + len(_MARK)
        content, is_good = _unpacked(zlib.decompressobj(wbits=31), torn[:kept])
        tail = tail_of(zlib.crc32(content), len(content))
        # The mark may stand inside a piece by chance: then the block cannot be closed behind it.
        closing = zlib.decompressobj(wbits=31)
        again, is_closed = _unpacked(closing, torn[:kept] + tail)
        if is_good and is_closed and closing.eof and again == content and content.endswith(b"\n"):
            return kept, tail
        place = torn.rfind(_MARK, 0, place)
    return 0, b""


def tail_of(checksum: int, size: int) -> bytes:
    """The bytes that complete a block whose content has this CRC-32 and length."""
    return _LAST + struct.pack("<LL", checksum, size & 0xFFFFFFFF)


# The compiled type has no name outside its module.
def _unpacked(reader: "zlib._Decompress", packed: bytes) -> tuple[bytes, bool]:
    """What can be unpacked, and whether that is all; of a damaged piece, what stands before the damage."""
    before = reader.copy()
    try:
        return reader.decompress(packed, _BLOCK_BYTES + 1), True
    except zlib.error:
        good: list[bytes] = []
        for place in range(len(packed)):
            try:
                good.append(before.decompress(packed[place : place + 1]))
            except zlib.error:
                break
        return b"".join(good), False
