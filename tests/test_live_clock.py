"""Clocks, and the recorder that they time."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.live.clock import ManualClock, ReplayClock, SystemClock
from racelab.live.recorder import RecordedFeed, Recorder, is_recording

BEGIN = datetime(2026, 5, 30, 20, 0, tzinfo=UTC)


def test_the_system_clock_tells_utc():
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    clock.sleep(0.001)
    assert before.tzinfo is UTC
    assert clock.now() > before


def test_a_replay_clock_runs_at_its_speed():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 4.0, wall)
    clock.sleep(60)
    assert clock.now() == BEGIN + timedelta(seconds=60)
    assert wall.now() == datetime(2000, 1, 1, 0, 0, 15, tzinfo=UTC)
    wall.sleep(10)
    assert clock.now() == BEGIN + timedelta(seconds=100)


def test_a_replay_clock_of_speed_0_takes_no_time():
    wall = ManualClock()
    clock = ReplayClock(BEGIN, 0, wall)
    wall.sleep(10)
    assert clock.now() == BEGIN
    clock.sleep(3_600)
    assert clock.now() == BEGIN + timedelta(hours=1)
    assert wall.now() == datetime(2000, 1, 1, 0, 0, 10, tzinfo=UTC)


def frame(number):
    return Frame(BEGIN + timedelta(seconds=number, milliseconds=250), {"cars": [["31", number]], "text": "é"})


def test_a_recording_gives_the_frames_back(tmp_path):
    path = tmp_path / "new" / "race.jsonl.gz"
    with Recorder(path, "timing71", {"name": "A"}, ManualClock()) as recorder:
        for number in range(5):
            recorder.append(frame(number))
    with Recorder(path, "timing71", {"name": "A"}, ManualClock()) as recorder:
        recorder.append(frame(5))
    feed = RecordedFeed(path)
    assert is_recording(path)
    assert (feed.protocol, feed.manifest) == ("timing71", {"name": "A"})
    assert list(feed.frames()) == [frame(number) for number in range(6)]
    assert len(feed) == 6
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert [set(json.loads(line)) for line in lines[:2]] == [{"racelab", "protocol", "manifest"}, {"at", "payload"}]


def test_what_is_a_second_old_is_on_the_disk(tmp_path):
    path, clock = tmp_path / "race.jsonl.gz", ManualClock()
    with Recorder(path, "timing71", {}, clock) as recorder:
        recorder.append(frame(0))
        clock.sleep(0.5)
        recorder.append(frame(1))
        assert len(RecordedFeed(path)) == 0
        clock.sleep(0.5)
        recorder.tick()
        assert len(RecordedFeed(path)) == 2
        clock.sleep(5)
        recorder.tick()
        recorder.append(frame(2))
        clock.sleep(1)
        recorder.append(frame(3))
        assert len(RecordedFeed(path)) == 4


def test_a_recording_goes_on_after_a_crash(tmp_path):
    path = tmp_path / "race.jsonl.gz"
    with Recorder(path, "timing71", {}, ManualClock()) as recorder:
        recorder.append(frame(0))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 3])
    with Recorder(path, "timing71", {}, ManualClock()) as recorder:
        recorder.append(frame(1))
    assert list(RecordedFeed(path).frames()) == [frame(0), frame(1)]


def test_a_torn_tail_loses_only_its_own_block(tmp_path):
    path = tmp_path / "race.jsonl.gz"
    sizes = []
    with Recorder(path, "timing71", {}, ManualClock()) as recorder:
        for number in range(4):
            recorder.append(frame(number))
            recorder.flush()
            sizes.append(path.stat().st_size)
    whole = path.read_bytes()
    for size in range(sizes[0], len(whole)):
        path.write_bytes(whole[:size])
        complete = sum(done <= size for done in sizes)
        assert list(RecordedFeed(path).frames()) == [frame(number) for number in range(complete)]
    path.write_bytes(whole[: sizes[2]] + b"\0" * 50)
    assert len(RecordedFeed(path)) == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b"{}\n", mtime=0), gzip.compress(b"not json\n", mtime=0), b"\x1f\x8b\x08junk"],
)
def test_other_files_are_no_recordings(tmp_path, content):
    path = tmp_path / "other.gz"
    path.write_bytes(content)
    assert not is_recording(path)
    with pytest.raises(BadInput, match="not a recording of racelab") as caught:
        RecordedFeed(path)
    assert str(path) in str(caught.value)
