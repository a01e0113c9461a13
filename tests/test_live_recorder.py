"""The recorder: frames on the disk within a second, in a file that survives crashes and full disks."""

import errno
import gzip
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.frames import Frame
from racelab.errors import BadInput
from racelab.live import recorder as recorders
from racelab.live.blockfile import BlockFile
from racelab.live.blocks import read_blocks
from racelab.live.clock import ManualClock
from racelab.live.link import link_state
from racelab.live.recorder import Recorder
from racelab.live.recording import RecordedFeed, find_recording, is_recording

BEGIN = datetime(2026, 5, 30, 20, 0, tzinfo=UTC)


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


def test_a_torn_tail_loses_only_what_was_not_written(tmp_path):
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
        frames = list(RecordedFeed(path).frames())
        assert frames == [frame(number) for number in range(len(frames))]
        assert len(frames) >= complete
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(inner)
    | st.dictionaries(st.text(), inner), max_leaves=8,
)  # fmt: skip


@given(st.lists(st.lists(JSON, min_size=1, max_size=3), min_size=1, max_size=6), st.data())
def test_a_recording_cut_at_any_byte_goes_on(tmp_path_factory, payloads, data):
    """Each inner list is written at once. What was whole is kept, in order, and what comes after can be read."""
    path = tmp_path_factory.mktemp("cut") / "race.jsonl.gz"
    frames = [[Frame(BEGIN, payload) for payload in piece] for piece in payloads]
    done = []
    recorder = Recorder(path, "any", {"a": 1}, ManualClock())
    for piece in frames:
        for each in piece:
            recorder.append(each)
        recorder.write()
        done.append(path.stat().st_size)
    # As the system does where a process is killed.
    recorder._file._file.close()
    recorder._lock.release()
    whole = path.read_bytes()
    begun = data.draw(st.integers(1, len(whole)), label="cut at")
    junk = data.draw(st.binary(max_size=12), label="junk")
    path.write_bytes(whole[:begun] + junk)
    with Recorder(path, "any", {"a": 1}, ManualClock()) as again:
        again.append(Frame(BEGIN, "after"))
    flat = [each for piece in frames for each in piece]
    sure = sum(len(piece) for piece, size in zip(frames, done, strict=True) if size <= begun)
    read = list(RecordedFeed(path).frames())
    assert read[:-1] == flat[: len(read) - 1]
    assert sure <= len(read) - 1 <= len(flat)
    assert read[-1].payload == "after"
    assert gzip.decompress(path.read_bytes()).count(b"\n") == len(read) + 1


def test_what_a_killed_process_wrote_is_there(tmp_path):
    path = tmp_path / "race.jsonl.gz"
    program = f"""
import os, signal
from datetime import datetime, UTC
from pathlib import Path
from racelab.domain.frames import Frame
from racelab.live.clock import SystemClock
from racelab.live.recorder import Recorder
recorder = Recorder(Path({str(path)!r}), "any", {{}}, SystemClock())
for number in range(5):
    recorder.append(Frame(datetime(2026, 1, 1, tzinfo=UTC), number))
recorder.write()
recorder.append(Frame(datetime(2026, 1, 1, tzinfo=UTC), "in memory"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert [each.payload for each in RecordedFeed(path).frames()] == [0, 1, 2, 3, 4]
    with Recorder(path, "any", {}, ManualClock()) as recorder:
        recorder.append(Frame(BEGIN, "after"))
    assert [each.payload for each in RecordedFeed(path).frames()] == [0, 1, 2, 3, 4, "after"]


def test_one_recorder_writes_a_recording(tmp_path):
    path = tmp_path / "race.jsonl.gz"
    with (
        Recorder(path, "any", {}, ManualClock()),
        pytest.raises(BadInput, match="recorded already; stop the other racelab"),
    ):
        Recorder(path, "any", {}, ManualClock())
    Recorder(path, "any", {}, ManualClock()).__exit__(None, None, None)


class FullDisk:
    """Takes half of a piece and then nothing, as long as it is full."""

    def __init__(self, file):
        self.file, self.is_full = file, False

    def write(self, piece):
        if self.is_full and len(piece) > 1:
            self.file.write(piece[: len(piece) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(piece)

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.fixture
def full(tmp_path):
    path, clock = tmp_path / "race.jsonl.gz", ManualClock()
    with Recorder(path, "any", {}, clock) as recorder:
        recorder._file._file = FullDisk(recorder._file._file)
        yield path, clock, recorder, recorder._file._file


def test_a_full_disk_is_told_once_and_loses_nothing(full, caplog):
    path, clock, recorder, disk = full
    recorder.append(frame(0))
    recorder.flush()
    disk.is_full = True
    with caplog.at_level(logging.INFO, "racelab"):
        for number in range(1, 5):
            recorder.append(frame(number))
            clock.sleep(1)
            recorder.tick()
        assert list(RecordedFeed(path).frames()) == [frame(0)]
        disk.is_full = False
        clock.sleep(1)
        recorder.tick()
    recorder.append(frame(5))
    recorder.flush()
    assert list(RecordedFeed(path).frames()) == [frame(number) for number in range(6)]
    assert [(each.levelname, each.message.partition(": ")[2]) for each in caplog.records] == [
        ("ERROR", "No space left on device; the session goes on and its frames wait in memory: free some space"),
        ("INFO", "the disk takes frames again"),
    ]


def test_what_a_full_disk_makes_us_give_up_is_named(full, monkeypatch):
    path, _, recorder, disk = full
    monkeypatch.setattr(recorders, "_WAITING_BYTES", 300)
    recorder.append(frame(0))
    recorder.flush()
    disk.is_full = True
    for number in range(1, 20):
        recorder.append(frame(number))
    disk.is_full = False
    recorder.flush()
    read = list(RecordedFeed(path).frames())
    states = [link_state(each) for each in read]
    assert read[0] == frame(0)
    assert states[1:3] == ["lost", "connected"]
    assert read[1].received_at == frame(1).received_at
    assert read[3:] == [frame(number) for number in range(23 - len(read), 20)]
    assert read[2].received_at == read[3].received_at
    assert sum(len(json.dumps(each.payload)) for each in read[3:]) < 300 + 100


def test_a_file_takes_a_piece_whole_or_not_at_all(tmp_path):
    path = tmp_path / "blocks.gz"
    file = BlockFile(path)
    file._file = disk = FullDisk(file._file)
    for number in range(4):
        disk.is_full = number % 2 == 1
        before = path.read_bytes()
        if disk.is_full:
            with pytest.raises(OSError, match="No space"):
                file.append(b"%d\n" % number)
            assert path.read_bytes() == before
        else:
            file.append(b"%d\n" % number)
    disk.is_full = False
    file.close()
    assert gzip.decompress(path.read_bytes()) == b"0\n2\n"


def test_half_a_character_is_kept_as_it_came(tmp_path):
    path = tmp_path / "race.jsonl.gz"
    with Recorder(path, "any", {}, ManualClock()) as recorder:
        recorder.append(Frame(BEGIN, {"\ud800": ["\udfff", "é\U0001f3c1"]}))
    assert [each.payload for each in RecordedFeed(path).frames()] == [{"\ud800": ["\udfff", "é\U0001f3c1"]}]


def test_a_recording_is_found_by_its_folder(tmp_path):
    path = tmp_path / "wec-2026-03-R" / "frames.jsonl.gz"
    assert find_recording(path.parent) is None
    with Recorder(path, "any", {}, ManualClock()):
        pass
    assert find_recording(path.parent) == find_recording(path) == path
    assert find_recording(Path(__file__)) is None


def test_many_small_pieces_stay_small_and_a_day_is_read_in_blocks(tmp_path):
    """A piece a frame, as the store asks for it: the file is not much larger than in one piece."""
    path = tmp_path / "race.jsonl.gz"
    lines = 0
    with Recorder(path, "any", {}, ManualClock()) as recorder:
        for number in range(30_000):
            at = BEGIN + timedelta(milliseconds=250 * number)
            line = Frame(at, {"Lines": {str(number % 40): {"LastLapTime": {"Value": f"1:{number % 60:02d}.123"}}}})
            lines += len(json.dumps({"at": line.received_at.isoformat(), "payload": line.payload})) + 1
            recorder.append(line)
            recorder.write()
    assert path.stat().st_size < lines / 3
    blocks = list(read_blocks(path))
    assert 1 < len(blocks) <= -(-lines // (1024 * 1024))
    assert all(block.is_whole for block in blocks)
    assert blocks[-1].end == path.stat().st_size
