"""docs/schema.md says what the schema is, and the schema has the keys that a season needs."""

import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from racelab.store.tables import SA_TABLES, TABLES

ROOT = Path(__file__).parents[1]
# Year, round, session, car or driver, and time where it applies: the ids of events and sessions hold the first three.
KEYS = {
    "events": ["event_id"],
    "sessions": ["session_id"],
    "entries": ["session_id", "car_number"],
    "drivers": ["session_id", "car_number", "seat"],
    "laps": ["session_id", "car_number", "lap_number"],
    "pit_stops": ["session_id", "car_number", "lap_number"],
    "results": ["session_id", "kind", "car_number"],
    "weather": ["session_id", "time_ms"],
    "telemetry": ["session_id", "car_number", "kind", "time_ms"],
    "history_results": ["provider", "season", "round", "code", "sequence"],
    "identities": ["kind", "provider", "provider_id"],
}
UNIQUE = {"events": ["series", "season", "round"], "sessions": ["event_id", "code"]}


@pytest.fixture
def docs() -> ModuleType:
    spec = util.spec_from_file_location("schema_docs", ROOT / "scripts" / "schema_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_current(docs: ModuleType) -> None:
    assert docs.FILE.read_text(encoding="utf-8") == docs.document()


def test_every_table_column_and_index_is_documented(docs: ModuleType) -> None:
    text = docs.document()
    for name, table in SA_TABLES.items():
        section = text.split(f"### {name}\n")[1].split("\n### ")[0]
        assert all(f"| `{column.name}`" in section for column in table.columns), name
        assert all(f"(`{index.name}`)" in section for index in table.indexes), name
    assert sum(len(tables) for tables in docs.PARTS.values()) == len(TABLES)


def test_an_old_document_is_told_of(docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "FILE", tmp_path / "schema.md")
    monkeypatch.setattr(sys, "argv", ["schema_docs.py", "--check"])
    with pytest.raises(SystemExit, match="not current"):
        docs.main()
    monkeypatch.setattr(sys, "argv", ["schema_docs.py"])
    docs.main()
    monkeypatch.setattr(sys, "argv", ["schema_docs.py", "--check"])
    docs.main()


def test_natural_keys_and_unique_constraints() -> None:
    for table, key in KEYS.items():
        assert [column.name for column in SA_TABLES[table].primary_key] == key
    for table, key in UNIQUE.items():
        assert key in [[column.name for column in index.columns] for index in SA_TABLES[table].indexes if index.unique]
