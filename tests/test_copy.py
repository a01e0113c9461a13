"""Copying a store to another of any kind: every table as it was, again and again the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import KEY, session_data

from racelab.cli import main
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound, StoreError
from racelab.runs import copy as copying
from racelab.runs.checksums import store_checksums
from racelab.runs.copy import Copied, copy_piece, pieces, require_two, totals
from racelab.store.archive import archive_telemetry
from racelab.store.lightweight import RaceStorage
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.tables import TABLES

SAVED = datetime(2024, 1, 15, 10, 0, 0, 5, tzinfo=UTC)
IDENTITY = {"kind": "driver", "provider": "f1db", "provider_id": "ann", "identity_id": 1, "name": "Ann"}


def telemetry() -> pd.DataFrame:
    rows = [
        (car, kind, time, 280.5) for car in ("007", "7") for kind in ("car", "position") for time in range(0, 900, 300)
    ]
    return pd.DataFrame(rows, columns=["car_number", "kind", "time_ms", "speed_kph"])


def fill(store: Store) -> int:
    """Rows in every kind of table; the id of a local session among them."""
    data = session_data()
    data.telemetry = telemetry()
    store.write_session(data)
    db = RaceStorage(store)
    local = db.create_session("Barber", "2024-01-15T10:00:00")
    db.save_lap_data(local, "driver_1", 1, 93.5)
    db.save_driver_metrics(local, "driver_1", {"consistency_index": 0.9, "pace_stability": {"slope": 1}})
    db.save_prediction(local, "driver_1", "lap_time", {"p": 1})
    db.save_simulation(local, {"driver_1": 93.5}, 20, 1000, {"driver_1": 1})
    key = {"session_id": KEY.session_id}
    store.upsert(
        "simulations", [key | {"run_id": "r", "car_number": "7", "position": 1, "probability": 0.25, "races": 4}]
    )
    store.upsert("live_cars", [key | {"car_number": "7", "revision": 3, "state": "{}"}])
    store.upsert("refusals", [{"source": "f1", "label": "x", "reason": "broken", "read_utc": SAVED}])
    store.upsert("identities", [IDENTITY])
    store.upsert(
        "history_runs", [{"provider": "f1db", "location": "x", "digest": "d", "version": "1", "read_utc": SAVED}]
    )
    result = {"provider": "f1db", "season": 1950, "round": 1, "code": "R", "driver_ref": "ann"}
    store.upsert("history_results", [result | {"sequence": number} for number in range(3)])
    return local


def copied(source: Store, target: Store) -> list[Copied]:
    return [copy_piece(source, target, piece) for piece in pieces(source, target)]


def assert_same(source: Store, target: Store) -> None:
    for table in TABLES:
        if table != "telemetry_archives":
            pd.testing.assert_frame_equal(target.read(table), source.read(table), obj=table)


@pytest.fixture
def full(tmp_path: Path) -> Store:
    store = open_store(f"sqlite:///{tmp_path}/full.db")
    fill(store)
    return store


def test_every_table_is_copied_there_and_back(full: Store, backend: Store, tmp_path: Path) -> None:
    done = copied(full, backend)
    assert_same(full, backend)
    assert [one.change for one in done if one.piece.key] == ["added", "added"]
    with open_store(f"json:///{tmp_path}/back") as back:
        copied(backend, back)
        assert_same(full, back)
        assert store_checksums(back) == store_checksums(full)
    counted = totals(done).set_index("table")
    assert counted.loc["telemetry"].tolist() == [12, 12]
    assert {name: len(full.read(name)) for name in counted.index} == counted["rows"].to_dict()
    assert set(counted.index) == {name for name in TABLES if len(full.read(name))}


def test_a_second_copy_writes_nothing(full: Store, backend: Store) -> None:
    copied(full, backend)
    again = copied(full, backend)
    assert {one.change for one in again} == {"unchanged"}
    assert totals(again)["written"].sum() == 0


def test_what_differs_is_replaced_and_what_the_other_has_beyond_stays(full: Store, backend: Store) -> None:
    beyond = SessionKey(Series.WEC, 2024, 9, "R")
    backend.write_session(session_data(beyond))
    backend.write_session(session_data(laps=9, digest="older"))
    backend.upsert("refusals", [{"source": "imsa", "label": "y", "reason": "cut", "read_utc": SAVED}])
    backend.upsert(
        "history_runs", [{"provider": "f1db", "location": "y", "digest": "e", "version": "0", "read_utc": SAVED}]
    )
    backend.upsert("history_results", [{"provider": "f1db", "season": 1951, "round": 1, "code": "R", "sequence": 0}])
    backend.upsert("history_results", [{"provider": "ergast", "season": 1951, "round": 1, "code": "R", "sequence": 0}])
    done = copied(full, backend)
    assert {str(one.piece.key): one.change for one in done if one.piece.key} == {
        str(KEY): "updated", "local/2024/1/R": "added",
    }  # fmt: skip
    for table in TABLES:
        if "session_id" in TABLES[table].columns:
            pd.testing.assert_frame_equal(backend.read(table, KEY), full.read(table, KEY), obj=table)
    assert len(backend.read("laps", beyond)) == 6
    assert backend.read("refusals")["source"].tolist() == ["f1", "imsa"]
    kept = backend.read("history_results")
    assert kept.groupby("provider").size().to_dict() == {"ergast": 1, "f1db": 3}


def test_archived_telemetry_is_copied_as_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/archived.db"
    with open_store(url) as source, open_store(f"json:///{tmp_path}/json") as target:
        fill(source)
        wanted = source.read("telemetry")
        assert archive_telemetry(source, KEY) is not None
        copied(source, target)
        pd.testing.assert_frame_equal(target.read("telemetry"), wanted)
        assert target.read("telemetry_archives").empty
        assert archive_telemetry(target, KEY) is not None
        assert {one.change for one in copied(source, target)} == {"unchanged"}
        source.upsert("telemetry", [{"session_id": KEY.session_id, "car_number": "7", "kind": "car", "time_ms": 5}])
        assert [one.written for one in copied(source, target) if one.written] == [{"telemetry": 13}]
        pd.testing.assert_frame_equal(target.read("telemetry"), source.read("telemetry"))


def test_a_session_that_is_cut_while_it_is_copied_is_not_there(
    full: Store, backend: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(copying, "_copy_telemetry", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copied(full, backend)
    assert backend.sessions().empty
    copied(full, backend)
    assert_same(full, backend)


def test_a_session_that_is_written_anew_meanwhile_is_said(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying._copy_telemetry

    def write_meanwhile(*given: Any) -> Any:
        full.write_session(session_data(digest="newer"))
        return real(*given)

    monkeypatch.setattr(copying, "_copy_telemetry", write_meanwhile)
    with open_store(f"json:///{tmp_path}/to") as target, pytest.raises(StoreError, match="written anew while"):
        copied(full, target)


@pytest.mark.parametrize("theirs", [IDENTITY | {"identity_id": 2}, IDENTITY | {"provider_id": "bo", "name": "Bo"}])
def test_stores_that_number_their_drivers_differently_are_not_mixed(
    full: Store, tmp_path: Path, theirs: dict[str, Any]
) -> None:
    with open_store(f"json:///{tmp_path}/to") as target:
        target.upsert("identities", [theirs])
        with pytest.raises(BadInput, match="number their drivers"):
            pieces(full, target)


def test_identities_that_agree_are_joined(full: Store, tmp_path: Path) -> None:
    full.upsert("identities", [IDENTITY | {"provider": "ergast", "provider_id": "a"}])
    with open_store(f"json:///{tmp_path}/to") as target:
        target.upsert("identities", [IDENTITY, IDENTITY | {"provider_id": "bo", "identity_id": 2}])
        copied(full, target)
        assert target.read("identities")["provider_id"].tolist() == ["a", "ann", "bo"]


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for url in (f"sqlite:///{tmp_path}/no.db", f"json:///{tmp_path}/no", f"json:///{tmp_path}/empty"):
        with pytest.raises(NotFound, match="there is no store"):
            require_two(url, f"json:///{tmp_path}/to")
    assert [path.name for path in tmp_path.rglob("*") if path.name != "data"] == ["empty"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sqlite:///{0}/a.db", "sqlite:///{0}/../{1}/a.db"), ("json:///{0}/a", "json:///{0}/./a"),
        ("postgresql+psycopg://u:one@h/x", "postgresql+psycopg://u:two@h/x"),
    ],
)  # fmt: skip
def test_a_store_is_not_copied_to_itself(tmp_path: Path, first: str, second: str) -> None:
    first, second = (url.format(tmp_path, tmp_path.name) for url in (first, second))
    for url in (first, second):
        if not url.startswith("postgresql"):
            open_store(url).upsert("refusals", [{"source": "x", "label": "x", "reason": "x", "read_utc": SAVED}])
    with pytest.raises(BadInput, match="are the same store") as caught:
        require_two(first, second)
    assert "one" not in str(caught.value).replace("store", "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("postgresql+psycopg://u@/x?host=/one", "postgresql+psycopg://u@/x?host=/two"),
        ("postgresql+psycopg://u@/x?cloudsql=p:r:one", "postgresql+psycopg://u@/x?cloudsql=p:r:two"),
    ],
)
def test_databases_of_one_name_on_two_servers_are_two_stores(first: str, second: str) -> None:
    require_two(first, second)


def test_the_command_prints_the_rows_of_each_table(
    full: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for written in (12, 0):
        main_quietly(["--json", "db", "copy", full.url, f"json:///{tmp_path}/to"])
        told = json.loads(capsys.readouterr().out)
        assert told["tables"]["telemetry"] == {"rows": 12, "written": written}
    assert told["sessions"] == {"added": 0, "updated": 0, "unchanged": 2}
    main_quietly(["db", "copy", full.url, f"json:///{tmp_path}/to"])
    assert "2 sessions: 2 unchanged; 0 rows written" in capsys.readouterr().out


def main_quietly(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code in (0, None)


@pytest.mark.data
def test_a_real_race_is_the_same_in_every_store(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race = data / "wec" / "2020"
    for url in (f"sqlite:///{tmp_path}/race.db", f"json:///{tmp_path}/race"):
        main_quietly(["--db", url, "ingest", "alkamel", str(race)])
    with open_store(f"sqlite:///{tmp_path}/race.db") as ours, open_store(f"json:///{tmp_path}/race") as theirs:
        assert store_checksums(ours) == store_checksums(theirs)
        assert ours.sessions()["laps"].tolist() == theirs.sessions()["laps"].tolist() == [3883]
        with open_store(f"json:///{tmp_path}/copy") as copy:
            copied(ours, copy)
            assert_same(ours, copy)
