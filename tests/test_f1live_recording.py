"""Recordings as files: FastF1's text in all its forms, the archive's streams, and what is broken in them."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from f1live_text import INFO, START, before, race, stamp, text, write
from hypothesis import given
from hypothesis import strategies as st

from racelab.errors import BadInput
from racelab.sources import f1live
from racelab.sources.f1live.lines import read_stream, read_text
from racelab.sources.hints import Hints


def payloads(path):
    return [frame.payload for frame in f1live.Recording(path).frames()]


def test_a_text_and_its_compressed_form_give_the_same_frames(tmp_path):
    messages = race()
    plain, packed = write(tmp_path / "race.txt", messages), write(tmp_path / "race.txt.gz", messages)
    assert payloads(plain) == payloads(packed) == [[topic, content] for _, topic, content in messages]
    first = next(f1live.Recording(plain).frames())
    assert first.received_at == datetime(2025, 6, 1, 12, 58, tzinfo=UTC)
    assert len(f1live.Recording(plain)) == len(messages)
    assert f1live.sniff(plain)
    assert f1live.sniff(packed)


def test_an_apostrophe_in_a_text_changes_nothing():
    line = repr(["SessionInfo", {"Name": "DELL'EMILIA", "x": True, "y": None}, "2024-05-18T13:59:11.3884546Z"])
    assert '"DELL\'EMILIA"' in line
    assert read_text(line)[1] == {"Name": "DELL'EMILIA", "x": True, "y": None}


def test_words_of_python_inside_texts_stay():
    line = "['T', {'Message': 'None: True, False', 'a': True, 'b': [None, False]}, '2024-01-01T00:00:00Z']"
    assert read_text(line)[1] == {"Message": "None: True, False", "a": True, "b": [None, False]}


def test_a_line_of_json_is_read_too():
    assert read_text('["T", {"a": true, "b": null, "c": "it\'s"}, "2024-01-01T00:00:00Z"]')[1]["c"] == "it's"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=12,
    )
)
def test_whatever_python_writes_is_read_as_it_was(content):
    line = repr(["Topic", content, "2024-01-01T00:00:00.000Z"])
    assert read_text(line) == ("Topic", content, "2024-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "line",
    [
        "", "nothing", "[1, 2]", "['T', {}, 5]", "['T', {}]", "[5, {}, 'x']", "['T', {'a': 1}", "{'a': 1}",
        "__import__('os').getcwd()", '["T", __import__("os").getcwd(), "x"]', "(" * 500, "['T', {'a': " + "[" * 5000,
        "\x00\x01", "['T', {\"a'}, 'x']",
    ],
)  # fmt: skip
def test_what_is_no_message_is_an_error_and_is_never_run(line):
    with pytest.raises(ValueError):  # noqa: PT011  # whatever the words, it is one kind of error
        read_text(line)


def test_broken_lines_are_named_and_the_others_read(tmp_path):
    lines = text(before()).splitlines()
    lines[1:1] = ["garbage", "['Heartbeat', {}, 'no time']"]
    path = tmp_path / "broken.txt"
    path.write_text("\ufeff" + "\n".join(lines) + "\n['TimingDa")
    recording = f1live.Recording(path)
    assert len(list(recording.frames())) == len(before())
    assert [why.split(":")[0] for why in recording.skipped] == [
        "broken.txt, line 2", "broken.txt, line 3", f"broken.txt, line {len(lines) + 1}",
    ]  # fmt: skip
    assert "no time 'no time'" in recording.skipped[1]


def test_a_torn_compressed_file_is_read_up_to_the_tear(tmp_path):
    path = write(tmp_path / "race.txt.gz", race())
    whole = payloads(path)
    path.write_bytes(path.read_bytes()[:-40])
    torn = payloads(path)
    assert 0.8 * len(whole) < len(torn) < len(whole)
    assert torn == whole[: len(torn)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x1f\x8b\x08broken", b"car,lap\n1,2\n", b"\x00" * 100])
def test_other_files_are_no_recordings(tmp_path, content):
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    assert not f1live.sniff(path)
    with pytest.raises(BadInput, match=r"file\.txt"):
        f1live.find_sessions(path, Hints())


def test_nothing_is_no_recording(tmp_path):
    assert not f1live.sniff(tmp_path / "missing.txt")
    assert not f1live.sniff(tmp_path)
    assert f1live.find_sessions(tmp_path, Hints()) == []


def write_streams(folder, messages, zero=-400_000, skip=()):
    """The messages as the archive's files: stream time from an instant of session time."""
    folder.mkdir()
    files: dict[str, list[str]] = {}
    for ms, topic, content in messages:
        at = ms - zero
        clock = f"{at // 3_600_000:02d}:{at // 60_000 % 60:02d}:{at // 1000 % 60:02d}.{at % 1000:03d}"
        files.setdefault(topic, []).append(clock + json.dumps(content))
    for topic, lines in files.items():
        if topic not in skip:
            content = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
            (folder / f"{topic}.jsonStream.gz").write_bytes(gzip.compress(content))
    return folder


def test_a_folder_of_streams_is_one_session_in_the_order_of_time(tmp_path):
    clock = (1_000, "ExtrapolatedClock", {"Utc": stamp(1_000), "Remaining": "01:59:59", "Extrapolating": True})
    folder = write_streams(tmp_path / "streams", [*race(), clock])
    assert f1live.sniff(folder)
    frames = list(f1live.Recording(folder).frames())
    assert [frame.received_at for frame in frames] == sorted(frame.received_at for frame in frames)
    (found,) = f1live.find_sessions(folder, Hints())
    assert (str(found.key), found.outline.start, found.outline.skew_ms) == ("f1/2025/9/R", START, 0)
    (other,) = f1live.find_sessions(write(tmp_path / "race.txt", race()), Hints())
    assert found.read().laps == other.read().laps


def test_streams_without_any_time_of_day_go_by_the_schedule(tmp_path):
    messages = [message for message in race() if message[1] != "RaceControlMessages"]
    (found,) = f1live.find_sessions(write_streams(tmp_path / "streams", messages), Hints())
    assert found.outline.start == datetime(2025, 6, 1, 13, 0, tzinfo=UTC)


def test_streams_that_tell_no_time_at_all_are_refused(tmp_path):
    messages = [message for message in race() if message[1] != "RaceControlMessages"]
    folder = write_streams(tmp_path / "streams", messages, skip=("SessionInfo",))
    with pytest.raises(BadInput, match="tells the time of day"):
        f1live.find_sessions(folder, Hints())


def test_lines_of_a_stream():
    assert read_stream('\ufeff00:01:02.345{"a":1}\r\n') == (62_345, {"a": 1})
    assert read_stream('01:00:00.001"eJw="') == (3_600_001, "eJw=")
    for line in ("", "00:01:02.345", "00:01{}", "00:01:02.345{", "x00:01:02.345{}"):
        with pytest.raises(ValueError):  # noqa: PT011
            read_stream(line)


def named(tmp_path, **changed):
    info = {**INFO, **changed}
    messages = [(ms, topic, info if topic == "SessionInfo" else content) for ms, topic, content in race()]
    return f1live.find_sessions(write(tmp_path / "race.txt", messages), Hints())[0]


def test_the_session_is_named_by_its_info(tmp_path):
    found = named(tmp_path)
    assert (str(found.key), found.outline.name.event.name) == ("f1/2025/9/R", "Spanish Grand Prix")
    assert (found.outline.name.event.circuit, found.outline.name.event.country) == ("Catalunya", "Spain")
    session = found.session()
    assert (session.start_utc, session.scheduled_laps, session.scheduled_ms) == (START, 5, None)
    assert str(named(tmp_path, Name="Practice 1", Type="Practice").key) == "f1/2025/9/FP1"
    assert named(tmp_path, Name="Practice 1", Type="Practice").session().scheduled_ms == 7_200_000
    assert str(named(tmp_path, Name="Sprint Qualifying").key) == "f1/2025/9/SQ"
    assert str(named(tmp_path, Name="Sprint Qualifying", StartDate="2022-05-21T15:00:00").key).startswith("f1/2022/")
    assert named(tmp_path, Name="Sprint Qualifying", StartDate="2022-05-21T15:00:00").key.code == "S"
    with pytest.raises(BadInput, match="no session of Formula 1 is called 'Parade'"):
        named(tmp_path, Name="Parade")


def test_a_recording_without_info_is_named_by_the_calendar(tmp_path):
    messages = [message for message in race() if message[1] != "SessionInfo"]
    (found,) = f1live.find_sessions(write(tmp_path / "race.txt", messages), Hints())
    assert (str(found.key), found.outline.name.event.name) == ("f1/2025/9/R", "Spanish Grand Prix")
    path = tmp_path / "winter.txt"
    path.write_text("['Heartbeat', {}, '2025-01-10T12:00:00Z']\n")
    with pytest.raises(BadInput, match="no session of Formula 1 was scheduled at 2025-01-10 12:00"):
        f1live.find_sessions(path, Hints())


def test_a_recording_on_another_clock_is_put_right_and_says_so(tmp_path):
    told = {"Flag": "GREEN", "Message": "GREEN LIGHT - PIT EXIT OPEN", "Utc": "2025-06-01T12:03:05"}
    messages = [*race(), (5_000, "RaceControlMessages", {"Messages": {"1": told}})]
    messages = [m for m in messages if m[1] != "RaceControlMessages" or "1" in m[2]["Messages"]]
    (found,) = f1live.find_sessions(write(tmp_path / "race.txt", messages), Hints())
    assert found.outline.skew_ms == -3_600_000
    data = found.read()
    assert data.session.start_utc == datetime(2025, 6, 1, 12, 3, tzinfo=UTC)
    assert [repair.rule for repair in data.repairs] == ["recording_clock"]
    assert max(lap.end_ms for lap in data.laps) < 500_000


def test_the_name_is_found_among_broken_messages(tmp_path):
    broken = [
        (0, "SessionInfo", "x"),
        (0, "SessionStatus", {"Status": 5}),
        (0, "SessionData", {"StatusSeries": {"0": 7}}),
        (0, "LapCount", None),
    ]
    (found,) = f1live.find_sessions(write(tmp_path / "race.txt", [*broken, *race()]), Hints())
    assert (str(found.key), found.outline.start, found.outline.total_laps) == ("f1/2025/9/R", START, 5)
