"""Write docs/schema.md from the schema that the package declares: `python scripts/schema_docs.py [--check]`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from racelab.domain.vocabulary import COLUMNS
from racelab.store.migrate import head
from racelab.store.tables import (
    DERIVED_TABLES,
    HISTORY_TABLES,
    KEEPING_TABLES,
    LIVE_TABLES,
    NAMING_TABLES,
    SA_TABLES,
    SOURCE_TABLES,
    TableSpec,
)

FILE = Path(__file__).parents[1] / "docs" / "schema.md"
PARTS = {
    "What names a session": NAMING_TABLES,
    "What a source brings": SOURCE_TABLES,
    "What racelab computes": DERIVED_TABLES,
    "What runs now": LIVE_TABLES,
    "What the store knows of itself": KEEPING_TABLES,
    "History since 1950": HISTORY_TABLES,
}
KINDS = {"int": "whole number", "float": "number", "text": "text", "bool": "true or false", "instant": "instant in UTC"}


def document() -> str:
    """The text of docs/schema.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The schema"
    yield ""
    yield f"Revision {head()}. Made from `racelab/store/tables.py` and `racelab/domain/vocabulary.py` by `python scripts/schema_docs.py`."
    yield ""
    yield "The natural key is the table's primary key: a second row with the same key overwrites the first, in every store."
    yield "Durations are whole milliseconds (`*_ms`), instants are UTC, a missing value is null. `*` marks a column that is never null."
    for heading, tables in PARTS.items():
        yield from ("", f"## {heading}")
        for spec in tables:
            yield from _table(spec)


def _table(spec: TableSpec) -> Iterator[str]:
    table = SA_TABLES[spec.name]
    yield from ("", f"### {spec.name}", "", f"{spec.description}.", "", f"Natural key: {_names(spec.key)}.")
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        words = "Unique" if index.unique else "Index"
        yield f"{words}: {_names(column.name for column in index.columns)} (`{index.name}`)."
    for parent in sorted(table.foreign_keys, key=lambda one: one.target_fullname):
        yield f"Belongs to `{parent.column.table.name}` by `{parent.parent.name}`, and goes with it."
    yield from ("", "| column | kind | unit | possible | meaning |", "|---|---|---|---|---|")
    for column in table.columns:
        meaning = COLUMNS[column.name]
        name = f"`{column.name}`" + ("" if column.nullable else " *")
        told = [name, KINDS[meaning.kind], meaning.unit or "", _range(column.name), meaning.description]
        yield "| " + " | ".join(told) + " |"


def _names(names: "Iterator[str] | tuple[str, ...]") -> str:
    return ", ".join(f"`{name}`" for name in names)


def _range(key: str) -> str:
    low, high = COLUMNS[key].low, COLUMNS[key].high
    if low is None and high is None:
        return ""
    return f"from {low:,.10g}" if high is None else f"{low:,.10g} to {high:,.10g}"


def main() -> None:
    """Write the file, or with --check say whether it is current."""
    text = document()
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
        sys.exit("docs/schema.md is not current: run `python scripts/schema_docs.py`")


if __name__ == "__main__":
    main()
