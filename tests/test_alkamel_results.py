"""Results and weather files: both layouts, units, penalties and the named repairs."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from racelab.domain.entries import Driver
from racelab.domain.laps import Lap, Result, ResultKind
from racelab.domain.records import Repair
from racelab.errors import BadInput
from racelab.sources.alkamel import repairs
from racelab.sources.alkamel.results import ResultsFile, kind_of, read_results
from racelab.sources.alkamel.weather import first_reading, read_weather
from racelab.sources.textfile import TextTable, read_table

FULL = (
    "POSITION,NUMBER,STATUS,LAPS,TOTAL_TIME,GAP_FIRST,GAP_PREVIOUS,FL_LAPNUM,FL_TIME,FL_KPH,TEAM,CLASS,GROUP,DIVISION,"
    "VEHICLE,TIRES,IMSA_CarId,DRIVER1_FIRSTNAME,DRIVER1_SECONDNAME,DRIVER1_LICENSE,DRIVER1_COUNTRY,"
    "DRIVER1_IMSA_DriverId,DRIVER2_FIRSTNAME,DRIVER2_SECONDNAME\n"
    "1,40,Classified,333,12:00:54.520,-,-,187,1:49.497,197.9,WTR,GTP,,,Acura ARX-06,M,9,Jordan,Taylor,Platinum,USA,13,,\n"
    "2,01,Classified,333,12:00:55.411,+0.891,+0.891,64,1:50.186,196.7,Cadillac,GTP,,,V-Series.R,M,8,A,One,,,,B,Two\n"
    "3,023,Classified,16,32:59.868,317 Laps,49 Laps,0,,,Heart,GTD,,,Vantage,M,7,C,Three,,,,,\n"
    ",80,Not started,0,,,,0,,,AO,GTD,,,Porsche,M,6\n"
)
BY_CLASS = (
    "CLASS_TYPE;POS;PIC;NUMBER;VEHICLE;LAPS;ELAPSED;GAP_FIRST;GAP_PREVIOUS;BEST_LAP_NUM;BEST_LAP_TIME;BEST_LAP_KPH\n"
    "Am;1;1;13;Toyota GR86;27;45:15.035;;;8;1:37.428;136.8\nAm;2;2;22;Toyota GR86;26;45:17.775;1 Laps;1 Laps;0;;\n"
)
WEATHER = "TIME_UTC_SECONDS,TIME_UTC_STR,AIR_TEMP,TRACK_TEMP,HUMIDITY,PRESSURE,WIND_SPEED,WIND_DIRECTION,RAIN,\n"
START = datetime(2024, 3, 16, 13, 41, 8, tzinfo=UTC)


def table(text: str, name: str = "race-results.csv", least: int | None = 10) -> TextTable:
    return read_table(Path(name), text, least=least)


def weather(rows: str) -> TextTable:
    return table(WEATHER + rows, "race-weather.csv", None)


def test_full_results() -> None:
    first, second, third, last = read_results(table(FULL)).results
    assert first == Result(
        "40", ResultKind.OFFICIAL, 1, 1, "Classified", 333, 43_254_520, 0, 0, best_lap_ms=109_497, best_lap_number=187
    )
    assert (second.gap_ms, second.gap_laps, second.class_position) == (891, 0, 2)
    assert (third.car_number, third.gap_ms, third.gap_laps, third.class_position) == ("023", None, 317, 1)
    assert (third.best_lap_ms, third.best_lap_number) == (None, None)
    assert (last.position, last.class_position, last.status, last.laps, last.total_time_ms) == (None, None, "Not started", 0, None)  # fmt: skip


def test_entries_of_full_results() -> None:
    first, second, _, last = read_results(table(FULL)).entries
    assert (first.team, first.car_class, first.group, first.vehicle, first.tyre_maker) == ("WTR", "GTP", None, "Acura ARX-06", "Michelin")  # fmt: skip
    assert first.drivers == (Driver(1, "Jordan Taylor", None, "USA", "Platinum", "13"),)
    assert [(driver.seat, driver.name) for driver in second.drivers] == [(1, "A One"), (2, "B Two")]
    assert (last.vehicle, last.drivers) == ("Porsche", ())


def test_results_by_class() -> None:
    found = read_results(table(BY_CLASS, "05_Provisional Results by Class_Race 1.CSV"))
    assert found.kind is ResultKind.PROVISIONAL
    assert [(r.position, r.class_position, r.laps, r.total_time_ms, r.gap_laps) for r in found.results] == [
        (1, 1, 27, 2_715_035, 0), (2, 2, 26, 2_717_775, 1),
    ]  # fmt: skip
    assert [entry.car_class for entry in found.entries] == ["Am", "Am"]


def test_a_word_in_the_place_of_a_place_is_none() -> None:
    last = read_results(table(FULL.replace("\n,80,Not started", "\nDSQ,80,Disqualified"))).results[-1]
    assert (last.position, last.class_position, last.status) == (None, None, "Disqualified")


def test_a_file_is_official_unless_its_name_says_provisional() -> None:
    assert kind_of("03_Provisional Results_Race 1.CSV") is ResultKind.PROVISIONAL
    assert kind_of("00_Results GR Cup Race 1 Official.CSV") is ResultKind.OFFICIAL
    assert kind_of("03_Results_Anonymized.CSV") is ResultKind.OFFICIAL


@pytest.mark.parametrize(("old", "new"), [("12:00:54.520", "12:0x:54"), (",333,", ",3e3,"), ("1,40,", "1,,"), ("+0.891,", "+abc,")])  # fmt: skip
def test_a_damaged_result_names_file_and_line(old: str, new: str) -> None:
    with pytest.raises(BadInput, match=r"race-results\.csv, line [23]: "):
        read_results(table(FULL.replace(old, new, 1)))


def road(number: str, laps: int, end: int) -> Lap:
    return Lap(number, laps, end_ms=end)


def test_whole_seconds_on_top_of_the_laps_are_a_penalty() -> None:
    results = read_results(table(FULL)).results
    last = {"40": road("40", 333, 43_254_520), "01": road("01", 333, 43_220_411), "023": road("023", 16, 1_979_867)}
    kept, needed = repairs.with_penalties(results, last)
    assert [result.penalty_ms for result in kept] == [None, 35_000, None, None]
    assert [(repair.rule, repair.record) for repair in needed] == [("result_time", "official 023")]


def test_fewer_laps_than_the_results_have_mean_a_cut_file() -> None:
    laps = table("NUMBER;LAP_NUMBER\n01;1\n40;1\n", "laps.csv", None)
    results = [Result("40", laps=3), Result("01", laps=1)]
    with pytest.raises(BadInput, match=r"laps\.csv, line 3: car 40 has 1 laps here and 3"):
        repairs.check_laps_of(laps, results, {"40": road("40", 1, 9), "01": road("01", 1, 9)})
    with pytest.raises(BadInput, match="car 99 has 0 laps"):
        repairs.check_laps_of(laps, [Result("99", laps=3)], {"40": road("40", 1, 9)})
    odd = repairs.check_laps_of(laps, [Result("01", laps=2)], {"01": road("01", 1, 9)})
    assert [(repair.rule, repair.before, repair.after) for repair in odd] == [("result_laps", "2", "2")]
    assert repairs.check_laps_of(laps, [Result("80", laps=0)], {}) == []


def shared(*numbers: str) -> TextTable:
    rows = "".join(f"{number};{lap}\n" for number in numbers for lap in (1, 2))
    return table("NUMBER;LAP_NUMBER\n" + rows, "laps.csv", None)


def test_of_two_cars_with_one_number_the_first_gets_its_zero_back() -> None:
    laps = shared("3", "11", "3", "31")
    assert repairs.split_shared_numbers(laps) == [
        Repair("shared_number", "entries", "03", "car_number", "3", "03",
               "two cars are written 3; cars stand in text order, so the first has lost its zero"),
    ]  # fmt: skip
    assert [row[0] for row in laps.rows] == ["03", "03", "11", "11", "3", "3", "31", "31"]


def test_a_number_that_is_taken_is_not_given_again() -> None:
    laps = shared("03", "3", "11", "3")
    repairs.split_shared_numbers(laps)
    assert list(dict.fromkeys(row[0] for row in laps.rows)) == ["03", "003", "11", "3"]


def test_two_sessions_in_one_file_are_refused() -> None:
    with pytest.raises(BadInput, match=r"line 8: .*more than one session"):
        repairs.split_shared_numbers(shared("1", "2", "3", "1", "2", "3"))


def test_results_of_a_shared_number_go_to_the_car_that_took_the_time() -> None:
    found = ResultsFile(ResultKind.OFFICIAL, [], [Result("3", total_time_ms=100), Result("3", total_time_ms=900)])
    found.entries = [replace(read_results(table(FULL)).entries[0], car_number="3", group=group) for group in "AB"]
    named = repairs.rename_results(found, {"03": road("03", 1, 880), "3": road("3", 1, 100)}, {"3": "03"})
    assert [result.car_number for result in named.results] == ["3", "03"]
    assert [(entry.car_number, entry.group) for entry in named.entries] == [("3", "A"), ("03", "B")]
    assert repairs.rename_results(named, {"09": road("09", 1, 1)}, {"9": "09"}) == named


def test_inches_go_with_fahrenheit_and_miles() -> None:
    (reading,), needed = read_weather(weather("1710596481,x,71.6,74.0,85,29.92,10,286,-1,\n"), START)
    assert needed == []
    assert (reading.time_ms, reading.time_utc) == (13_000, datetime(2024, 3, 16, 13, 41, 21, tzinfo=UTC))
    assert (reading.air_c, reading.track_c, reading.humidity_pct) == (22.0, 23.33, 85.0)
    assert (reading.pressure_hpa, reading.wind_kph, reading.wind_direction_deg) == (1013.21, 16.09, 286.0)
    assert reading.rain is None


def test_hectopascals_go_with_celsius_and_kilometres() -> None:
    rows = "1710596481,x,29.8,40.2,56.75,992.9,2.88,342,0,\n1710596541,x,29.8,40.3,56.75,992.9,2.88,342,1,\n"
    readings, _ = read_weather(weather(rows), None)
    assert [(r.time_ms, r.air_c, r.track_c, r.pressure_hpa, r.wind_kph, r.rain) for r in readings] == [
        (0, 29.8, 40.2, 992.9, 2.88, False), (60_000, 29.8, 40.3, 992.9, 2.88, True),
    ]  # fmt: skip


@pytest.mark.parametrize("track", ["0", "88"])
def test_a_track_sensor_that_never_moves_is_left_out_by_name(track: str) -> None:
    rows = "".join(f"{1710596481 + 60 * n},x,29.8,{track},56,992.9,2.88,342,0,\n" for n in range(25))
    readings, (repair,) = read_weather(weather(rows), START)
    assert {reading.track_c for reading in readings} == {None}
    assert (repair.rule, repair.column, repair.after) == ("stuck_sensor", "track_c", None)


def test_a_steady_track_is_no_broken_sensor() -> None:
    rows = "".join(f"{1710596481 + 60 * n},x,29.8,31,56,992.9,2.88,342,0,\n" for n in range(25))
    readings, needed = read_weather(weather(rows), START)
    assert (readings[0].track_c, needed) == (31.0, [])


def test_blank_values_are_missing_and_a_header_alone_has_no_reading() -> None:
    (reading,), _ = read_weather(weather("1710596481,x,,,,992.9,,,,\n"), START)
    assert (reading.air_c, reading.wind_kph, reading.rain) == (None, None, None)
    assert read_weather(weather(""), START) == ([], [])
    assert first_reading(weather("")) is None


@pytest.mark.parametrize("row", ["17x,x,1,1,1,1,1,1,0,\n", "1710596481,x,nan,1,1,1,1,1,0,\n", "1710596481,x,1,y,1,1,1,1,0,\n", f"{10**20},x,1,1,1,1,1,1,0,\n"])  # fmt: skip
def test_a_damaged_reading_names_file_and_line(row: str) -> None:
    with pytest.raises(BadInput, match=r"race-weather\.csv, line 2: "):
        read_weather(weather(row), START)
