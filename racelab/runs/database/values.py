"""Values that cannot be, and rows that are there twice."""

from collections.abc import Iterator

import sqlalchemy as sa

from racelab.domain.flags import Flag
from racelab.domain.laps import Quality, ResultKind, StopType
from racelab.domain.series import Series
from racelab.domain.tyres import Compound
from racelab.domain.vocabulary import COLUMNS
from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem, examples, key_text
from racelab.store.tables import SA_TABLES, TABLES

_LARGEST = 1.7976931348623157e308
_WORDS: dict[str, frozenset[str]] = {
    "quality": frozenset(Quality), "stop_type": frozenset(StopType), "compound": frozenset(Compound),
    "series": frozenset(Series),
}  # fmt: skip
# Words of one table only: race control and quarantine use the same columns for the provider's own words.
_TABLE_WORDS: dict[tuple[str, str], frozenset[str]] = {
    ("laps", "flag"): frozenset(Flag),
    ("pit_stops", "flag"): frozenset(Flag),
    ("track_status", "flag"): frozenset(Flag),
    ("results", "kind"): frozenset(ResultKind),
    ("telemetry", "kind"): frozenset({"car", "position"}),
    ("history_standings", "kind"): frozenset({"driver", "constructor"}),
    ("history_incidents", "kind"): frozenset({"safety_car", "red_flag"}),
    ("identities", "kind"): frozenset({"driver", "constructor", "circuit", "engine", "tyre"}),
}
_STORED_AS = {
    "int": ("integer",),
    "float": ("real", "integer"),
    "bool": ("integer",),
    "text": ("text",),
    "instant": ("text",),
}


def impossible_values(store: Opened, table: str) -> Iterator[Problem]:
    """Values of a table outside the ranges and the words of the column vocabulary, of another type, or missing."""
    wrong = dict(_conditions(store.kind, table))
    if not wrong:
        return
    held = SA_TABLES[table]
    counts = [sa.func.count(sa.case((condition, 1))).label(f"n{at}") for at, condition in enumerate(wrong.values())]
    found = store.connection.execute(sa.select(*counts).select_from(held)).one()
    for (what, condition), count in zip(wrong.items(), found, strict=True):
        if count:
            yield Problem("values", table, what, count, examples(store.connection, table, condition))


def doubled_keys(store: Opened, table: str) -> Iterator[Problem]:
    """Natural keys, and other unique columns, that more than one row of the table has."""
    spec, held = TABLES[table], SA_TABLES[table]
    unique = [tuple(column.name for column in index.columns) for index in held.indexes if index.unique]
    for keys in (spec.key, *unique):
        columns = [held.c[key] for key in keys]
        doubled = sa.select(*columns).group_by(*columns).having(sa.func.count() > 1)
        count = store.connection.execute(sa.select(sa.func.count()).select_from(doubled.subquery())).scalar_one()
        if count:
            shown = tuple(key_text(keys, row) for row in store.connection.execute(doubled.limit(3)))
            yield Problem("keys", table, f"more than one row for the same {', '.join(keys)}", count, shown)


def _conditions(kind: str, table: str) -> Iterator[tuple[str, sa.ColumnElement[bool]]]:
    for column in SA_TABLES[table].columns:
        meaning = COLUMNS[column.name]
        if not column.nullable:
            yield f"{column.name} is missing", column.is_(None)
        if kind == "sqlite":
            yield f"{column.name} is no {meaning.kind}", _of_another_type(column, meaning.kind)
        if meaning.low is not None:
            yield f"{column.name} under {meaning.low:g}", column < meaning.low
        if meaning.high is not None:
            yield f"{column.name} above {meaning.high:g}", column > meaning.high
        elif meaning.kind == "float":
            # NaN is above every number in PostgreSQL; SQLite stores it as null.
            yield f"{column.name} is no finite number", sa.or_(column > _LARGEST, column < -_LARGEST)
        words = _TABLE_WORDS.get((table, column.name)) or _WORDS.get(column.name)
        if words:
            yield f"{column.name} is none of its words", column.not_in(sorted(words))


def _of_another_type(column: "sa.Column[object]", kind: str) -> sa.ColumnElement[bool]:
    """SQLite stores any value in any column: a text where a number should be is found only by asking."""
    wrong = sa.func.typeof(column).not_in([*_STORED_AS[kind], "null"])
    if kind == "bool":
        return sa.or_(wrong, sa.type_coerce(column, sa.Integer()).not_in([0, 1]))
    if kind == "instant":
        return sa.or_(wrong, sa.type_coerce(column, sa.Text()).not_like("____-__-__ __:__:__.______"))
    return wrong
