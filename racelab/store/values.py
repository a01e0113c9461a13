"""From any column (list, array, series) to typed arrays that a database driver can be fed from, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racelab.domain.vocabulary import COLUMNS
from racelab.errors import StoreError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Above this a float no longer tells whole numbers apart.
_WHOLE = 2.0**53
_PIECE = 50_000


class ArrayColumn(Sequence[Any]):
    """A column of a frame in a given row order, without a copy of it; read as a sequence it gives plain values."""

    def __init__(self, key: str, values: "pd.Series[Any]", order: NDArray[np.intp] | None = None) -> None:
        """Take the values of column ``key`` of the vocabulary; ``order`` are the rows' places, None for as they are."""
        self._key = key
        self._values = values
        self._order = order

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return plain(self._key, self.part(*place.indices(len(self))[:2]))[:: place.step]
        return plain(self._key, self.part(place, place + 1))[0] if place >= 0 else self[len(self) + place]

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), _PIECE):
            yield from plain(self._key, self.part(start, start + _PIECE))

    def part(self, start: int, stop: int) -> "pd.Series[Any]":
        """The rows from start up to, not including, stop, as the frame has them."""
        if self._order is None:
            return self._values.iloc[start:stop]
        return self._values.take(self._order[start:stop])


@dataclass(frozen=True, slots=True)
class Fixed:
    """Numbers (int64, float64 or bool) of one kind; instants are microseconds since 1970 in UTC."""

    kind: str
    values: NDArray[Any]
    null: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def is_empty(self) -> bool:
        """Whether every value is null."""
        return self.null is not None and bool(self.null.all())

    def part(self, start: int, stop: int) -> "Fixed":
        """Rows from start up to, not including, stop."""
        return Fixed(self.kind, self.values[start:stop], None if self.null is None else self.null[start:stop])


@dataclass(frozen=True, slots=True)
class Text:
    """Texts as places in a list of words; -1 is null."""

    codes: NDArray[np.intp]
    words: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    def is_empty(self) -> bool:
        """Whether every value is null."""
        return not self.words

    def part(self, start: int, stop: int) -> "Text":
        """Rows from start up to, not including, stop, with the words that they use."""
        used, codes = np.unique(self.codes[start:stop], return_inverse=True)
        has_null = int(bool(len(used)) and used[0] < 0)
        return Text(codes - has_null, [self.words[place] for place in used[has_null:]])


Piece = Fixed | Text


def pieces(table: str, columns: dict[str, Any], keys: list[str], size: int) -> Iterator[list[Piece]]:
    """A table's columns in pieces of so many rows, typed as the vocabulary says.

    Raises:
        StoreError: a value is not of its column's kind.
        ValueError: the columns are not of one length.
    """
    count = len(columns[keys[0]])
    if any(len(columns[key]) != count for key in keys):
        raise ValueError(f"the columns of {table} are not of one length")
    for start in range(0, count, size):
        yield [_piece(table, key, _cut(columns[key], start, start + size)) for key in keys]


def plain(key: str, values: Any, table: str = "values") -> list[Any]:
    """Python's own values: int, float, str, bool and datetimes in UTC; null is None.

    Raises:
        StoreError: a value is not of the column's kind.
    """
    return driver_values(_piece(table, key, values), "postgresql")


def driver_values(piece: Piece, dialect: str) -> list[Any]:
    """The values as a driver takes them: null is None; SQLite has instants as text, and takes NaN itself for null."""
    if isinstance(piece, Text):
        return np.array([*piece.words, None], dtype=object)[piece.codes].tolist()  # type: ignore[no-any-return]
    if piece.kind == "instant":
        held = _written(piece.values) if dialect == "sqlite" else _datetimes(piece.values)
    elif piece.null is None or (piece.kind == "float" and dialect == "sqlite"):
        return piece.values.tolist()  # type: ignore[no-any-return]
    else:
        held = piece.values.astype(object)
    if piece.null is not None:
        held[piece.null] = None
    return held.tolist()  # type: ignore[no-any-return]


def _datetimes(values: NDArray[np.int64]) -> NDArray[np.object_]:
    held = np.empty(len(values), dtype=object)
    held[:] = [_EPOCH + timedelta(microseconds=value) for value in values.tolist()]
    return held


def _written(values: NDArray[np.int64]) -> NDArray[np.object_]:
    """Instants as SQLite keeps them: 2024-06-15 14:00:00.000000."""
    texts = np.datetime_as_string(values.view("datetime64[us]"))
    texts.view("U1").reshape(len(values), -1)[:, 10] = " "
    return texts.astype(object)


def _cut(values: Any, start: int, stop: int) -> Any:
    if isinstance(values, ArrayColumn):
        return values.part(start, stop)
    return values.iloc[start:stop] if isinstance(values, pd.Series) else values[start:stop]


def _piece(table: str, key: str, values: Any) -> Piece:
    kind = COLUMNS[key].kind
    try:
        if kind == "text":
            return _text(values)
        if kind == "instant":
            return _instants(values)
        return {"int": _ints, "float": _floats, "bool": _bools}[kind](*_numbers(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise StoreError(f"column {key} of {table} holds {kind} values, and one is not: {error}") from error


def _numbers(values: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Numbers and where they are null, in the type that they came in."""
    if isinstance(values, pd.Series) and values.dtype != object:
        null = values.isna().to_numpy()
        if not null.any():
            return values.to_numpy(), None
        filler = 0.0 if pd.api.types.is_float_dtype(values.dtype) else 0
        return values.to_numpy(dtype=_plain_dtype(values.dtype), na_value=filler), null
    if isinstance(values, np.ndarray) and values.dtype != object:
        null = np.isnan(values) if values.dtype.kind == "f" else None
        return values, null if null is not None and null.any() else None
    return _of_objects(np.asarray(values, dtype=object))


def _plain_dtype(dtype: Any) -> str:
    if pd.api.types.is_bool_dtype(dtype):
        return "bool"
    return "float64" if pd.api.types.is_float_dtype(dtype) else "int64"


def _of_objects(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    null = pd.isna(values)
    if not null.any():
        return np.array(values.tolist()), None
    known = np.array(values[~null].tolist() or [0])
    held = np.zeros(len(values), known.dtype)
    held[~null] = known[: len(values) - int(null.sum())]
    return held, null


def _ints(values: NDArray[Any], null: NDArray[np.bool_] | None) -> Fixed:
    if values.dtype.kind == "f":
        known = values if null is None else values[~null]
        wrong = known[(known != np.floor(known)) | (np.abs(known) > _WHOLE)]
        if len(wrong):
            raise ValueError(f"{wrong[0]} is no whole number")
        values = np.where(null, 0, values) if null is not None else values
    elif values.dtype.kind not in "iub" or (values.dtype.kind == "u" and len(values) and values.max() > 2**63 - 1):
        raise ValueError(f"{_first(values)!r} is no whole number of 64 bits")
    return Fixed("int", values.astype(np.int64, copy=False), null)


def _floats(values: NDArray[Any], null: NDArray[np.bool_] | None) -> Fixed:
    if values.dtype.kind not in "iufb":
        raise ValueError(f"{_first(values)!r} is no number")
    held = values.astype(np.float64, copy=null is not None)
    if null is not None:
        held[null] = np.nan
    unknown = np.isnan(held)
    return Fixed("float", held, unknown if unknown.any() else None)


def _bools(values: NDArray[Any], null: NDArray[np.bool_] | None) -> Fixed:
    if values.dtype.kind not in "iufb" or not np.isin(values, (0, 1)).all():
        raise ValueError(f"{_first(values)!r} is not true or false")
    return Fixed("bool", values.astype(np.bool_, copy=False), null)


def _first(values: NDArray[Any]) -> Any:
    return values.tolist()[0] if len(values) else None


def _instants(values: Any) -> Fixed:
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, pd.DatetimeTZDtype):
        series = pd.Series(values).dt.tz_convert("UTC").astype("datetime64[us, UTC]")
        null = series.isna().to_numpy()
        counts = np.where(null, 0, series.to_numpy("datetime64[us]").view(np.int64))
        return Fixed("instant", counts, null if null.any() else None)
    listed = [None if pd.isna(value) else _microseconds(value) for value in values]
    null = np.array([value is None for value in listed], dtype=np.bool_)
    return Fixed("instant", np.array([value or 0 for value in listed], dtype=np.int64), null if null.any() else None)


def _microseconds(value: Any) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{value!r} is no instant with a time zone")
    return (value - _EPOCH) // _MICROSECOND


def _text(values: Any) -> Text:
    if isinstance(getattr(values, "dtype", None), pd.CategoricalDtype):
        codes, uniques = values.cat.codes.to_numpy().astype(np.intp), values.cat.categories
    else:
        codes, uniques = pd.factorize(np.asarray(values, dtype=object))
    return Text(codes, [_word(word) for word in uniques])


def _word(value: Any) -> str:
    word = value.value if isinstance(value, Enum) else value
    if not isinstance(word, str):
        raise TypeError(f"{value!r} is no text")
    if "\x00" in word:
        raise ValueError(f"{word!r} has the character of code 0, which PostgreSQL cannot keep")
    word.encode()  # half a surrogate pair cannot be kept: the error says so here, whatever the database
    return str(word)
