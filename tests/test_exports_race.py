"""The race JSON: its keys, types, values and file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from small_race import KEY, small_race

import racelab as rl
from racelab.cli import main
from racelab.domain.laps import StopType
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.exports.files import document_text, safe_name, write_race
from racelab.exports.race import race_document
from racelab.exports.schema import race_schema

NOW = datetime(2026, 11, 21, 13, 5, 9, tzinfo=UTC)


@pytest.fixture
def document(store):
    store.write_session(small_race())
    return race_document(store, KEY, NOW)


def valid(document):
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(race_schema(), format_checker=checker).validate(document)
    return document


def test_the_document_is_what_the_schema_says(document):
    valid(document)
    jsonschema.Draft202012Validator.check_schema(race_schema())


def test_race_info_names_the_race(document):
    assert document["race_info"] == {
        "id": 220240413,
        "series": "WEC",
        "name": "24 Hours of Le Mans",
        "track": "Circuit de la Sarthe",
        "start_time": "2024-06-15T14:00:00+00:00",
        "end_time": None,
        "exported_at": "2026-11-21T13:05:09+00:00",
    }


def test_cars_have_text_numbers_and_crews(document):
    assert [car["car_number"] for car in document["cars"]] == ["007", "50", "7"]
    ferrari = document["cars"][1]
    assert ferrari["class"] == "HYPERCAR"
    assert ferrari["drivers"] == [
        {"name": "Antonio Fuoco", "nationality": "ITA"},
        {"name": "Miguel Molina", "nationality": None},
    ]
    assert document["cars"][0] == {
        "car_number": "007",
        "team": None,
        "class": None,
        "manufacturer": None,
        "drivers": [],
    }


def test_laps_are_in_seconds_with_gaps_at_the_line(document):
    laps = {(lap["car_number"], lap["lap_number"]): lap for lap in document["laps"]}
    assert laps["50", 1] == {
        "car_number": "50", "lap_number": 1, "lap_time": 210.123, "sector1_time": 40.001, "sector2_time": 80.002,
        "sector3_time": 90.12, "position": 1, "gap_to_leader": 0.0, "tire_age": 1, "is_pit_lap": False,
    }  # fmt: skip
    assert laps["7", 1]["gap_to_leader"] == 1.377
    assert laps["7", 2]["gap_to_leader"] == 3.377
    assert laps["50", 2]["is_pit_lap"] is True
    assert laps["007", 1]["lap_time"] is None
    assert laps["007", 1]["gap_to_leader"] is None
    assert laps["007", 1]["tire_age"] is None


def test_stops_have_seconds_a_word_and_an_instant(document):
    assert document["pit_stops"] == [
        {"car_number": "50", "lap_number": 2, "duration": 62.5, "stop_type": "Driver change",
         "timestamp": "2024-06-15T14:07:00.250+00:00"},
        {"car_number": "7", "lap_number": 2, "duration": None, "stop_type": "Unknown",
         "timestamp": "2024-06-15T14:07:04.500+00:00"},
    ]  # fmt: skip


def test_statistics_leave_deleted_laps_and_lap_1_out(document):
    assert document["statistics"] == {
        "total_cars": 3,
        "total_laps": 6,
        "total_pit_stops": 2,
        "fastest_lap": {"car_number": "50", "lap_number": 3, "time": 210.877},
        "most_pit_stops": {"car_number": "50", "count": 1},
    }


def test_an_empty_race_has_every_key(store):
    data = small_race()
    data.laps, data.pit_stops, data.entries = [], [], []
    store.write_session(data)
    document = valid(race_document(store, KEY, NOW))
    assert document["laps"] == []
    assert document["statistics"]["fastest_lap"] == {"car_number": None, "lap_number": None, "time": None}
    assert document["statistics"]["most_pit_stops"] == {"car_number": None, "count": None}


def test_without_a_start_stops_have_no_instant(store):
    store.write_session(small_race(start=None))
    document = valid(race_document(store, KEY, NOW))
    assert document["race_info"]["start_time"] is None
    assert {stop["timestamp"] for stop in document["pit_stops"]} == {None}


def test_practice_has_no_gaps_and_says_that_it_is_practice(store):
    store.write_session(small_race(code="FP1"))
    document = valid(race_document(store, SessionKey(KEY.series, 2024, 4, "FP1"), NOW))
    assert {lap["gap_to_leader"] for lap in document["laps"]} == {None}
    assert document["race_info"]["name"] == "24 Hours of Le Mans Practice 1"


def test_the_words_for_stops_are_the_schemas():
    stop = race_schema()["properties"]["pit_stops"]["items"]["properties"]["stop_type"]
    assert stop["enum"] == [kind.value for kind in StopType]


def test_the_text_is_json_with_one_lap_a_line(document):
    text = document_text(document)
    assert json.loads(text) == document
    assert sum('"lap_time": ' in line for line in text.splitlines()) == 6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("6 Hours of Bahrain", "6_Hours_of_Bahrain"),
        ("São Paulo Grand Prix", "São_Paulo_Grand_Prix"),
        ("../../etc/passwd", "etc_passwd"),
        ('a<b>:"c"|d?*', "a_b_c_d"),
        ("...", "race"),
        ("x" * 400, "x" * 120),
    ],
)
def test_file_names_are_safe(name, expected):
    assert safe_name(name) == expected


def test_the_file_is_named_and_whole(store, tmp_path):
    store.write_session(small_race())
    path = write_race(store, KEY, tmp_path / "new" / "out", NOW)
    assert path.name == "24_Hours_of_Le_Mans_20261121_130509.json"
    assert valid(json.loads(path.read_text(encoding="utf-8")))["race_info"]["id"] == KEY.session_id
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_a_file_is_one_line(store, tmp_path, capsys):
    store.write_session(small_race())
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="1"):
        main(["export", "race", str(KEY), "--out", str(tmp_path / "file" / "x")])
    error = capsys.readouterr().err
    assert "cannot be written" in error
    assert error.count("\n") == 1


def test_the_surface_writes_to_the_data_folder(store, tmp_path):
    store.write_session(small_race())
    path = rl.export_race(KEY.session_id)
    assert path.parent == tmp_path / "data" / "exports"
    with pytest.raises(NotFound):
        rl.export_race("wec/2024/5/R")


def test_the_command_says_which_file(store, tmp_path, capsys):
    store.write_session(small_race())
    with pytest.raises(SystemExit, match="0"):
        main(["--json", "export", "race", "wec/2024/4/R", "--out", str(tmp_path / "o")])
    printed = json.loads(capsys.readouterr().out)
    assert printed["session"] == "wec/2024/4/R"
    assert json.loads(Path(printed["files"][0]).read_text(encoding="utf-8"))["statistics"]["total_laps"] == 6


def test_active_is_the_session_that_was_published_last(store, tmp_path, capsys):
    store.write_session(small_race())
    store.write_session(small_race(code="FP1"))
    with pytest.raises(SystemExit, match="1"):
        main(["export", "race", "active"])
    assert "no session is active" in capsys.readouterr().err
    older = SessionKey(KEY.series, 2024, 4, "FP1")
    states = [(KEY, NOW), (older, NOW - timedelta(hours=1))]
    store.upsert(
        "live_sessions",
        [{"session_id": key.session_id, "revision": 1, "state": "{}", "updated_utc": when} for key, when in states],
    )
    with pytest.raises(SystemExit, match="0"):
        main(["--json", "export", "race", "active", "--out", str(tmp_path)])
    assert json.loads(capsys.readouterr().out)["session"] == str(KEY)
