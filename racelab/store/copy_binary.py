"""PostgreSQL's binary COPY format, written a whole piece at a time: no Python object is made for a row.

The format is that of the PostgreSQL documentation of COPY: a row is the number of its fields, then for each field
its length and its bytes, all big-endian; length -1 is null. Rows are laid out at full width as records of one
structured array; the bytes that a row does not need (a null's, the rest of a shorter text) are left out at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racelab.store.values import Fixed, Piece, Text

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
# PostgreSQL counts instants from 2000-01-01 UTC, in microseconds.
_ITS_EPOCH = 946_684_800_000_000
_FORMATS = {"int": ">i8", "float": ">f8", "bool": "u1", "instant": ">i8"}
_BLOCK_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as bytes of one width: ``lengths`` of each row's own, -1 for null; one number where all are alike."""

    lengths: NDArray[np.int32] | int
    format: str
    width: int
    values: NDArray[np.generic] | None


def encode(columns: list[Piece]) -> Iterator[bytes]:
    """The rows of these columns as blocks of bytes, each laid out in 16 MiB at most, or one row."""
    count = len(columns[0])
    width = sum(_width(column) for column in columns)
    if count > 1 and count * width > _BLOCK_BYTES:
        middle = count // 2
        yield from encode([column.part(0, middle) for column in columns])
        yield from encode([column.part(middle, count) for column in columns])
    elif count:
        yield _block(count, [_text(column) if isinstance(column, Text) else _fixed(column) for column in columns])


def _width(column: Piece) -> int:
    return 4 + (4 * max(map(len, column.words), default=0) if isinstance(column, Text) else 8)


def _text(column: Text) -> _Field:
    words = [word.encode() for word in column.words]
    lengths = np.array([*map(len, words), -1], np.int32)[column.codes]
    width = max(map(len, words), default=0)
    if not width:
        return _Field(lengths, "", 0, None)
    alike = bool((lengths == width).all())
    values = np.array([*words, b""], f"S{width}")[column.codes]
    return _Field(width if alike else lengths, f"S{width}", width, values)


def _fixed(column: Fixed) -> _Field:
    form = _FORMATS[column.kind]
    width = np.dtype(form).itemsize
    values = column.values - _ITS_EPOCH if column.kind == "instant" else column.values
    if column.null is None:
        return _Field(width, form, width, values)
    if column.null.all():
        return _Field(-1, "", 0, None)
    return _Field(np.where(column.null, np.int32(-1), np.int32(width)), form, width, values)


def _block(count: int, fields: list[_Field]) -> bytes:
    parts = [("count", ">i2")]
    for place, field in enumerate(fields):
        parts.append((f"length_{place}", ">i4"))
        parts += [(f"bytes_{place}", field.format)] if field.width else []
    records = np.empty(count, np.dtype(parts))
    records["count"] = len(fields)
    for place, field in enumerate(fields):
        records[f"length_{place}"] = field.lengths
        if field.values is not None:
            records[f"bytes_{place}"] = field.values
    ragged = [place for place, field in enumerate(fields) if field.width and not isinstance(field.lengths, int)]
    return _squeezed(records, fields, ragged) if ragged else records.tobytes()


def _squeezed(records: NDArray[np.void], fields: list[_Field], ragged: list[int]) -> bytes:
    """The records' bytes without those that are behind a row's own length."""
    layout = records.dtype
    keep = np.ones((len(records), layout.itemsize), np.bool_)
    for place in ragged:
        _, start = layout.fields[f"bytes_{place}"][:2]  # type: ignore[index]
        width, lengths = fields[place].width, np.asarray(fields[place].lengths)
        keep[:, start : start + width] = np.arange(width) < lengths[:, None]
    return records.view(np.uint8).reshape(keep.shape)[keep].tobytes()
