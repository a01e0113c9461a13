"""The store: whole sessions or none, idempotent, typed, in one transaction."""

from dataclasses import fields, replace
from datetime import UTC
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from builders import KEY, START, session_data
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain import records
from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import NotFound, StoreError
from racelab.store.migrate import head
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES, SOURCE_TABLES, TABLES

RECORDS = {
    "entries": Entry, "drivers": Driver, "laps": Lap, "pit_stops": PitStop, "results": Result,
    "weather": records.Weather, "track_status": TrackStatus, "session_status": SessionStatus,
    "race_control": RaceControlMessage,
}  # fmt: skip


def counts(store: SqlStore) -> dict[str, int]:
    return {name: len(store.read(name)) for name in TABLES}


def test_writing_a_session_stores_every_record(store: SqlStore) -> None:
    written = store.write_session(session_data())
    assert written.change == "added"
    assert written.rows == {
        "entries": 2, "drivers": 3, "laps": 6, "pit_stops": 1, "results": 2, "weather": 1, "track_status": 2,
        "session_status": 1, "race_control": 1,
    }  # fmt: skip
    laps = store.read("laps", KEY, car_number="007")
    assert laps["lap_time_ms"].tolist() == [210_000] * 3
    assert laps["s3_ms"].tolist() == [90_000] * 3
    assert laps["pit_in"].tolist() == [False] * 3
    assert laps["compound"].tolist() == ["medium"] * 3
    assert laps["top_speed_kph"].isna().all()


def test_reading_a_source_twice_changes_nothing(store: SqlStore) -> None:
    store.write_session(session_data())
    before = {name: store.read(name) for name in TABLES}
    assert store.write_session(session_data()).change == "unchanged"
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, store.read(name))


def test_a_changed_session_is_replaced_as_a_whole(store: SqlStore) -> None:
    store.write_session(session_data(laps=5))
    written = store.write_session(session_data(laps=2, digest="two"))
    assert written.change == "updated"
    assert counts(store)["laps"] == 4
    assert store.digest(KEY) == "two"


def test_force_writes_an_unchanged_session_again(store: SqlStore) -> None:
    store.write_session(session_data())
    assert store.write_session(session_data(), force=True).change == "updated"


def test_a_refused_row_leaves_the_store_as_it_was(store: SqlStore) -> None:
    store.write_session(session_data())
    before = counts(store)
    broken = session_data(digest="two")
    broken.laps.append(broken.laps[0])
    with pytest.raises(StoreError, match=r"UNIQUE constraint failed: laps.*nothing of them is stored"):
        store.write_session(broken)
    assert counts(store) == before
    assert store.digest(KEY) == "one"


def test_telemetry_stays_when_the_same_source_is_read_again_without_it(store: SqlStore) -> None:
    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": [0, 240], "speed_kph": [280.0, 281.0]})
    store.write_session(data)
    store.write_session(session_data(digest="two"))
    assert store.read("telemetry", KEY)["speed_kph"].tolist() == [280.0, 281.0]
    other = session_data(digest="three")
    other.provenance = replace(other.provenance, source="another")
    store.write_session(other)
    assert store.read("telemetry", KEY).empty


def test_car_numbers_are_text(store: SqlStore) -> None:
    store.write_session(session_data())
    assert store.read("entries", KEY)["car_number"].tolist() == ["007", "7"]


def test_instants_come_back_in_utc(store: SqlStore) -> None:
    store.write_session(session_data())
    start = store.read("sessions")["start_utc"].iloc[0]
    assert start == pd.Timestamp(START)
    assert start.tzinfo is not None
    assert start.utcoffset() == START.astimezone(UTC).utcoffset()


def test_derived_rows_survive_a_new_ingest_and_are_upserted(store: SqlStore) -> None:
    store.write_session(session_data())
    row = {
        "session_id": KEY.session_id, "car_number": "7", "target": "lap_time_ms", "lap_number": 4, "model": "naive", "sequence": 0,
        "value": 211_000.0, "quality": "predicted",
    }  # fmt: skip
    assert store.upsert("predictions", [row]) == 1
    store.upsert("predictions", [{**row, "value": 211_500.0}])
    store.write_session(session_data(digest="two"))
    assert store.read("predictions", KEY)["value"].tolist() == [211_500.0]


def test_upsert_refuses_a_column_that_the_table_lacks(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="predictions has no column colour"):
        store.upsert("predictions", [{"colour": "red"}])


def test_sessions_lists_counts_and_names(store: SqlStore) -> None:
    store.write_session(session_data())
    row = store.sessions().iloc[0]
    assert (row["id"], row["series"], row["season"], row["round"]) == (KEY.session_id, "wec", 2024, 4)
    assert (row["event"], row["session"], row["entries"], row["laps"]) == ("24 Hours of Le Mans", "R", 2, 6)


@pytest.mark.parametrize("reference", ["wec/2024/4/R", "WEC/2024/4/Race", "wec/2024/4/COURSE", str(KEY.session_id)])
def test_a_session_is_found_by_id_and_by_every_spelling(store: SqlStore, reference: str) -> None:
    store.write_session(session_data())
    assert store.find(reference) == KEY


@pytest.mark.parametrize(
    "reference", ["wec/2024/5/R", "wec/2024/R", "7", "ind/2024/4/R", "", "wec/2024/4/R; DROP TABLE laps"]
)
def test_an_unknown_session_is_one_clear_line(store: SqlStore, reference: str) -> None:
    with pytest.raises(NotFound) as caught:
        store.find(reference)
    assert "\n" not in str(caught.value)


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
