"""Records and states as short bytes, for keeping many of them in memory: lists of JSON, compressed.

The bytes hold nothing but values; what they are of is known by whoever reads them.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from operator import attrgetter
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from racelab.domain.records import Record
from racelab.live.state import RaceState

_KINDS: tuple[type, ...] = get_args(Record)
_PLACES = {kind: place for place, kind in enumerate(_KINDS)}
# Reads a value of JSON back; None where it is what it was already.
_Reader = Callable[[Any], Any] | None


def pack_records(records: Sequence[Record]) -> bytes:
    """Records as bytes."""
    return _pack([(_PLACES[type(record)], record) for record in records])


def unpack_records(packed: bytes) -> list[Record]:
    """The records that `pack_records` was given."""
    return [_made(_KINDS[place], values) for place, values in _unpack(packed)]


def pack_state(state: RaceState) -> bytes:
    """A state as bytes."""
    return _pack(state)


def unpack_state(packed: bytes) -> RaceState:
    """The state that `pack_state` was given."""
    state: RaceState = _made(RaceState, _unpack(packed))
    return state


def _pack(content: Any) -> bytes:
    return zlib.compress(json.dumps(content, default=_plain, separators=(",", ":")).encode(), 1)


def _unpack(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


def _plain(value: Any) -> Any:
    """What JSON does not know: instants as text, dataclasses as the list of their fields."""
    if isinstance(value, datetime):
        return value.isoformat()
    kind: Any = type(value)
    return _read(kind)(value)


@cache
def _read(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(field.name for field in fields(kind)))


def _made(kind: Any, values: list[Any]) -> Any:
    for place, reader in _readers(kind):
        if values[place] is not None:
            values[place] = reader(values[place])
    return kind(*values)


@cache
def _readers(kind: Any) -> list[tuple[int, Callable[[Any], Any]]]:
    """The fields of a dataclass that JSON does not give back as they were, by their place."""
    hints = get_type_hints(kind)
    found = ((place, _reader(hints[field.name])) for place, field in enumerate(fields(kind)))
    return [(place, reader) for place, reader in found if reader is not None]


def _reader(hint: Any) -> _Reader:
    kind, inner = get_origin(hint), get_args(hint)
    if kind is None:
        return _class_reader(hint)
    if kind in (UnionType, Union):
        return next((reader for reader in map(_reader, inner) if reader is not None), None)
    if kind is tuple:
        return partial(_tuple, _reader(inner[0]))
    reader = _reader(inner[-1])
    return partial(_dict, reader) if kind is dict and reader is not None else None


def _class_reader(kind: Any) -> _Reader:
    if is_dataclass(kind):
        return partial(_made, kind)
    if kind is datetime:
        return datetime.fromisoformat
    if issubclass(kind, Enum):
        return {member.value: member for member in kind}.__getitem__
    return partial(_named, kind) if issubclass(kind, tuple) else None


def _tuple(reader: _Reader, values: list[Any]) -> tuple[Any, ...]:
    return tuple(values) if reader is None else tuple(map(reader, values))


def _dict(reader: Callable[[Any], Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: reader(value) for name, value in values.items()}


def _named(kind: Any, values: list[Any]) -> Any:
    return kind(*values)
