"""The declared checks on real sessions: what they find is there, and nothing that was raced is lost."""

import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from racelab.domain.checks import check, is_note
from racelab.domain.records import SessionData
from racelab.settings import Settings
from racelab.sources import alkamel, laptables
from racelab.sources.f1 import find_sessions
from racelab.sources.hints import Hints

pytestmark = pytest.mark.data
Tally = dict[str, tuple[int, int, int]]


def findings(data: SessionData) -> Tally:
    """Rules with a finding: noted, repaired and quarantined records. Nothing may be refused, and a second check is idle."""
    laps, found = len(data.laps), len(data.repairs)
    check(data)
    assert len(data.laps) == laps - sum(row.table == "laps" for row in data.quarantine)
    assert len(data.repairs) >= found
    first = list(data.repairs)
    check(data)
    assert data.repairs == first
    noted = Counter(rule for rule, _ in {(row.rule, row.record) for row in data.repairs if is_note(row)})
    rows = {row.rule: (noted[row.rule], row.repaired, row.quarantined) for row in data.checks}
    return {rule: counts for rule, counts in rows.items() if any(counts)}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("wec/2024/le_mans_24h.csv.gz", {"long_lap": (5, 0, 0)}),
        ("grcup/COTA", {"shared_number": (0, 2, 0), "unset_lap_counter": (0, 140, 0), "best_lap": (2, 0, 0)}),
        ("imsa/2024/12-watkins-glen-international", {"two_pit_times": (0, 17, 0)}),
        ("imsa/2024/15-virginia-international-raceway", {"result_order": (1, 0, 0)}),
    ],
)  # fmt: skip
def test_files_of_al_kamel(data: Path, path: str, wanted: Tally) -> None:
    total: dict[str, list[int]] = {}
    for found in alkamel.find_sessions(data / path, Hints()):
        for rule, counts in findings(found.read()).items():
            total[rule] = [a + b for a, b in zip(total.get(rule, [0, 0, 0]), counts, strict=True)]
    assert {rule: tuple(counts) for rule, counts in total.items()} == wanted


@pytest.fixture(scope="module")
def table() -> Callable[[Path, int, int], SessionData]:
    def read(data: Path, season: int, round_: int) -> SessionData:
        found = laptables.find_sessions(data / "f1" / "laps" / f"grand_prix_laps_{season}.csv.gz", Hints())
        return next(one.read() for one in found if one.key.round == round_)

    return read


@pytest.mark.parametrize(
    ("season", "round_", "wanted"),
    [
        # Austria: the table leaves out the laps of the second safety car and counts on.
        (2020, 1, {"lap_of_a_retirement": (0, 7, 0), "elapsed_sum": (15, 0, 0), "stint_without_stop": (4, 0, 0)}),
        # Interlagos: sets called new are three and four laps old.
        (2019, 20, {"elapsed_sum": (1, 0, 0), "lap_of_a_retirement": (0, 4, 0), "tyre_age": (15, 0, 0)}),
        # Styria: two laps of car 18 end at the same instant.
        (2021, 8, {"lap_of_a_retirement": (0, 1, 0), "elapsed_order": (1, 0, 0), "start_before_end": (0, 1, 0)}),
    ],
)  # fmt: skip
def test_lap_tables(
    data: Path, table: Callable[[Path, int, int], SessionData], season: int, round_: int, wanted: Tally
) -> None:
    assert findings(table(data, season, round_)) == wanted


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with the mirror, and with FastF1's cache of two races."""
    from conftest import DATA

    folder = tmp_path_factory.mktemp("fastf1")
    with tarfile.open(DATA / "f1" / "cache" / "fastf1-cache.tar.xz", "r|xz") as archive:
        for member in archive:
            if member.name.removeprefix("./").startswith(("2021/2021-08-29", "2024/2024-11-23")):
                archive.extract(member, folder, filter="data")
    tool = DATA.parent / "tools" / "f1_mirror.py"
    with subprocess.Popen([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Settings(f1_mirror=process.stdout.readline().strip(), f1_cache=folder)
        process.terminate()


def test_las_vegas_2024_has_sectors_that_are_half_a_second_short(settings: Settings) -> None:
    (found,) = find_sessions(2024, "22", ["R"], telemetry=False, settings=settings)
    race = found.read()
    assert findings(race) == {"sector_sum": (0, 14, 0)}
    lap = next(lap for lap in race.laps if (lap.car_number, lap.lap_number) == ("16", 45))
    assert (lap.lap_time_ms, lap.s1_ms, lap.s2_ms, lap.s3_ms) == (96_031, None, None, None)
    assert (lap.end_ms or 0) - (lap.start_ms or 0) == 96_031


def test_spa_2021_is_let_in_and_named_as_three_laps_of_39(settings: Settings) -> None:
    (found,) = find_sessions(2021, "12", ["R"], telemetry=False, settings=settings)
    race = found.read()
    # FastF1 gives every lap of it a compound that is none.
    assert findings(race) == {"unknown_compound": (0, 60, 0), "cut_race": (1, 0, 0)}
    assert race.repairs[-1].before == "3 of 39 laps"
    assert len(race.laps) == 60
