"""A table's file in pieces: the lines of a session, or of another group, as the bytes that stand in the file.

What is not asked for is never parsed, and what has not changed is written again as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import orjson

from racelab.store.folder.names import Group

_BETWEEN = b",\n"
_HEAD, _TAIL = b"[\n", b"\n]\n"


@dataclass(frozen=True, slots=True)
class Block:
    """The objects of a group, one a line, the number of rows that they stand for, and their checksum."""

    data: bytes
    rows: int
    crc: int


Blocks = Mapping[Group, Block]


def encode(objects: Iterable[dict[str, Any]], rows: int) -> Block:
    """A block of these objects.

    Raises:
        ValueError: a text is not valid Unicode.
    """
    try:
        data = _BETWEEN.join(map(orjson.dumps, objects))
    except TypeError as error:
        raise ValueError(f"cannot be written as JSON: {error}") from error
    return Block(data, rows, crc32(data))


def decode(block: Block) -> list[dict[str, Any]]:
    """The objects of a block."""
    return list(orjson.loads(b"[" + block.data + b"]"))


def file_parts(blocks: Blocks) -> Iterator[bytes]:
    """The file's bytes, piece by piece, the groups in their order."""
    yield _HEAD
    for number, group in enumerate(sorted(blocks)):
        if number:
            yield _BETWEEN
        yield blocks[group].data
    yield _TAIL if blocks else _TAIL[1:]


def index(blocks: Blocks) -> list[list[Any]]:
    """Where each group stands in the file: its key, rows, bytes and checksum, in the file's order."""
    return [[list(group), blocks[group].rows, len(blocks[group].data), blocks[group].crc] for group in sorted(blocks)]


def split(content: bytes, listed: list[list[Any]]) -> Blocks | None:
    """The blocks of a file whose index is known; None where the file is not the one that was indexed."""
    found: dict[Group, Block] = {}
    position, between = 0, _HEAD
    for key, rows, size, crc in listed:
        start = position + len(between)
        data = content[start : start + size]
        if content[position:start] != between or crc32(data) != crc:
            return None
        found[tuple(key)] = Block(data, rows, crc)
        position, between = start + size, _BETWEEN
    return found if content[position:] == (_TAIL if found else _HEAD + _TAIL[1:]) else None
