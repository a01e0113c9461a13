"""`racelab db backup` and `restore`: what comes back is what was there, and a bad file touches nothing."""

import json
import os
import sqlite3
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from builders import KEY, session_data

from racelab.cli import main
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, RacelabError, StoreError
from racelab.runs.checksums import store_checksums
from racelab.runs.database import backup_sqlite, container
from racelab.runs.database.backup import back_up, restore
from racelab.settings import Settings
from racelab.store.archive import archive_folder, archive_telemetry
from racelab.store.engine import upgrade_store, writing
from racelab.store.migrate import head, upgrade
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore

OTHER = SessionKey(Series.WEC, 2024, 5, "R")


def quiet(_label: str, _count: int) -> None:
    """Nobody watches."""


def fill(store: Store) -> dict[str, str]:
    """Two sessions, one with telemetry, and what racelab itself computes; returns the checksums."""
    data = session_data()
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": [0, 240], "speed_kph": [280.0, 281.0]})
    store.write_session(data)
    store.write_session(session_data(OTHER, laps=7))
    store.upsert(
        "driver_metrics", [{"session_id": KEY.session_id, "car_number": "7", "seat": 1, "metric": "é", "value": 0.1}]
    )
    return store_checksums(store)


def checksums(url: str) -> dict[str, str]:
    with open_store(url) as store:  # type: ignore[attr-defined]
        return store_checksums(store)


def saved(url: str, file: Path) -> Path:
    back_up(Settings(db=url), file, quiet)
    return file


def test_what_is_restored_is_what_was_saved(backend: Store, tmp_path: Path) -> None:
    before = fill(backend)
    manifest = back_up(Settings(db=backend.url), tmp_path / "b.zip", quiet)
    assert (manifest.rows["laps"], manifest.rows["telemetry"], manifest.rows["sessions"]) == (20, 2, 2)
    assert manifest.schema == head()
    backend.delete("events", event_id=KEY.event_id)
    backend.write_session(session_data(OTHER, digest="changed", laps=2))
    assert store_checksums(backend) != before
    with pytest.raises(StoreError, match=r"holds \d+ rows: restore into an empty store, or add --force"):
        restore(Settings(db=backend.url), tmp_path / "b.zip", quiet)
    restore(Settings(db=backend.url), tmp_path / "b.zip", quiet, force=True)
    assert store_checksums(backend) == before
    assert checksums(backend.url) == before
    assert backend.write_session(session_data()).change == "unchanged"


@pytest.mark.parametrize("kind", ["sqlite", "json"])
def test_a_backup_makes_a_store_where_there_is_none(kind: str, tmp_path: Path) -> None:
    with open_store(f"{kind}:///{tmp_path}/one.db") as store:  # type: ignore[attr-defined]
        before = fill(store)
    file = saved(f"{kind}:///{tmp_path}/one.db", tmp_path / "b.zip")
    restore(Settings(db=f"{kind}:///{tmp_path}/new/two.db"), file, quiet)
    assert checksums(f"{kind}:///{tmp_path}/new/two.db") == before


def test_archived_telemetry_is_saved_and_restored(
    backend: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fill(backend)
    archive_telemetry(backend, KEY)
    file = saved(backend.url, tmp_path / "b.zip")
    folder = archive_folder(backend.url)
    assert folder is not None
    [path] = [path for path in folder.rglob("*") if path.is_file()]
    path.unlink()
    restore(Settings(db=backend.url), file, quiet, force=True)
    assert backend.read("telemetry", KEY)["speed_kph"].tolist() == [280.0, 281.0]
    assert store_checksums(backend)["telemetry"] == before["telemetry"]
    path.write_bytes(b"damaged")
    restore(Settings(db=backend.url), file, quiet, force=True)
    assert store_checksums(backend)["telemetry"] == before["telemetry"]
    path.write_bytes(b"another")
    with pytest.raises(StoreError, match=r"is not the (one that was written|telemetry)"):
        saved(backend.url, tmp_path / "c.zip")
    assert not (tmp_path / "c.zip").exists()


def test_a_backup_is_of_one_moment_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps of the copy another process commits: the copy has nothing of it."""
    monkeypatch.setattr(backup_sqlite, "_PAGES", 3)
    with SqlStore(f"sqlite:///{tmp_path}/one.db") as store:
        before = fill(store)
        rounds = iter(range(6, 10))

        def write(label: str, _count: int) -> None:
            if label.startswith("copy") and (round_ := next(rounds, None)):
                store.write_session(session_data(SessionKey(Series.WEC, 2024, round_, "R"), laps=30))

        manifest = back_up(Settings(db=store.url), tmp_path / "b.zip", write)
        assert len(store.sessions()) == 6
    assert manifest.rows["sessions"] == 2
    restore(Settings(db=f"sqlite:///{tmp_path}/two.db"), tmp_path / "b.zip", quiet)
    assert checksums(f"sqlite:///{tmp_path}/two.db") == before


@pytest.mark.postgres
def test_a_backup_of_postgresql_is_of_one_moment(postgres_url: str, tmp_path: Path) -> None:
    with SqlStore(postgres_url) as store:
        before = fill(store)

        def write(label: str, _count: int) -> None:
            if label == "events":
                store.write_session(session_data(SessionKey(Series.WEC, 2024, 9, "R"), laps=30))

        manifest = back_up(Settings(db=postgres_url), tmp_path / "b.zip", write)
        assert (manifest.rows["sessions"], manifest.rows["laps"], len(store.sessions())) == (2, 20, 3)
        restore(Settings(db=postgres_url), tmp_path / "b.zip", quiet, force=True)
        assert store_checksums(store) == before


def test_a_reader_in_another_connection_sees_the_restored_rows(tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path}/one.db") as store, SqlStore(store.url) as reader:
        fill(store)
        file = saved(store.url, tmp_path / "b.zip")
        store.delete("events", event_id=KEY.event_id)
        assert len(reader.sessions()) == 1
        restore(Settings(db=store.url), file, quiet, force=True)
        assert len(reader.sessions()) == 2
        assert len(reader.read("laps", KEY)) == 6


def damage(file: Path, how: str) -> str:
    """Harm the backup; returns what must be said."""
    raw = bytearray(file.read_bytes())
    if how == "cut":
        file.write_bytes(raw[: len(raw) // 2])
        return "no backup of racelab, or was cut"
    if how == "foreign":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("photo.jpg", b"\xff")
        return "no backup of racelab"
    if how == "empty":
        file.write_bytes(b"")
        return "no backup of racelab, or was cut"
    if how == "bit":
        with zipfile.ZipFile(file) as archive:
            largest = max(
                (one for one in archive.infolist() if "manifest" not in one.filename),
                key=lambda member: member.compress_size,
            )
        raw[largest.header_offset + 100 + largest.compress_size // 2] ^= 0x10
        file.write_bytes(raw)
        return "is damaged"
    return rewritten(file, how)


def rewritten(file: Path, how: str) -> str:
    """Write the ZIP again with another manifest or member."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest, said = json.loads(members["manifest.json"]), "is damaged"
    if how == "member":
        first = next(iter(members))
        members[first] = members[first][:-1] + b"\x00" + b"x"
    elif how == "newer schema":
        manifest["schema"], said = "9999", "newer than this racelab"
    elif how == "newer format":
        manifest["version"], said = 99, "made by a newer racelab"
    elif how == "added":
        members["../../evil"], said = b"x", "other parts than its manifest says"
    elif how == "kind":
        manifest["kind"], said = "oracle", "is a backup of a oracle store"
    elif how == "rows":
        manifest["rows"]["laps"], said = 5, "other rows"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, content)
    return said


@pytest.mark.parametrize(
    "how", ["cut", "foreign", "empty", "bit", "member", "newer schema", "newer format", "added", "kind", "rows"]
)
def test_a_bad_file_is_one_line_and_touches_nothing(backend: Store, tmp_path: Path, how: str) -> None:
    fill(backend)
    file = saved(backend.url, tmp_path / "b.zip")
    backend.write_session(session_data(OTHER, digest="changed", laps=2))
    before = store_checksums(backend)
    if how == "rows" and backend.url.startswith("json"):
        pytest.skip("the files of a folder count their own rows")
    said = damage(file, how)
    with pytest.raises(RacelabError, match=said) as caught:
        restore(Settings(db=backend.url), file, quiet, force=True)
    assert "\n" not in str(caught.value)
    assert store_checksums(backend) == before
    assert not [path for path in tmp_path.rglob("*") if "copy" in path.name or "evil" in path.name]


def test_a_backup_of_another_kind_of_store_is_refused(tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path}/one.db") as store:
        fill(store)
    file = saved(f"sqlite:///{tmp_path}/one.db", tmp_path / "b.zip")
    with pytest.raises(BadInput, match=r"a backup of a sqlite store and .* is of kind json: .*`racelab db copy`"):
        restore(Settings(db=f"json:///{tmp_path}/j"), file, quiet)


def test_a_backup_of_an_older_schema_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    engine = sa.create_engine(old)
    with writing(engine) as connection, connection.begin():
        upgrade(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO events (event_id, series, season, round, name) VALUES (2202404, 'wec', 2024, 4, 'Le Mans')"
        )
    engine.dispose()
    file = tmp_path / "b.zip"
    with container.new_backup(file, container.Manifest("sqlite", "0001", "then", "0", {}, {"events": 1})) as target:
        target.add_file("racelab.db", tmp_path / "old.db")
    restore(Settings(db=f"sqlite:///{tmp_path}/new.db"), file, quiet)
    with SqlStore(f"sqlite:///{tmp_path}/new.db") as store:
        assert store.read("events")["name"].tolist() == ["Le Mans"]
        assert store.write_session(session_data()).change == "added"
    assert upgrade_store(f"sqlite:///{tmp_path}/new.db", 1.0) == head()


def test_a_backup_of_a_folder_of_an_older_schema_is_upgraded(tmp_path: Path) -> None:
    with open_store(f"json:///{tmp_path}/old") as store:  # type: ignore[attr-defined]
        before = fill(store)
    own = tmp_path / "old" / "store.json"
    own.write_text(own.read_text().replace(f'"schema":"{head()}"', '"schema":"0001"'))
    file = tmp_path / "b.zip"
    assert back_up(Settings(db=f"json:///{tmp_path}/old"), file, quiet).schema == "0001"
    restore(Settings(db=f"json:///{tmp_path}/new"), file, quiet)
    assert f'"schema":"{head()}"' in (tmp_path / "new" / "store.json").read_text()
    assert checksums(f"json:///{tmp_path}/new") == before


@pytest.mark.postgres
def test_a_backup_of_postgresql_of_an_older_schema_is_upgraded(postgres_url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        names = ", ".join(f'"{name}"' for name in sa.inspect(connection).get_table_names())
        connection.exec_driver_sql(f"DROP TABLE {names}")
        upgrade(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO events (event_id, series, season, round, name) VALUES (2202404, 'wec', 2024, 4, 'Le Mans')"
        )
        raw = connection.connection.driver_connection
        assert raw is not None
        with raw.cursor().copy("COPY events (name, event_id, series, season, round) TO STDOUT (FORMAT BINARY)") as copy:
            content = b"".join(bytes(piece) for piece in copy)
    engine.dispose()
    file = tmp_path / "b.zip"
    columns = {"events": ["name", "event_id", "series", "season", "round"]}
    with container.new_backup(
        file, container.Manifest("postgresql", "0001", "then", "0", columns, {"events": 1})
    ) as target:
        target.add("events.copy", [content])
    assert upgrade_store(postgres_url, 1.0) == "0001"
    with SqlStore(postgres_url) as store:
        store.delete("events", event_id=2202404)
        store.write_session(session_data(OTHER))
    restore(Settings(db=postgres_url), file, quiet, force=True)
    with SqlStore(postgres_url) as store:
        assert store.read("events")["name"].tolist() == ["Le Mans"]
        assert store.write_session(session_data()).change == "added"


def test_a_file_is_never_overwritten_without_a_word(store: Store, tmp_path: Path) -> None:
    fill(store)
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(BadInput, match="is there already: name another file, or add --force"):
        back_up(Settings(db=store.url), file, quiet)
    assert file.read_text() == "mine"
    back_up(Settings(db=store.url), file, quiet, force=True)
    assert zipfile.is_zipfile(file)
    own = Path(store.url.removeprefix("sqlite:///"))
    with pytest.raises(BadInput, match="belongs to the store itself"):
        back_up(Settings(db=store.url), own, quiet, force=True)
    with pytest.raises(BadInput, match="is a folder"):
        back_up(Settings(db=store.url), tmp_path, quiet)


def test_a_backup_never_takes_the_place_of_a_file_of_the_store(tmp_path: Path) -> None:
    with open_store(f"json:///{tmp_path}/folder") as store:
        before = fill(store)
    with pytest.raises(BadInput, match="belongs to the store itself"):
        back_up(Settings(db=f"json:///{tmp_path}/folder"), tmp_path / "folder" / "lap_data.json", quiet, force=True)
    assert checksums(f"json:///{tmp_path}/folder") == before
    (tmp_path / "a.db-wal").write_bytes(b"pages")
    with pytest.raises(BadInput, match="belongs to the store itself"):
        back_up(Settings(db=f"sqlite:///{tmp_path}/a.db"), tmp_path / "a.db-wal", quiet, force=True)
    assert (tmp_path / "a.db-wal").read_bytes() == b"pages"


@pytest.mark.parametrize("url", ["sqlite:///{}/50%2520 of ü's/a.db", "json:///{}/50%20 of ü's"])
def test_a_store_is_looked_after_where_it_lies_whatever_letters_its_path_has(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = url.format(tmp_path)
    with open_store(own) as store:
        before = fill(store)
        archive_telemetry(store, KEY)
    for command in (["check"], ["stats"], ["backup", f"{tmp_path}/b.zip"], ["restore", f"{tmp_path}/b.zip", "--force"]):
        with pytest.raises(SystemExit) as ended:
            main(["--db", own, "db", *command])
        assert ended.value.code == 0
    assert checksums(own)["laps"] == before["laps"]
    named = "50%20 of ü's"
    kept = {path.name for path in tmp_path.iterdir()} - {"data"}
    assert kept == {named, "b.zip"} | ({f"{named}-telemetry"} if own.startswith("json:") else set())
    capsys.readouterr()


def test_a_backup_that_fails_leaves_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    place = tmp_path / "backups"

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        back_up(Settings(db=store.url), place / "b.zip", quiet)
    assert list(place.iterdir()) == []


def test_a_locked_store_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    with SqlStore(url) as store:
        before = fill(store)
    file = saved(url, tmp_path / "b.zip")
    holder = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        restore(Settings(db=url, busy_timeout_s=0.2), file, quiet, force=True)
    holder.close()
    assert checksums(url) == before


def test_the_commands(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = fill(store)
    file = tmp_path / "b.zip"
    for command in (["db", "backup", str(file), "--json"], ["db", "restore", str(file), "--force", "--json"]):
        with pytest.raises(SystemExit) as stopped:
            main(command)
        assert not stopped.value.code
        said = json.loads(capsys.readouterr().out)
        assert (said["schema"], said["rows"]["laps"]) == (head(), 20)
    with pytest.raises(SystemExit):
        main(["db", "stats", "--checksums", "--json"])
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert {name: told["sha256"] for name, told in tables.items()} == before
    assert (tables["laps"]["rows"], tables["telemetry"]["rows"]) == (20, 2)
