"""Formula 1 recordings through the commands and the live road, as a user has them."""

import json
from datetime import UTC, datetime

import pytest
from f1live_text import race, write

from racelab import cli
from racelab.commands.replay import open_source
from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap
from racelab.domain.records import Timing
from racelab.domain.sessions import SessionKey
from racelab.domain.tyres import Compound
from racelab.live.clock import ManualClock
from racelab.live.publish import LiveReader
from racelab.live.recorder import Recorder
from racelab.live.reducers import fold, initial_state, reduce
from racelab.sources import f1live
from racelab.sources.hints import Hints

KEY = SessionKey.read("f1/2025/9/R")
TABLES = ["entries", "drivers", "laps", "pit_stops", "results", "track_status", "session_status", "race_control"]


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "race.txt.gz", race())


def run(capsys, *arguments):
    code = 0
    try:
        cli.main(list(arguments))
    except SystemExit as stop:
        code = stop.code or 0
    return code, capsys.readouterr()


def rows(store):
    return {table: store.read(table, KEY).to_json() for table in TABLES}


def test_a_replay_shows_the_race_and_leaves_the_rows_of_an_ingested_recording(store, path, capsys):
    code, out = run(capsys, "--json", "replay", str(path), "--speed", "0")
    assert code == 0
    shown = json.loads(out.out)
    assert {name: shown[name] for name in ("session", "laps", "leader", "flag")} == {
        "session": "f1/2025/9/R", "laps": 5, "leader": "1", "flag": "chequered",
    }  # fmt: skip
    state, _ = LiveReader(store, KEY).poll()
    assert [(car.car_number, car.driver, car.compound) for car in state.order] == [
        ("1", "Max Verstappen", "medium"), ("81", "Oscar Piastri", "medium"), ("4", "Lando Norris", "hard"),
    ]  # fmt: skip
    replayed = rows(store)
    assert [len(store.read(table, KEY)) for table in TABLES] == [3, 3, 15, 1, 6, 1, 4, 1]
    (found,) = f1live.find_sessions(path, Hints())
    store.write_session(found.read())
    assert rows(store) == replayed
    held = store.read("sessions", KEY).iloc[0]
    assert (held["status"], int(held["scheduled_laps"])) == ("finished", 5)


def test_ingesting_twice_changes_nothing(store, path, capsys):
    for change in ("added", "unchanged"):
        code, out = run(capsys, "--json", "ingest", "recording", str(path))
        (outcome,) = json.loads(out.out)["sessions"]
        assert (code, outcome["change"], outcome["event"], outcome["round"]) == (0, change, "Spanish Grand Prix", 9)
    assert len(store.read("laps", KEY)) == 15


def test_a_file_that_is_no_recording_is_refused_in_one_line(store, tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("nothing of the kind\n")
    for command in (["replay", str(path)], ["ingest", "recording", str(path)]):
        code, out = run(capsys, *command)
        assert code == 1
        assert "notes.txt" in out.err
        assert "Traceback" not in out.err


def test_our_own_recording_of_the_feed_replays_too(store, path, tmp_path):
    (found,) = f1live.find_sessions(path, Hints())
    own = tmp_path / "own.rec"
    with Recorder(own, f1live.SOURCE, {}, ManualClock(datetime(2026, 6, 1, tzinfo=UTC))) as recorder:
        for frame in found.recording.frames():
            recorder.append(frame)
    source = open_source(str(own), store)
    assert source.key == KEY
    records = [record for frame in source.feed.frames() for record in source.parser.process(frame)]
    laps = {
        (one.car_number, one.lap_number): one for one in [*records, *source.parser.finish()] if isinstance(one, Lap)
    }
    assert list(laps.values()) != []
    assert sorted(laps.values(), key=lambda lap: (lap.car_number, lap.lap_number)) == found.read().laps


def test_a_races_chequered_flag_stays():
    flags = [TrackStatus(0, Flag.GREEN), TrackStatus(10, Flag.CHEQUERED), TrackStatus(20, Flag.YELLOW)]
    assert fold(initial_state(), flags).flag is Flag.CHEQUERED
    assert fold(initial_state(is_race=False), flags).flag is Flag.YELLOW


def test_a_deleted_lap_is_no_best():
    laps = [Lap("1", 1, lap_time_ms=90_000, end_ms=1), Lap("1", 2, lap_time_ms=80_000, end_ms=2)]
    state = fold(initial_state(is_race=False), laps)
    assert state.cars["1"].best_lap_ms == 80_000
    state = reduce(state, Lap("1", 2, lap_time_ms=80_000, end_ms=2, deleted=True))
    assert state.cars["1"].best_lap_ms is None


def test_a_line_tells_the_tyres():
    state = fold(initial_state(), [Timing("1", 5, compound=Compound.SOFT, tyre_age=3)])
    assert (state.cars["1"].compound, state.cars["1"].tyre_age) == ("soft", 3)
