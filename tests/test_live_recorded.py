"""Recordings of followed sessions, in every protocol: replayed and ingested, they give what the live session gave."""

import gzip
import json
from datetime import timedelta

import pytest
from emulators import toy
from emulators.harness import fast_clock, interruptions, rows_of, run_feed, same_rows
from emulators.server import serve

from racelab import cli
from racelab.commands.replay import open_source
from racelab.domain.flags import Flag
from racelab.domain.frames import Frame
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput
from racelab.live.clock import ManualClock
from racelab.live.identity import recording_path, session_in, with_session
from racelab.live.link import CONNECTED_AGAIN, CONNECTION_LOST, link_frame
from racelab.live.protocols import PROTOCOLS
from racelab.live.recorded import recorded_session
from racelab.live.recorder import Recorder
from racelab.live.replay import Road, replay
from racelab.runs.ingest import _PARTIAL
from racelab.store.open import open_store
from racelab.store.sql import SqlStore

RACE = toy.Race(cars=3, seconds=120, lap_s=20)


def is_over(state):
    return state.flag is Flag.CHEQUERED and sum(car.laps or 0 for car in state.cars.values()) >= RACE.laps


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A store after a live session, and the folder of its recording."""
    folder = tmp_path_factory.mktemp("followed")
    clock = fast_clock(600.0, toy.lead())
    with SqlStore(f"sqlite:///{folder / 'store.db'}") as store:
        with serve(toy.app(RACE, clock)) as server:
            run_feed(toy.ToyFeed(server.ws_url, clock), toy.SESSION, store, folder, clock, is_over)
        yield store, recording_path(folder, toy.KEY)


def test_the_session_stands_in_the_recording(followed):
    _, path = followed
    head = json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])
    assert head["protocol"] == "toy"
    assert head["manifest"]["toys"] is True
    assert session_in(head["manifest"]) == toy.SESSION


@pytest.mark.parametrize("by", ["file", "folder"])
def test_a_replayed_recording_is_the_live_session(followed, store, by):
    live, path = followed
    source = open_source(str(path if by == "file" else path.parent), store)
    assert source.key == toy.KEY
    road = Road(source.parser, store, source.key, ManualClock(), source.writer)
    for _ in replay(source.feed, road, ManualClock):
        pass
    first, second = rows_of(live, toy.KEY), rows_of(store, toy.KEY)
    origin = ["location", "digest"]
    assert first.pop("ingest_runs").drop(columns=origin).equals(second.pop("ingest_runs").drop(columns=origin))
    assert all(rows.equals(second[name]) for name, rows in first.items())
    assert len(second["laps"]) == RACE.laps


@pytest.mark.parametrize("by", ["file", "folder", "all"])
def test_an_ingested_recording_has_the_live_session_s_laps(followed, store, by, capsys):
    live, path = followed
    given = {"file": path, "folder": path.parent, "all": path.parent.parent}[by]
    with pytest.raises(SystemExit) as done:
        cli.main(["ingest", "recording", str(given), "--json"])
    assert done.value.code == 0
    (outcome,) = json.loads(capsys.readouterr().out)["sessions"]
    assert (outcome["change"], outcome["event"], outcome["rows"]["laps"]) == ("added", "24 Hours of Toys", RACE.laps)
    with open_store() as read:
        columns = ["car_number", "lap_number", "lap_time_ms", "start_ms", "end_ms"]
        assert read.read("laps", toy.KEY)[columns].equals(live.read("laps", toy.KEY)[columns])
        row = read.read("sessions", toy.KEY).iloc[0]
        assert row["end_utc"].to_pydatetime() == toy.BEGIN + timedelta(seconds=120)
        assert row["status"] == "finished"


def test_an_ingested_recording_takes_the_place_of_the_live_session(followed, store):
    _, path = followed
    source = open_source(str(path), store)
    for _ in replay(source.feed, Road(source.parser, store, source.key, ManualClock(), source.writer), ManualClock):
        pass
    with pytest.raises(SystemExit) as done:
        cli.main(["ingest", "recording", str(path)])
    assert done.value.code == 0
    assert not store.digest(toy.KEY).startswith("running:")


def write(path, protocol, manifest, frames):
    with Recorder(path, protocol, manifest, ManualClock()) as recorder:
        for frame in frames:
            recorder.append(frame)
    return path


def told(number):
    return Frame(
        toy.BEGIN + timedelta(seconds=number), {"new": {"car": "1", "lap": number, "ms": 1000, "at": number * 1000}}
    )


def test_interruptions_are_named_in_what_is_ingested(tmp_path, store):
    away = toy.BEGIN + timedelta(seconds=2)
    frames = [told(1), link_frame(away, CONNECTION_LOST, "dropped"), told(2), link_frame(away, CONNECTED_AGAIN, "")]
    frames += [told(3), link_frame(toy.BEGIN + timedelta(seconds=9), CONNECTION_LOST, "gone")]
    path = write(tmp_path / "a.jsonl.gz", "toy", with_session({}, toy.SESSION), frames)
    data = recorded_session(path).read()
    assert [(each.rule, each.record, each.reason.partition(";")[0]) for each in data.repairs] == [
        ("feed_interrupted", "2026-06-13T14:00:02Z to 2026-06-13T14:00:02Z", "dropped"),
        ("feed_interrupted", "2026-06-13T14:00:09Z to the end", "gone"),
    ]
    assert (data.session.status, data.session.end_utc) == ("incomplete", None)
    assert "results" in data.missing


def test_what_is_told_again_is_one_lap(tmp_path):
    path = write(tmp_path / "a.jsonl.gz", "toy", with_session({}, toy.SESSION), [told(2), told(1), told(2)])
    assert [lap.lap_number for lap in recorded_session(path).read().laps] == [1, 2]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [({"racelab_session": {}}, "names no session"), ({"racelab_session": {"session": "x/y"}}, "x/y")],
)
def test_a_first_line_that_was_changed_is_refused(tmp_path, manifest, message):
    path = write(tmp_path / "a.jsonl.gz", "toy", manifest, [])
    with pytest.raises(BadInput, match=message):
        recorded_session(path)


def test_a_recording_without_cars_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl.gz", "toy", with_session({}, toy.SESSION), [])
    with pytest.raises(BadInput, match="no car's timing"):
        recorded_session(path).read()


def test_a_first_line_without_what_the_parser_needs_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl.gz", "timing71", with_session({}, toy.SESSION), [])
    with pytest.raises(BadInput, match="its first line is not that of timing71: KeyError"):
        recorded_session(path).read()


# Timing71's frames are no live protocol's: its states are checked where its files are read.
@pytest.mark.parametrize("protocol", sorted(PROTOCOLS.keys() - {"timing71"}))
def test_every_protocol_has_a_parser_that_takes_any_frame(tmp_path, protocol, store):
    junk = [Frame(toy.BEGIN, each) for each in (None, 1, "x", [], {}, {"a": [1]}, ["b", {}], [[[]]])]
    path = write(tmp_path / "a.jsonl.gz", protocol, with_session({}, toy.SESSION), junk)
    source = open_source(str(path), store)
    road = Road(source.parser, store, source.key, ManualClock(), source.writer)
    assert [state.cars for state in replay(source.feed, road, ManualClock)][-1] == {}
    assert road.frames == len(junk)


def test_a_protocol_of_a_newer_racelab_is_refused_in_words(tmp_path, store):
    path = write(tmp_path / "a.jsonl.gz", "telepathy", with_session({}, toy.SESSION), [])
    with pytest.raises(BadInput, match="no parser for the protocol 'telepathy'"):
        open_source(str(path), store)


def test_two_runs_that_differ_are_told_apart(followed, store):
    live, path = followed
    source = open_source(str(path), store)
    for _ in replay(source.feed, Road(source.parser, store, source.key, ManualClock(), source.writer), ManualClock):
        pass
    store.delete("laps", session_id=toy.KEY.session_id, lap_number=3, car_number="2")
    with pytest.raises(AssertionError):
        same_rows(live, store, toy.KEY)
    assert interruptions(live, SessionKey(toy.KEY.series, 2026, 4, "R")) == []


def test_a_recording_of_any_protocol_never_replaces_a_fuller_source():
    assert set(PROTOCOLS) - {"toy"} < _PARTIAL
    assert "alkamel" not in _PARTIAL
