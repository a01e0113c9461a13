"""The rounds that are known, and finding them by what files and people call them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from racelab.domain.series import Series
from racelab.domain.sessions import read_code
from racelab.sources.calendar import circuits, find_circuit, find_rounds, rounds

ALL = [Series.WEC, Series.IMSA, Series.GRCUP]


def one(series: Series, season: int, *names: str, on: date | None = None) -> int:
    (found,) = find_rounds(series, season, names, on)
    return found.round


@pytest.mark.parametrize(
    ("series", "season", "count"),
    [
        (Series.WEC, 2021, 6), (Series.WEC, 2022, 6), (Series.WEC, 2023, 7), (Series.WEC, 2024, 8),
        (Series.WEC, 2025, 8), (Series.WEC, 2026, 8), (Series.IMSA, 2021, 12), (Series.IMSA, 2022, 12),
        (Series.IMSA, 2023, 11), (Series.IMSA, 2024, 11), (Series.IMSA, 2025, 11), (Series.IMSA, 2026, 11),
        (Series.GRCUP, 2025, 7),
    ],
)  # fmt: skip
def test_every_season_is_whole(series: Series, season: int, count: int) -> None:
    held = [entry for entry in rounds(series, season) if entry.round]
    assert [entry.round for entry in held] == list(range(1, count + 1))
    days = [entry.dates[0] for entry in held if entry.dates]
    assert days == sorted(days)


@pytest.mark.parametrize("series", ALL)
def test_facts_agree_with_each_other(series: Series) -> None:
    for entry in rounds(series):
        assert read_code(entry.code) == entry.code
        assert 0 < entry.scheduled_ms <= 24 * 3_600_000
        assert all(day.year == entry.season for day in entry.dates)
        if entry.start_utc:
            assert entry.start_utc.astimezone(ZoneInfo(entry.circuit.timezone)).date() == entry.dates[0], entry


def test_circuits_have_zones_and_names_of_their_own() -> None:
    aliases = [alias for circuit in circuits() for alias in circuit.aliases]
    assert len(aliases) == len(set(aliases))
    assert all(ZoneInfo(circuit.timezone) for circuit in circuits())
    assert all(circuit.lap_length_m is None or 2000 < circuit.lap_length_m < 14_000 for circuit in circuits())


def test_formula_1_has_no_calendar_here() -> None:
    assert rounds(Series.F1) == ()


@pytest.mark.parametrize(
    ("season", "name", "number"),
    [
        (2024, "le_mans_24h", 4), (2024, "24 Hours of Le Mans", 4), (2024, "Lone Star Le Mans", 6),
        (2025, "qatar_1812km", 1), (2025, "spa_6h", 3), (2021, "bahrain_8h", 6), (2021, "6 Hours of Bahrain", 5),
        (2025, "São Paulo", 5),
    ],
)  # fmt: skip
def test_a_round_goes_by_many_names(season: int, name: str, number: int) -> None:
    assert one(Series.WEC, season, name) == number


def test_two_races_at_one_circuit_need_more_than_its_name() -> None:
    assert len(find_rounds(Series.WEC, 2021, ["Bahrain"])) == 2
    assert one(Series.IMSA, 2021, "12-6h---watkins-glen-international") == 5
    assert one(Series.IMSA, 2021, "13-weathertech-240---wgi") == 6
    assert one(Series.IMSA, 2021, "Daytona", on=date(2021, 1, 24)) == 0
    assert one(Series.IMSA, 2021, "Daytona") == 1
    assert one(Series.IMSA, 2021, "01-roar-before-the-24") == 0


def test_a_date_decides_before_a_name() -> None:
    assert one(Series.IMSA, 2024, "nothing", on=date(2024, 9, 22)) == 10
    assert find_rounds(Series.IMSA, 2024, ["nothing"], date(2024, 9, 1)) == []


def test_the_nearest_telling_name_wins() -> None:
    assert one(Series.WEC, 2024, "23_Analysis_Race", "fuji", "le mans") == 7


def test_names_match_as_words() -> None:
    assert find_rounds(Series.WEC, 2024, ["spaces"]) == []
    assert find_circuit(["a viral file"]) is None
    circuit = find_circuit(["data", "VIR"])
    assert circuit is not None
    assert circuit.timezone == "America/New_York"


def test_starts_are_utc() -> None:
    (le_mans,) = find_rounds(Series.WEC, 2024, ["le mans"])
    assert le_mans.start_utc == datetime(2024, 6, 15, 14, tzinfo=UTC)


@pytest.mark.data
@pytest.mark.parametrize("series", [Series.WEC, Series.IMSA])
def test_rounds_agree_with_the_published_calendars(data: Path, series: Series) -> None:
    import csv

    with (data / "calendars" / f"{series}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            (found,) = [r for r in rounds(series, int(row["season"])) if r.round == int(row["round"])]
            start = found.start_utc.strftime("%Y-%m-%dT%H:%MZ") if found.start_utc else ""
            assert (found.name, found.circuit.name, start) == (row["name"], row["circuit"], row["start_utc"])
            assert found.dates == (date.fromisoformat(row["date"]),)
