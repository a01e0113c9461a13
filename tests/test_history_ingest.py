"""A history in the store: all of it or none, unchanged when it is read again, the same ids after a rebuild."""

import json
from pathlib import Path

import pandas as pd
import pytest
from builders import session_data
from history_zip import ergast_tables, f1db_tables, newer_tables, write_zip

import racelab as rl
from racelab.cli import main
from racelab.domain.entries import Driver, Entry
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import StoreError
from racelab.runs.history import ingest_history
from racelab.runs.identify import identify, report
from racelab.runs.logs import log_path
from racelab.settings import get_settings
from racelab.sources import ergast, f1db
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore
from racelab.store.tables import HISTORY_TABLES, WRITTEN

F1 = SessionKey(Series.F1, 2005, 1, "R")


@pytest.fixture
def f1db_zip(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "f1db.zip", f1db_tables())


@pytest.fixture
def ergast_zip(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "ergast.zip", ergast_tables())


def contents(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every history table without the instants of writing."""
    frames = {spec.name: store.read(spec.name) for spec in HISTORY_TABLES}
    plain = {name: frame[[key for key in frame if key not in WRITTEN]].astype(object) for name, frame in frames.items()}
    return {name: frame.where(frame.notna(), None).to_dict("records") for name, frame in plain.items()}


def f1_session(digest: str = "f1") -> object:
    data = session_data(F1, digest=digest)
    data.entries = [
        Entry("1", "F1", team="Red", drivers=(Driver(1, "Ann Alpha", "ALP", provider_id="alpha"),)),
        Entry("07", "F1", team="Red", drivers=(Driver(1, "Cy GAMMA", "GAM"),)),
    ]
    return data


def test_every_table_is_written_and_both_providers_stand_side_by_side(backend, f1db_zip, ergast_zip):
    outcome, _ = ingest_history(backend, f1db, f1db_zip)
    assert (outcome["change"], outcome["races"], outcome["seasons"]) == ("added", 2, [2005, 2005])
    counts = {
        "history_events": 2,
        "history_results": 9,
        "history_standings": 4,
        "history_pit_stops": 1,
        "history_entrants": 1,
    }
    assert {name: outcome["rows"][name] for name in counts} == counts
    ingest_history(backend, ergast, ergast_zip)
    assert len(backend.read("history_results", provider="f1db")) == 9
    assert len(backend.read("history_results", provider="ergast", code="R")) == 6
    run = backend.read("history_runs", provider="f1db").iloc[0]
    assert (run["location"], run["rows"], run["version"]) == ("f1db.zip", 17, "reader 1")


def test_reading_again_changes_nothing_and_force_gives_the_same(backend, f1db_zip, ergast_zip):
    ingest_history(backend, f1db, f1db_zip)
    ingest_history(backend, ergast, ergast_zip)
    before = contents(backend)
    outcome, _ = ingest_history(backend, f1db, f1db_zip)
    assert (outcome["change"], outcome["rows"], outcome["races"]) == ("unchanged", {}, 2)
    assert contents(backend) == before
    assert ingest_history(backend, f1db, f1db_zip, force=True)[0]["change"] == "updated"
    assert contents(backend) == before


def test_a_new_release_replaces_the_old_one_and_keeps_the_ids(store, f1db_zip, tmp_path):
    ingest_history(store, f1db, f1db_zip)
    ids = store.read("identities").set_index(["kind", "provider_id"])["identity_id"]
    tables = newer_tables()
    tables["f1db-drivers"][0]["name"] = "Ann Alpha-Omega"
    outcome, _ = ingest_history(store, f1db, write_zip(tmp_path / "newer.zip", tables))
    assert outcome["change"] == "updated"
    after = store.read("identities").set_index(["kind", "provider_id"])
    assert after["identity_id"].to_dict() == ids.to_dict()
    assert after.loc[("driver", "ann-alpha"), "name"] == "Ann Alpha-Omega"
    assert store.read("history_entrants")["chassis"].tolist() == ["Red R1 / Red R2"]


def test_an_id_that_a_release_drops_is_kept(store, f1db_zip, tmp_path):
    ingest_history(store, f1db, f1db_zip)
    tables = f1db_tables()
    tables["f1db-engine-manufacturers"].pop()
    ingest_history(store, f1db, write_zip(tmp_path / "newer.zip", tables))
    assert "bmw" in set(store.read("identities", kind="engine")["provider_id"])


def test_a_cut_file_does_not_replace_a_full_one_unless_forced(store, f1db_zip, tmp_path):
    ingest_history(store, f1db, f1db_zip)
    before = contents(store)
    tables = f1db_tables()
    tables["f1db-races-race-results"] = tables["f1db-races-race-results"][:1]
    cut = write_zip(tmp_path / "cut.zip", tables)
    outcome, _ = ingest_history(store, f1db, cut)
    assert outcome["change"] == "unchanged"
    assert outcome["note"] == "kept what is stored: 17 rows, and 14 this time, as of a cut file; --force replaces it"
    assert contents(store) == before
    assert ingest_history(store, f1db, cut, force=True)[0]["rows"]["history_results"] == 6


def test_a_write_that_fails_leaves_everything_as_it_was(store, f1db_zip, tmp_path, monkeypatch):
    ingest_history(store, f1db, f1db_zip)
    before = contents(store)
    tables = f1db_tables()
    tables["f1db-races"][0]["officialName"] = "Another"
    history = f1db.read(write_zip(tmp_path / "other.zip", tables))
    history.tables["history_entrants"]["sequence"] = [None]
    monkeypatch.setattr(f1db, "read", lambda path: history)
    with pytest.raises(StoreError):
        ingest_history(store, f1db, tmp_path / "other.zip")
    assert contents(store) == before


def test_ids_are_joined_across_providers_and_come_again_in_a_new_store(store, f1db_zip, ergast_zip, tmp_path):
    ingest_history(store, f1db, f1db_zip)
    ingest_history(store, ergast, ergast_zip)
    ids = store.read("identities").set_index(["kind", "provider", "provider_id"])
    for kind, own, other in (
        ("driver", "ann-alpha", "alpha"), ("driver", "bo-beta-jr", "beta"), ("driver", "cy-gamma", "gamma"),
        ("constructor", "red", "red-ford"), ("constructor", "blue", "blue_gp"), ("circuit", "ring", "the_ring"),
    ):  # fmt: skip
        assert ids.loc[(kind, "f1db", own), "identity_id"] == ids.loc[(kind, "ergast", other), "identity_id"], other
    with SqlStore(f"sqlite:///{tmp_path / 'again.db'}") as again:
        ingest_history(again, f1db, f1db_zip)
        ingest_history(again, ergast, ergast_zip)
        assert contents(again)["identities"] == contents(store)["identities"]


def test_sessions_are_identified_when_they_come_after_and_before(store, f1db_zip, ergast_zip, tmp_path):
    ingest_history(store, f1db, f1db_zip)
    ingest_history(store, ergast, ergast_zip)
    store.write_session(f1_session())
    assert identify(store).added == 4
    assert identify(store).added == 0
    with SqlStore(f"sqlite:///{tmp_path / 'before.db'}") as before:
        before.write_session(f1_session())
        assert identify(before).added == 2
        ingest_history(before, f1db, f1db_zip)
        ingest_history(before, ergast, ergast_zip)
        keys = ["kind", "provider", "provider_id", "identity_id"]
        assert before.read("identities")[keys].values.tolist() == store.read("identities")[keys].values.tolist()
    pairs, _ = report(store)
    f1 = pairs[(pairs["a"] == "f1") & (pairs["kind"] == "driver")]
    assert f1[["b", "of", "matched"]].values.tolist() == [["f1db", 2, 2], ["ergast", 2, 2]]


def test_generated_sessions_get_no_identity(season):
    assert identify(season).added == 0
    assert season.read("identities").empty


def test_frames_have_names_and_identities_beside_the_providers_ids(store, f1db_zip, ergast_zip):
    ingest_history(store, f1db, f1db_zip)
    ingest_history(store, ergast, ergast_zip)
    results = rl.load_history_results("f1db", 2005, 1, "R")
    assert results["driver"].tolist() == ["Ann Alpha", "Bo Bêta Jr.", "Cy Gamma"]
    assert results[["constructor", "engine", "tyre"]].values.tolist()[0] == ["Red", "FORD", "Michelin"]
    both = rl.load_history_results(season=[2005], round_=1, code=["R"])
    assert both.groupby("driver_id").size().tolist() == [2, 2, 2]
    assert str(both["total_time_ms"].dtype) == "Int64"
    events = rl.load_history_events()
    assert events["circuit_id"].nunique() == 1
    standings = rl.load_history_standings("f1db", round_=0)
    assert standings[["kind", "name", "points"]].values.tolist() == [
        ["constructor", "Red", 10.0],
        ["driver", "Ann Alpha", 10.5],
    ]
    assert rl.load_history_pit_stops()["driver"].tolist() == ["Ann Alpha", "Ann Alpha"]
    assert rl.load_history_entrants()["driver"].tolist() == ["Ann Alpha"]
    assert rl.load_history_incidents(kind="red_flag")["resumed"].tolist() == [False]
    assert set(rl.load_identities("circuit", "ergast")["name"]) == {"Ring of Monaco"}


def test_an_empty_store_gives_empty_frames_with_all_columns(store):
    for load in (rl.load_history_results, rl.load_history_events, rl.load_history_standings, rl.load_identities):
        frame = load()
        assert len(frame) == 0
        assert "provider" in frame
        assert isinstance(frame, pd.DataFrame)


def command(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out, told.err


def test_the_commands_print_rows_rates_and_what_does_not_match(f1db_zip, ergast_zip, capsys, caplog):
    status, out, _ = command(capsys, "ingest", "f1db", str(f1db_zip))
    assert status == 0
    assert "f1db: added, 2 races, seasons 2005–2005" in out
    status, out, _ = command(capsys, "ingest", "ergast", str(ergast_zip), "--json")
    document = json.loads(out)
    assert (status, document["change"], document["rows"]["history_results"]) == (0, "added", 9)
    assert {"kind": "driver", "a": "ergast", "b": "f1db", "of": 3, "matched": 3, "rate": 1.0} in document["pairs"]
    assert (document["unmatched"], document["doubts"]) == ([], [])
    assert "no race is called '2005 Z Grand Prix'" in caplog.text
    _, out, _ = command(capsys, "ingest", "ergast", str(ergast_zip), "--json")
    assert (json.loads(out)["change"], json.loads(out)["rows"]) == ("unchanged", {})


def test_ergast_alone_is_told_what_comes_better_first(ergast_zip, capsys, caplog):
    caplog.set_level("INFO", logger="racelab")
    assert command(capsys, "ingest", "ergast", str(ergast_zip))[0] == 0
    assert "f1db divides constructors finest: ingest it first where there is a choice" in caplog.text


def test_a_bad_file_is_one_line_and_status_1(tmp_path, capsys):
    path = tmp_path / "f1db.zip"
    path.write_text("no zip")
    status, _, err = command(capsys, "ingest", "f1db", str(path))
    assert status == 1
    assert f"racelab: {path}: no ZIP file, or a damaged one" in err


def test_a_history_and_its_failure_are_in_the_log(f1db_zip, tmp_path, capsys):
    assert command(capsys, "ingest", "f1db", str(f1db_zip))[0] == 0
    bad = tmp_path / "ergast.zip"
    bad.write_text("no zip")
    assert command(capsys, "ingest", "ergast", str(bad))[0] == 1
    lines = log_path(get_settings()).read_text(encoding="utf-8").splitlines()
    assert any(" INFO " in line and "f1db added: 2 races" in line for line in lines)
    assert any(" ERROR " in line and f"{bad} failed: {bad}: no ZIP file" in line for line in lines)
