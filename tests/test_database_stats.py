"""`racelab db stats`: rows, seasons and room of every kind of store; archives that are not what they were."""

from pathlib import Path

import pandas as pd
import pytest
from builders import KEY, session_data
from workers import problems

from racelab.cli import main
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.runs.database.access import looking
from racelab.runs.database.stats import statistics
from racelab.settings import Settings
from racelab.store.archive import archive_folder, archive_telemetry
from racelab.store.migrate import head
from racelab.store.protocol import Store
from racelab.store.tables import TABLES

OTHERS = [
    SessionKey(Series.WEC, 2024, 5, "R"),
    SessionKey(Series.WEC, 2024, 5, "Q"),
    SessionKey(Series.IMSA, 2023, 1, "R"),
]


@pytest.fixture
def filled(backend: Store) -> Store:
    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": [0, 240], "speed_kph": [280.0, 281.0]})
    backend.write_session(data)
    for key in OTHERS:
        backend.write_session(session_data(key))
    return backend


def test_rows_seasons_and_room(filled: Store) -> None:
    with looking(Settings(db=filled.url)) as opened:
        told = statistics(opened)
    assert set(told["tables"]) == set(TABLES)
    assert {name: told["tables"][name]["rows"] for name in ("sessions", "events", "laps", "telemetry", "identities")} == {
        "sessions": 4, "events": 3, "laps": 24, "telemetry": 2, "identities": 0,
    }  # fmt: skip
    assert told["seasons"] == [
        {"series": "imsa", "season": 2023, "events": 1, "sessions": 1},
        {"series": "wec", "season": 2024, "events": 2, "sessions": 3},
    ]
    assert told["bytes"] > 10_000
    assert told["archive_bytes"] == 0
    if filled.url.startswith("json"):
        assert told["schema"] is None
        assert told["files"]["lap_data.json"] > 1000
        assert told["tables"]["laps"]["bytes"] is None
    else:
        assert told["schema"] == head()
        assert min(told["tables"]["laps"][size] for size in ("bytes", "index_bytes")) >= 4096
    if filled.url.startswith("sqlite"):
        assert {"contract.db", "contract.db-wal"} <= set(told["files"])
        assert told["bytes"] == sum(told["files"].values())


def test_the_command_prints_tables(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(session_data())
    with pytest.raises(SystemExit) as stopped:
        main(["db", "stats"])
    assert not stopped.value.code
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["wec", "2024", "1", "1"] in printed
    assert ["laps", "6"] in [line[:2] for line in printed]


def test_archives_that_are_not_what_they_were_are_found(filled: Store) -> None:
    archive_telemetry(filled, KEY)
    assert problems(filled.url) == []
    with looking(Settings(db=filled.url)) as opened:
        told = statistics(opened)
    folder = archive_folder(filled.url)
    assert folder is not None
    [path] = [path for path in folder.rglob("*") if path.is_file()]
    assert told["archive_bytes"] == path.stat().st_size
    if not filled.url.startswith("json"):
        harm_archive(filled.url, path)


def harm_archive(url: str, path: Path) -> None:
    """Another file, then none, under the archive's name."""
    for harm, what in (
        (lambda: path.write_bytes(b"another"), "the file is not the one that was written"),
        (path.unlink, "the file is missing"),
    ):
        harm()
        [problem] = problems(url)
        assert (problem.check, problem.table, problem.what, problem.count) == (
            "archives",
            "telemetry_archives",
            what,
            1,
        )
        assert f"session_id {KEY.session_id}" in problem.examples[0]
