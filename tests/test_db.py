"""`racelab db upgrade`: creates the schema, leaves a current one alone, keeps what is stored."""

import json
from pathlib import Path

import pytest
from builders import KEY, session_data

from racelab.cli import main
from racelab.store.engine import upgrade_store
from racelab.store.migrate import head
from racelab.store.sql import SqlStore


def test_upgrade_creates_the_schema_and_then_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{(tmp_path / 'new.db').as_posix()}"
    said = []
    for _ in range(2):
        with pytest.raises(SystemExit) as stopped:
            main(["--db", url, "db", "upgrade", "--json"])
        assert not stopped.value.code
        said.append(json.loads(capsys.readouterr().out))
    assert said == [
        {"store": url, "before": None, "after": head()},
        {"store": url, "before": head(), "after": head()},
    ]


def test_upgrade_keeps_what_is_stored(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'held.db').as_posix()}"
    with SqlStore(url) as store:
        store.write_session(session_data())
    assert upgrade_store(url, 1.0) == head()
    with SqlStore(url) as store:
        assert store.digest(KEY) == "one"
        assert len(store.read("laps", KEY)) == 6
