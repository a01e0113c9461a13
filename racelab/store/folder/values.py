"""Values as the files hold them: plain JSON values of the column's kind; a null is left out."""

import math
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from racelab.domain.time import to_utc
from racelab.domain.vocabulary import COLUMNS
from racelab.store.folder.names import Row
from racelab.store.spec import instant
from racelab.store.tables import TABLES
from racelab.store.values import plain

_INFINITY = {math.inf: "Infinity", -math.inf: "-Infinity"}
# Infinity in words: JSON has no number for it.
INFINITE = {word: value for value, word in _INFINITY.items()}


def rows_of(table: str, columns: Mapping[str, Any]) -> list[Row]:
    """Rows from columns: a null is left out.

    Raises:
        StoreError: a value is not of its column's kind.
        ValueError: the columns are not of one length.
    """
    keys = [key for key in TABLES[table].columns if key in columns]
    values = [_written(key, plain(key, columns[key], table)) for key in keys]
    return [
        {key: value for key, value in zip(keys, row, strict=True) if value is not None}
        for row in zip(*values, strict=True)
    ]


def _written(key: str, values: list[Any]) -> list[Any]:
    """A column's plain values as JSON has them: instants as text, and infinity, which it lacks, too."""
    kind = COLUMNS[key].kind
    if kind == "instant":
        return [None if moment is None else _instant(moment) for moment in values]
    if kind == "float":
        return [value if value is None or math.isfinite(value) else _INFINITY[value] for value in values]
    return values


def plain_value(kind: str, value: Any) -> Any:
    """One value as a plain JSON value of its kind, or None.

    Raises:
        ValueError: it is not of this kind.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return _KINDS[kind](value)


def _int(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{value} is too large a number")
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"{_shown(value)} is no whole number")


def _float(value: Any) -> float | str:
    value = INFINITE.get(value, value) if isinstance(value, str) else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _INFINITY.get(float(value), float(value))
    raise ValueError(f"{_shown(value)} is no number")


def _text(value: Any) -> str:
    if isinstance(value, str):
        value.encode()
        return value
    raise ValueError(f"{_shown(value)} is no text")


def _bool(value: Any) -> bool:
    if value in (True, False) and isinstance(value, bool | int):
        return bool(value)
    raise ValueError(f"{_shown(value)} is neither true nor false")


def _instant(value: Any) -> str:
    if isinstance(value, datetime | str):
        return to_utc(instant(value)).replace(tzinfo=None).isoformat() + "Z"
    raise ValueError(f"{_shown(value)} is no instant")


def _shown(value: Any) -> str:
    return repr(value)[:40]


_KINDS: dict[str, Callable[[Any], Any]] = {
    "int": _int, "float": _float, "text": _text, "bool": _bool, "instant": _instant,
}  # fmt: skip


def check_row(table: str, row: Row, given: Collection[str]) -> None:
    """Refuse a row that lacks a value it must have, in the columns that were given.

    Raises:
        ValueError: a column of the key, or another that must be filled, is null.
    """
    spec = TABLES[table]
    for key in (*spec.key, *spec.required):
        if key not in row and (key in given or key in spec.key):
            raise ValueError(f"NOT NULL constraint failed: {table}.{key}")


def checked(table: str, row: Row) -> Row:
    """A row that a file gave, with every value of its kind.

    Raises:
        ValueError: a key is none of the table's, or a value is not of its kind, or missing.
    """
    if strange := set(row) - set(TABLES[table].columns):
        raise ValueError(f"{', '.join(sorted(map(repr, strange)))} is no key of this file")
    plain = {key: _value(key, value) for key, value in row.items()}
    known = {key: value for key, value in plain.items() if value is not None}
    check_row(table, known, TABLES[table].columns)
    return known


def _value(key: str, value: Any) -> Any:
    try:
        return plain_value(COLUMNS[key].kind, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{key}: {error}") from error
