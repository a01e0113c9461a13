"""Real races in a SQLite, a PostgreSQL and a JSON store: the same rows in every table, and nothing wrong in any."""

from collections import Counter
from pathlib import Path

import pytest
from workers import checksums, problems

from racelab.runs.database.access import looking
from racelab.runs.database.counts import row_counts
from racelab.runs.ingest import ingest
from racelab.settings import Settings
from racelab.sources import alkamel
from racelab.sources.hints import Hints
from racelab.store.open import open_store

pytestmark = [pytest.mark.data, pytest.mark.postgres]
FEW = {"wec/2024/fuji_6h.csv.gz": 1, "imsa/2024/06-long-beach-street-circuit": 1, "grcup/indianapolis": 2}
ALL = {"imsa": 43, "wec": 10, "grcup/barber": 2, "grcup/COTA": 2, "grcup/indianapolis": 2, "grcup/Sonoma": 2}


def fill(url: str, paths: list[Path]) -> Counter[str]:
    """Ingest every session under the paths; how many races with laps came of each series."""
    races: Counter[str] = Counter()
    with open_store(url) as store:  # type: ignore[attr-defined]
        for path in paths:
            for outcome in ingest(alkamel.find_sessions(path, Hints()), store):
                assert outcome["change"] == "added", outcome
                races[outcome["series"]] += bool(outcome["rows"].get("laps"))
    return races


def assert_same(urls: list[str], paths: list[Path]) -> Counter[str]:
    """Every store gets the sessions by itself and holds the same; returns the races of each series."""
    races = [fill(url, paths) for url in urls]
    sums = [checksums(url) for url in urls]
    counts = []
    for url in urls:
        with looking(Settings(db=url)) as store:
            counts.append(row_counts(store.connection))
        assert problems(url) == []
    for other in range(1, len(urls)):
        assert (races[other], counts[other]) == (races[0], counts[0])
        assert {table for table in sums[0] if sums[0][table] != sums[other][table]} == set()
    return races[0]


def test_three_races_are_the_same_in_every_store(postgres_url: str, tmp_path: Path, data: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/a.db", postgres_url, f"json:///{tmp_path}/a"]
    races = assert_same(urls, [data / name for name in FEW])
    assert races == {"wec": 1, "imsa": 1, "grcup": 2}


@pytest.mark.soak
def test_all_races_are_the_same_in_every_store(postgres_url: str, tmp_path: Path, data: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/a.db", postgres_url, f"json:///{tmp_path}/a"]
    races = assert_same(urls, [data / name for name in ALL])
    assert races == {"wec": 10, "imsa": 43, "grcup": 8}
