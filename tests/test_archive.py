"""Telemetry in files: the same frames from the table and from the archive, and nothing lost on the way."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from builders import KEY, session_data
from hypothesis import given, settings
from hypothesis import strategies as st

import racelab as rl
from racelab.cli import main
from racelab.domain.records import SessionData
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.exports.tables import write_tables
from racelab.load import TELEMETRY_KINDS
from racelab.store import archive as archiving
from racelab.store import parquet, reading
from racelab.store.archive import (
    archive_folder,
    archive_telemetry,
    find_archive,
    located,
    strays,
    sweep,
    unarchive_telemetry,
)
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore
from racelab.store.tables import TABLES

_KEY = list(TABLES["telemetry"].key)
OLD = SessionKey(KEY.series, 2019, 4, "R")


def samples(speed: float = 280.0) -> pd.DataFrame:
    """Two cars, two kinds, a sample every 10 s; each value column has a null."""
    parts = []
    for car, shift in (("007", 0), ("7", 3)):
        times = list(range(shift, 640_000, 10_000))
        count = len(times)
        parts.append(pd.DataFrame({
            "car_number": car, "kind": "car", "time_ms": times, "speed_kph": [None, *[speed] * (count - 1)],
            "rpm": pd.array([11_000, None] * (count // 2), dtype="Int64"), "gear": 8, "throttle_pct": 99.5,
            "brake_pct": 0.0, "drs": pd.array([None] * count, dtype="Int64"),
        }))  # fmt: skip
        parts.append(pd.DataFrame({
            "car_number": car, "kind": "position", "time_ms": times, "x_m": [-0.1 * t for t in times], "y_m": 2.5,
            "z_m": None, "status": ["OnTrack", None] * (count // 2),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def with_telemetry(key: SessionKey = KEY, digest: str = "one", speed: float = 280.0) -> SessionData:
    data = session_data(key, digest=digest)
    data.telemetry = samples(speed)
    return data


def files(store: Store) -> list[Path]:
    folder = archive_folder(store.url)
    assert folder is not None
    return sorted(path for path in folder.rglob("*") if path.is_file())


def frames(store: Store) -> list[pd.DataFrame]:
    """What every reader may ask of a session's telemetry."""
    db = store.url
    laps = [rl.load_telemetry(str(KEY), car, lap=lap, db=db) for car in ("007", "7") for lap in (1, 2, 3)]
    cars = [rl.load_telemetry(str(KEY), car, db=db) for car in ("007", "7", "8")]
    read = [store.read("telemetry", KEY), store.read("telemetry"), store.read("telemetry", session_id=[KEY.session_id])]
    some = [store.read("telemetry", KEY, kind="car"), store.read_between("telemetry", KEY, 0, 70_000)]
    odd = [store.read("telemetry", KEY, status="OnTrack", car_number=["7", "9"])]
    return [*laps, *cars, *read, *some, *odd, store.read("telemetry", OLD)]


def same(left: list[pd.DataFrame], right: list[pd.DataFrame]) -> None:
    for one, other in zip(left, right, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_archive_gives_the_frames_of_the_table(backend: Store) -> None:
    backend.write_session(with_telemetry())
    before = frames(backend)
    assert [len(frame) for frame in before[:9]] == [42, 42, 42, 44, 42, 42, 128, 128, 0]
    told: list[tuple[str, int]] = []
    done = archive_telemetry(backend, KEY, lambda table, rows: told.append((table, rows)))
    assert done is not None
    assert (done.rows, told) == (256, [("telemetry", 128), ("telemetry", 256)])
    assert files(backend) == [done.path]
    assert backend.values("telemetry", "car_number", KEY) == []
    assert find_archive(backend, KEY) == done
    same(before, frames(backend))
    assert archive_telemetry(backend, KEY) is None
    assert unarchive_telemetry(backend, KEY) == 256
    assert sorted(backend.values("telemetry", "car_number", KEY)) == ["007", "7"]
    same(before, frames(backend))
    assert (files(backend), find_archive(backend, KEY), unarchive_telemetry(backend, KEY)) == ([], None, None)


def test_exports_of_an_archived_session_hold_its_telemetry(store: SqlStore, tmp_path: Path) -> None:
    store.write_session(with_telemetry())
    write_tables(store, KEY, tmp_path / "before", "parquet")
    archive_telemetry(store, KEY)
    write_tables(store, KEY, tmp_path / "after", "parquet")
    read = [pd.read_parquet(next((tmp_path / name).rglob("telemetry.parquet"))) for name in ("before", "after")]
    assert len(read[0]) == 256
    pd.testing.assert_frame_equal(read[0], read[1])


def test_the_file_has_a_row_group_for_each_car_and_kind_in_zstd(store: SqlStore) -> None:
    store.write_session(with_telemetry())
    done = archive_telemetry(store, KEY)
    assert done is not None
    told = pq.ParquetFile(done.path).metadata
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    named = [tuple(group.column(place).statistics.min for place in (1, 2)) for group in groups]
    assert named == [("007", "car"), ("007", "position"), ("7", "car"), ("7", "position")]
    assert {group.column(place).compression for group in groups for place in range(14)} == {"ZSTD"}
    assert done.path == located(store.url, f"wec/2024/4/{done.path.name}")
    assert done.path.name == f"R-{done.digest[:16]}.parquet"


class Killed(BaseException):
    """Stands for a process that ends here and now."""


def killed(*_: object, **__: object) -> None:
    raise Killed


POINTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the file is durable": lambda patch: patch.setattr(parquet.os, "fsync", killed),
    "before it is renamed": lambda patch: patch.setattr(Path, "replace", killed),
    "after it is renamed": lambda patch: patch.setattr(archiving, "_sync", killed),
    "before the rows are deleted": lambda patch: patch.setattr(SqlStore, "replace_tables", killed),
    "before the row is put in": lambda patch: patch.setattr("racelab.store.bulk.insert", killed),
    "before the sweep": lambda patch: patch.setattr(archiving, "sweep", killed),
}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_moment_nothing_is_lost_and_a_second_run_completes_it(store: SqlStore, point: str) -> None:
    store.write_session(with_telemetry())
    before = store.read("telemetry", KEY)
    with pytest.MonkeyPatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(Killed):
            archive_telemetry(store, KEY)
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))
    archive_telemetry(store, KEY)
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))
    done = find_archive(store, KEY)
    assert done is not None
    assert files(store) == [done.path]
    assert store.values("telemetry", "car_number", KEY) == []


BACK: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the rows are back": lambda patch: patch.setattr(SqlStore, "write_tables", killed),
    "before the archive is forgotten": lambda patch: patch.setattr(SqlStore, "delete", killed),
    "before the sweep": lambda patch: patch.setattr(archiving, "sweep", killed),
}


@pytest.mark.parametrize("point", BACK)
def test_killed_on_the_way_back_nothing_is_lost(store: SqlStore, point: str) -> None:
    store.write_session(with_telemetry())
    before = store.read("telemetry", KEY)
    archive_telemetry(store, KEY)
    with pytest.MonkeyPatch.context() as patch:
        BACK[point](patch)
        with pytest.raises(Killed):
            unarchive_telemetry(store, KEY)
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))
    unarchive_telemetry(store, KEY)
    sweep(store, KEY)
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))
    assert files(store) == []


def test_a_full_disk_leaves_the_telemetry_where_it_was(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_session(with_telemetry())
    before = store.read("telemetry", KEY)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet.os, "fsync", full)
    with pytest.raises(StoreError, match=r"No space left on device; the telemetry is where it was$"):
        archive_telemetry(store, KEY)
    assert files(store) == []
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))


def test_a_file_that_reads_back_otherwise_is_not_trusted(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_session(with_telemetry())
    before = store.read("telemetry", KEY)
    monkeypatch.setattr(parquet, "_frame", lambda table: table.to_pandas().assign(speed_kph=0.0))
    with pytest.raises(StoreError, match="does not give back what was written"):
        archive_telemetry(store, KEY)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(before, store.read("telemetry", KEY))
    assert find_archive(store, KEY) is None


def test_a_reading_without_telemetry_keeps_the_archive_and_one_with_it_takes_its_place(backend: Store) -> None:
    backend.write_session(with_telemetry())
    done = archive_telemetry(backend, KEY)
    before = backend.read("telemetry", KEY)
    backend.write_session(session_data(digest="two"))
    assert find_archive(backend, KEY) == done
    pd.testing.assert_frame_equal(before, backend.read("telemetry", KEY))
    backend.write_session(with_telemetry(digest="three", speed=300.0))
    assert (find_archive(backend, KEY), files(backend)) == (None, [])
    assert set(backend.read("telemetry", KEY, kind="car")["speed_kph"].dropna()) == {300.0}


def test_another_source_takes_over_without_the_archive(store: SqlStore) -> None:
    store.write_session(with_telemetry())
    archive_telemetry(store, KEY)
    other = session_data(digest="two")
    store.write_session(replace(other, provenance=replace(other.provenance, source="another")))
    assert (find_archive(store, KEY), files(store)) == (None, [])
    assert store.read("telemetry", KEY).empty


def test_rows_written_over_archived_ones_stand_over_them_and_join_the_next_archive(backend: Store) -> None:
    backend.write_session(with_telemetry())
    first = archive_telemetry(backend, KEY)
    row = {"session_id": KEY.session_id, "car_number": "7", "kind": "car", "speed_kph": 1.0}
    backend.upsert(
        "telemetry", [{**row, "time_ms": 3}, {**row, "time_ms": 5}, {**row, "time_ms": 5, "car_number": "9"}]
    )
    expected = backend.read("telemetry", KEY)
    assert len(expected) == 258
    assert expected[_KEY].equals(expected[_KEY].sort_values(_KEY, ignore_index=True))
    between = backend.read_between("telemetry", KEY, 3, 6, kind=TELEMETRY_KINDS)
    assert between[["car_number", "kind", "time_ms"]].to_numpy().tolist() == [
        ["7", "car", 3], ["7", "position", 3], ["7", "car", 5], ["9", "car", 5],
    ]  # fmt: skip
    second = archive_telemetry(backend, KEY)
    assert first is not None
    assert second is not None
    assert (second.rows, files(backend)) == (258, [second.path])
    pd.testing.assert_frame_equal(expected, backend.read("telemetry", KEY))


def test_telemetry_put_back_while_it_is_read_is_found_in_the_table(
    backend: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.write_session(with_telemetry())
    before = backend.read("telemetry", KEY)
    archive_telemetry(backend, KEY)
    read_file = parquet.read_file

    def late(*arguments: object) -> pd.DataFrame:
        monkeypatch.undo()
        with open_store(backend.url) as other:
            unarchive_telemetry(other, KEY)
        return read_file(*arguments)

    monkeypatch.setattr(parquet, "read_file", late)
    pd.testing.assert_frame_equal(before, backend.read("telemetry", KEY))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "No such file or directory"),
    "cut": (_cut, "is damaged or another file"),
    "one bit": (_flip, "is damaged or another file"),
    "another": (lambda path: samples().to_parquet(path), "is damaged or another file"),
    "empty": (lambda path: path.write_bytes(b""), "is damaged or another file"),
    "no Parquet": (lambda path: path.write_text("PAR1"), "is damaged or another file"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_archive_is_one_clear_line(store: SqlStore, kind: str) -> None:
    store.write_session(with_telemetry())
    done = archive_telemetry(store, KEY)
    assert done is not None
    harm, said = DAMAGE[kind]
    harm(done.path)
    for read in (
        lambda: rl.load_telemetry(str(KEY), "7", lap=1),
        lambda: rl.load_telemetry(str(KEY), "7"),
        lambda: unarchive_telemetry(store, KEY),
    ):
        with pytest.raises(StoreError, match=said) as caught:
            read()
        assert str(done.path) in str(caught.value)
        assert str(caught.value).endswith("restore it from a copy, or read the session again with --telemetry --force")
        assert "\n" not in str(caught.value)
    assert find_archive(store, KEY) == done
    assert len(rl.load_laps(str(KEY))) == 6
    store.write_session(with_telemetry(), force=True)
    assert len(store.read("telemetry", KEY)) == 256


@pytest.mark.parametrize("file", ["/etc/passwd", "../x.parquet", "f1/../../x.parquet", "a\x00b", "", "."])
def test_a_path_out_of_the_archive_is_refused(store: SqlStore, file: str) -> None:
    with pytest.raises(StoreError, match=r"which is not in .*: restore the store from a copy"):
        located(store.url, file)


def test_a_link_out_of_the_archive_is_refused(store: SqlStore, tmp_path: Path) -> None:
    folder = archive_folder(store.url)
    assert folder is not None
    folder.mkdir(parents=True)
    (folder / "f1").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="which is not in"):
        located(store.url, "f1/x.parquet")


def test_each_store_has_an_archive_of_its_own(tmp_path: Path) -> None:
    assert archive_folder("sqlite:///some/racelab.db") == Path("some/racelab.db-telemetry")
    assert archive_folder("json:///some/store") == Path("some/store-telemetry")
    assert archive_folder("json:////some/store") == Path("/some/store-telemetry")
    assert archive_folder("sqlite://") is None
    data = tmp_path / "data" / "telemetry"
    assert archive_folder("postgresql+psycopg://u:secret@db.host:5433/races") == data / "db.host_5433_races"
    assert archive_folder("postgresql+psycopg:///races?host=/run/pg") == data / "_run_pg_5432_races"
    assert archive_folder("postgresql+psycopg://u@/races?cloudsql=p:r:i") == data / "p_r_i_5432_races"
    assert archive_folder("postgresql+psycopg://u@h/..%2F..") == data / "h_5432_.._.."
    with SqlStore("sqlite://") as memory:
        memory.write_session(with_telemetry())
        memory.write_session(with_telemetry(digest="two"))
        with pytest.raises(StoreError, match="a store in memory has no archive"):
            archive_telemetry(memory, KEY)


def test_files_that_no_row_names_are_strays(store: SqlStore) -> None:
    store.write_session(with_telemetry())
    done = archive_telemetry(store, KEY)
    assert done is not None
    other = done.path.with_name("R-0000000000000000.parquet")
    other.write_bytes(b"left behind")
    neighbour = done.path.with_name("R1-0000000000000000.parquet")
    neighbour.write_bytes(b"of another session")
    assert strays(store.url, store.read("telemetry_archives")["file"]) == [other, neighbour]
    sweep(store, KEY)
    assert files(store) == [done.path, neighbour]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    with pytest.raises(SystemExit) as stopped:
        main(["db", *arguments, "--json"])
    assert not stopped.value.code, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_commands_archive_named_and_old_sessions_and_put_them_back(
    store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in (KEY, OLD):
        store.write_session(with_telemetry(key))
    told = run(capsys, "archive", "--before", "2024")
    assert [(one["session"], one["change"], one["rows"]) for one in told["sessions"]] == [(str(OLD), "archived", 256)]
    assert told["rows"] == 256
    assert told["bytes"]["before"]["archives"] == 0
    assert told["bytes"]["after"]["archives"] == files(store)[0].stat().st_size == told["sessions"][0]["bytes"]
    assert told["bytes"]["after"]["store"] < told["bytes"]["before"]["store"]
    told = run(capsys, "archive", str(KEY), str(OLD))
    assert [(one["change"], one["rows"]) for one in told["sessions"]] == [("archived", 256), ("unchanged", 0)]
    told = run(capsys, "unarchive", str(OLD))
    assert [(one["change"], one["rows"], one["file"]) for one in told["sessions"]] == [("unarchived", 256, None)]
    assert len(files(store)) == 1
    assert len(store.read("telemetry", OLD)) == 256


@pytest.mark.parametrize(
    "arguments", [["archive"], ["archive", str(KEY), "--before", "2024"], ["archive", "f1/2025/1/R"]]
)
def test_commands_say_what_they_need(store: SqlStore, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    store.write_session(with_telemetry())
    with pytest.raises(SystemExit) as stopped:
        main(["db", *arguments])
    said = capsys.readouterr().err.strip().splitlines()
    assert stopped.value.code == 1
    assert ("--before YEAR" in said[-1]) != ("has no session f1/2025/1/R" in said[-1])
    assert find_archive(store, KEY) is None


def _lap_query() -> sa.Select[tuple[object, ...]]:
    return reading.rows_between("telemetry", KEY, 210_000, 420_000, {"car_number": "7", "kind": TELEMETRY_KINDS})


def test_a_lap_is_read_by_the_key_in_sqlite(store: SqlStore) -> None:
    store.write_session(with_telemetry())
    with store._engine.connect() as connection:
        sql = str(_lap_query().compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    key = "(session_id=? AND car_number=? AND kind=? AND time_ms>? AND time_ms<?)"
    assert plan[0] == f"SEARCH telemetry USING PRIMARY KEY {key}"


@pytest.mark.postgres
def test_a_lap_is_read_by_the_key_in_postgresql(postgres_url: str) -> None:
    with SqlStore(postgres_url) as store, store._engine.connect() as connection:
        store.write_session(with_telemetry())
        # A small table is read whole for less; a race's is not.
        connection.exec_driver_sql("SET enable_seqscan = off")
        sql = str(_lap_query().compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}"))
    conditions = plan.split("Index Cond:")[1].split("->")[0]
    assert all(part in conditions for part in ("session_id =", "car_number =", "kind = ANY", "time_ms >=", "time_ms <"))
    assert "Filter:" not in plan


@pytest.mark.postgres
def test_two_databases_do_not_share_files(postgres_databases, tmp_path: Path) -> None:
    urls = [postgres_databases.create() for _ in range(2)]
    kept = []
    for url in urls:
        with open_store(url) as store:
            store.write_session(with_telemetry())
            done = archive_telemetry(store, KEY)
            assert done is not None
            kept.append(done.path)
    with open_store(urls[0]) as store:
        unarchive_telemetry(store, KEY)
    assert [path.exists() for path in kept] == [False, True]
    for url in urls:
        postgres_databases.drop(url)


FLOATS = st.one_of(st.none(), st.floats(allow_nan=False))
INTS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
ROWS = st.lists(
    st.tuples(st.sampled_from(["007", "7", "é"]), st.sampled_from(TELEMETRY_KINDS), st.integers(-5, 5), FLOATS, INTS, TEXTS),
    unique_by=lambda row: row[:3], max_size=30,
)  # fmt: skip


@settings(max_examples=40)
@given(ROWS, st.integers(-5, 5), st.integers(-5, 6))
def test_any_telemetry_comes_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], low: int, high: int
) -> None:
    found = [(1, *row[:3], row[3], row[4], row[4], row[3], None, None, row[3], None, row[3], row[5]) for row in sorted(
        rows, key=lambda row: row[:3])]  # fmt: skip
    frame = reading_frame(found)
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    count, digest = parquet.write_file(path, [group for _, group in frame.groupby("car_number", sort=False)])
    assert count == len(frame)
    pd.testing.assert_frame_equal(parquet.read_file(path, digest, {}, None), frame)
    inside = frame[(frame["car_number"] == "7") & (frame["time_ms"] >= low) & (frame["time_ms"] < high)]
    read = parquet.read_file(path, digest, {"car_number": "7", "kind": TELEMETRY_KINDS}, (low, high))
    pd.testing.assert_frame_equal(read, inside.reset_index(drop=True))


def reading_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    from racelab.store.frames import to_frame

    return to_frame(rows, TABLES["telemetry"].columns)


@pytest.mark.parametrize("command", [["archive", "--before", "2030"], ["unarchive", "f1/2025/1/R"]])
def test_no_store_is_made_where_there_is_none_to_archive(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--db", f"sqlite:///{tmp_path}/no/such.db", "db", *command])
    assert ended.value.code == 1
    assert "there is no store" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
