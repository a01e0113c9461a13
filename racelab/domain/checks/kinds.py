"""The kind of each field of a record, and how a value of another kind is read as it."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from math import isfinite
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import numpy as np

from racelab.domain.checks.ledger import KEYS
from racelab.domain.tyres import Compound

BLANKS = frozenset({"", "nan", "none", "nat", "<na>"})
# What a database holds in a column of whole numbers.
LARGEST = 2**63
HUGE = 1e300


class Unreadable(Exception):
    """The value means nothing for its column."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A field's kind: the exact types that need no look, and how anything else is read.

    ``read`` raises `Unreadable`; ``default`` stands for what cannot be read, and is None where the field may be null.
    A record whose ``vital`` field cannot be read is none.
    """

    name: str
    plain: frozenset[type]
    read: Callable[[Any], Any]
    default: Any
    vital: bool

    @property
    def compound(self) -> bool:
        """Whether it is a tyre compound."""
        return Compound in self.plain


@cache
def kinds(record: type, table: str) -> tuple[Kind, ...]:
    """The kinds of a record's fields, in their order, less crews."""
    hints = get_type_hints(record)
    found = []
    for field in fields(record):
        types = get_args(hints[field.name]) if isinstance(hints[field.name], UnionType) else (hints[field.name],)
        optional = NoneType in types
        wanted = next(kind for kind in types if kind is not NoneType)
        if field.name == "drivers":
            continue
        vital = field.name in KEYS.get(table, ("seat",)) or (not optional and field.default is MISSING)
        default = None if optional or field.default is MISSING else field.default
        plain = {wanted, NoneType} if optional else {wanted}
        plain |= {int} if wanted is float else set()
        found.append(Kind(field.name, frozenset(plain), _reader(wanted), default, vital))
    return tuple(found)


def _reader(wanted: Any) -> Callable[[Any], Any]:
    if issubclass(wanted, StrEnum):
        return partial(_enum, wanted)
    return {bool: _truth, int: _whole, float: _number, str: _text, datetime: _instant}[wanted]


def _truth(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise Unreadable


def _whole(value: Any) -> int:
    number: Any = _real(value)
    if isinstance(number, Integral) or (isfinite(number) and float(number).is_integer()):
        whole = int(number)
        if abs(whole) < LARGEST:
            return whole
    raise Unreadable


def _number(value: Any) -> float:
    number: Any = _real(value)
    if abs(number) < HUGE:
        return float(number)
    raise Unreadable


def _real(value: Any) -> Any:
    if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
        return value
    raise Unreadable


def _text(value: Any) -> str:
    if isinstance(value, Integral) and not isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, str) and is_sound(value):
        return str(value)
    raise Unreadable


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise Unreadable


def _enum(wanted: type[StrEnum], value: Any) -> StrEnum:
    try:
        return wanted(str(value))
    except ValueError as error:
        raise Unreadable from error


def is_sound(text: str) -> bool:
    """Whether a database can hold the text: no NUL, no half of a pair."""
    return "\x00" not in text and text.encode("utf-8", "replace").decode("utf-8") == text
