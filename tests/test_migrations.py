"""Migrations: nothing is lost on the way up, a failed one leaves the old state, and the SQL can be run by hand."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import postgres
import pytest
import sqlalchemy as sa
from builders import KEY, session_data
from conftest import BACKENDS

from racelab.cli import main
from racelab.errors import StoreError
from racelab.runs.database.access import looking
from racelab.runs.database.schema import schema_faults
from racelab.settings import Settings
from racelab.store.engine import upgrade_store, writing
from racelab.store.migrate import current, head, upgrade, upgrade_sql
from racelab.store.sql import SqlStore

SQL_BACKENDS = [one for one in BACKENDS if one != "json"]
REVISIONS = sorted(path.stem[:4] for path in Path("racelab/store/migrations/versions").glob("[0-9]*.py"))
VALUES: dict[type, Any] = {
    sa.BigInteger: 3, sa.Float: 0.1, sa.Text: "é", sa.Boolean: True, sa.DateTime: datetime(2024, 6, 15, 14, 0, 0, 5, tzinfo=UTC),
}  # fmt: skip
UPGRADER = "import sys; from racelab.store.engine import upgrade_store; print(upgrade_store(sys.argv[1], 30.0))"
KILLED = f"""
import os, signal
from alembic import op
op.drop_table = lambda name: os.kill(os.getpid(), signal.SIGKILL)
{UPGRADER}
"""


@pytest.fixture(params=SQL_BACKENDS)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    databases: postgres.Databases = request.getfixturevalue("postgres_databases")
    url = databases.create_bare()
    yield url
    databases.drop(url)


def make(url: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """A database of an old revision with a row in every table; returns the rows."""
    engine = sa.create_engine(url)
    with writing(engine) as connection, connection.begin():
        upgrade(connection, revision)
        tables = sa.MetaData()
        tables.reflect(connection)
        rows = {}
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows[table.name] = [{column.name: value_of(column) for column in table.columns}]
                connection.execute(table.insert(), rows[table.name])
    engine.dispose()
    return rows


def value_of(column: sa.Column[Any]) -> Any:
    own = {
        "session_id": KEY.session_id,
        "event_id": KEY.event_id,
        "series": "wec",
        "season": 2024,
        "round": 4,
        "code": "R",
    }
    return own.get(column.name, next(value for kind, value in VALUES.items() if isinstance(column.type, kind)))


def held(url: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table."""
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        rows = {
            name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return rows


def schema(url: str) -> dict[str, Any]:
    """Everything that the database tells of its tables."""
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    told = {
        name: {
            "columns": [(one["name"], str(one["type"]), one["nullable"], one.get("comment")) for one in inspector.get_columns(name)],
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "indexes": sorted((one["name"], one["column_names"], bool(one["unique"])) for one in inspector.get_indexes(name)),
            "parents": sorted((one["constrained_columns"], one["referred_table"], one["options"]) for one in inspector.get_foreign_keys(name)),
        }
        for name in inspector.get_table_names()
    }  # fmt: skip
    engine.dispose()
    return told


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_goes_forward_and_nothing_is_lost(bare_url: str, revision: str) -> None:
    make(bare_url, revision)
    before = held(bare_url)
    assert all(len(rows) == 1 for rows in before.values())
    assert upgrade_store(bare_url, 1.0) == revision
    after = held(bare_url)
    for table, [row] in before.items():
        if table != "alembic_version":
            [kept] = after[table]
            assert {key: kept[key] for key in row} == row, table
    with looking(Settings(db=bare_url)) as opened:
        assert list(schema_faults(opened)) == []
    with SqlStore(bare_url) as store:
        assert store.write_session(session_data(), force=True).change == "updated"
        assert store.read("laps", KEY)["lap_time_ms"].tolist()[:3] == [210_000] * 3
        assert store.read("predictions")["value"].tolist() == [0.1]


def test_a_failed_migration_leaves_the_old_state(bare_url: str) -> None:
    make(bare_url, "0001")
    engine = sa.create_engine(bare_url)
    with engine.begin() as connection:
        # A table that somebody made by hand is in the way of the last of the new ones.
        connection.exec_driver_sql("CREATE TABLE identities (note TEXT)")
    engine.dispose()
    before, shape = held(bare_url), schema(bare_url)
    with pytest.raises(
        StoreError, match=r"cannot be upgraded: .*identities.* already exists; it is as it was"
    ) as caught:
        upgrade_store(bare_url, 1.0)
    assert "\n" not in str(caught.value)
    assert (held(bare_url), schema(bare_url)) == (before, shape)


def test_an_upgrade_that_is_killed_leaves_the_old_state(bare_url: str) -> None:
    make(bare_url, "0001")
    before, shape = held(bare_url), schema(bare_url)
    killed = subprocess.run([sys.executable, "-c", KILLED, bare_url], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (held(bare_url), schema(bare_url)) == (before, shape)
    assert upgrade_store(bare_url, 30.0) == "0001"
    assert len(held(bare_url)["predictions"]) == 1


def test_two_processes_upgrade_at_once(bare_url: str) -> None:
    rows = make(bare_url, "0001")
    command = [sys.executable, "-c", UPGRADER, bare_url]
    upgraders = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=120) for one in upgraders]
    assert [one.returncode for one in upgraders] == [0, 0], said
    engine = sa.create_engine(bare_url)
    with engine.connect() as connection:
        assert current(connection) == head()
    engine.dispose()
    assert all(len(held(bare_url)[table]) == 1 for table in rows)


@pytest.mark.parametrize("before", [None, "0001"])
def test_the_sql_makes_the_same_schema(
    bare_url: str, before: str | None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine = sa.create_engine(bare_url)
    kind = engine.dialect.name
    if before:
        rows = make(bare_url, before)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        sql = upgrade_sql(kind, before)
        raw.executescript(sql) if kind == "sqlite" else raw.execute(sql)
    engine.dispose()
    if before:
        assert held(bare_url)["predictions"][0]["value"] == rows["predictions"][0]["value"]
    online = (
        f"sqlite:///{tmp_path / 'online.db'}"
        if kind == "sqlite"
        else request.getfixturevalue("postgres_databases").create_bare()
    )
    if before:
        make(online, before)
    upgrade_store(online, 1.0)
    assert schema(bare_url) == schema(online)
    with SqlStore(bare_url) as store:
        assert store.write_session(session_data(), force=True).rows["laps"] == 6


def test_a_schema_that_nobody_knows_is_one_line(bare_url: str) -> None:
    upgrade_store(bare_url, 1.0)
    engine = sa.create_engine(bare_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreError, match="has schema 9999, which this racelab does not know: install a newer one"):
        upgrade_store(bare_url, 1.0)
    with pytest.raises(StoreError, match="there is no schema '0000'"):
        upgrade_sql("sqlite", "0000")


def test_the_command_prints_sql_and_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(SystemExit) as stopped:
        main(["--db", url, "db", "upgrade", "--sql", "--from", "0001"])
    assert not stopped.value.code
    printed = capsys.readouterr().out
    assert "ALTER TABLE laps ADD COLUMN lap_type TEXT" in printed
    assert "CREATE TABLE events" not in printed
    assert not (tmp_path / "none.db").exists()
    for arguments, said in ((["--from", "0001"], "goes with --sql"), (["--sql"], "a JSON store has no SQL")):
        with pytest.raises(SystemExit):
            main(["--db", f"json:///{tmp_path}/j", "db", "upgrade", *arguments])
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--db", url, "db", "upgrade", "--json"])
    assert json.loads(capsys.readouterr().out)["after"] == head()
