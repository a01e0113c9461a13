"""Checksums of what a store holds: the same for the same rows, whatever the database behind it.

A table's checksum is the SHA-256 of its rows in the order of their natural key (texts by code point), each row as the
fixed-width bytes of its values: a byte that says whether there is one, then a number as eight bytes, little end first,
a text as the 16 bytes of its BLAKE2b digest. The instants of writing (`store.tables.WRITTEN`) are left out: they
differ between two stores that were filled with the same sessions.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.domain.sessions import SessionKey
from racelab.domain.vocabulary import COLUMNS
from racelab.store.protocol import Progress, Store
from racelab.store.tables import TABLES, WRITTEN

# Sessions read at once: a race's telemetry is a million rows, its laps are some thousands.
_BATCH = {"telemetry": 1}
_SESSIONS = 8


def store_checksums(store: Store, progress: Progress | None = None) -> dict[str, str]:
    """The checksum of every table of a store, by table, in bounded memory; ``progress`` is told each table's rows."""
    ids = store.read("sessions")["session_id"].astype("int64").tolist()
    return {table: _checksum(_pieces(store, table, ids), table, progress) for table in TABLES}


def frame_checksum(frame: pd.DataFrame, table: str) -> str:
    """The checksum of a table's rows, in any order, with the table's columns."""
    return _checksum(iter([frame]), table, None)


def _checksum(pieces: Iterator[pd.DataFrame], table: str, progress: Progress | None) -> str:
    digest, rows = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(row_bytes(piece, table))
        rows += len(piece)
        if progress is not None:
            progress(table, rows)
    return digest.hexdigest()


def _pieces(store: Store, table: str, ids: list[int]) -> Iterator[pd.DataFrame]:
    """The table's rows, some sessions at a time in the order of their ids."""
    if TABLES[table].key[0] != "session_id":
        yield store.read(table)
        return
    size = _BATCH.get(table, _SESSIONS)
    for start in range(0, len(ids), size):
        batch = sorted(ids)[start : start + size]
        if size == 1:
            yield from _by_car(store, table, SessionKey.of_id(batch[0]))
        else:
            yield store.read(table, session_id=batch)


def _by_car(store: Store, table: str, key: SessionKey) -> Iterator[pd.DataFrame]:
    """A session's rows car by car, as they lie in the table; those of an archive at once, from its file."""
    if len(store.read("telemetry_archives", key)):
        yield store.read(table, key)
        return
    for car in store.values(table, "car_number", key):
        yield store.read(table, key, car_number=car)


def row_bytes(frame: pd.DataFrame, table: str) -> bytes:
    """The rows' bytes in the order of the table's natural key."""
    if frame.empty:
        return b""
    spec = TABLES[table]
    order = np.lexsort([_rank(frame[key]) for key in reversed(spec.key)])
    parts = [part for key in spec.columns if key not in WRITTEN for part in _bytes(frame[key], COLUMNS[key].kind)]
    return np.ascontiguousarray(np.hstack(parts)[order]).tobytes()


def _rank(column: "pd.Series[Any]") -> NDArray[Any]:
    """Numbers that sort as the column's values do: texts by code point."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return np.asarray(column.astype("int64"))
    return _coded(column)[0]


def _coded(column: "pd.Series[Any]") -> tuple[NDArray[Any], list[str]]:
    """The place of each text among the sorted different ones, -1 for a missing one; and these.

    pandas's own factorize takes a text to end at its first NUL.
    """
    texts = column.astype(object).where(column.notna(), None).tolist()
    different = sorted(set(texts) - {None})
    places = {text: place for place, text in enumerate(different)}
    return np.fromiter((places.get(text, -1) for text in texts), dtype="int64", count=len(texts)), different


def _bytes(column: "pd.Series[Any]", kind: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Whether there is a value, as one byte a row, and the value's bytes; those of a missing one are zero."""
    there = column.notna().to_numpy(dtype=bool)
    if kind == "text":
        values = _text_bytes(column)
    elif kind == "float":
        # Adding zero makes one zero of the two that floats have.
        values = _number_bytes(column.astype("float64").fillna(0.0).to_numpy() + 0.0, "<f8")
    elif kind == "instant":
        moments = pd.to_datetime(column, utc=True).dt.as_unit("us")
        values = _number_bytes(np.where(there, moments.astype("int64"), 0), "<i8")
    else:
        values = _number_bytes(column.astype("Int64").fillna(0).to_numpy(dtype="int64"), "<i8")
    return there.astype("uint8").reshape(-1, 1), values


def _number_bytes(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    return np.ascontiguousarray(values, dtype=dtype).view("uint8").reshape(len(values), 8)


def _text_bytes(column: "pd.Series[Any]") -> NDArray[Any]:
    codes, texts = _coded(column)
    digests = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
    table = np.frombuffer(b"".join([*digests, bytes(16)]), dtype="uint8").reshape(-1, 16)
    # A missing text has the place -1, which is the last row: zeros.
    return np.asarray(table[codes])
