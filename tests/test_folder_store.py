"""The JSON folder: what its files say, what a person may write there, and what it refuses."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest
from builders import KEY, session_data
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.series import Series
from racelab.domain.sessions import Event, SessionKey
from racelab.errors import StoreError
from racelab.store.folder import JsonStore, metric_shapes
from racelab.store.folder.names import FILES
from racelab.store.folder.shapes import Around, to_objects, to_rows
from racelab.store.lightweight import RaceStorage
from racelab.store.migrate import head
from racelab.store.sql import SqlStore
from racelab.store.tables import TABLES

SPEC: dict[str, list[dict[str, Any]]] = {
    "race_sessions.json": [
        {
            "id": 1, "circuit": "Barber Motorsports Park", "date": "2024-01-15T10:00:00", "race_type": "race",
            "created_at": "2024-01-15T10:00:00", "updated_at": "2024-01-15T10:00:00",
        },
        {"id": 2, "circuit": "Barber Motorsports Park", "date": "2024-01-14T10:00:00", "race_type": "practice"},
    ],
    "driver_metrics.json": [
        {
            "id": 1, "session_id": 1, "driver_id": "driver_1", "consistency_index": 0.92, "aggression_score": 0.65,
            "sector_strength": {"s1": 0.01, "s2": -0.02}, "pace_stability": {"slope": 0.1}, "fatigue_dropoff": {},
            "created_at": "2024-01-15T10:00:00",
        }
    ],
    "lap_data.json": [
        {
            "id": 1, "session_id": 1, "driver_id": "driver_1", "lap_number": 1, "lap_time": 93.4565,
            "sectors": {"s1": 30.1, "s2": 31.2}, "lap_type": "normal", "position": 3, "created_at": "2024-01-15T10:00:00",
        },
        {"id": 2, "session_id": 1, "driver_id": 7, "lap_number": 1, "lap_time": 94, "sectors": [30, 31, 33]},
    ],
    "predictions.json": [
        {
            "id": 1, "session_id": 1, "driver_id": "driver_1", "prediction_type": "lap_time", "prediction_value": 93.2,
            "model_path": "m.json", "confidence": 0.9, "created_at": "2024-01-15T10:00:00",
        }
    ],
    "simulations.json": [
        {
            "id": 1, "session_id": 1, "driver_paces": {"driver_1": 93.2}, "n_laps": 20, "iterations": 1000,
            "results": {"driver_1": {"win": 0.3}}, "created_at": "2024-01-15T10:00:00",
        }
    ],
}  # fmt: skip
OURS = SessionKey(Series.LOCAL, 2024, 1, "R")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def opened(folder: Path, **options: Any) -> JsonStore:
    return JsonStore(f"json:///{folder.as_posix()}", **options)


def objects(folder: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / FILES[table]).read_text())
    return found


def write_spec(folder: Path) -> None:
    folder.mkdir()
    for name, content in SPEC.items():
        (folder / name).write_text(json.dumps(content, indent=2))


def test_a_file_holds_one_object_a_line_with_the_keys_of_the_lightweight_interface(folder: Path) -> None:
    opened(folder).write_session(session_data())
    lines = (folder / "lap_data.json").read_text().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", 8)
    lap = json.loads(lines[1].rstrip(","))
    assert (lap["session_id"], lap["driver_id"], lap["lap_number"]) == (KEY.session_id, "007", 1)
    assert (lap["lap_time"], lap["lap_time_ms"]) == (210.0, 210_000)
    assert lap["sectors"] == {"s1": 40.0, "s2": 80.0, "s3": 90.0}
    assert "top_speed_kph" not in lap
    session = objects(folder, "sessions")[0]
    assert (session["id"], session["circuit"], session["race_type"]) == (KEY.session_id, "Le Mans", "race")
    assert session["date"] == "2024-06-15T14:00:00Z"
    assert session["created_at"] == objects(folder, "ingest_runs")[0]["read_utc"]


def test_every_table_has_a_file_of_its_own_and_the_five_keep_their_names() -> None:
    assert len(set(FILES.values())) == len(TABLES)
    assert set(SPEC) <= set(FILES.values())


def test_files_with_only_the_keys_of_the_interface_are_read(folder: Path) -> None:
    write_spec(folder)
    store = opened(folder)
    listed = store.sessions()
    assert listed["id"].tolist() == [OURS.session_id, SessionKey(Series.LOCAL, 2024, 2, "FP1").session_id]
    assert listed["circuit"].tolist() == ["Barber Motorsports Park"] * 2
    assert (listed["entries"].tolist(), listed["laps"].tolist()) == ([2, 0], [2, 0])
    assert listed["start_utc"].tolist()[0] == pd.Timestamp("2024-01-15T10:00:00Z")
    laps = store.read("laps", OURS)
    assert laps["car_number"].tolist() == ["7", "driver_1"]
    assert laps["lap_time_ms"].tolist() == [94_000, 93_457]
    assert laps[["s1_ms", "s2_ms"]].to_numpy().tolist() == [[30_000, 31_000], [30_100, 31_200]]
    assert laps["s3_ms"].isna().tolist() == [False, True]
    metrics = store.read("driver_metrics", OURS).set_index("metric")
    assert metrics.loc["sector_strength_s2", "value"] == -0.02
    assert metrics.loc["pace_stability", "detail"] == '{"slope":0.1}'
    assert set(metrics["created_utc"]) == {pd.Timestamp("2024-01-15T10:00:00Z")}
    assert store.read("predictions", OURS)["value"].tolist() == [93.2]
    assert store.read("simulation_runs", OURS)["driver_paces"].tolist() == ['{"driver_1":93.2}']


def test_reading_files_of_others_changes_none_and_the_first_write_keeps_what_they_say(folder: Path) -> None:
    write_spec(folder)
    before = {name: (folder / name).read_bytes() for name in SPEC}
    store = opened(folder)
    frames = {table: store.read(table) for table in TABLES}
    assert {name: (folder / name).read_bytes() for name in SPEC} == before
    store.write_session(session_data())
    again = opened(folder)
    for table, frame in frames.items():
        found = again.read(table)
        if "session_id" in found.columns:
            found = found[found["session_id"] != KEY.session_id]
        if table == "events":
            found = found[found["event_id"] != KEY.event_id]
        pd.testing.assert_frame_equal(found.reset_index(drop=True), frame, obj=table)
    assert {lap["session_id"] for lap in objects(folder, "laps")} == {OURS.session_id, KEY.session_id}
    given = RaceStorage(again).get_session_metrics(OURS.session_id)[0]
    assert {key: given[key] for key in ("consistency_index", "pace_stability", "fatigue_dropoff", "created_at")} == {
        "consistency_index": 0.92, "pace_stability": {"slope": 0.1}, "fatigue_dropoff": {},
        "created_at": "2024-01-15T10:00:00",
    }  # fmt: skip


def test_what_a_person_changes_in_a_file_is_read_and_kept(folder: Path) -> None:
    store = opened(folder)
    store.write_session(session_data())
    path = folder / "lap_data.json"
    path.write_text(path.read_text().replace('"lap_number":1,', '"lap_number":1,"lap_type":"out",', 1))
    for reader in (store, opened(folder)):
        assert reader.read("laps", KEY, lap_type="out")["car_number"].tolist() == ["007"]
    store.upsert("weather", [{"session_id": KEY.session_id, "time_ms": 1}])
    assert opened(folder).read("laps", KEY, lap_type="out")["car_number"].tolist() == ["007"]


def test_the_folder_can_be_copied_as_files(folder: Path, tmp_path: Path) -> None:
    opened(folder).write_session(session_data())
    shutil.copytree(folder, tmp_path / "backup")
    assert opened(tmp_path / "backup").sessions()["laps"].tolist() == [6]


LAP = {"session_id": KEY.session_id, "driver_id": "7", "lap_number": 9}
BROKEN: dict[str, tuple[str, str]] = {
    "cut": ('[\n{"session_id": 1},\n{"ses', r"lap_data.json, line 3, column \d+"),
    "empty": ("", "lap_data.json, line 1"),
    "no list": ('{"laps": []}', "lap_data.json holds no list"),
    "no object": ("[\n3\n]", "lap_data.json, object 1: is no object"),
    "text for a number": (json.dumps([LAP | {"stint": "two"}]), "line 1: stint: 'two' is no whole number"),
    "a time that is none": (json.dumps([LAP | {"lap_time": "fast"}]), "line 1: not a duration: 'fast'"),
    "a strange key": (json.dumps([LAP | {"colour": "red"}]), "line 1: 'colour' is no key of this file"),
    "no lap number": (json.dumps([{"session_id": KEY.session_id, "driver_id": "7"}]), "laps.lap_number"),
    "twice": ("[\n" + json.dumps(LAP) + ",\n" + json.dumps(LAP) + "\n]", "line 3: is there twice"),
    "no such session": (json.dumps([LAP | {"session_id": 5}]), "race_sessions.json has no session 5"),
    "four sectors": (json.dumps([LAP | {"sectors": [1, 2, 3, 4]}]), "line 1: a lap has the sectors s1, s2 and s3"),
    "not UTF-8": (b"[\xff\xfe]".decode("latin-1"), "lap_data.json, line 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_malformed_file_is_an_error_that_names_it_and_never_an_empty_store(folder: Path, case: str) -> None:
    content, message = BROKEN[case]
    opened(folder).write_session(session_data())
    (folder / "lap_data.json").write_bytes(content.encode("latin-1"))
    store = opened(folder)
    for attempt in (
        lambda: store.read("laps", KEY),
        store.sessions,
        lambda: store.write_session(session_data(digest="two")),
    ):
        with pytest.raises(StoreError, match=message) as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert (folder / "lap_data.json").read_bytes() == content.encode("latin-1")


@pytest.mark.parametrize(
    "wrong", [{"id": "x"}, {"circuit": None}, {"race_type": "picnic"}, {"date": "soon"}, {"id": 2}]
)
def test_a_session_that_cannot_be_understood_is_named_by_its_line(folder: Path, wrong: dict[str, Any]) -> None:
    write_spec(folder)
    rows = [SPEC["race_sessions.json"][0] | wrong, SPEC["race_sessions.json"][1]]
    (folder / "race_sessions.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"race_sessions.json, line [23]: "):
            opened(folder).sessions()


def test_a_file_that_is_gone_is_an_error_and_a_new_one_is_an_empty_table(folder: Path) -> None:
    store = opened(folder)
    assert store.read("weather").empty
    store.write_session(session_data())
    (folder / "weather.json").unlink()
    for reader in (store, opened(folder)):
        with pytest.raises(StoreError, match=r"weather.json is gone, and it held rows"):
            reader.read("weather", KEY)


@pytest.mark.parametrize("content", ["", "{", '{"files": 3, "generation": 1, "schema": "0002"}', "[]"])
def test_a_broken_manifest_is_an_error(folder: Path, content: str) -> None:
    opened(folder).write_session(session_data())
    (folder / "store.json").write_text(content)
    with pytest.raises(StoreError, match=r"store\.json cannot be read"):
        opened(folder)


def test_a_folder_of_a_newer_version_is_refused_and_an_older_one_upgraded(folder: Path) -> None:
    store = opened(folder)
    store.write_session(session_data())
    manifest = folder / "store.json"
    content = manifest.read_text()
    assert f'"schema":"{head()}"' in content
    manifest.write_text(content.replace(head(), "9999"))
    with pytest.raises(StoreError, match="install a newer racelab"):
        opened(folder)
    manifest.write_text(content.replace(head(), "0001"))
    assert opened(folder).upgrade() == "0001"
    assert opened(folder).upgrade() == head()
    assert opened(folder).sessions()["laps"].tolist() == [6]


@pytest.mark.parametrize("url", ["json://", "json:///", "json:////", "json:folder", "json:///a?b=c"])
def test_a_url_that_names_no_folder_is_one_line(url: str) -> None:
    with pytest.raises(StoreError, match="names no folder"):
        JsonStore(url)


def test_a_file_in_the_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(tmp_path / "store")


def test_a_folder_that_another_writer_holds_is_one_line_after_a_bounded_wait(folder: Path) -> None:
    store, other = opened(folder), opened(folder, busy_timeout_s=0.05)
    with store.holding(KEY), pytest.raises(StoreError, match=r"locked by another writer for over 0.05 s"):
        other.write_session(session_data())
    assert other.write_session(session_data()).change == "added"


@contextmanager
def without_right_to_write(folder: Path) -> Iterator[None]:
    """As a user who may read the folder and not write there; root may everything, so it becomes another."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_read_only_folder_is_read_and_a_write_there_is_one_line(folder: Path) -> None:
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o055)
    opened(folder).write_session(session_data())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with without_right_to_write(folder):
        store = opened(folder)
        assert len(store.read("laps", KEY)) == 6
        assert store.sessions()["laps"].tolist() == [6]
        with pytest.raises(StoreError, match=r"did not take the rows: Permission denied.*nothing of them is stored"):
            store.write_session(session_data(digest="two"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_telemetry_of_a_car_is_read_without_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = session_data()
    data.telemetry = pd.DataFrame(
        [(car, "car", time, 280.5) for car in ("007", "7") for time in range(0, 1000, 240)],
        columns=["car_number", "kind", "time_ms", "speed_kph"],
    )
    store = opened(folder)
    store.write_session(data)
    assert store.values("telemetry", "car_number", KEY) == ["007", "7"]
    parsed: list[bytes] = []
    loads = orjson.loads
    monkeypatch.setattr("racelab.store.folder.blocks.orjson.loads", lambda text: (parsed.append(text), loads(text))[1])
    assert store.read_between("telemetry", KEY, 240, 720, car_number="7")["time_ms"].tolist() == [240, 480]
    assert parsed
    assert not any(b'"car_number":"007"' in text for text in parsed)


def test_a_session_that_is_deleted_takes_its_rows_with_it_as_in_a_database(folder: Path, store: SqlStore) -> None:
    kept = SessionKey(Series.WEC, 2024, 5, "R")
    for target in (opened(folder), store):
        target.write_session(session_data())
        target.write_session(session_data(kept))
        assert target.delete("sessions", session_id=KEY.session_id) == 1
        assert {
            name for name in TABLES if "session_id" in TABLES[name].columns and len(target.read(name, KEY))
        } == set()
        assert target.delete("events", event_id=KEY.event_id) == 1
        assert target.read("laps", kept)["lap_number"].tolist() == [1, 2, 3] * 2


def test_rules_of_a_database_hold(folder: Path) -> None:
    store = opened(folder)
    store.write_session(session_data())
    cases: list[tuple[str, Callable[[], object]]] = [
        ("UNIQUE", lambda: store.replace_tables({"weather": {"session_id": [KEY.session_id] * 2, "time_ms": [1, 1]}})),
        ("FOREIGN KEY", lambda: store.upsert("weather", [{"session_id": 120240101, "time_ms": 1}])),
        ("FOREIGN KEY", lambda: store.upsert("sessions", [{"session_id": 1, "event_id": 2, "code": "R", "name": "x", "status": "x"}])),
        ("NOT NULL", lambda: store.upsert("weather", [{"session_id": KEY.session_id}])),
        ("UNIQUE", lambda: store.upsert("events", [{"event_id": 3, "series": "wec", "season": 2024, "round": 4, "name": "x"}])),
    ]  # fmt: skip
    before = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    for rule, attempt in cases:
        with pytest.raises(StoreError, match=f"{rule} constraint failed.*nothing of them is stored"):
            attempt()
    assert {path.name: path.read_bytes() for path in folder.glob("*.json")} == before


def test_a_file_that_does_not_change_is_not_written(folder: Path) -> None:
    store = opened(folder)
    store.write_session(session_data())
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    store.upsert("weather", [{"session_id": KEY.session_id, "time_ms": 5}])
    changed = {path.name for path in folder.glob("*.json") if path.stat().st_mtime_ns != before.get(path.name)}
    assert changed == {"weather.json", "store.json"}
    store.upsert("weather", [{"session_id": KEY.session_id, "time_ms": 5}])
    assert json.loads((folder / "store.json").read_text())["generation"] == 3


def test_holding_is_one_transaction(folder: Path) -> None:
    store = opened(folder)
    store.write_session(session_data())
    with pytest.raises(RuntimeError, match="stop"), store.holding(KEY) as held:  # noqa: PT012
        held.delete("laps", session_id=KEY.session_id)
        assert held.read("laps", KEY).empty
        held.create_session(Event("x"), 2024, "R")
        assert len(held.read("sessions")) == 2
        raise RuntimeError("stop")
    assert len(store.read("laps", KEY)) == 6
    assert len(store.read("sessions")) == 1


VALUES = st.none() | st.floats(allow_nan=False) | st.just(float("inf"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.sampled_from(["s1", "pace", "value"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
DETAILS = st.none() | st.text() | JSON.map(lambda value: orjson.dumps(value).decode())
NAMES = st.sampled_from(
    ["pace", "aggression_score", "sector_strength", "sector_strength_s1", "sector_strength_s1_se", "sector_strength_s3", "n", "id", "metrics", "s1"]
) | st.text(max_size=5)  # fmt: skip
WRITTEN = st.sampled_from([None, "2024-01-15T10:00:00Z", "2024-01-16T10:00:00.000001Z"])


def plain(row: dict[str, Any]) -> dict[str, Any]:
    value = row.get("value")
    words = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
    return {key: words.get(value, value) if key == "value" else one for key, one in row.items() if one is not None}


@given(st.dictionaries(NAMES, st.tuples(VALUES, DETAILS, st.none() | st.integers(0, 99), WRITTEN), max_size=6))
def test_any_metrics_come_back_from_their_object_in_the_order_of_their_names(
    given_metrics: dict[str, tuple[Any, ...]],
) -> None:
    own = {"session_id": KEY.session_id, "car_number": "7", "seat": 2}
    rows = [
        plain({**own, "metric": name, "value": value, "detail": detail, "n": n, "created_utc": written})
        for name, (value, detail, n, written) in sorted(given_metrics.items())
    ]
    written = orjson.loads(orjson.dumps(metric_shapes.to_objects(rows)))
    back = [row for thing in written for row in to_rows("driver_metrics", thing)]
    assert back == rows


@given(VALUES, DETAILS, WRITTEN)
def test_any_prediction_and_run_come_back_from_their_objects(
    value: Any, detail: str | None, written: str | None
) -> None:
    key = {"session_id": KEY.session_id, "car_number": "7", "target": "t", "lap_number": 3, "model": "", "sequence": 1}
    run = {"session_id": KEY.session_id, "run_id": "r", "driver_paces": detail, "laps": 3, "results": detail}
    for table, row in (
        ("predictions", {**key, "value": value, "detail": detail, "created_utc": written, "quality": "predicted"}),
        ("simulation_runs", {**run, "created_utc": written}),
    ):
        wanted = plain(row)
        thing = orjson.loads(orjson.dumps(to_objects(table, [wanted], Around())[0]))
        assert to_rows(table, thing) == [wanted]
