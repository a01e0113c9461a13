"""f1db's and Ergast's files: what becomes of each kind of cell, and what is said of a bad file."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from history_zip import Tables, as_csv, ergast_tables, f1db_tables, newer_tables, write_zip
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.history import History
from racelab.errors import BadInput
from racelab.sources import csvzip, ergast, f1db
from racelab.sources.csvzip import open_archive
from racelab.sources.ergast.results import numbered


def rows(history: History, table: str, **where: object) -> list[dict[str, Any]]:
    columns = history.tables[table]
    listed = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [row for row in listed if all(row[key] == value for key, value in where.items())]


@pytest.fixture
def f1db_history(tmp_path: Path) -> History:
    return f1db.read(write_zip(tmp_path / "f1db.zip", f1db_tables(), "deep/in/"))


@pytest.fixture
def ergast_history(tmp_path: Path) -> History:
    return ergast.read(write_zip(tmp_path / "ergast.zip", ergast_tables()))


def test_f1db_race_results(f1db_history):
    winner, second, out = rows(f1db_history, "history_results", code="R", round=1)
    assert (winner["total_time_ms"], winner["points"], winner["fastest_lap"], winner["stops"]) == (
        5_057_336,
        10.0,
        True,
        2,
    )
    assert (winner["best_lap_ms"], winner["gap_ms"], winner["grid_position"], winner["grid_text"]) == (
        None,
        None,
        1,
        "1",
    )
    assert (second["gap_laps"], second["gap_ms"], second["points"], second["penalty_ms"]) == (1, None, 4.14, 5000)
    assert (second["grid_position"], second["grid_text"], second["total_time_ms"]) == (0, "PL", None)
    assert (out["position"], out["position_text"], out["reason_retired"], out["car_number"]) == (
        None,
        "DNF",
        "Engine",
        "07",
    )
    assert out["points"] is None
    assert [row["sequence"] for row in (winner, second, out)] == [1, 2, 3]


def test_a_sum_of_qualifying_laps_is_no_best_lap(f1db_history):
    (summed,) = rows(f1db_history, "history_results", code="Q", round=1)
    assert (summed["total_time_ms"], summed["best_lap_ms"]) == (181_460, None)
    knockout, unclassified = rows(f1db_history, "history_results", code="Q", round=2)
    assert (knockout["q1_ms"], knockout["q2_ms"], knockout["q3_ms"], knockout["best_lap_ms"]) == (
        90_500,
        90_200,
        90_300,
        90_200,
    )
    assert (unclassified["position_text"], unclassified["best_lap_ms"]) == ("NC", None)


def test_f1db_fastest_laps_grids_and_stops(f1db_history):
    (fastest,) = rows(f1db_history, "history_results", code="FL")
    assert (fastest["best_lap_ms"], fastest["best_lap_number"], fastest["driver_ref"]) == (87_452, 41, "ann-alpha")
    (grid,) = rows(f1db_history, "history_results", code="GRID")
    assert (grid["grid_position"], grid["grid_text"], grid["grid_penalty"], grid["best_lap_ms"]) == (
        0,
        "PL",
        "10",
        91_000,
    )
    (stop,) = rows(f1db_history, "history_pit_stops")
    assert (stop["lap_number"], stop["duration_ms"], stop["stop"]) == (20, 24_210, 1)


def test_f1db_events_have_exact_lengths_and_utc_starts(f1db_history):
    first, second = rows(f1db_history, "history_events")
    assert (first["lap_length_m"], first["distance_m"], first["qualifying_format"]) == (5281.0, 300_987.0, "AGGREGATE")
    assert (first["name"], first["circuit"], first["country"], first["start_utc"]) == (
        "X Grand Prix",
        "The Ring",
        "Monaco",
        None,
    )
    assert second["start_utc"] == datetime(2005, 3, 2, 13, 0, tzinfo=UTC)


def test_the_seasons_own_standings_are_round_0(f1db_history):
    (final,) = rows(f1db_history, "history_standings", kind="driver", round=0)
    assert (final["season"], final["ref"], final["points"]) == (2005, "ann-alpha", 10.5)
    assert rows(f1db_history, "history_standings", kind="driver", round=1)[0]["points"] == 10.0


def test_what_f1db_lacks_is_named_and_models_are_null(f1db_history):
    assert {"S", "FP1", "WUP", "SQ"} <= set(f1db_history.missing)
    (entrant,) = rows(f1db_history, "history_entrants")
    assert (entrant["entrant"], entrant["rounds"], entrant["tyre_ref"]) == ("Red Team", "1-2", "michelin")
    assert (entrant["chassis"], entrant["engine_model"], entrant["test_driver"]) == (None, None, False)


def test_newer_releases_tell_chassis_and_engines(tmp_path):
    history = f1db.read(write_zip(tmp_path / "f1db.zip", newer_tables()))
    (entrant,) = rows(history, "history_entrants")
    assert (entrant["chassis"], entrant["engine_model"]) == ("Red R1 / Red R2", "Ford V10")


def test_f1db_names_whom_its_ids_stand_for(f1db_history):
    found = {(one.kind, one.provider_id): one for one in f1db_history.subjects}
    driver = found["driver", "bo-beta-jr"]
    assert (driver.name, driver.code, driver.birth_date, driver.nationality) == (
        "Bo Bêta Jr.",
        "BET",
        "1981-02-03",
        "Monegasque",
    )
    assert found["engine", "bmw"].name == "BMW"
    assert found["circuit", "ring"].nationality == "Monaco"


def test_ergast_race_results(ergast_history):
    winner, second, out = rows(ergast_history, "history_results", code="R", round=1)
    assert (winner["total_time_ms"], winner["gap_ms"], winner["gap_laps"], winner["reason_retired"]) == (
        5_057_336,
        None,
        None,
        None,
    )
    assert (winner["best_lap_ms"], winner["best_lap_number"], winner["fastest_lap"]) == (87_452, 41, True)
    assert (second["gap_laps"], second["reason_retired"], second["fastest_lap"]) == (1, None, False)
    assert (second["grid_position"], second["grid_text"], second["points"]) == (0, "PL", 4.14)
    assert (out["position"], out["position_text"], out["reason_retired"], out["laps"]) == (None, "DNF", "Engine", 3)


def test_ergast_gaps_and_those_who_did_not_start(ergast_history):
    winner, second, out = rows(ergast_history, "history_results", code="R", round=2)
    assert (winner["total_time_ms"], second["gap_ms"], second["total_time_ms"]) == (5_000_000, 9500, 5_009_500)
    assert (out["position_text"], out["grid_position"], out["grid_text"], out["reason_retired"]) == (
        "DNPQ",
        None,
        None,
        None,
    )


def test_ergasts_ranks_are_the_list_of_fastest_laps(ergast_history):
    listed = rows(ergast_history, "history_results", code="FL")
    assert [(row["position"], row["driver_ref"], row["best_lap_ms"], row["fastest_lap"]) for row in listed] == [
        (1, "alpha", 87_452, True), (2, "beta", 88_000, False),
    ]  # fmt: skip


def test_ergast_qualifying_stops_and_standings(ergast_history):
    (pole,) = rows(ergast_history, "history_results", code="Q")
    assert (pole["q1_ms"], pole["q2_ms"], pole["q3_ms"], pole["best_lap_ms"]) == (90_500, 90_200, None, 90_200)
    (stop,) = rows(ergast_history, "history_pit_stops")
    assert (stop["time_of_day"], stop["duration_ms"]) == ("14:30:00", 24_210)
    (maker,) = rows(ergast_history, "history_standings", kind="constructor")
    assert (maker["position"], maker["position_text"], maker["round"]) == (None, "EX", 1)


def test_incidents_are_found_by_the_races_name_and_the_others_are_named(ergast_history):
    (car,) = rows(ergast_history, "history_incidents", kind="safety_car")
    assert (car["season"], car["round"], car["first_lap"], car["last_lap"], car["laps"]) == (2005, 1, 3, 6, 2)
    (flag,) = rows(ergast_history, "history_incidents", kind="red_flag")
    assert (flag["resumed"], flag["cause"]) == (False, "Mist. Not at the restart: Cy")
    (left_out,) = ergast_history.left_out
    assert "safety_cars.csv, line 3: no race is called '2005 Z Grand Prix'" in left_out


def test_races_to_come_may_end_early_in_ergasts_file(tmp_path):
    tables = ergast_tables()
    path = write_zip(tmp_path / "e.zip", tables)
    text = as_csv(tables["races"]).replace("13:00:00,u,\\N\n", "13:00:00,u\n")
    replace_member(path, "races.csv", text)
    assert len(rows(ergast.read(path), "history_events")) == 2


def replace_member(path: Path, name: str, text: str | bytes) -> None:
    with zipfile.ZipFile(path) as file:
        kept = {other: file.read(other) for other in file.namelist() if other != name}
    with zipfile.ZipFile(path, "w") as file:
        for other, raw in kept.items():
            file.writestr(other, raw)
        file.writestr(name, text)


def changed(table: str, row: int, **values: object) -> Tables:
    tables = f1db_tables()
    tables[table][row].update(values)
    return tables


RACE = "f1db-races-race-results"


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (changed(RACE, 1, laps="5x"), r"member f1db-races-race-results.csv, line 3: laps '5x' is no whole number"),
        (changed(RACE, 0, timeMillis="5057336.5"), r"line 2: timeMillis '5057336.5' is no whole number"),
        (changed(RACE, 2, points="many"), r"line 4: points 'many' is no number"),
        (changed(RACE, 2, points="NaN"), r"line 4: points 'NaN' is no number"),
        (changed(RACE, 0, sharedCar="maybe"), r"line 2: sharedCar 'maybe' is neither true nor false"),
        (changed(RACE, 0, driverId=""), r"line 2: driverId '' is empty"),
        (changed(RACE, 0, year=20005), r"line 2: year '20005' is no whole number from 1900 to 2999"),
        (changed(RACE, 1, positionDisplayOrder=1), r"line 3: positionDisplayOrder '1' comes twice"),
        (changed("f1db-races", 1, round=1), r"f1db-races.csv, line 3: round '1' comes twice"),
        (changed("f1db-races", 1, time="25:61"), r"line 3: date '2005-03-02' and time '25:61' are no date and time"),
    ],
)
def test_a_wrong_value_is_named_by_member_line_and_column(tmp_path, tables, said):
    path = write_zip(tmp_path / "f1db.zip", tables)
    with pytest.raises(BadInput, match=said) as caught:
        f1db.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["races", "races-race-results", "drivers", "circuits", "seasons-driver-standings"])
def test_a_missing_member_is_named(tmp_path, name):
    tables = {key: rows for key, rows in f1db_tables().items() if key != f"f1db-{name}"}
    with pytest.raises(BadInput, match=f"f1db-{name}.csv is not in the file: give the file as published"):
        f1db.read(write_zip(tmp_path / "f1db.zip", tables))


@pytest.mark.parametrize("name", ["races", "results", "status", "drivers", "constructor_standings"])
def test_a_missing_member_of_ergast_is_named(tmp_path, name):
    tables = {key: rows for key, rows in ergast_tables().items() if key != name}
    with pytest.raises(BadInput, match=rf"{name}.csv is not in the file"):
        ergast.read(write_zip(tmp_path / "e.zip", tables))


def test_a_missing_column_is_named(tmp_path):
    tables = f1db_tables()
    tables[RACE] = [{key: cell for key, cell in row.items() if key not in ("laps", "points")} for row in tables[RACE]]
    with pytest.raises(BadInput, match=r"f1db-races-race-results.csv, line 1: there is no column laps, points"):
        f1db.read(write_zip(tmp_path / "f1db.zip", tables))


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("results", "driverId", 9, "driverId '9' is in no row of the table that it points at"),
        ("results", "raceId", 9, "raceId '9' is in no row"), ("results", "statusId", 9, "statusId '9' is in no row of status.csv"),
        ("results", "time", "soon", "milliseconds|time"), ("safety_cars", "Retreated", "3.5", "Retreated '3.5' is no lap"),
        ("red_flags", "Resumed", "X", "Resumed 'X' is none of Y, R, S, N"), ("qualifying", "q1", "fast", "q1 'fast' is no duration"),
        ("races", "circuitId", 9, "circuitId '9' is in no row"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_ergast_is_named(tmp_path, table, column, value, said):
    tables = ergast_tables()
    tables[table][0][column] = value
    if column == "time":
        tables[table][1][column] = "+soon"
        said = r"results.csv, line 3: time '\+soon' is no gap"
    with pytest.raises(BadInput, match=said):
        ergast.read(write_zip(tmp_path / "e.zip", tables))


def test_what_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "f1db.zip"
    path.write_text("<html>not found</html>")
    with pytest.raises(BadInput, match="no ZIP file, or a damaged one"):
        f1db.read(path)
    with pytest.raises(BadInput, match=r"none.zip: cannot be read \(No such file"):
        f1db.read(tmp_path / "none.zip")
    with pytest.raises(BadInput, match="cannot be read"):
        f1db.read(tmp_path)


def test_a_cut_or_damaged_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "f1db.zip", f1db_tables())
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(BadInput, match="no ZIP file, or a damaged one"):
        f1db.read(path)
    start = raw.index(b"f1db-races.csv") + 40
    path.write_bytes(raw[:start] + b"\xff" * 60 + raw[start + 60 :])
    with pytest.raises(BadInput, match=r"member f1db-races.csv: damaged or encrypted"):
        f1db.read(path)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("id,name\nx\n", "line 2: 1 fields where the header has 2"), ('id,name\nx,"a"b\n', "line 2: no CSV row"),
        (b"id,name\nx,\xff\xfe\n", "line 2: this is not UTF-8 text"), ("", "line 1: the header is empty"),
        ("id,id,name\nx,y,z\n", "names a column twice"), ('id,name\nx,"two\nlines"\n\ny,z,1\n', "line 5: 3 fields where"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_named_by_its_line(tmp_path, raw, said):
    path = write_zip(tmp_path / "f1db.zip", f1db_tables())
    replace_member(path, "f1db-grands-prix.csv", raw)
    with pytest.raises(BadInput, match=rf"member f1db-grands-prix.csv, {said}|{said}"):
        f1db.read(path)


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "f1db.zip", f1db_tables())
    monkeypatch.setattr(csvzip, "MAX_TOTAL_BYTES", 1000)
    with pytest.raises(BadInput, match="it is no history"):
        f1db.read(path)
    monkeypatch.setattr(csvzip, "MAX_TOTAL_BYTES", 10**9)
    monkeypatch.setattr(csvzip, "MAX_MEMBER_BYTES", 50)
    with pytest.raises(BadInput, match=r"unpacks to \d+ bytes: it is no history"):
        f1db.read(path)
    monkeypatch.setattr(csvzip, "MAX_MEMBERS", 3)
    with pytest.raises(BadInput, match="members that unpack to"):
        f1db.read(path)


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    path = write_zip(tmp_path / "f1db.zip", f1db_tables())
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("copy/f1db-races.csv", "x\n")
        file.writestr("__MACOSX/f1db-drivers.csv", "x\n")
    with pytest.raises(BadInput, match=r"f1db-races.csv is in the file twice"):
        f1db.read(path)


def test_the_digest_is_the_files(tmp_path):
    path = write_zip(tmp_path / "f1db.zip", f1db_tables())
    with open_archive(path) as archive:
        assert archive.digest == csvzip.file_digest(path)
    assert f1db.read(path).digest == csvzip.file_digest(path)


@given(st.lists(st.tuples(st.integers(1950, 1952), st.integers(1, 2), st.integers(0, 4)), max_size=30))
def test_lists_are_numbered_from_1_without_gaps_in_their_order(listed):
    races = [(season, round_) for season, round_, _ in listed]
    order = [place for _, _, place in listed]
    numbers = numbered(races, order)
    for race in set(races):
        own = sorted(
            (number, place) for number, place, other in zip(numbers, order, races, strict=True) if other == race
        )
        assert [number for number, _ in own] == list(range(1, len(own) + 1))
        assert [place for _, place in own] == sorted(place for _, place in own)
