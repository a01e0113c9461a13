"""Which rows are asked for: filters by equal values or by a list of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import pandas as pd

from racelab.domain.vocabulary import COLUMNS
from racelab.store.folder.blocks import Blocks
from racelab.store.folder.contents import rows_of_block
from racelab.store.folder.names import Group, Row, group_keys
from racelab.store.folder.values import plain_value
from racelab.store.spec import instant
from racelab.store.tables import TABLES

Where = Mapping[str, object]
Wanted = dict[str, frozenset[Any]]


def read_where(table: str, where: Where) -> Wanted:
    """The values wanted of each column, as the files hold them.

    Raises:
        KeyError: the table has no such column.
    """
    if strange := set(where) - set(TABLES[table].columns):
        raise KeyError(f"table {table} has no column {', '.join(sorted(strange))}")
    return {name: _values(name, value) for name, value in where.items()}


def _values(name: str, given: object) -> frozenset[Any]:
    if isinstance(given, list | tuple | set | frozenset):
        return frozenset(_value(name, one) for one in given if one is not None)
    return frozenset([_value(name, given)])


def _value(name: str, given: Any) -> Any:
    if isinstance(given, Enum):
        return given.value
    if hasattr(given, "item"):
        given = given.item()
    if given is pd.NA or given is pd.NaT:
        return None
    return plain_value(COLUMNS[name].kind, given) if isinstance(given, datetime | float) else given


def matches(row: Row, wanted: Wanted) -> bool:
    """Whether a row has the values wanted; None is wanted where a value is missing."""
    return all(row.get(name) in values for name, values in wanted.items())


def named_groups(table: str, groups: Iterable[Group], wanted: Wanted) -> list[Group]:
    """The groups that can hold rows wanted, in their order."""
    asked = [(place, wanted[key]) for place, key in enumerate(group_keys(table)) if key in wanted]
    return sorted(group for group in groups if all(group[place] in values for place, values in asked))


def select(table: str, blocks: Blocks, where: Where) -> list[Row]:
    """A table's rows that match, in the order of the natural key."""
    wanted = read_where(table, where)
    groups = named_groups(table, blocks, wanted)
    inner = {name: values for name, values in wanted.items() if name not in group_keys(table)}
    rows = [row for group in groups for row in rows_of_block(table, blocks[group])]
    return [row for row in rows if matches(row, inner)] if inner else rows


def live_row(table: str, row: Row) -> dict[str, Any]:
    """A row with all its columns, as plain values: instants are datetimes, a null is None."""
    return {
        key: instant(row[key]) if COLUMNS[key].kind == "instant" and key in row else row.get(key)
        for key in TABLES[table].columns
    }
