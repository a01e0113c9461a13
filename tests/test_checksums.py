"""Checksums of tables: the same rows give the same, whatever the database, the order and the pieces."""

import numpy as np
import pandas as pd
import pytest
from builders import KEY, session_data
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.runs.checksums import frame_checksum, row_bytes, store_checksums
from racelab.store.frames import typed
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore
from racelab.store.tables import TABLES

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def laps(**columns: list[object]) -> pd.DataFrame:
    """Laps of one session with these columns; the others are missing."""
    count = len(next(iter(columns.values())))
    frame = {key: [None] * count for key in TABLES["laps"].columns}
    frame |= {"session_id": [KEY.session_id] * count, "car_number": ["7"] * count, "lap_number": list(range(count))}
    return typed(pd.DataFrame(frame | columns))


def samples(count: int) -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"car_number": random.choice(["007", "7", "é"], count), "kind": "car", "time_ms": range(count)}
    )
    return frame.assign(speed_kph=random.random(count) * 300, gear=random.integers(0, 8, count), status=None)


def test_every_kind_of_store_gives_the_same_checksums(backend: Store) -> None:
    with SqlStore("sqlite://") as other:
        for round_ in range(1, 12):
            data = session_data(SessionKey(Series.WEC, 2024, round_, "R"), laps=round_)
            data.telemetry = samples(50)
            backend.write_session(data)
        for round_ in (3, 1, 2, *range(11, 3, -1)):
            data = session_data(SessionKey(Series.WEC, 2024, round_, "R"), laps=round_)
            data.telemetry = samples(50).sample(frac=1.0, random_state=1)
            other.write_session(data)
        ours, theirs = store_checksums(backend), store_checksums(other)
    assert ours == theirs
    assert set(ours) == set(TABLES)
    assert ours["history_events"] == EMPTY
    filled = {"events", "sessions", "ingest_runs", "entries", "drivers", "laps", "results", "telemetry", "race_control"}
    assert len({ours[table] for table in filled} - {EMPTY}) == len(filled)


def test_a_changed_value_changes_the_checksum_of_its_table_alone() -> None:
    with SqlStore("sqlite://") as store:
        store.write_session(session_data())
        before = store_checksums(store)
        lap = store.read("laps").iloc[0]
        store.upsert("laps", [{**lap.where(lap.notna(), None).to_dict(), "lap_time_ms": 210_001}])
        after = store_checksums(store)
    assert {table for table in TABLES if before[table] != after[table]} == {"laps"}


def test_instants_of_writing_do_not_count() -> None:
    with SqlStore("sqlite://") as store:
        store.write_session(session_data())
        before = store_checksums(store)
        store.write_session(session_data(), force=True)
        assert store_checksums(store) == before


def test_a_missing_value_is_not_a_zero_and_not_an_empty_text() -> None:
    frames = [
        laps(lap_time_ms=[value], compound=[text], top_speed_kph=[speed])
        for value in (None, 0) for text in (None, "", "soft") for speed in (None, 0.0)
    ]  # fmt: skip
    assert len({frame_checksum(frame, "laps") for frame in frames}) == len(frames)


def test_a_value_counts_with_its_column_and_its_row() -> None:
    one = laps(s1_ms=[1, 2], s2_ms=[3, 4])
    assert frame_checksum(one, "laps") != frame_checksum(laps(s1_ms=[3, 4], s2_ms=[1, 2]), "laps")
    assert frame_checksum(one, "laps") != frame_checksum(laps(s1_ms=[2, 1], s2_ms=[3, 4]), "laps")


def test_both_zeros_of_a_float_are_one_value() -> None:
    assert frame_checksum(laps(top_speed_kph=[-0.0]), "laps") == frame_checksum(laps(top_speed_kph=[0.0]), "laps")


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.text(max_size=3), st.integers(0, 9), st.none() | st.text(max_size=3)),
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    st.randoms(use_true_random=False),
    st.integers(0, 12),
)
def test_neither_the_order_nor_the_pieces_count(
    rows: list[tuple[str, int, str | None]], random: object, cut: int
) -> None:
    rows = sorted(rows)
    keys = ["car_number", "lap_number", "compound"]
    frame = laps(**{key: [row[at] for row in rows] for at, key in enumerate(keys)})
    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert row_bytes(frame.iloc[shuffled], "laps") == row_bytes(frame, "laps")
    assert row_bytes(frame[:cut], "laps") + row_bytes(frame[cut:], "laps") == row_bytes(frame, "laps")


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_the_same_number_of_bytes(table: str) -> None:
    frame = typed(pd.DataFrame({key: [None, None] for key in TABLES[table].columns}))
    frame = frame.assign(**{key: frame[key].fillna("") for key in TABLES[table].key if frame[key].dtype == "string"})
    frame = frame.assign(**{key: frame[key].fillna(1) for key in TABLES[table].key if frame[key].dtype == "Int64"})
    assert len(row_bytes(frame, table)) % 2 == 0
    assert len(row_bytes(frame, table)) // 2 == len(row_bytes(frame[:1], table)) > 0
