"""Shared fixtures: an empty store, the folder of real data, clean settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from racelab.settings import get_settings
from racelab.sources.sample import generate
from racelab.store.sql import SqlStore

# Nothing is timed: machines are shared. The same examples each time keep the suite repeatable.
settings.register_profile("racelab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("racelab")
DATA = Path(os.environ.get("RACELAB_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `data` are skipped, by name, where the real data is missing."""
    if DATA.is_dir():
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason=f"no real timing data at {DATA} (RACELAB_TEST_DATA)"))


@pytest.fixture
def data() -> Path:
    """The folder of real timing data."""
    return DATA


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own data and reports folder and reads settings anew."""
    for name in list(os.environ):
        if name.startswith("RACELAB_") and name != "RACELAB_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("RACELAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RACELAB_REPORTS", str(tmp_path / "reports"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty SQLite store of its own; `load_*` and commands of this test open the same one by default."""
    with SqlStore(get_settings().store_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> SqlStore:
    """A store that holds the generated season of seed 2; each test module has its own."""
    store = SqlStore(f"sqlite:///{tmp_path_factory.mktemp('season') / 'season.db'}")
    for found in generate(2):
        store.write_session(found.read())
    return store
