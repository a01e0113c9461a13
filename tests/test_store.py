"""The store: whole sessions or none, idempotent, typed, in one transaction."""

from dataclasses import fields
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import KEY, session_data
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain import records
from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import StoreError
from racelab.store.migrate import head
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES, SOURCE_TABLES, TABLES

RECORDS = {
    "entries": Entry, "drivers": Driver, "laps": Lap, "pit_stops": PitStop, "results": Result,
    "weather": records.Weather, "track_status": TrackStatus, "session_status": SessionStatus,
    "race_control": RaceControlMessage,
}  # fmt: skip


def test_every_table_has_a_natural_key_and_columns_of_the_vocabulary() -> None:
    for name, spec in TABLES.items():
        assert set(spec.columns) <= set(COLUMNS), name
        assert [column.name for column in SA_TABLES[name].primary_key] == list(spec.key)
        assert all(column.comment for column in SA_TABLES[name].columns), name


def test_tables_and_records_have_the_same_fields() -> None:
    for spec in SOURCE_TABLES:
        if spec.name in RECORDS:
            own = {f.name for f in fields(RECORDS[spec.name])} - {"drivers"}
            extra = {"car_number"} if spec.name == "drivers" else set()
            assert set(spec.columns) - {"session_id"} - extra == own, spec.name


def test_the_migrated_schema_is_the_declared_one(store: SqlStore) -> None:
    inspector = sa.inspect(store._engine)
    assert set(inspector.get_table_names()) == {*TABLES, "alembic_version"}
    for name, table in SA_TABLES.items():
        assert {c["name"]: c["nullable"] for c in inspector.get_columns(name)} == {
            c.name: c.nullable for c in table.columns
        }
        assert {i["name"] for i in inspector.get_indexes(name)} == {i.name for i in table.indexes}
        assert inspector.get_pk_constraint(name)["constrained_columns"] == list(TABLES[name].key)


def test_sqlite_runs_in_wal_mode(store: SqlStore) -> None:
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(("revision", "remedy"), [("0000", "racelab db upgrade"), ("9999", "install a newer racelab")])
def test_a_store_of_another_schema_is_refused_with_the_remedy(tmp_path: Path, revision: str, remedy: str) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with SqlStore(url) as old, old._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    assert head() not in ("0000", "9999")
    with pytest.raises(StoreError, match=remedy):
        SqlStore(url)


@pytest.mark.parametrize(
    "url", ["oracle://x", "nonsense", "sqlite:////proc/none/x.db", "postgresql+psycopg://u:secret@127.0.0.1:1/x"]
)
def test_a_store_that_cannot_be_opened_is_one_line_without_secrets(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        SqlStore(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("this is not a database at all, " * 100)
    with pytest.raises(StoreError, match="not a database"):
        SqlStore(f"sqlite:///{path}")
    assert path.read_text().startswith("this is not")


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=5), st.integers(0, 300)), max_size=20, unique=True),
    st.integers(1, 7),
)
def test_any_rows_in_any_chunks_come_back(rows: list[tuple[str, int]], chunk: int) -> None:
    laps = [Lap(car, number, lap_time_ms=number) for car, number in rows if "\x00" not in car and car.isprintable()]
    with SqlStore("sqlite://", chunk_rows=chunk) as store:
        data = session_data()
        data.laps = laps
        store.write_session(data)
        frame = store.read("laps", KEY)
    found = set(zip(frame["car_number"], frame["lap_number"], frame["lap_time_ms"], strict=True))
    assert found == {(lap.car_number, lap.lap_number, lap.lap_time_ms) for lap in laps}
