"""Real sessions through a mirror and FastF1's cache: counts and values that are known."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

import racelab as rl
from racelab.cli import main
from racelab.domain.flags import Flag
from racelab.domain.laps import ResultKind
from racelab.domain.records import SessionData
from racelab.domain.tyres import Compound
from racelab.runs.ingest import ingest
from racelab.settings import Settings
from racelab.sources.f1 import find_sessions
from racelab.store.archive import archive_telemetry
from racelab.store.frames import typed
from racelab.store.tables import DERIVED_TABLES, LIVE_TABLES, NAMING_TABLES, SOURCE_TABLES
from tests.conftest import DATA

pytestmark = pytest.mark.data
CACHED = (
    "2021/2021-08-29_Belgian_Grand_Prix",
    "2023/2023-03-05_Bahrain_Grand_Prix",
    "2023/2023-05-07_Miami_Grand_Prix",
    "2025/2025-03-16_Australian_Grand_Prix",
)


@pytest.fixture(scope="session")
def mirror() -> Iterator[str]:
    """The mirror's address; it runs in a process of its own."""
    tool = DATA.parent / "tools" / "f1_mirror.py"
    with subprocess.Popen([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="session")
def settings(mirror: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the mirror and a cache folder that holds a few sessions."""
    folder = tmp_path_factory.mktemp("fastf1")
    with tarfile.open(DATA / "f1" / "cache" / "fastf1-cache.tar.xz", "r|xz") as archive:
        for member in archive:
            if member.name.removeprefix("./").startswith(CACHED):
                archive.extract(member, folder, filter="data")
    return Settings(f1_mirror=mirror, f1_cache=folder)


def read(settings: Settings, season: int, event: str, code: str, telemetry: bool = False) -> SessionData:
    (found,) = find_sessions(season, event, [code], telemetry=telemetry, settings=settings)
    return found.read()


@pytest.fixture(scope="session")
def australia(settings: Settings) -> SessionData:
    return read(settings, 2025, "1", "R", telemetry=True)


def podium(data: SessionData, kind: ResultKind) -> list[str]:
    codes = {entry.car_number: entry.drivers[0].code for entry in data.entries}
    ordered = sorted((r for r in data.results if r.kind is kind), key=lambda result: result.position or 99)
    return [codes[result.car_number] or "" for result in ordered[:3]]


def test_australia_2025(australia):
    assert len(australia.laps) == 927
    assert len([r for r in australia.results if r.kind is ResultKind.OFFICIAL]) == 20
    assert podium(australia, ResultKind.OFFICIAL) == ["NOR", "VER", "RUS"] == podium(australia, ResultKind.ROAD)
    assert australia.missing == []
    assert australia.session.scheduled_laps == 57
    assert australia.session.start_utc.isoformat() == "2025-03-16T04:18:22.295000+00:00"
    counts = {"entries": 20, "weather": 178, "track_status": 20, "session_status": 5, "race_control": 113}
    assert {name: len(getattr(australia, name)) for name in counts} == counts


def test_australia_2025_times(australia):
    norris = [result for result in australia.results if result.car_number == "4"]
    assert [(r.kind.value, r.total_time_ms, r.laps, r.points) for r in norris] == [
        ("official", 6_126_304, 57, 25.0), ("road", 6_126_492, 57, None),
    ]  # fmt: skip
    third = next(result for result in australia.results if result.car_number == "63")
    assert (third.total_time_ms, third.gap_ms, third.gap_laps) == (6_134_785, 8_481, 0)
    best = min((result.best_lap_ms, result.car_number) for result in australia.results if result.best_lap_ms)
    assert best == (82_167, "4")


def test_australia_2025_telemetry(australia):
    frame = australia.telemetry
    counts = frame[frame["kind"] == "car"].groupby("car_number").size()
    assert len(counts) == 20
    assert set(counts) == {25_690}
    assert frame["speed_kph"].max() < 350
    assert set(frame["brake_pct"].dropna()) == {0.0, 100.0}
    assert not frame.duplicated(["car_number", "kind", "time_ms"]).any()
    # Albert Park fits into a square of 2 km.
    assert 1000 < frame["x_m"].max() - frame["x_m"].min() < 2500


def test_real_races_fill_every_table(australia, settings, store, capsys):
    """Ingested, trained on, simulated and replayed: no table is left without real rows."""
    outcomes = list(ingest([SimpleNamespace(label="Australia", read=lambda: australia)], store))
    assert outcomes[0]["rows"]["telemetry"] == 992_800
    # Australia was wet: few of its laps are near its best, so that a dry race is there to learn from.
    list(ingest(find_sessions(2023, "1", ["R"], telemetry=False, settings=settings), store))
    for command in (
        ["train", "laptime", "--series", "f1"],
        ["simulate", "f1/2025/1/R", "--races", "50"],
        ["replay", "f1/2025/1/R", "--speed", "0"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main([*command, "--json"])
        assert not stopped.value.code, capsys.readouterr().err
    said = [line for line in capsys.readouterr().out.splitlines() if '"leader"' in line]
    assert said == ['  "leader": "4",']
    filled = {spec.name for spec in (*NAMING_TABLES, *SOURCE_TABLES, *DERIVED_TABLES, *LIVE_TABLES)}
    # Nothing of these two races is kept out of the analysis, nobody saved a run of the simulator, and a replay leaves
    # the rows of a stored session, its incidents among them, as they are.
    assert {name for name in filled if store.read(name).empty} <= {"quarantine", "simulation_runs", "incidents"}
    assert set(rl.load_predictions("f1/2023/1/R")["quality"]) == {"predicted"}
    assert rl.load_simulations("f1/2025/1/R").groupby("car_number")["probability"].sum().round(6).eq(1).all()
    fast = rl.load_telemetry("f1/2025/1/R", "4", lap=43)
    assert 290 < fast["speed_kph"].max() < 340


def test_a_race_comes_back_from_its_archive(australia, store):
    """Four cars of it: every lap of the winner and the whole of another car are as FastF1 gave them."""
    key = australia.session.key
    telemetry = australia.telemetry[australia.telemetry["car_number"].isin(["1", "4", "44", "63"])]
    store.write_session(replace(australia, telemetry=telemetry))
    done = archive_telemetry(store, key)
    assert done.rows == 4 * 49_640
    assert 1_000_000 < done.path.stat().st_size < 1_600_000
    assert store.values("telemetry", "car_number", key) == []
    own = {car: australia.telemetry[australia.telemetry["car_number"] == car] for car in ("4", "63")}
    laps = [lap for lap in australia.laps if lap.car_number == "4"]
    assert len(laps) == 57
    for lap in laps:
        read = rl.load_telemetry(str(key), "4", lap=lap.lap_number)
        inside = own["4"][own["4"]["time_ms"].between(lap.start_ms, lap.end_ms, inclusive="left")]
        assert_same_samples(read, inside.sort_values(["time_ms", "kind"]))
        assert {"car", "position"} == set(read["kind"])
    assert_same_samples(rl.load_telemetry(str(key), "63"), own["63"])


def assert_same_samples(read, expected):
    columns = list(expected.columns)
    pd.testing.assert_frame_equal(typed(read[columns]), typed(expected.reset_index(drop=True)))


def test_the_start_without_telemetry_is_the_same_to_a_quarter_of_a_second(australia, settings):
    data = read(settings, 2025, "Australia", "race")
    assert data.telemetry is None
    assert abs((data.session.start_utc - australia.session.start_utc).total_seconds()) < 0.5
    assert australia.provenance.digest.startswith(f"{data.provenance.digest}+")
    assert data.provenance.digest == read(settings, 2025, "1", "R").provenance.digest


def test_a_race_read_now_and_then_with_telemetry_is_no_change(australia, settings, store):
    plain = find_sessions(2025, "1", ["R"], telemetry=False, settings=settings)
    rich = [SimpleNamespace(label="Australia", read=lambda: deepcopy(australia))]
    changes = [outcome["change"] for found in (rich, plain, rich) for outcome in ingest(found, store)]
    assert changes == ["added", "unchanged", "unchanged"]
    assert store.read("telemetry", australia.session.key, car_number="4").shape[0] > 40_000


def test_azerbaijan_2018_from_the_static_files(settings):
    data = read(settings, 2018, "4", "R")
    assert len(data.laps) == 848
    assert len([r for r in data.results if r.kind is ResultKind.OFFICIAL]) == 20
    assert podium(data, ResultKind.OFFICIAL) == ["HAM", "RAI", "PER"]
    assert data.missing == ["weather"]
    assert {lap.compound for lap in data.laps} == {None, Compound.SOFT, Compound.SUPERSOFT, Compound.ULTRASOFT}
    magnussen = next(result for result in data.results if result.car_number == "20")
    assert magnussen.penalty_ms == 10_000
    assert {lap.flag for lap in data.laps} >= {Flag.GREEN, Flag.SAFETY_CAR}


def test_bahrain_2023_from_the_cache(settings):
    data = read(settings, 2023, "Bahrain", "R")
    assert len(data.laps) == 1056
    assert podium(data, ResultKind.OFFICIAL) == ["VER", "PER", "ALO"]
    official = {r.car_number: (r.position, r.laps) for r in data.results if r.kind is ResultKind.OFFICIAL}
    assert official == {r.car_number: (r.position, r.laps) for r in data.results if r.kind is ResultKind.ROAD}
    winner = [stop for stop in data.pit_stops if stop.car_number == "1"]
    assert [(stop.lap_number, stop.compound) for stop in winner] == [(14, Compound.SOFT), (36, Compound.HARD)]


def test_belgium_2021_has_three_laps_and_no_times(settings):
    data = read(settings, 2021, "Belgium", "R")
    assert len(data.laps) == 60
    assert {lap.lap_time_ms for lap in data.laps} == {None}
    assert data.pit_stops == []
    assert podium(data, ResultKind.OFFICIAL) == ["VER", "RUS", "HAM"]
    assert [r.points for r in data.results if r.car_number == "33" and r.kind is ResultKind.OFFICIAL] == [12.5]


def test_a_qualifying(settings):
    data = read(settings, 2023, "Miami", "qualifying")
    assert podium(data, ResultKind.OFFICIAL) == ["PER", "ALO", "SAI"]
    pole = next(result for result in data.results if result.position == 1)
    assert (pole.q1_ms, pole.q2_ms, pole.q3_ms, pole.best_lap_ms) == (87_713, 87_328, 86_841, 86_841)
    assert {lap.position for lap in data.laps} == {None}


def test_a_sprint_from_the_static_files(settings):
    data = read(settings, 2025, "Miami", "sprint")
    assert podium(data, ResultKind.OFFICIAL) == ["NOR", "PIA", "HAM"]
    assert data.session.key.code == "S"
