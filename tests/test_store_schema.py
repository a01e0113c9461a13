"""The schema as the databases themselves tell it: keys, indexes, types, and second rows refused."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from test_store_contract import add_parents, made_rows

from racelab.errors import StoreError
from racelab.store.engine import open_engine
from racelab.store.rows import named_columns
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES, TABLES


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def sql_store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        yield request.getfixturevalue("store")
        return
    with SqlStore(request.getfixturevalue("postgres_url")) as opened:
        yield opened


@pytest.fixture
def inspector(sql_store: SqlStore) -> Iterator[sa.Inspector]:
    engine = open_engine(sql_store.url, 1.0)
    yield sa.inspect(engine)
    engine.dispose()


def test_every_table_has_its_natural_key_as_primary_key(inspector: sa.Inspector) -> None:
    keys = {name: tuple(inspector.get_pk_constraint(name)["constrained_columns"]) for name in TABLES}
    assert keys == {name: spec.key for name, spec in TABLES.items()}


def test_every_index_that_the_tables_name_is_there_and_no_other(inspector: sa.Inspector) -> None:
    for name, table in SA_TABLES.items():
        found = {str(i["name"]): (i["column_names"], bool(i["unique"])) for i in inspector.get_indexes(name)}
        wanted = {str(i.name): ([column.name for column in i.columns], bool(i.unique)) for i in table.indexes}
        assert found == wanted, name


def test_the_columns_that_the_issue_of_a_session_rests_on_are_unique(inspector: sa.Inspector) -> None:
    """Season, round and session are in the session's id, which every table of a session has in its key."""
    unique = {name: {tuple(i["column_names"]) for i in inspector.get_indexes(name) if i["unique"]} for name in TABLES}
    assert unique["events"] == {("series", "season", "round")}
    assert unique["sessions"] == {("event_id", "code")}
    keyed = {name: TABLES[name].key for name in ("laps", "results", "weather", "telemetry", "track_status")}
    assert keyed == {
        "laps": ("session_id", "car_number", "lap_number"),
        "results": ("session_id", "kind", "car_number"),
        "weather": ("session_id", "time_ms"),
        "telemetry": ("session_id", "car_number", "kind", "time_ms"),
        "track_status": ("session_id", "time_ms"),
    }


def test_both_databases_have_the_same_columns(inspector: sa.Inspector) -> None:
    for name, table in SA_TABLES.items():
        found = {c["name"]: (_kind(c["type"]), c["nullable"]) for c in inspector.get_columns(name)}
        assert found == {c.name: (_kind(c.type), c.nullable) for c in table.columns}, name


def test_rows_of_a_session_go_with_it(inspector: sa.Inspector) -> None:
    for name in TABLES:
        foreign = inspector.get_foreign_keys(name)
        wanted = [
            (["session_id"], "sessions") if name != "sessions" else (["event_id"], "events")
        ] if name == "sessions" or ("session_id" in TABLES[name].columns) else []  # fmt: skip
        assert [(key["constrained_columns"], key["referred_table"]) for key in foreign] == wanted, name
        assert all(key["options"]["ondelete"] == "CASCADE" for key in foreign), name


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_second_row_of_the_same_natural_key_is_refused(sql_store: SqlStore, table: str) -> None:
    add_parents(sql_store, table)
    row = made_rows(table)[0]
    sql_store.delete(table)
    with pytest.raises(StoreError, match=r"(UNIQUE|unique) constraint"):
        sql_store.replace_tables({table: named_columns(table, [row, row])})
    assert sql_store.read(table).empty
    sql_store.replace_tables({table: named_columns(table, [row])})
    assert len(sql_store.read(table)) == 1


def test_a_second_event_of_the_same_round_is_refused(sql_store: SqlStore) -> None:
    first, second = made_rows("events")[:2]
    sql_store.upsert("events", [first])
    with pytest.raises(StoreError, match=r"(UNIQUE|unique) constraint"):
        sql_store.upsert("events", [second | {"round": first["round"]}])


def test_the_range_of_a_cars_telemetry_is_found_by_the_key(sql_store: SqlStore) -> None:
    """The plan of what `load_telemetry(session, car, lap=..)` asks: a search, not a scan."""
    spec = "session_id = 1 AND car_number = '7' AND time_ms >= 1 AND time_ms < 2"
    engine = open_engine(sql_store.url, 1.0)
    explain = "EXPLAIN QUERY PLAN" if sql_store.url.startswith("sqlite") else "EXPLAIN"
    with engine.connect() as connection:
        if explain == "EXPLAIN":
            connection.exec_driver_sql("SET enable_seqscan = off")
        plan = connection.exec_driver_sql(f"{explain} SELECT * FROM telemetry WHERE {spec}").fetchall()
    engine.dispose()
    text = " ".join(str(row) for row in plan)
    assert "SEARCH telemetry USING PRIMARY KEY" in text or "telemetry_pkey" in text


def _kind(kind: Any) -> str:
    for name, types in _KINDS.items():
        if isinstance(kind, types):
            return name
    raise AssertionError(kind)


_KINDS: dict[str, Any] = {
    "int": sa.BigInteger,
    "bool": sa.Boolean,
    "instant": sa.DateTime,
    "text": sa.Text,
    "float": sa.Float,
}
