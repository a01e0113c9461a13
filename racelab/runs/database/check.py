"""All checks of a store, one after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from racelab.runs.database.access import Opened
from racelab.runs.database.archived import wrong_archives
from racelab.runs.database.counts import lost_history, lost_rows
from racelab.runs.database.integrity import unsound
from racelab.runs.database.problems import Problem
from racelab.runs.database.references import dangling, names_and_ids
from racelab.runs.database.schema import schema_faults
from racelab.runs.database.values import doubled_keys, impossible_values
from racelab.store.tables import TABLES

Checker = Callable[[Opened], Iterator[Problem]]
_FIRST = ("integrity", "schema")


@dataclass(frozen=True, slots=True)
class Step:
    """A check by its name, what it looks for, and how."""

    name: str
    looks_for: str
    find: Checker


def steps() -> list[Step]:
    """The checks in their order: where the file or the schema is at fault, the rest cannot be asked."""
    return [
        Step("integrity", "pages, indexes and constraints as the database's own checks see them", unsound),
        Step("schema", "tables, columns, keys and indexes as declared", schema_faults),
        Step("names", "ids of sessions and events as their names make them", names_and_ids),
        Step("references", "rows whose session, event, entry or source is missing", dangling),
        Step("values", "values outside their range, words that are none, values that are missing", _values),
        Step("keys", "two rows with one natural key", _keys),
        Step("rows", "as many rows as were written", _rows),
        Step("archives", "archived telemetry whose file is missing or another one", wrong_archives),
    ]


def find_problems(store: Opened, step: Step, before: list[Problem]) -> list[Problem] | None:
    """What a check finds, or None where an earlier problem keeps it from asking."""
    hinders = any(problem.check in _FIRST for problem in before) and step.name not in _FIRST
    return None if hinders else list(step.find(store))


def _values(store: Opened) -> Iterator[Problem]:
    for table in TABLES:
        yield from impossible_values(store, table)


def _rows(store: Opened) -> Iterator[Problem]:
    yield from lost_rows(store)
    yield from lost_history(store)


def _keys(store: Opened) -> Iterator[Problem]:
    for table in TABLES:
        yield from doubled_keys(store, table)
