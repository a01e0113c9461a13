"""Telemetry files: one Parquet file a session, a row group a car and kind, sorted by time."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from racelab.domain.vocabulary import COLUMNS
from racelab.errors import StoreError
from racelab.store.tables import TABLES

_KEYS = TABLES["telemetry"].columns
_TYPES = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
_SCHEMA = pa.schema([(key, _TYPES[COLUMNS[key].kind]) for key in _KEYS])
_TEXTS = [key for key in _KEYS if COLUMNS[key].kind == "text"]
_FRAME_TYPES = {pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype("python")}
_GROUPED = ("car_number", "kind")
_REMEDY = "restore it from a copy, or read the session again with --telemetry --force"


def write_file(path: Path, frames: Iterable[pd.DataFrame]) -> tuple[int, str]:
    """Write frames of telemetry, each of one car in the order of its key, durably; read them back, and compare.

    Returns the number of rows and the SHA-256 of the file.

    Raises:
        StoreError: what is read back is not what was written.
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd", use_dictionary=_TEXTS) as writer:
        for group in _groups(frames):
            writer.write_table(_table(group), row_group_size=len(group))
            written.append(_values(group))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    content = path.read_bytes()
    file = _opened(content, path)
    if [_values(_frame(_rows(file, [number]))) for number in range(file.num_row_groups)] != written:
        raise StoreError(f"{path} does not give back what was written to it: check the disk, then run it again")
    return file.metadata.num_rows, hashlib.sha256(content).hexdigest()


def read_file(path: Path, digest: str, where: Mapping[str, object], span: tuple[int, int] | None) -> pd.DataFrame:
    """Rows of a file in their order, filtered by equal values or lists of them, and by ``time_ms`` in a span.

    Raises:
        StoreError: the file is missing, or is not the one whose SHA-256 this is.
    """
    content = checked_bytes(path, digest)
    file = _opened(content, path)
    wanted = {name: set(_listed(value)) for name, value in where.items()}
    grouped = {name: wanted.pop(name) for name in _GROUPED if name in wanted}
    groups = [number for number in range(file.num_row_groups) if _is_of(file, number, grouped)]
    table = _rows(file, groups)
    for name, values in wanted.items():
        table = table.filter(_is_in(table[name], values, _SCHEMA.field(name).type))
    if span is not None:
        times = table["time_ms"]
        table = table.filter(pc.and_(pc.greater_equal(times, span[0]), pc.less(times, span[1])))
    return _frame(table)


def checked_bytes(path: Path, digest: str) -> bytes:
    """The content of a file whose SHA-256 is known.

    Raises:
        StoreError: the file is missing, or is another.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{path}, where archived telemetry lies, cannot be read: {error.strerror}; {_REMEDY}"
        ) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreError(f"{path} is damaged or another file: it is not the telemetry that was archived; {_REMEDY}")
    return content


def cars_of(path: Path, digest: str) -> list[str]:
    """The cars of a file, in its order.

    Raises:
        StoreError: the file is missing, or is another.
    """
    file = _opened(checked_bytes(path, digest), path)
    cars = file.read(columns=["car_number"]).column(0).unique().to_pylist()
    return [str(car) for car in cars]


def _opened(content: bytes, path: Path) -> Any:
    try:
        return pq.ParquetFile(pa.BufferReader(content), read_dictionary=_TEXTS)
    except pa.ArrowException as error:
        raise StoreError(f"{path} is no Parquet file: {_REMEDY}") from error


def _groups(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for frame in frames:
        for _, group in frame.groupby(list(_GROUPED), sort=False):
            yield group.reset_index(drop=True)


def _table(frame: pd.DataFrame) -> Any:
    return pa.Table.from_pandas(frame[list(_KEYS)], schema=_SCHEMA, preserve_index=False).replace_schema_metadata()


def _rows(file: Any, groups: list[int]) -> Any:
    # For the few groups of a lap, threads cost more than they bring.
    return file.read_row_groups(groups, use_threads=len(groups) > len(_GROUPED))


def _frame(table: Any) -> pd.DataFrame:
    # Texts are read as places in a dictionary, so that they are made only for rows that are wanted.
    return table.cast(_SCHEMA).to_pandas(types_mapper=_FRAME_TYPES.get, ignore_metadata=True)


def _values(frame: pd.DataFrame) -> bytes:
    return hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()).digest()


def _is_in(column: Any, values: set[Any], kind: Any) -> Any:
    return pc.is_in(column.cast(kind), pa.array(list(values), kind))


def _is_of(file: Any, number: int, wanted: Mapping[str, set[Any]]) -> bool:
    """Whether a row group is of a wanted car and kind; it has one of each."""
    return all(_value(file, number, name) in values for name, values in wanted.items())


def _value(file: Any, number: int, name: str) -> str:
    told = file.metadata.row_group(number).column(_KEYS.index(name)).statistics
    if told is not None and told.has_min_max:
        return str(told.min)
    # Statistics are left out for a text of some thousand letters.
    return str(file.read_row_group(number, columns=[name]).column(0)[0])


def _listed(value: object) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | set | frozenset) else [value]
