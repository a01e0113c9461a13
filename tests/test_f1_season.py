"""Real seasons from FastF1's cache: read once, read again, cut off in the middle, with telemetry and without."""

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastf1.req import Cache

from racelab.cli import main
from racelab.runs.bench_season import measure_season
from racelab.runs.ingest import Outcome, ingest
from racelab.settings import Settings
from racelab.sources.f1 import FoundSession, find_sessions
from tests.conftest import DATA
from tests.f1_mirror import contents
from tests.f1_server import Source, source

pytestmark = pytest.mark.data
SHORT = ("2023/2023-03-05", "2023/2023-05-07")
ROUNDS = (1, 5)


def unpack(folder: Path, *wanted: str) -> Path:
    with tarfile.open(DATA / "f1" / "cache" / "fastf1-cache.tar.xz", "r|xz") as archive:
        for member in archive:
            if not wanted or member.name.removeprefix("./").startswith(wanted):
                archive.extract(member, folder, filter="data")
    return folder


@pytest.fixture
def mirror() -> Iterator[Source]:
    with source(contents) as told:
        yield told


@pytest.fixture
def settings(mirror: Source, tmp_path: Path) -> Settings:
    return Settings(f1_mirror=mirror.base, f1_cache=unpack(tmp_path / "cache", *SHORT), f1_pause_s=0.01)


def races(settings: Settings, season: int = 2023, rounds: tuple[int, ...] = ROUNDS) -> list[FoundSession]:
    listed = find_sessions(season, "all", ["R"], telemetry=False, settings=settings)
    return [session for session in listed if session.key.round in rounds]


def changes(outcomes: list[Outcome]) -> list[str]:
    return [outcome["change"] for outcome in outcomes]


def test_two_races_and_again(settings, store):
    first = list(ingest(races(settings), store))
    assert changes(first) == ["added"] * 2, first
    assert [outcome["rows"]["laps"] for outcome in first] == [1056, 1138]
    assert all(0 < outcome["seconds"]["source"] < outcome["seconds"]["reading"] for outcome in first)
    before = store.read("ingest_runs")
    again = list(ingest(races(settings), store))
    assert [(outcome["change"], outcome["rows"]) for outcome in again] == [("unchanged", {})] * 2
    assert store.read("ingest_runs").equals(before)


def test_a_mirror_that_dies_in_mid_season_and_comes_back(settings, mirror, store):
    found = races(settings)
    outcomes = []
    for outcome in ingest(found, store):
        outcomes.append(outcome)
        mirror.faults[""] = "hang up"
    assert changes(outcomes) == ["added", "failed"]
    assert "f1/2023/5/R cannot be read whole" in outcomes[1]["error"]
    assert "does not answer" in outcomes[1]["error"]
    assert len(store.sessions()) == 1
    mirror.faults.clear()
    again = list(ingest(found, store))
    assert changes(again) == ["unchanged", "added"]
    assert (again[1]["rows"]["laps"], again[1]["rows"]["results"]) == (1138, 40)


def test_results_that_fail_on_the_second_run_do_not_replace_those_that_are_stored(settings, mirror, store):
    """FastF1 would go on without Ergast: other results, another digest, and the official ones gone."""
    (race,) = races(settings, rounds=(1,))
    list(ingest([race], store))
    held = store.read("results")
    (settings.cache_folder / "fastf1_http_cache.sqlite").unlink()
    mirror.faults["results.json"] = "cut gzip"
    (outcome,) = ingest([race], store)
    assert outcome["change"] == "failed"
    assert "nothing of it is stored" in outcome["error"]
    assert store.read("results").equals(held)
    mirror.faults.clear()
    assert changes(list(ingest([race], store))) == ["unchanged"]


@pytest.mark.parametrize("fault", ["cut gzip", "500"])
def test_a_part_that_is_cut_fails_the_session_and_poisons_no_cache(fault, mirror, store, tmp_path, capsys, monkeypatch):
    """From the archive's own files, without a cache: the sprint of Miami 2025, its flags damaged, then whole."""
    for name, value in (("MIRROR", mirror.base), ("CACHE", str(tmp_path / "empty")), ("PAUSE_S", "0.01")):
        monkeypatch.setenv(f"RACELAB_F1_{name}", value)
    mirror.faults["TrackStatus.jsonStream"] = fault
    with pytest.raises(SystemExit) as stopped:
        main(["ingest", "f1", "2025", "Miami", "S"])
    err = capsys.readouterr().err.splitlines()
    assert (stopped.value.code, len(err)) == (1, 1)
    assert err[0].startswith("racelab: f1/2025/6/S cannot be read whole")
    assert list((tmp_path / "empty").rglob("*.ff1pkl")) == []
    assert store.sessions().empty
    mirror.faults.clear()
    with pytest.raises(SystemExit) as stopped:
        main(["ingest", "f1", "2025", "Miami", "S"])
    assert not stopped.value.code
    assert len(store.read("track_status")) > 3
    assert len(store.read("laps")) > 300
    assert list((tmp_path / "empty").rglob("*.ff1pkl"))


def test_a_season_without_its_schedule_does_not_stop_the_next(mirror, settings, store, capsys, monkeypatch):
    monkeypatch.setenv("RACELAB_F1_MIRROR", mirror.base)
    monkeypatch.setenv("RACELAB_F1_CACHE", str(settings.f1_cache))
    monkeypatch.setenv("RACELAB_F1_PAUSE_S", "0.01")
    mirror.faults["schedule_2022.json"] = "500"
    with pytest.raises(SystemExit) as stopped:
        main(["ingest", "f1", "2022-2023", "all", "R", "--max-events", "1"])
    out, err = capsys.readouterr()
    assert stopped.value.code == 1
    assert "the schedule of 2022 cannot be read" in err
    assert store.sessions()["season"].tolist() == [2023]
    assert "2 sessions: 1 added, 1 failed" in out or "2 sessions: 1 failed, 1 added" in out


def test_an_event_that_one_of_several_seasons_lacks_is_missing_there(mirror, settings, store, capsys, monkeypatch):
    monkeypatch.setenv("RACELAB_F1_MIRROR", mirror.base)
    monkeypatch.setenv("RACELAB_F1_CACHE", str(settings.f1_cache))
    with pytest.raises(SystemExit) as stopped:
        main(["ingest", "f1", "2020,2023", "Miami", "R"])
    assert not stopped.value.code
    assert "1 missing, 1 added" in capsys.readouterr().out


def test_the_season_is_left_out_of_the_benchmarks_where_the_cache_lacks_it(settings, caplog):
    assert measure_season(settings, 2024) == []
    assert "no figures of the season 2024" in caplog.text
    assert "RACELAB_F1_CACHE" in caplog.text


@pytest.mark.soak
def test_all_of_2023_and_2024_and_again(mirror, tmp_path, store):
    settings = Settings(f1_mirror=mirror.base, f1_cache=unpack(tmp_path / "cache"))
    found = [race for season in (2023, 2024) for race in races(settings, season, tuple(range(1, 25)))]
    first = list(ingest(found, store))
    assert changes(first) == ["added"] * 46, [outcome["error"] for outcome in first if outcome["error"]]
    assert sum(outcome["rows"]["laps"] for outcome in first) == 51_024
    missing = store.read("ingest_runs")["missing"].str.contains("race_control").fillna(False)
    assert missing.sum() == 5
    before = store.read("ingest_runs")
    again = list(ingest([replace(race) for race in found], store))
    assert [(outcome["change"], outcome["rows"]) for outcome in again] == [("unchanged", {})] * 46
    assert store.read("ingest_runs").equals(before)
    assert str(settings.f1_cache) != Cache._CACHE_DIR
