"""`load_state`: the tower at a time, of stored sessions and of recordings."""

from datetime import timedelta

import pandas as pd
import pytest
from builders import KEY, START, session_data
from f1live_text import START as F1_START
from f1live_text import race, write
from timing71_zip import small_race, write_zip

import racelab as rl
from racelab.domain.entries import Driver, Entry
from racelab.domain.laps import Lap
from racelab.domain.records import Clock
from racelab.errors import BadInput, NotFound
from racelab.live.clock import ManualClock
from racelab.live.identity import LiveSession, with_session
from racelab.live.opened import open_recording
from racelab.live.recorder import Recorder
from racelab.live.reducers import fold, initial_state
from racelab.live.timeline import Timeline
from racelab.live.tower import _row
from racelab.sources import f1live
from racelab.sources.hints import Hints


def seen(frame, *columns):
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame[list(columns)].to_numpy()]


@pytest.fixture
def stored(store):
    store.write_session(session_data(laps=5))


def test_a_stored_session_at_a_time(stored):
    frame = rl.load_state(str(KEY), "10:31")
    assert seen(frame, "position", "car_number", "laps", "gap_ms", "driver") == [
        (1, "007", 3, None, "Ann Alpha"), (2, "7", 2, 2_000, "Kamui Gamma"),
    ]  # fmt: skip
    assert (frame.attrs["session"], frame.attrs["flag"]) == (str(KEY), "fcy")
    # 7 was in the pit lane from 420 to 480 s.
    assert seen(frame, "drive_ms", "last_stop_ms", "stint") == [(631_000, None, 1), (571_000, 480_000, 2)]
    by_number = rl.load_state(KEY.session_id, 631_000)
    pd.testing.assert_frame_equal(frame, by_number)
    pd.testing.assert_frame_equal(frame, rl.load_state(str(KEY), START + timedelta(seconds=631)))


def test_the_end_and_the_time_before_everything(stored):
    assert seen(rl.load_state(str(KEY)), "car_number", "laps", "gap_ms") == [("007", 5, None), ("7", 5, 5_000)]
    frame = rl.load_state(str(KEY), -10_000_000)
    assert (len(frame), frame.attrs["flag"]) == (0, None)
    assert list(frame.columns) == list(rl.load_state(str(KEY)).columns)


def test_recordings_of_every_kind(tmp_path):
    states = write_zip(tmp_path / "race.zip", small_race())
    frame = rl.load_state(str(states), 60_000)
    assert seen(frame, "car_number", "laps", "car_class") == [("31", 4, "GTP"), ("40", 3, "GTP"), ("007", 3, "GTD")]
    text = write(tmp_path / "race.txt.gz", race())
    final = rl.load_state(text.as_posix())
    assert seen(final, "car_number", "laps", "stops") == [("1", 5, None), ("81", 5, None), ("4", 5, 1)]
    assert (final["session"].unique().tolist(), final.attrs["flag"]) == (["R"], "chequered")


@pytest.mark.parametrize("is_named", [True, False])
def test_our_own_recording_and_its_folder(tmp_path, is_named):
    (found,) = f1live.find_sessions(write(tmp_path / "race.txt.gz", race()), Hints())
    path = tmp_path / "f1-2025-09-R" / "frames.jsonl.gz"
    session = LiveSession(found.outline.name.event, found.session())
    manifest = with_session({}, session) if is_named else {}
    with Recorder(path, f1live.SOURCE, manifest, ManualClock(F1_START)) as recorder:
        for frame in found.recording.frames():
            recorder.append(frame)
    for place in (path, path.parent):
        opened = open_recording(place)
        assert str(opened.key) == "f1/2025/9/R"
        assert seen(rl.load_state(str(place)), "car_number", "laps") == [("1", 5), ("81", 5), ("4", 5)]


def test_it_is_what_the_timeline_gives(tmp_path):
    path = write_zip(tmp_path / "race.zip", small_race())
    opened = open_recording(path)
    timeline = Timeline.of(opened.feed, opened.parser)
    for time in (0, 33_000, 60_000, 10**9):
        state, frame = timeline.at(time), rl.load_state(str(path), time)
        assert [car.car_number for car in state.order] == frame["car_number"].tolist()
        assert seen(frame, "last_stop_ms", "pit_since_ms", "gap_ms") == [
            (car.last_stop_ms, car.pit_since_ms, car.gap_ms) for car in state.order
        ]


def test_what_is_asked_wrongly_is_said(stored, tmp_path):
    with pytest.raises(BadInput, match="at='soon' is no session time"):
        rl.load_state(str(KEY), "soon")
    with pytest.raises(NotFound, match="there is no recording"):
        rl.load_state("nowhere/race.zip")
    with pytest.raises(NotFound):
        rl.load_state("wec/2024/5/R")
    other = tmp_path / "frames.jsonl.gz"
    for manifest, told in (({}, "does not say which session"), ({"racelab_session": {}}, "names no session")):
        with Recorder(other, "griiip", manifest, ManualClock(F1_START)):
            pass
        with pytest.raises(BadInput, match=told):
            rl.load_state(str(other))
        other.unlink()


def test_who_has_stopped_unsaid_drove_to_the_last_line_that_was_seen():
    laps = [Lap("7", lap, lap_time_ms=90_000, end_ms=lap * 90_000) for lap in (1, 2)]
    state = fold(initial_state(), [Entry("7", drivers=(Driver(1, "Anna"),)), *laps, Clock(9_000_000)])
    assert (state.cars["7"].status, _row(state.cars["7"], state.time_ms)["drive_ms"]) == ("stopped", 180_000)
    assert (
        _row(
            fold(initial_state(), [Entry("7", drivers=(Driver(1, "Anna"),)), *laps, Clock(200_000)]).cars["7"], 200_000
        )["drive_ms"]
        == 200_000
    )
