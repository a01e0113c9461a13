"""Files that are no recording, or a damaged one: one clear line each, and nothing unpacked."""

import io
import json
import random
import zipfile

import pytest
from timing71_zip import MANIFEST, START, small_race, write_zip

from racelab.errors import BadInput, RacelabError
from racelab.sources.hints import Hints
from racelab.sources.timing71 import Recording, find_sessions, sniff


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content if isinstance(content, bytes | str) else json.dumps(content))
    return path


def without(key):
    return {name: value for name, value in MANIFEST.items() if name != key}


def read_or_refusal(path):
    try:
        return len(find_sessions(path, Hints())[0].read().laps), None
    except RacelabError as error:
        return 0, str(error)


KEY = small_race()[0][1]
NAME = f"{START:011d}.json"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"Num;Team\n31;Whelen\n", "not a whole ZIP file"),
        (b"PK\x03\x04" + b"\0" * 60, "not a whole ZIP file"),
    ],
)
def test_files_that_are_no_zip(tmp_path, content, words):
    path = tmp_path / "race.zip"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words) as caught:
        find_sessions(path, Hints())
    assert str(path) in str(caught.value)
    assert "copy or download it again" in str(caught.value)
    assert not sniff(path)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({NAME: KEY}, "no manifest.json inside"),
        ({"manifest.json": "{", NAME: KEY}, "manifest.json cannot be read"),
        ({"manifest.json": [], NAME: KEY}, "no colSpec"),
        ({"manifest.json": without("colSpec"), NAME: KEY}, "no colSpec"),
        ({"manifest.json": {**MANIFEST, "colSpec": [["Team"]]}, NAME: KEY}, "no colSpec with a column 'Num'"),
        ({"manifest.json": MANIFEST}, "no key frame"),
        ({"manifest.json": MANIFEST, f"{START:011d}i.json": KEY}, "no key frame"),
        ({"manifest.json": MANIFEST, "../../etc/000000001.json": KEY}, "no key frame"),
        ({"manifest.json": MANIFEST, "/" + NAME: KEY}, "no key frame"),
        ({"manifest.json": {**MANIFEST, "name": "British GT"}, NAME: KEY}, "names no series"),
        ({"manifest.json": {**MANIFEST, "description": "Somewhere - Parade"}, NAME: KEY}, "names no session"),
        ({"manifest.json": without("startTime"), NAME: KEY}, "no startTime"),
        ({"manifest.json": {**MANIFEST, "startTime": "noon"}, NAME: KEY}, "no startTime"),
    ],
)
def test_zips_that_are_no_recording(tmp_path, members, words):
    path = archive(tmp_path / "race.zip", members)
    with pytest.raises(BadInput, match=words) as caught:
        find_sessions(path, Hints())
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "frame", [b"", b"{", b"[]", b"7", b'{"cars": 5, "session": {}}', b'{"cars": []}', b"[" * 100_000, b"\xff\xfe"]
)
def test_frames_that_cannot_be_read_are_skipped_by_name(tmp_path, frame):
    bad = f"{START - 1:011d}.json"
    path = archive(tmp_path / "race.zip", {"manifest.json": MANIFEST, bad: frame, NAME: KEY})
    recording = Recording(path)
    assert [state.payload["cars"] for state in recording.frames()] == [KEY["cars"]]
    assert recording.skipped == [bad]


def test_a_recording_of_nothing_but_bad_frames_is_refused(tmp_path):
    path = archive(tmp_path / "race.zip", {"manifest.json": MANIFEST, NAME: b"{"})
    with pytest.raises(BadInput, match="none of its frames can be read"):
        find_sessions(path, Hints())[0].read()


def test_a_member_that_unpacks_to_too_much_is_not_read(tmp_path):
    bomb = f"{START - 1:011d}.json"
    path = archive(tmp_path / "race.zip", {"manifest.json": MANIFEST, bomb: b" " * (9 * 1024 * 1024), NAME: KEY})
    assert path.stat().st_size < 100_000
    recording = Recording(path)
    assert len(list(recording.frames())) == 1
    assert recording.skipped == [bomb]


def test_truncated_recordings_are_refused_and_damaged_ones_read_or_refused(tmp_path):
    whole = write_zip(tmp_path / "whole.zip", small_race()).read_bytes()
    path = tmp_path / "race.zip"
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BadInput, match="not a whole ZIP file"):
            find_sessions(path, Hints())
    chance = random.Random(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        laps, words = read_or_refusal(path)
        assert laps <= 14
        assert words is None or str(path) in words


def test_frame_names_sort_as_numbers(tmp_path):
    frames = {"manifest.json": MANIFEST}
    for second in (1_000_000_002, 999_999_999, 1_000_000_001):
        frames[f"{second}.json"] = {**KEY, "session": {"timeElapsed": second}}
    recording = Recording(archive(tmp_path / "race.zip", frames))
    order = [state.payload["session"]["timeElapsed"] for state in recording.frames()]
    assert order == [999_999_999, 1_000_000_001, 1_000_000_002]


def test_an_encrypted_member_is_skipped(tmp_path):
    plain = archive(tmp_path / "race.zip", {"manifest.json": MANIFEST, f"{START - 1:011d}.json": KEY, NAME: KEY})
    raw = bytearray(plain.read_bytes())
    info = zipfile.ZipFile(io.BytesIO(bytes(raw))).infolist()[1]
    # The general purpose bit 0 says "encrypted", in the member's own header and in the directory.
    raw[info.header_offset + 6] |= 1
    directory = bytes(raw).rindex(info.filename.encode()) - 46
    raw[directory + 8] |= 1
    plain.write_bytes(bytes(raw))
    recording = Recording(plain)
    assert len(list(recording.frames())) == 1
    assert recording.skipped == [f"{START - 1:011d}.json"]
