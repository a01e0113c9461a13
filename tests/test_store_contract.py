"""What every store does, whatever is behind it: the same tests on each kind."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import KEY, START, session_data

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import NotFound, StoreError
from racelab.settings import get_settings
from racelab.sources.sample import generate
from racelab.store.frames import typed
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.rows import frame_columns, named_columns
from racelab.store.tables import TABLES

REFUSED = r"nothing of (it|them) is stored"
MADE = 12
# For each kind of column, values that get lost where a store is careless; the last one is null.
TOKYO = timezone(timedelta(hours=9))
VALUES: dict[str, list[Any]] = {
    "int": [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 7, None],
    "float": [0.1, -0.0, 1.7976931348623157e308, 5e-324, -273.15, float("inf"), None],
    "text": ["007", "7", "O'Brien \"x\"; DROP TABLE laps; --", "Zoë 山本 🏁\ttab\nline \\N \\", "", "None", None],
    "bool": [True, False, None],
    "instant": [
        datetime(2024, 6, 15, 14, 0, 0, 123456, tzinfo=UTC), datetime(1950, 5, 13, 15, 0, tzinfo=TOKYO),
        datetime(2038, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC), None,
    ],
}  # fmt: skip


def made_rows(table: str, shift: int = 0) -> list[dict[str, Any]]:
    """Rows of a table: every natural key once, the other columns full of the values above."""
    spec, rows = TABLES[table], []
    for number in range(1 if spec.key == ("session_id",) else MADE):
        row = {key: _made(key, number + shift + place, key in spec.required) for place, key in enumerate(spec.values)}
        row |= {key: _key_value(key, number) for key in spec.key}
        rows.append(row | ({"event_id": 100 + number} if table == "sessions" else {}))
        if table == "events":
            rows[-1] |= {"series": "wec", "season": 2024, "round": 100 + number}
    return rows


def _made(key: str, number: int, required: bool) -> Any:
    values = VALUES[COLUMNS[key].kind]
    return values[number % (len(values) - required)]


def _key_value(key: str, number: int) -> Any:
    if key == "session_id":
        return KEY.session_id
    if COLUMNS[key].kind == "int":
        return [100, 9, 20][number % 3] + 100 * number
    return ["007", "7", "70", "Zoë's", "é", "Z", "a", "B b", "Ä", "10", "9", "1"][number % MADE]


def expected(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a frame, in the order of the natural key (texts by the codes of their characters)."""
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in TABLES[table].key))
    listed = [[row[key] for key in TABLES[table].columns] for row in ordered]
    instants = [key for key in TABLES[table].columns if COLUMNS[key].kind == "instant"]
    frame = pd.DataFrame(listed, columns=list(TABLES[table].columns), dtype=object)
    for key in instants:
        frame[key] = pd.Series([v and v.astimezone(UTC) for v in frame[key]], dtype="datetime64[us, UTC]")
    return typed(frame)


def add_parents(store: Store, table: str) -> None:
    """The rows that a table's rows refer to."""
    if table == "sessions":
        store.upsert("events", [row | {"event_id": 100 + n} for n, row in enumerate(made_rows("events"))])
    elif table != "events":
        store.write_session(bare_session())


def bare_session(digest: str = "none") -> SessionData:
    whole = session_data(digest=digest)
    return SessionData(whole.event, whole.session, whole.provenance)


def snapshot(store: Store) -> dict[str, pd.DataFrame]:
    return {name: store.read(name) for name in TABLES}


def assert_same(found: dict[str, pd.DataFrame], wanted: dict[str, pd.DataFrame]) -> None:
    for name, frame in wanted.items():
        pd.testing.assert_frame_equal(found[name], frame, obj=name)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_is_read_back_as_it_was_written(backend: Store, table: str) -> None:
    add_parents(backend, table)
    rows, changed = made_rows(table), made_rows(table, shift=1)
    assert backend.upsert(table, rows) == len(rows)
    pd.testing.assert_frame_equal(backend.read(table), expected(table, rows))
    backend.upsert(table, changed)
    pd.testing.assert_frame_equal(backend.read(table), expected(table, changed))


@pytest.mark.parametrize("table", sorted({"laps", "telemetry", "history_events", "history_results", "weather"}))
def test_a_frame_is_stored_without_a_copy_of_its_rows(backend: Store, table: str) -> None:
    """The frame that a store gives goes into another table of the same kind as it is."""
    add_parents(backend, table)
    frame = expected(table, made_rows(table))
    assert backend.replace_tables({table: frame_columns(table, frame)}) == {table: MADE}
    pd.testing.assert_frame_equal(backend.read(table), frame)
    assert backend.write_tables({table: frame_columns(table, frame)}) == MADE
    pd.testing.assert_frame_equal(backend.read(table), frame)


@pytest.mark.parametrize("count", [3, 700])
def test_the_last_of_rows_with_the_same_key_wins(backend: Store, count: int) -> None:
    rows = [{"source": "s", "label": str(n % 2), "reason": f"reason {n}", "read_utc": START} for n in range(count)]
    backend.upsert("refusals", rows)
    found = backend.read("refusals")
    assert dict(zip(found["label"], found["reason"], strict=True)) == {
        rows[n]["label"]: rows[n]["reason"] for n in (count - 2, count - 1)
    }


@pytest.mark.parametrize("count", [1, 700])
def test_an_upsert_leaves_the_columns_that_it_does_not_name(backend: Store, count: int) -> None:
    rows = [
        {"source": "s", "label": str(n), "reason": "old", "read_utc": START, "season": n, "series": "f1"}
        for n in range(count)
    ]
    backend.upsert("refusals", rows)
    names = ("source", "label", "reason", "read_utc")
    backend.write_tables({"refusals": {key: [(row | {"reason": "new"})[key] for row in rows] for key in names}})
    found = backend.read("refusals")
    assert set(found["reason"]) == {"new"}
    assert sorted(found["season"]) == list(range(count))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("lap_time_ms", 3.5), ("lap_time_ms", "90000"), ("lap_time_ms", 2**63), ("lap_time_ms", float("inf")),
        ("compound", 7), ("compound", "a\x00b"), ("compound", "\ud800"), ("pit_in", 2), ("pit_in", "yes"),
        ("top_speed_kph", "fast"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_in_one_line(backend: Store, column: str, value: Any) -> None:
    backend.write_session(session_data())
    before = snapshot(backend)
    row = {"session_id": KEY.session_id, "car_number": "7", "lap_number": 9, "quality": "measured"}
    with pytest.raises(StoreError) as caught:
        backend.upsert("laps", [row | {"pit_in": False, "pit_out": False, "deleted": False} | {column: value}])
    assert "\n" not in str(caught.value)
    assert_same(snapshot(backend), before)


def test_not_a_number_is_stored_as_missing(backend: Store) -> None:
    data = session_data()
    data.telemetry = pd.DataFrame(
        {
            "car_number": ["7", "7"],
            "kind": "car",
            "time_ms": [0, 1],
            "speed_kph": [np.nan, 2.0],
            "rpm": pd.array([None, 11], dtype="Int64"),
            "status": [None, float("nan")],
        }
    )
    backend.write_session(data)
    found = backend.read("telemetry", KEY)
    assert found["speed_kph"].isna().tolist() == [True, False]
    assert found["rpm"].tolist() == [pd.NA, 11]
    assert found["status"].isna().all()
    assert backend.read("telemetry", KEY, speed_kph=2.0)["time_ms"].tolist() == [1]


def test_writing_a_session_stores_every_record(backend: Store) -> None:
    written = backend.write_session(session_data())
    assert written.change == "added"
    assert written.rows == {
        "entries": 2, "drivers": 3, "laps": 6, "pit_stops": 1, "results": 2, "weather": 1, "track_status": 2,
        "session_status": 1, "race_control": 1,
    }  # fmt: skip
    laps = backend.read("laps", KEY, car_number="007")
    assert laps["lap_time_ms"].tolist() == [210_000] * 3
    assert laps["s3_ms"].tolist() == [90_000] * 3
    assert laps["pit_in"].tolist() == [False] * 3
    assert laps["compound"].tolist() == ["medium"] * 3
    assert laps["top_speed_kph"].isna().all()


def test_reading_a_source_twice_changes_nothing(backend: Store) -> None:
    backend.write_session(session_data())
    before = snapshot(backend)
    written = backend.write_session(session_data())
    assert (written.change, written.rows) == ("unchanged", {})
    assert_same(snapshot(backend), before)


def test_a_changed_session_is_replaced_as_a_whole(backend: Store) -> None:
    backend.write_session(session_data(laps=5))
    written = backend.write_session(session_data(laps=2, digest="two"))
    assert written.change == "updated"
    assert len(backend.read("laps")) == 4
    assert backend.digest(KEY) == "two"


def test_force_writes_an_unchanged_session_again(backend: Store) -> None:
    backend.write_session(session_data())
    assert backend.write_session(session_data(), force=True).change == "updated"


def test_a_refused_row_leaves_the_store_as_it_was(backend: Store) -> None:
    backend.write_session(session_data())
    before = snapshot(backend)
    broken = session_data(digest="two")
    broken.laps.append(broken.laps[0])
    with pytest.raises(StoreError, match=f"laps.*{REFUSED}"):
        backend.write_session(broken)
    assert_same(snapshot(backend), before)
    assert backend.digest(KEY) == "one"


def test_tables_are_written_all_or_none(backend: Store) -> None:
    backend.write_session(session_data())
    before = snapshot(backend)
    good = made_rows("refusals")
    lacking = [{"session_id": KEY.session_id, "car_number": "7", "lap_number": 9, "quality": None}]
    with pytest.raises(StoreError, match=REFUSED):
        backend.write_tables({"refusals": named_columns("refusals", good), "laps": named_columns("laps", lacking)})
    assert_same(snapshot(backend), before)


def test_a_replacement_that_fails_leaves_the_old_rows(backend: Store) -> None:
    backend.write_session(session_data())
    before = snapshot(backend)
    rows = [row | {"time_ms": 5} for row in made_rows("weather")]
    with pytest.raises(StoreError, match=REFUSED):
        backend.replace_tables({"weather": named_columns("weather", rows)}, session_id=KEY.session_id)
    assert_same(snapshot(backend), before)


def test_a_replacement_touches_only_what_matches(backend: Store) -> None:
    rows = [{"source": source, "label": "x", "reason": "old", "read_utc": START} for source in ("a", "b")]
    backend.upsert("refusals", rows)
    fresh = [{"source": "a", "label": "y", "reason": "new", "read_utc": START}]
    assert backend.replace_tables({"refusals": named_columns("refusals", fresh)}, source="a") == {"refusals": 1}
    found = backend.read("refusals")
    assert list(zip(found["source"], found["label"], strict=True)) == [("a", "y"), ("b", "x")]
    assert backend.replace_tables({"refusals": named_columns("refusals", [])}, source="a") == {"refusals": 0}
    assert backend.read("refusals")["source"].tolist() == ["b"]


def test_telemetry_stays_when_the_same_source_is_read_again_without_it(backend: Store) -> None:
    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": [0, 240], "speed_kph": [280.0, 281.0]})
    backend.write_session(data)
    backend.write_session(session_data(digest="two"))
    assert backend.read("telemetry", KEY)["speed_kph"].tolist() == [280.0, 281.0]
    other = session_data(digest="three")
    other.provenance = replace(other.provenance, source="another")
    backend.write_session(other)
    assert backend.read("telemetry", KEY).empty


def test_telemetry_in_any_order_comes_back_by_car_kind_and_time(backend: Store) -> None:
    data = session_data()
    frame = pd.DataFrame(
        [(car, kind, time, time / 7) for car in ("7", "007") for kind in ("position", "car") for time in (20, 3, 100)],
        columns=["car_number", "kind", "time_ms", "speed_kph"],
    )
    data.telemetry = frame
    backend.write_session(data)
    found = backend.read("telemetry", KEY)[list(frame.columns)]
    ordered = frame.sort_values(["car_number", "kind", "time_ms"], ignore_index=True)
    assert found.astype(object).values.tolist() == ordered.astype(object).values.tolist()


def test_two_cars_sampled_at_the_same_instant_both_stay(backend: Store) -> None:
    data = session_data()
    times = [number * 240 for number in range(50)]
    data.telemetry = pd.concat(
        pd.DataFrame({"car_number": car, "kind": kind, "time_ms": times})
        for car in ("7", "007")
        for kind in ("car", "position")
    )
    written = backend.write_session(data)
    assert written.rows["telemetry"] == 200
    for car in ("7", "007"):
        assert backend.read("telemetry", KEY, car_number=car, kind="car")["time_ms"].tolist() == times


def test_a_load_that_fails_half_way_leaves_nothing_and_the_next_completes_it(
    backend_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACELAB_CHUNK_ROWS", "10")
    get_settings.cache_clear()
    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": range(95), "speed_kph": 1.0})

    def stop(table: str, rows: int) -> None:
        if table == "telemetry" and rows >= 50:
            raise KeyboardInterrupt

    with open_store(backend_url) as store:
        with pytest.raises(KeyboardInterrupt):
            store.write_session(data, progress=stop)
        assert store.sessions().empty
        assert store.read("telemetry").empty
        assert store.digest(KEY) is None
        told: list[tuple[str, int]] = []
        assert store.write_session(data, progress=lambda *piece: told.append(piece)).change == "added"
        assert len(store.read("telemetry", KEY)) == 95
    assert [rows for table, rows in told if table == "telemetry"][-1] == 95


def test_car_numbers_are_text(backend: Store) -> None:
    backend.write_session(session_data())
    assert backend.read("entries", KEY)["car_number"].tolist() == ["007", "7"]
    assert len(backend.read("laps", KEY, car_number="7")) == 3


def test_rows_are_filtered_by_equal_values_and_by_lists(backend: Store) -> None:
    backend.write_session(session_data(laps=4))
    assert backend.read("laps", KEY, lap_number=[1, 4], car_number="7")["lap_number"].tolist() == [1, 4]
    assert backend.read("laps", car_number=["7", "nobody"])["car_number"].unique().tolist() == ["7"]
    assert backend.read("laps", KEY, lap_number=[]).empty
    assert backend.read("entries", car_number="7 OR 1=1").empty
    assert backend.read("laps", SessionKey(Series.WEC, 2023, 4, "R")).empty


def test_rows_between_two_times_are_those_from_low_up_to_high(backend: Store) -> None:
    data = session_data()
    data.telemetry = pd.DataFrame(
        [(car, "car", time, 1.0) for time in (0, 10, 20, 30) for car in ("7", "007")],
        columns=["car_number", "kind", "time_ms", "speed_kph"],
    )
    backend.write_session(data)
    found = backend.read_between("telemetry", KEY, 10, 30)
    assert list(zip(found["time_ms"], found["car_number"], strict=True)) == [
        (10, "007"), (10, "7"), (20, "007"), (20, "7"),
    ]  # fmt: skip
    assert backend.read_between("telemetry", KEY, 10, 11, car_number="7")["time_ms"].tolist() == [10]


def test_newer_gives_the_rows_above_a_revision(backend: Store) -> None:
    backend.write_session(session_data())
    cars = [{"session_id": KEY.session_id, "car_number": str(n), "revision": 9 - n, "state": "{}"} for n in range(4)]
    backend.upsert("live_cars", cars)
    assert [row["revision"] for row in backend.newer("live_cars", KEY, 7)] == [8, 9]
    assert backend.newer("live_cars", KEY, 9) == []
    assert backend.newer("live_cars", KEY, 8) == [cars[0]]


def test_deleting_gives_the_number_of_rows(backend: Store) -> None:
    backend.write_session(session_data())
    assert backend.delete("laps", session_id=KEY.session_id, car_number="7") == 3
    assert backend.delete("laps", session_id=KEY.session_id, car_number="7") == 0
    assert backend.read("laps")["car_number"].unique().tolist() == ["007"]


def test_instants_come_back_in_utc(backend: Store) -> None:
    backend.write_session(session_data())
    start = backend.read("sessions")["start_utc"].iloc[0]
    assert start == pd.Timestamp(START)
    assert start.utcoffset() == START.utcoffset()
    assert backend.sessions()["start_utc"].iloc[0] == start


def test_derived_rows_survive_a_new_ingest_and_are_upserted(backend: Store) -> None:
    backend.write_session(session_data())
    row = {
        "session_id": KEY.session_id, "car_number": "7", "target": "lap_time_ms", "lap_number": 4, "model": "naive",
        "sequence": 0, "value": 211_000.0, "quality": "predicted",
    }  # fmt: skip
    assert backend.upsert("predictions", [row]) == 1
    backend.upsert("predictions", [{**row, "value": 211_500.0}])
    backend.write_session(session_data(digest="two"))
    assert backend.read("predictions", KEY)["value"].tolist() == [211_500.0]


def test_upsert_refuses_a_column_that_the_table_lacks(backend: Store) -> None:
    with pytest.raises(ValueError, match="predictions has no column colour"):
        backend.upsert("predictions", [{"colour": "red"}])


def test_sessions_lists_counts_and_names(backend: Store) -> None:
    backend.write_session(session_data())
    row = backend.sessions().iloc[0]
    assert (row["id"], row["series"], row["season"], row["round"]) == (KEY.session_id, "wec", 2024, 4)
    assert (row["event"], row["session"], row["entries"], row["laps"]) == ("24 Hours of Le Mans", "R", 2, 6)


@pytest.mark.parametrize("reference", ["wec/2024/4/R", "WEC/2024/4/Race", "wec/2024/4/COURSE", str(KEY.session_id)])
def test_a_session_is_found_by_id_and_by_every_spelling(backend: Store, reference: str) -> None:
    backend.write_session(session_data())
    assert backend.find(reference) == KEY


@pytest.mark.parametrize(
    "reference", ["wec/2024/5/R", "wec/2024/R", "7", "ind/2024/4/R", "", "wec/2024/4/R; DROP TABLE laps"]
)
def test_an_unknown_session_is_one_clear_line(backend: Store, reference: str) -> None:
    with pytest.raises(NotFound) as caught:
        backend.find(reference)
    assert "\n" not in str(caught.value)


def test_local_sessions_get_the_next_free_round(backend: Store) -> None:
    first, second = (backend.create_session(Event(name), 2025, "R") for name in ("one", "two"))
    other = backend.create_session(Event("x"), 2026, "FP1")
    assert [str(key) for key in (first, second, other)] == ["local/2025/1/R", "local/2025/2/R", "local/2026/1/FP1"]
    assert backend.find("local/2025/2/R") == second
    assert backend.sessions()["event"].tolist() == ["one", "two", "x"]


def test_appended_rows_are_numbered_beside_the_rest_of_their_key(backend: Store) -> None:
    key = backend.create_session(Event("one"), 2025, "R")
    row = {"session_id": key.session_id, "car_number": "7", "target": "t", "lap_number": 1, "model": "m",
           "value": 1.0, "quality": "predicted"}  # fmt: skip
    assert [backend.append("predictions", row) for _ in range(3)] == [0, 1, 2]
    assert backend.append("predictions", row | {"car_number": "8"}) == 0
    assert backend.read("predictions", key)["sequence"].tolist() == [0, 1, 2, 0]


def work(url: str, times: int) -> None:
    """What one of several writers does at once: sessions of its own, rows of a shared one."""
    shared = session_data().session.key.session_id
    with open_store(url) as store:
        for number in range(times):
            store.create_session(Event("many"), 2025, "R")
            row = {"session_id": shared, "car_number": "7", "target": "t", "lap_number": 1, "model": "m"}
            store.append("predictions", row | {"value": float(number), "quality": "predicted"})


def assert_all_there(url: str, count: int) -> None:
    with open_store(url) as store:
        assert sorted(store.read("predictions")["sequence"]) == list(range(count))
        local = store.sessions().query("series == 'local'")
        assert sorted(local["round"]) == list(range(1, count + 1))


def test_threads_that_write_at_once_lose_and_double_nothing(backend_url: str) -> None:
    with open_store(backend_url) as store:
        store.write_session(session_data())
    threads = [threading.Thread(target=work, args=(backend_url, 6)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_all_there(backend_url, 24)


def test_processes_that_write_at_once_lose_and_double_nothing(backend_url: str) -> None:
    with open_store(backend_url) as store:
        store.write_session(session_data())
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_store_contract import work; work(sys.argv[1], 6)"
    running = [subprocess.Popen([sys.executable, "-c", code, backend_url], stderr=subprocess.PIPE) for _ in range(3)]
    for process in running:
        assert process.communicate(timeout=120)[1] == b""
        assert process.returncode == 0
    assert_all_there(backend_url, 18)


def test_one_session_written_by_many_at_once_is_stored_once(backend_url: str) -> None:
    data, changes = session_data(laps=30), []
    open_store(backend_url).close()

    def write() -> None:
        with open_store(backend_url) as store:
            changes.append(store.write_session(data).change)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(changes) == ["added", "unchanged", "unchanged", "unchanged"]
    with open_store(backend_url) as store:
        assert len(store.read("laps")) == 60


def test_every_store_gives_the_same_frames(backend: Store, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'reference.db'}") as reference:
        for found in generate(1)[:3]:
            data = found.read()
            reference.write_session(data)
            backend.write_session(data)
        for name in TABLES:
            frames = [store.read(name).drop(columns="read_utc", errors="ignore") for store in (reference, backend)]
            pd.testing.assert_frame_equal(*frames, obj=name)
        pd.testing.assert_frame_equal(reference.sessions(), backend.sessions())
