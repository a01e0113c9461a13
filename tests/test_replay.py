"""The live road from end to end: recorded and stored sessions into the store, at any speed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from timing71_zip import START, small_race, write_zip

from racelab import cli, load
from racelab.commands.replay import open_source, read_offset, summarise
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.live.clock import ManualClock, ReplayClock
from racelab.live.feed import RecordsParser
from racelab.live.publish import LiveReader
from racelab.live.recorder import Recorder
from racelab.live.replay import Road, replay, state_at
from racelab.live.stored import stored_feed
from racelab.sources import alkamel
from racelab.sources.hints import Hints
from racelab.sources.timing71 import find_sessions

TABLES = ["entries", "drivers", "laps", "pit_stops", "results", "weather", "track_status", "session_status", "race_control", "repairs"]  # fmt: skip
ORDER = ["31", "40", "007"]


@pytest.fixture
def path(tmp_path):
    return write_zip(tmp_path / "race.zip", small_race())


def drive(reference, store, speed=0.0, offset=None, wall=None):
    wall = wall or ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    source = open_source(str(reference), store)
    road = Road(source.parser, store, source.key, wall, source.writer)
    first = source.start + offset if offset is not None else None
    states = list(replay(source.feed, road, lambda at: ReplayClock(at, speed, wall), first))
    return source, road, states


def rows(store, key):
    return {table: store.read(table, key).to_json() for table in TABLES}


def run(capsys, *arguments):
    code = 0
    try:
        cli.main(list(arguments))
    except SystemExit as stop:
        code = stop.code or 0
    return code, capsys.readouterr()


def test_a_replayed_recording_leaves_the_rows_of_an_ingested_one(store, path, tmp_path):
    source, road, _ = drive(path, store)
    replayed, held = rows(store, source.key), store.read("sessions", source.key)
    assert store.digest(source.key).startswith("running:")
    assert [len(store.read(table, source.key)) for table in TABLES] == [3, 4, 14, 1, 3, 1, 4, 2, 3, 0]
    (found,) = find_sessions(path, Hints())
    assert store.write_session(found.read()).change == "updated"
    assert rows(store, source.key) == replayed
    assert store.read("sessions", source.key).to_json() == held.to_json()
    assert [car.car_number for car in road.state.order] == ORDER
    assert load.load_sessions()["status"].tolist() == ["finished"]


def test_replaying_again_changes_only_the_live_tables(store, path):
    source, first, _ = drive(path, store)
    before = rows(store, source.key)
    _, second, _ = drive(path, store)
    assert rows(store, source.key) == before
    assert second.revision > first.revision
    assert first.state == second.state


def test_a_replay_never_touches_the_rows_of_an_ingested_session(store, path):
    (found,) = find_sessions(path, Hints())
    store.write_session(found.read())
    digest, before = store.digest(found.key), rows(store, found.key)
    source, road, _ = drive(path, store)
    assert source.writer is None
    assert (store.digest(found.key), rows(store, found.key)) == (digest, before)
    shown, _ = LiveReader(store, found.key).poll()
    assert shown.cars == road.state.cars


def test_a_reader_sees_the_race_come_and_ends_on_its_classification(store, path):
    wall = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    source = open_source(str(path), store)
    road = Road(source.parser, store, source.key, wall, source.writer)
    reader, seen = LiveReader(store, source.key), []
    for _ in replay(source.feed, road, lambda at: ReplayClock(at, 5, wall)):
        shown, _ = reader.poll()
        if shown is not None:
            seen.append(shown)
    assert len(seen) == pytest.approx(95, abs=3)
    assert [shown.time_ms for shown in seen] == sorted(shown.time_ms for shown in seen)
    assert {shown.flag and shown.flag.value for shown in seen} == {None, "green", "fcy", "chequered"}
    assert [car.car_number for car in seen[-1].order] == ORDER
    assert [car.laps for car in seen[-1].order] == [5, 5, 4]
    assert (seen[-1].status, seen[-1].elapsed_ms) == ("finished", 90_000)


def test_a_replay_takes_the_time_that_its_speed_says(store, path):
    wall = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    drive(path, store, speed=10, wall=wall)
    assert (wall.now() - datetime(2026, 6, 1, tzinfo=UTC)).total_seconds() == pytest.approx(9.5, abs=0.1)


def test_a_replay_from_a_time_waits_only_from_there_on(store, path):
    wall = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    _, road, states = drive(path, store, speed=1, offset=timedelta(seconds=80), wall=wall)
    assert (wall.now() - datetime(2026, 6, 1, tzinfo=UTC)).total_seconds() == pytest.approx(10, abs=0.5)
    assert states[0].time_ms == 80_000
    assert len(road.state.cars) == 3
    assert len(store.read("laps", road.key)) == 14


def test_the_state_at_a_time_is_the_fold_up_to_it(store, path):
    (found,) = find_sessions(path, Hints())
    at = datetime.fromtimestamp(START + 31, UTC)
    state = state_at(found.recording, found.parser(), at)
    assert state.time_ms == 31_000
    assert {number: car.laps for number, car in state.cars.items()} == {"31": 2, "40": 2, "007": 1}
    assert state.cars["40"].status == "pit"
    _, road, _ = drive(path, store)
    assert state_at(found.recording, found.parser(), at + timedelta(hours=1)) == road.state


def test_a_stored_session_is_replayed_from_its_laps(store, path):
    (found,) = find_sessions(path, Hints())
    store.write_session(found.read())
    before = rows(store, found.key)
    _, road, states = drive(found.key, store)
    assert [car.car_number for car in road.state.order] == ORDER
    cars = road.state.cars
    assert [(cars[n].laps, cars[n].last_line_ms) for n in ORDER] == [(5, 72_500), (5, 77_750), (4, 73_000)]
    assert (cars["40"].gap_ms, cars["40"].gap_laps) == (5_250, 0)
    assert (cars["007"].gap_ms, cars["007"].gap_laps) == (500, 1)
    assert (cars["40"].stint, cars["40"].stint_laps, cars["40"].stops, cars["40"].driver) == (2, 3, 1, "Berta TWO")
    assert road.state.remaining_ms == 90_000 - road.state.elapsed_ms
    assert len(road.state.messages) == 3
    assert rows(store, found.key) == before
    halfway = next(state for state in states if state.time_ms >= 32_000)
    assert (halfway.cars["31"].laps, halfway.cars["40"].status, halfway.flag.value) == (2, "pit", "green")


def test_a_stored_lap_without_an_end_follows_the_one_before(store, path):
    data = find_sessions(path, Hints())[0].read()
    for lap in data.laps:
        lap.end_ms = lap.start_ms = None
    store.write_session(data)
    feed = stored_feed(store, data.session.key)
    road = Road(RecordsParser(), store, data.session.key, ManualClock())
    *_, state = replay(feed, road, lambda at: ReplayClock(at, 0, road.wall))
    assert state.cars["31"].last_line_ms == 72_500
    assert [car.car_number for car in state.order] == ORDER


def test_a_stored_stop_without_times_is_shown_from_the_end_of_its_in_lap(store, path):
    data = find_sessions(path, Hints())[0].read()
    data.pit_stops = [replace(stop, in_ms=None, out_ms=None) for stop in data.pit_stops]
    store.write_session(data)
    _, road, states = drive(data.session.key, store)
    # The in-lap ends at 30.75 s, the stop took 8 s.
    shown = {state.elapsed_ms: state.cars["40"].status for state in states}
    assert [shown[second * 1000] for second in (30, 31, 38, 39, 50)] == ["running", "pit", "pit", "out_lap", "running"]
    assert (road.state.cars["40"].stops, road.state.cars["40"].stint) == (1, 2)


def test_a_session_without_laps_cannot_be_replayed(store, path):
    data = find_sessions(path, Hints())[0].read()
    data.laps = []
    store.write_session(data)
    with pytest.raises(NotFound, match="has no laps to replay"):
        open_source(str(data.session.key), store)


def test_a_recording_of_our_own_gives_the_same_state(store, path, tmp_path):
    (found,) = find_sessions(path, Hints())
    own = tmp_path / "own.jsonl.gz"
    with Recorder(own, "timing71", found.recording.manifest, ManualClock()) as recorder:
        for frame in found.recording.frames():
            recorder.append(frame)
    _, first, _ = drive(path, store)
    _, second, _ = drive(own, store)
    assert second.state == first.state
    with Recorder(tmp_path / "f1.jsonl.gz", "signalr", {}, ManualClock()):
        pass
    with pytest.raises(BadInput, match="no parser for the protocol 'signalr'"):
        open_source(str(tmp_path / "f1.jsonl.gz"), store)


def test_the_command_prints_a_summary(capsys, path):
    code, out = run(capsys, "replay", str(path), "--speed", "0", "--json")
    summary = json.loads(out.out)
    assert code == 0
    assert summary.pop("revision") >= 1
    assert summary == {"session": summary["session"], "frames": 96, "laps": 5, "leader": "31", "flag": "chequered"}
    assert SessionKey.read(summary["session"]).is_race
    code, out = run(capsys, "replay", summary["session"], "--speed", "0", "--from", "0:01:00")
    assert code == 0
    assert "Chequered, #31 first on 5 laps" in out.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["imsa/2026/5/R"], "has no session imsa/2026/5/R"),
        (["nothing.zip"], "there is no recording nothing.zip"),
        (["imsa"], "no session is named"),
        (["imsa/2026/5/R", "--speed", "inf"], "--speed inf is no speed"),
        (["imsa/2026/5/R", "--from", "noon"], "--from 'noon' is no session time"),
    ],
)
def test_faults_of_the_command_are_one_line(capsys, store, arguments, words):
    code, out = run(capsys, "replay", *arguments)
    assert code == 1
    assert words in out.err
    assert out.err.count("\n") == 1
    assert out.out == ""


def test_an_empty_recording_leaves_the_store_as_it_was(capsys, store, tmp_path):
    (tmp_path / "race.zip").write_bytes(b"")
    code, out = run(capsys, "replay", str(tmp_path / "race.zip"))
    assert (code, "the file is empty" in out.err) == (1, True)
    assert len(store.sessions()) == 0


def test_session_times_of_the_option():
    assert read_offset("90") == timedelta(seconds=90)
    assert read_offset("1:05:00") == timedelta(hours=1, minutes=5)
    assert read_offset("2:30") == timedelta(minutes=2, seconds=30)


@pytest.mark.data
def test_detroit_2026_ends_as_its_recording(store, data):
    source, road, _ = drive(data / "live" / "timing71_recordings" / "Detroit-2026-Race.zip", store)
    order = "31 25 10 93 7 40 60 6 24 23 5 3 9 65 1 64 14 4 59 77 15"
    shown, _ = LiveReader(store, source.key).poll()
    assert " ".join(car.car_number for car in shown.order) == order
    assert summarise(source.key, road) | {"revision": 0} == {
        "session": "imsa/2026/5/R", "frames": 5_658, "laps": 82, "leader": "31", "flag": "chequered", "revision": 0,
    }  # fmt: skip
    assert shown.cars["93"].gap_ms == 7_341
    assert (shown.cars["5"].gap_ms, shown.cars["5"].gap_laps) == (26_156, 2)
    assert (shown.cars["3"].class_position, shown.cars["9"].class_gap_ms) == (1, 1_935)
    assert {car.status for car in shown.order} == {"finished", "pit"}
    assert len(shown.messages) == 50
    assert len(store.read("laps", source.key)) == 1_688
    # From the laps alone the order is the same, but for a time penalty after the race that no lap shows.
    store.write_session(
        find_sessions(data / "live" / "timing71_recordings" / "Detroit-2026-Race.zip", Hints())[0].read()
    )
    _, again, _ = drive(source.key, store)
    assert " ".join(car.car_number for car in again.state.order) == order.replace("77 15", "15 77")
    assert [again.state.cars[number].gap_ms for number in ("25", "10", "93", "23")] == [6_023, 6_758, 7_341, 12_558]


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "cars", "first", "laps"),
    [("wec/2024/bahrain_8h.csv.gz", 36, "8", 235), ("imsa/2023/14-lime-rock-park", 20, None, None)],
)
def test_order_and_gaps_of_a_stored_endurance_race_are_its_results(store, data, path, cars, first, laps):
    held = alkamel.find_sessions(data / path, Hints())[0].read()
    store.write_session(held)
    _, road, _ = drive(held.session.key, store)
    results = {result.car_number: result for result in held.results if result.kind == "road"}
    state = road.state
    assert len(state.cars) == cars
    assert first is None or (state.order[0].car_number, state.order[0].laps) == (first, laps)
    assert [car.car_number for car in state.order] == sorted(results, key=lambda number: results[number].position)
    for car in state.order[1:]:
        assert (car.laps, car.gap_laps) == (results[car.car_number].laps, results[car.car_number].gap_laps)
        assert car.gap_laps or car.gap_ms == results[car.car_number].gap_ms
