"""What a check of a store found, and the queries that all checks ask alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from racelab.store.tables import SA_TABLES, TABLES

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a table: what, in how many rows, and the natural keys of some of them."""

    check: str
    table: str
    what: str
    count: int
    examples: tuple[str, ...] = ()


def wrong_rows(
    connection: sa.Connection, check: str, table: str, what: str, wrong: sa.ColumnElement[bool]
) -> list[Problem]:
    """One problem with the rows of a table for which a condition holds, or none."""
    held = SA_TABLES[table]
    count = int(connection.execute(sa.select(sa.func.count()).select_from(held).where(wrong)).scalar_one())
    return [Problem(check, table, what, count, examples(connection, table, wrong))] if count else []


def examples(connection: sa.Connection, table: str, wrong: sa.ColumnElement[bool]) -> tuple[str, ...]:
    """The natural keys of the first rows for which a condition holds."""
    keys = TABLES[table].key
    query = sa.select(*(SA_TABLES[table].c[key] for key in keys)).where(wrong).limit(_EXAMPLES)
    return tuple(key_text(keys, row) for row in connection.execute(query))


def key_text(keys: Sequence[str], values: Sequence[Any]) -> str:
    """A natural key in words: session_id 120250113, car_number 7."""
    return ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
