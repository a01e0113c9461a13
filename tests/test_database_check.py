"""`racelab db check`: a sound store passes, and each thing that can be wrong is found by name."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import KEY, session_data
from conftest import BACKENDS

from racelab.cli import main
from racelab.domain.sessions import Event
from racelab.errors import NotFound
from racelab.runs.database import integrity
from racelab.runs.database.access import looking
from racelab.runs.database.check import find_problems, steps
from racelab.runs.database.problems import Problem
from racelab.settings import Settings
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore

S = KEY.session_id
HISTORY = (
    "INSERT INTO history_results (provider, season, round, code, sequence, driver_ref)"
    " VALUES ('f1db', 1950, 1, 'R', 1, 'farina')"
)
RUN = (
    "INSERT INTO history_runs (provider, location, digest, version, read_utc, rows)"
    " VALUES ('f1db', 'a.zip', 'd', '1', '2024-06-15 14:00:00.000000', 7)"
)
EVENT = (
    "INSERT INTO history_events (provider, season, round, name, circuit_ref)"
    " VALUES ('f1db', 1950, 1, 'British Grand Prix', 'silverstone')"
)
STANDING = (
    "INSERT INTO history_standings (provider, season, round, kind, sequence, ref)"
    " VALUES ('f1db', 1950, 1, 'constructor', 1, 'alfa')"
)
IDENTITY = (
    "INSERT INTO identities (kind, provider, provider_id, identity_id, name)"
    " VALUES ('horse', 'f1db', 'alfa', 1, 'Alfa Romeo')"
)
# What is done to the database behind racelab's back, and the problem that must be found: check, table, words, count.
# The harms of a group are done to one store.
HARM = {
    "rows": [
        ("DELETE FROM entries WHERE car_number = '7'", "references", "laps", "cars without an entry", 1),
        ("UPDATE events SET round = 5", "names", "sessions", "the id is not that of", 1),
        ("DELETE FROM laps WHERE lap_number > 2", "rows", "ingest_runs", "other rows than were written", 1),
        (HISTORY, "references", "history_results", "no row in history_runs", 2),
        (HISTORY.replace("1950, 1", "1950, 2"), "references", "history_results", "no row in history_events", 2),
    ],
    "history": [
        (RUN, "rows", "history_runs", "other rows than were written", 1),
        (EVENT, "references", "history_events", "circuit_ref has no identity", 1),
        (HISTORY, "references", "history_results", "driver_ref has no identity", 1),
        (STANDING, "references", "history_standings", "ref has no identity", 1),
        (IDENTITY, "values", "identities", "kind is none of its words", 1),
    ],
    "origin": [("DELETE FROM ingest_runs", "references", "sessions", "no row in ingest_runs", 1)],
    "values": [
        ("UPDATE laps SET lap_time_ms = -5 WHERE lap_number = 2", "values", "laps", "lap_time_ms under 0", 2),
        ("UPDATE laps SET s1_ms = 999999999 WHERE lap_number = 2", "values", "laps", "s1_ms above 1.08e+08", 2),
        ("UPDATE laps SET flag = 'purple' WHERE car_number = '7'", "values", "laps", "flag is none of its words", 3),
        ("UPDATE laps SET compound = 'nan' WHERE lap_number = 1", "values", "laps", "compound is none", 2),
        ("UPDATE results SET quality = 'guessed'", "values", "results", "quality is none", 2),
        ("UPDATE pit_stops SET stop_type = 'Tea'", "values", "pit_stops", "stop_type is none", 1),
        ("UPDATE weather SET air_c = 1e9", "values", "weather", "air_c above 60", 1),
    ],
    "schema": [
        ("DROP INDEX ix_laps_session_id_lap_number", "schema", "laps", "index ix_laps_session_id_lap_number is missing", 1),
        ("ALTER TABLE laps DROP COLUMN top_speed_kph", "schema", "laps", "column top_speed_kph is missing", 1),
        ("DROP TABLE predictions", "schema", "predictions", "the table is missing", 1),
        ("ALTER TABLE weather RENAME COLUMN air_c TO air_f", "schema", "weather", "column air_c is missing", 1),
    ],
}  # fmt: skip
# What PostgreSQL itself would never let happen.
SQLITE_HARM = {
    "types": [
        ("UPDATE laps SET lap_time_ms = 'slow' WHERE lap_number = 3", "values", "laps", "lap_time_ms is no int", 2),
        ("UPDATE weather SET time_utc = 'noon'", "values", "weather", "time_utc is no instant", 1),
        ("UPDATE laps SET pit_in = 7 WHERE lap_number = 1", "values", "laps", "pit_in is no bool", 2),
    ],
    "parents": [
        ("DELETE FROM sessions", "integrity", "laps", "rows of a parent", 6),
        ("SELECT 1", "references", "laps", "no row in sessions", 6),
    ],
    "events": [("DELETE FROM events", "references", "sessions", "no row in events", 1)],
}  # fmt: skip


@pytest.fixture
def filled(backend_url: str) -> str:
    with open_store(backend_url) as store:
        store.write_session(session_data())
    return backend_url


@pytest.fixture(params=[one for one in BACKENDS if one != "json"])
def database(request: pytest.FixtureRequest, store: Store) -> str:
    """A database with a session in it: SQL cannot harm a folder."""
    url = store.url if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    with open_store(url) as opened:  # type: ignore[attr-defined]
        opened.write_session(session_data())
    return url


def problems(url: str) -> list[Problem]:
    found: list[Problem] = []
    with looking(Settings(db=url)) as store:
        for step in steps():
            found += find_problems(store, step, found) or []
    return found


def harm(url: str, *statements: str) -> None:
    """Run SQL behind racelab's back, without the database's own protection."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def assert_found(url: str, group: list[tuple[str, str, str, str, int]]) -> None:
    """Each harm of the group, done to the store, is one problem that every check finds that can still be asked."""
    harm(url, *(statement for statement, *_ in group))
    hindered = {one.check for one in problems(url)} & {"integrity", "schema"}
    with looking(Settings(db=url)) as store:
        found = [
            one for step in steps() if step.name in hindered or "schema" not in hindered for one in step.find(store)
        ]
    for _, check, table, what, count in group:
        matching = [one for one in found if (one.check, one.table) == (check, table) and what in one.what]
        assert [one.count for one in matching] == [count], (what, found)


def test_a_sound_store_has_no_problems(filled: str) -> None:
    with open_store(filled) as store:
        store.create_session(Event("Made by hand"), 2026, "R")
        store.upsert(
            "driver_metrics", [{"session_id": S, "car_number": "7", "seat": 1, "metric": "pace", "value": 1.0}]
        )
    assert problems(filled) == []


@pytest.mark.parametrize("group", HARM)
def test_harm_is_found(database: str, group: str) -> None:
    assert_found(database, HARM[group])


@pytest.mark.parametrize("group", SQLITE_HARM)
def test_harm_that_only_sqlite_lets_happen_is_found(store: Store, group: str) -> None:
    store.write_session(session_data())
    assert_found(store.url, SQLITE_HARM[group])


def test_what_a_broken_schema_hinders_is_not_asked(store: Store) -> None:
    harm(store.url, "DROP TABLE predictions")
    with looking(Settings(db=store.url)) as opened:
        found = [find_problems(opened, step, [Problem("schema", "predictions", "missing", 1)]) for step in steps()]
    assert [one is None for one in found] == [False, False, *[True] * 6]


def test_examples_name_the_rows(store: Store) -> None:
    store.write_session(session_data())
    harm(store.url, "UPDATE laps SET lap_time_ms = -5 WHERE lap_number = 2 AND car_number = '007'")
    [problem] = problems(store.url)
    assert problem.examples == (f"session_id {S}, car_number 007, lap_number 2",)


def test_doubled_rows_are_found_where_the_key_is_gone(store: Store) -> None:
    store.write_session(session_data())
    harm(store.url, "CREATE TABLE c AS SELECT * FROM weather", "INSERT INTO c SELECT * FROM c", "DROP TABLE weather", "ALTER TABLE c RENAME TO weather")  # fmt: skip
    with looking(Settings(db=store.url)) as opened:
        [keys] = [step for step in steps() if step.name == "keys"]
        found = list(keys.find(opened))
    assert [(one.table, one.count, one.examples) for one in found] == [("weather", 1, (f"session_id {S}, time_ms 0",))]


@pytest.mark.postgres
def test_an_index_that_is_not_valid_is_found(postgres_url: str) -> None:
    index = "ix_laps_session_id_lap_number"
    harm(postgres_url, f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{index}'::regclass")
    assert problems(postgres_url) == [Problem("integrity", "-", "indexes that are not valid", 1, (index,))]


@pytest.mark.postgres
def test_amcheck_is_asked_where_it_is_installed(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension is not in every server: a function of its name and shape stands for it."""
    body = "BEGIN IF $1 = 'laps_pkey'::regclass THEN RAISE EXCEPTION 'item order invariant violated'; END IF; END"
    harm(
        postgres_url,
        "CREATE SCHEMA checks",
        f"CREATE FUNCTION checks.bt_index_check(regclass) RETURNS void LANGUAGE plpgsql AS $f$ {body} $f$",
    )
    monkeypatch.setattr(integrity, "_AMCHECK", "SELECT 'checks'")
    assert problems(postgres_url) == [Problem("integrity", "laps", "index laps_pkey: item order invariant violated", 1)]


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    url = f"sqlite:///{path}"
    with SqlStore(url) as store:
        store.write_session(session_data(laps=500))
    raw = bytearray(path.read_bytes())
    # Behind the pages of the schema, without which nothing can be opened.
    place = len(raw) * 4 // 5 // 4096 * 4096
    raw[place : place + 4096 * 4] = bytes(4096 * 4)
    path.write_bytes(raw)
    found = problems(url)
    assert found
    assert {one.check for one in found} == {"integrity"}


def test_telemetry_of_an_earlier_reading_is_no_lost_row(store: Store) -> None:
    import pandas as pd

    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": [0, 240], "speed_kph": [280.0, 281.0]})
    store.write_session(data)
    assert problems(store.url) == []
    store.write_session(session_data(digest="two"))
    assert len(store.read("telemetry")) == 2
    assert problems(store.url) == []


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(NotFound, match=r"there is no store .*none\.db"):
        problems(url)
    assert not (tmp_path / "none.db").exists()


def test_the_command_prints_and_ends_with_one_line(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(session_data())
    with pytest.raises(SystemExit) as stopped:
        main(["db", "check", "--json"])
    assert not stopped.value.code
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["problems"]) == (True, [])
    assert said["checks"] == dict.fromkeys(
        ["integrity", "schema", "names", "references", "values", "keys", "rows", "archives"], 0
    )
    harm(store.url, "UPDATE laps SET lap_time_ms = -5 WHERE lap_number = 2")
    with pytest.raises(SystemExit) as stopped:
        main(["db", "check"])
    printed = capsys.readouterr()
    assert stopped.value.code == 1
    [line] = [line for line in printed.err.splitlines() if line.startswith("racelab: ")]
    assert "has 1 problem: the first is laps: lap_time_ms under 0 (2): session_id" in line
    assert "values: laps: lap_time_ms under 0 (2)" in printed.out
