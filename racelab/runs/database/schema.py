"""The schema that a store has, beside the one that `store.tables` declares."""

from collections.abc import Iterator

import sqlalchemy as sa

from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem
from racelab.store.migrate import current, head
from racelab.store.tables import SA_TABLES

_CHECK = "schema"


def schema_faults(store: Opened) -> Iterator[Problem]:
    """Tables, columns, keys, indexes and foreign keys that are declared and not there; a JSON store has only tables."""
    if store.kind == "json":
        return
    found = current(store.connection)
    if found != head():
        yield Problem(_CHECK, "alembic_version", f"revision {found}, not {head()}", 1)
    inspector = sa.inspect(store.connection)
    there = set(inspector.get_table_names())
    for name, table in SA_TABLES.items():
        if name not in there:
            yield Problem(_CHECK, name, "the table is missing", 1)
            continue
        for what in _faults(inspector, table):
            yield Problem(_CHECK, name, what, 1)


def _faults(inspector: sa.Inspector, table: sa.Table) -> Iterator[str]:
    columns = {column["name"]: bool(column["nullable"]) for column in inspector.get_columns(table.name)}
    for column in table.columns:
        if column.name not in columns:
            yield f"column {column.name} is missing"
        elif columns[column.name] != column.nullable:
            yield f"column {column.name} {'may' if columns[column.name] else 'may not'} be null"
    key = inspector.get_pk_constraint(table.name)["constrained_columns"]
    if key != [column.name for column in table.primary_key]:
        yield f"the primary key is {', '.join(key) or 'missing'}"
    yield from _index_faults(inspector, table)
    parents = {tuple(one["constrained_columns"]) for one in inspector.get_foreign_keys(table.name)}
    for declared in table.foreign_key_constraints:
        if tuple(declared.column_keys) not in parents:
            yield f"the foreign key of {', '.join(declared.column_keys)} is missing"


def _index_faults(inspector: sa.Inspector, table: sa.Table) -> Iterator[str]:
    indexes = {one["name"]: (one["column_names"], bool(one["unique"])) for one in inspector.get_indexes(table.name)}
    for index in table.indexes:
        declared = ([column.name for column in index.columns], bool(index.unique))
        if index.name not in indexes:
            yield f"index {index.name} is missing"
        elif indexes[index.name] != declared:
            yield f"index {index.name} is not the one declared"
