"""Opening stores: the pool of connections, Cloud SQL by Google's connector, and no password anywhere."""

import gc
import logging
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from builders import KEY, session_data
from postgres import plain
from sqlalchemy.engine import make_url

from racelab.cli import main
from racelab.errors import MissingExtra, StoreError
from racelab.runs.local_postgres import LocalPostgres
from racelab.runs.voila import child_environment
from racelab.settings import Settings, get_settings
from racelab.store.engine import mask, open_engine
from racelab.store.open import open_store
from racelab.store.sql import SqlStore

SECRET = "pass/word@1"
CLOUD = {
    "INSTANCE_CONNECTION_NAME": "project:region:instance",
    "DB_USER": "user@example.com",
    "DB_PASS": SECRET,
    "DB_NAME": "races",
}


class Google:
    """Stands in for Google's connector: connects to the test's own server, and remembers how it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[dict[str, Any]] = []
        self.closed = 0
        self.error: Exception | None = None

    def make(self, **how: Any) -> Any:
        return SimpleNamespace(connect=lambda *place, **who: self.connect(how, place, who), close=self.close)

    def connect(self, how: dict[str, Any], place: tuple[str, ...], who: dict[str, Any]) -> Any:
        self.calls.append({**how, "place": place, **who})
        if self.error:
            raise self.error
        return psycopg.connect(plain(self.url))

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def google(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Google:
    stand_in = Google(postgres_url)
    module = ModuleType("google.cloud.sql.connector")
    module.Connector = stand_in.make  # type: ignore[attr-defined]
    module.exceptions = ModuleType("exceptions")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.cloud.sql.connector", module)
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    return stand_in


@pytest.mark.postgres
@pytest.mark.parametrize(("private", "address"), [("true", "private"), ("false", "public"), (None, "public")])
def test_a_session_is_kept_in_cloud_sql(
    google: Google, monkeypatch: pytest.MonkeyPatch, private: str | None, address: str
) -> None:
    if private:
        monkeypatch.setenv("PRIVATE_IP", private)
        get_settings.cache_clear()
    with open_store() as store:
        assert store.write_session(session_data()).change == "added"
        assert store.find("wec/2024/4/R") == KEY
        assert len(store.read("laps", KEY)) == 6
    assert google.calls[0] == {
        "ip_type": address, "refresh_strategy": "lazy", "place": ("project:region:instance", "psycopg"),
        "user": "user@example.com", "password": SECRET, "db": "races",
    }  # fmt: skip
    assert google.closed == 1
    with SqlStore(google.url) as direct:
        assert len(direct.read("laps", KEY)) == 6


@pytest.mark.postgres
@pytest.mark.parametrize(
    "error", [ValueError(f"bad {SECRET}\nmore"), TimeoutError(), psycopg.OperationalError("no such user")]
)
def test_the_password_is_nowhere(
    google: Google, error: Exception, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    google.error = error
    settings = get_settings()
    with pytest.raises(StoreError) as caught:
        open_store()
    with pytest.raises(SystemExit, match="1"):
        main(["sessions"])
    shown = [
        str(caught.value),
        repr(settings),
        str(settings),
        settings.store_url,
        mask(settings.store_url),
        caplog.text,
    ]
    shown += [*capsys.readouterr(), settings.model_dump_json()]
    assert not any(SECRET in text or "word%401" in text for text in shown)
    assert "\n" not in str(caught.value)
    assert "project:region:instance" in str(caught.value).replace("%3A", ":")


def test_child_processes_get_the_account_by_their_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DB_PASS" not in child_environment({})
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    given = child_environment({})
    assert given["RACELAB_DB"] == "postgresql+psycopg://user%40example.com@/races?cloudsql=project%3Aregion%3Ainstance"
    assert (given["DB_PASS"], given["PRIVATE_IP"]) == (SECRET, "False")


def test_racelab_db_comes_before_cloud_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**CLOUD, "RACELAB_DB": "sqlite:///x.db"}.items():
        monkeypatch.setenv(name, value)
    assert Settings().store_url == "sqlite:///x.db"


@pytest.mark.parametrize("missing", ["DB_USER", "DB_PASS", "DB_NAME"])
def test_an_incomplete_account_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    for name in set(CLOUD) - {missing}:
        monkeypatch.setenv(name, CLOUD[name])
    monkeypatch.delenv(missing, raising=False)
    get_settings.cache_clear()
    with pytest.raises(SystemExit, match="1"):
        main(["sessions"])
    said = capsys.readouterr().err
    assert f"INSTANCE_CONNECTION_NAME is set, but not {missing}: set all of them" in said
    assert len(said.strip().splitlines()) == 1


def test_a_wrong_private_ip_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRIVATE_IP", "perhaps")
    with pytest.raises(SystemExit, match="1"):
        main(["sessions"])
    assert "PRIVATE_IP cannot be used" in capsys.readouterr().err


def test_without_the_extra_cloud_sql_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.sql.connector", None)
    with pytest.raises(MissingExtra, match=r"pip install 'racelab\[cloudsql\]'"):
        open_store("postgresql+psycopg://u@/d?cloudsql=p:r:i")


# Google's connector ends its thread but leaves its event loop open, which Python says when the loop is collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_googles_own_connector_is_asked_as_it_wants_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real connector, stopped where it would ask Google: the instance's name is wrong."""
    pytest.importorskip("google.cloud.sql.connector")
    from google.auth.credentials import AnonymousCredentials

    monkeypatch.setattr("google.auth.default", lambda **_: (AnonymousCredentials(), "p"))
    with pytest.raises(StoreError, match=r"Cloud SQL instance nonsense cannot be reached"):
        open_store("postgresql+psycopg://u@/d?cloudsql=nonsense")
    gc.collect()


@pytest.mark.postgres
def test_the_pool_is_bounded_and_tells_the_server_who_connects(postgres_url: str) -> None:
    engine = open_engine(postgres_url, 1.0)
    assert isinstance(engine.pool, sa.QueuePool)
    assert (engine.pool.size(), engine.pool._max_overflow, engine.pool._recycle) == (5, 5, 1800)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "racelab"
        assert connection.connection.driver_connection.info.get_parameters()["connect_timeout"] == "10"  # type: ignore[union-attr]
    engine.dispose()


@pytest.mark.postgres
def test_the_url_may_say_otherwise(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"application_name": "team"}).render_as_string(hide_password=False)
    engine = open_engine(url, 1.0)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "team"
    engine.dispose()


@pytest.mark.postgres
def test_a_store_goes_on_after_its_server_was_started_anew(private_postgres: LocalPostgres) -> None:
    with SqlStore(private_postgres.url) as store:
        store.write_session(session_data())
        private_postgres.stop()
        with pytest.raises(StoreError, match="cannot be read"):
            store.read("laps")
        private_postgres.start()
        assert len(store.read("laps")) == 6
        private_postgres.kill()
        private_postgres.start()
        assert store.write_session(session_data(digest="two")).change == "updated"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:secret@h:1/d?sslpassword=secret", "postgresql+psycopg://u:***@h:1/d"),
        ("postgresql+psycopg://u@/d?cloudsql=p:r:i&password=secret", "postgresql+psycopg://u@/d?cloudsql=p%3Ar%3Ai"),
        ("nonsense secret", "given by RACELAB_DB"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert mask(url) == shown


def test_the_data_folder_may_have_letters_that_mean_something_in_a_url(tmp_path: Path) -> None:
    data = tmp_path / "50%20 or more?"
    with open_store(Settings(data=data, db=None).store_url):
        assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == [data.name]
    assert (data / "racelab.db").is_file()
