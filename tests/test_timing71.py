"""Timing71 recordings: what is read, on small recordings made here."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing71_zip import MANIFEST, START, Car, difference, small_race, states, write_zip

from racelab.domain.flags import Flag
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, ResultKind, StopType
from racelab.domain.records import Timing
from racelab.domain.series import Series
from racelab.sources.hints import Hints
from racelab.sources.timing71 import Parser, Recording, find_sessions, sniff
from racelab.sources.timing71.difference import Mismatch, apply
from racelab.sources.timing71.naming import unknown_round
from racelab.sources.timing71.values import car_number, count, duration_ms, gap
from racelab.sources.timing71.weather import read_weather


@pytest.fixture
def race(tmp_path):
    return find_sessions(write_zip(tmp_path / "race.zip", small_race()), Hints())[0].read()


def parsed(listed, manifest=MANIFEST):
    parser = Parser(manifest, datetime.fromtimestamp(START, UTC))
    records = []
    for second, state in listed:
        records += parser.process(Frame(datetime.fromtimestamp(second, UTC), state))
    return records + list(parser.finish())


def test_the_frames_are_the_states_that_were_written(tmp_path):
    listed = small_race()
    recording = Recording(write_zip(tmp_path / "race.zip", listed))
    read = [frame.payload for frame in recording.frames()]
    assert [state["cars"] for state in read] == [state["cars"] for _, state in listed]
    assert [state["session"] for state in read] == [state["session"] for _, state in listed]
    assert recording.skipped == []
    assert len(recording) == len(listed)


def test_a_session_is_named_by_its_manifest(race):
    assert str(race.session.key) == f"imsa/2026/{unknown_round('Somewhere Grand Prix')}/R"
    assert race.event.name == "Somewhere Grand Prix"
    assert race.session.start_utc == datetime.fromtimestamp(START, UTC)
    assert race.session.scheduled_ms == 90_000
    assert race.session.status == "finished"
    assert (race.session.end_utc - race.session.start_utc).total_seconds() == 73
    assert race.missing == []
    assert race.repairs == []


def test_laps_have_their_own_times_sectors_and_ends(race):
    laps = {(lap.car_number, lap.lap_number): lap for lap in race.laps}
    assert len(laps) == len(race.laps) == 14
    second = laps["31", 2]
    assert (second.lap_time_ms, second.s1_ms, second.s2_ms, second.s3_ms) == (14_250, 4_000, 5_000, 5_250)
    assert (second.start_ms, second.end_ms) == (15_500, 29_750)
    assert (second.position, second.class_position, second.seat) == (1, 1, 1)
    assert laps["007", 4].end_ms == 73_000
    assert laps["31", 2].flag is Flag.GREEN
    assert laps["007", 4].flag is Flag.CHEQUERED


def test_a_stop_has_its_in_lap_pit_time_and_driver_change(race):
    (stop,) = race.pit_stops
    assert (stop.car_number, stop.lap_number, stop.duration_ms) == ("40", 2, 8_000)
    assert (stop.in_ms, stop.out_ms) == (28_000, 36_000)
    assert (stop.seat_in, stop.seat_out, stop.stop_type) == (1, 2, StopType.DRIVER_CHANGE)
    laps = {lap.lap_number: lap for lap in race.laps if lap.car_number == "40"}
    assert (laps[2].pit_in, laps[2].pit_out, laps[2].seat, laps[2].stint) == (True, False, 1, 1)
    assert (laps[3].pit_in, laps[3].pit_out, laps[3].seat, laps[3].stint) == (False, True, 2, 2)
    assert laps[3].pit_time_ms == 8_000
    assert [driver.name for entry in race.entries if entry.car_number == "40" for driver in entry.drivers] == [
        "Anna ONE",
        "Berta TWO",
    ]


def test_entries_flags_weather_messages_and_results(race):
    assert {entry.car_number: entry.car_class for entry in race.entries} == {"31": "GTP", "40": "GTP", "007": "GTD"}
    assert race.entries[0].manufacturer == "ASTON MARTIN"
    assert [(status.time_ms, status.flag) for status in race.track_status] == [
        (0, Flag.GREEN), (20_000, Flag.FCY), (26_000, Flag.GREEN), (73_000, Flag.CHEQUERED),
    ]  # fmt: skip
    assert [(change.time_ms, change.status) for change in race.session_status] == [(0, "started"), (73_000, "finished")]
    reading = race.weather[0]
    assert (reading.air_c, reading.track_c, reading.humidity_pct, reading.wind_kph) == (20.0, 30.0, 50.0, 16.09)
    assert [(message.sequence, message.time_ms, message.flag, message.car_number) for message in race.race_control] == [
        (1, 1_000, "green", None), (2, 30_000, None, "007"), (3, 73_000, "chequered", None),
    ]  # fmt: skip
    first, second, third = race.results
    assert (first.car_number, first.kind, first.position, first.laps) == ("31", ResultKind.PROVISIONAL, 1, 5)
    assert (first.total_time_ms, first.best_lap_ms, first.best_lap_number) == (72_500, 14_250, 2)
    assert (second.car_number, third.car_number, third.class_position) == ("40", "007", 1)


def test_a_drive_through_is_told_from_a_stop_by_the_penalty():
    cars = [Car("7", [(4.0, 5.0, 5.0)] * 5, pit=(20, 24))]
    messages = [(10, "Race Control", "CAR 7: PENALTY - SPEEDING - DRIVE THROUGH", "raceControl", "7")]
    stops = [r for r in parsed(states(cars, 40, messages=messages)) if type(r).__name__ == "PitStop"]
    assert [stop.stop_type for stop in stops] == [StopType.UNKNOWN, StopType.DRIVE_THROUGH]
    assert stops[-1].duration_ms == 4_000
    stops = [r for r in parsed(states(cars, 40)) if type(r).__name__ == "PitStop"]
    assert stops[-1].stop_type is StopType.REGULAR


def test_a_missed_lap_is_a_named_gap_and_never_invented():
    listed = [one for one in small_race() if not START + 16 <= one[0] < START + 50]
    records = parsed(listed)
    laps = {(r.car_number, r.lap_number): r for r in records if isinstance(r, Lap)}
    repairs = [r for r in records if type(r).__name__ == "Repair"]
    assert ("31", 2) not in laps
    assert {(r.rule, r.record) for r in repairs} >= {("missed_lap", "31/2")}
    # The lap after the gap ends when its frame came; the next frames bring the end back to the real one (58.25 s).
    assert (laps["31", 3].start_ms, laps["31", 3].end_ms) == (None, 50_000)
    assert laps["31", 4].end_ms == 59_000
    assert laps["31", 5].end_ms == 59_000 + 14_250


def test_missing_frames_are_skipped_up_to_the_next_key_frame(tmp_path):
    path = write_zip(tmp_path / "torn.zip", small_race(), leave_out=(23,))
    data = find_sessions(path, Hints())[0].read()
    assert data.missing == ["6 of 95 frames"]
    assert {repair.rule for repair in data.repairs} == {"skipped_frame"}
    assert max(lap.lap_number for lap in data.laps) == 5
    assert [result.car_number for result in data.results] == ["31", "40", "007"]


def test_a_recording_without_the_end_has_no_results(tmp_path):
    data = find_sessions(write_zip(tmp_path / "half.zip", small_race()[:40]), Hints())[0].read()
    assert data.results == []
    assert data.missing == ["results"]
    assert (data.session.status, data.session.end_utc) == ("incomplete", None)


def test_a_recording_that_begins_late_says_which_laps_it_lacks(tmp_path):
    data = find_sessions(write_zip(tmp_path / "late.zip", small_race()[50:]), Hints())[0].read()
    assert data.missing == ["laps before lap 4"]
    assert abs(data.session.start_utc.timestamp() - START) < 1
    assert data.results[0].total_time_ms is None


def test_laps_of_another_lap_are_no_sectors_of_this_one():
    listed = [(second, json.loads(json.dumps(state))) for second, state in small_race()]
    for _, state in listed:
        for row in state["cars"]:
            row[10] = [1.0, "old"]
    laps = [record for record in parsed(listed) if isinstance(record, Lap)]
    assert {lap.s1_ms for lap in laps} == {None}
    assert {lap.s3_ms for lap in laps} == {None}


def test_sectors_that_come_after_the_crossing_are_added_to_the_lap():
    listed = [(second, json.loads(json.dumps(state))) for second, state in small_race()]
    for second, state in listed:
        for row in state["cars"]:
            if row[0] == "31" and second < START + 18:
                row[10] = [1.0, "old"]
    told = [r for r in parsed(listed) if isinstance(r, Lap) and (r.car_number, r.lap_number) == ("31", 1)]
    assert [lap.s1_ms for lap in told] == [None, 5_000]
    assert told[0].lap_time_ms == told[1].lap_time_ms == 15_500


def test_a_driver_who_is_named_late_gets_the_laps_since_the_stop():
    cars = [Car("7", [(4.0, 5.0, 5.0)] * 6, pit=(26, 32), drivers=[(-99, "ONE, Anna"), (60, "TWO, Berta")])]
    records = parsed(states(cars, 90))
    laps = {r.lap_number: r.seat for r in records if isinstance(r, Lap)}
    assert laps == {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 2}
    stops = [r for r in records if type(r).__name__ == "PitStop"]
    assert (stops[-1].seat_out, stops[-1].stop_type) == (2, StopType.DRIVER_CHANGE)


def test_timing_lines_tell_what_the_tower_shows():
    lines = [r for r in parsed(small_race()) if isinstance(r, Timing) and r.car_number == "40"]
    last = lines[-1]
    assert (last.position, last.class_position, last.laps, last.gap_ms, last.gap_laps) == (2, 2, 5, 2_000, 0)
    assert (last.last_lap_ms, last.best_lap_ms, last.driver, last.stops) == (14_000, 14_000, "Berta TWO", 1)
    assert next(line.status for line in lines if line.status != "running") == "pit"
    assert last.status == "finished"
    assert last.s1_ms is None


@pytest.mark.parametrize(
    ("name", "description", "key"),
    [
        ("FIA World Endurance Championship", "6 Hours of Nowhere - Free Practice 2", ("wec", "FP2")),
        ("FIA WEC", "6 Hours of Nowhere - Hyperpole", ("wec", "Q")),
        ("Formula 1", "Nowhere Grand Prix - Sprint Qualifying", ("f1", "SQ")),
        ("Formula 1", "Nowhere Grand Prix - Qualifying", ("f1", "Q")),
        ("GR Cup North America", "Nowhere - Race 2", ("grcup", "R2")),
        ("IMSA WeatherTech SportsCar Championship", "Rolex - Warm Up", ("imsa", "WUP")),
    ],
)
def test_series_and_session_are_read_from_the_words(tmp_path, name, description, key):
    manifest = {**MANIFEST, "name": name, "description": description}
    found = find_sessions(write_zip(tmp_path / "a.zip", small_race()[:3], manifest), Hints())[0]
    assert (found.key.series.value, found.key.code) == key
    assert found.key.season == 2026
    assert 0 <= found.key.round <= 99


def test_hints_win_over_the_manifest(tmp_path):
    path = write_zip(tmp_path / "a.zip", small_race()[:3])
    hints = Hints(series=Series.WEC, season=2019, event="Elsewhere", circuit="Ring")
    found = find_sessions(path, hints)[0]
    assert (found.key.series, found.key.season, found.name.event.name) == (Series.WEC, 2019, "Elsewhere")
    assert found.name.event.circuit == "Ring"


def test_the_round_comes_from_the_calendar(tmp_path):
    manifest = {**MANIFEST, "description": "Chevrolet Detroit Sports Car Classic - Race", "startTime": 1780171062.982}
    found = find_sessions(write_zip(tmp_path / "a.zip", small_race()[:3], manifest), Hints())[0]
    assert str(found.key) == "imsa/2026/5/R"
    assert found.name.event.country
    assert found.name.event.timezone in ("America/Detroit", "America/New_York")


def test_a_folder_gives_its_recordings_only(tmp_path):
    write_zip(tmp_path / "a.zip", small_race()[:3])
    (tmp_path / "b.zip").write_bytes(b"PK")
    assert [found.path.name for found in find_sessions(tmp_path, Hints())] == ["a.zip"]
    assert sniff(tmp_path / "a.zip")
    assert not sniff(tmp_path / "b.zip")
    assert not sniff(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("cell", "millis"),
    [([68.245, ""], 68_245), ([70, "pb"], 70_000), (["1:08.638", ""], 68_638), ("", None), (["", ""], None), (None, None),
     (0, None), (-3, None), ("PIT", None), (True, None), ([], None), (1e300, None)],
)  # fmt: skip
def test_durations(cell, millis):
    assert duration_ms(cell) == millis


def test_gaps_and_counts():
    assert gap(1.362) == (1_362, 0)
    assert gap("3 laps") == (None, 3)
    assert gap("+1 lap") == (None, 1)
    assert gap("1:02.500") == (62_500, 0)
    assert gap("") == gap(None) == gap("IN PIT") == (None, None)
    assert (count("12"), count(7.0), count(""), count(-1)) == (12, 7, None, None)
    assert (car_number("007"), car_number(7.0), car_number([12, ""]), car_number("")) == ("007", "7", "12", None)


def test_weather_units():
    names = ["Air Temperature", "Pressure", "Wind Speed", "Wind Direction", "Moon"]
    reading = read_weather(names, ["21 °C", [29.92, "inHg"], [5, "m/s"], [270, "°"], [1, "%"]], 5)
    assert (reading.air_c, reading.pressure_hpa, reading.wind_kph, reading.wind_direction_deg) == (21, 1013.21, 18, 270)
    assert read_weather(["Air temp"], [[20, "K"]], 5) is None
    assert read_weather(["Air temp"], [[400, "°C"]], 5) is None
    assert read_weather(None, [], 5) is None


_VALUES = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.none()), lambda inner: st.lists(inner, min_size=2, max_size=2)
)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=2), _VALUES, max_size=4),
    st.dictionaries(st.text("abc", min_size=1, max_size=2), _VALUES, max_size=4),
)
def test_differences_lead_from_one_state_to_the_next(old, new):
    before = json.dumps(old)
    assert apply(old, json.loads(json.dumps(difference(old, new)))) == new
    assert json.dumps(old) == before


@pytest.mark.parametrize(
    "change",
    [
        ["change", [0, 9], [1, 2]], ["change", [0, 0], ["other", 2]], ["rename", "", [["a", 1]]], ["change"], "change",
        ["change", "a.b", [1, 2]], ["add", [7], [[0, 1]]], ["change", [-1, 0], ["x", "y"]],
    ],
)  # fmt: skip
def test_a_difference_that_does_not_fit_is_a_mismatch(change):
    with pytest.raises(Mismatch):
        apply([["x"]], [change])


_CELL = st.one_of(
    st.none(), st.integers(-5, 500), st.floats(-5, 200), st.text(max_size=6), st.booleans(),
    st.lists(st.one_of(st.integers(0, 90), st.text(max_size=4)), max_size=3),
    st.sampled_from(["RUN", "PIT", "OUT", "FIN", "3 laps", "1:08.638"]),
)  # fmt: skip
_STATE = st.fixed_dictionaries(
    {
        "cars": st.lists(st.one_of(st.lists(_CELL, max_size=18), _CELL), max_size=4),
        "session": st.dictionaries(st.sampled_from(["flagState", "timeElapsed", "timeRemain", "trackData"]), _CELL),
        "messages": st.lists(st.one_of(st.lists(_CELL, max_size=5), _CELL), max_size=3),
    }
)


@settings(max_examples=150)
@given(st.lists(_STATE, max_size=6))
def test_the_parser_takes_whatever_a_state_may_hold(listed):
    records = parsed(list(enumerate(listed, START)))
    for lap in (record for record in records if isinstance(record, Lap)):
        assert lap.lap_number >= 1
        assert lap.lap_time_ms is None or lap.lap_time_ms > 0
    for line in (record for record in records if isinstance(record, Timing)):
        assert line.position >= 1
