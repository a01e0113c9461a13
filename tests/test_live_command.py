"""`racelab live`: the session that is on by the calendar, followed to its end by a command."""

import json
import logging
import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from emulators import toy
from emulators.harness import fast_clock
from emulators.server import serve

from racelab import cli
from racelab.commands import live as command
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.live.clock import ReplayClock, SystemClock
from racelab.runs.live_now import session_now
from racelab.runs.monitor.planned import Planned
from racelab.settings import get_settings

LE_MANS = datetime(2026, 6, 13, 14, tzinfo=UTC)


def now(series, at, reference=None):
    return session_now(series, reference, at, get_settings())


@pytest.mark.parametrize("hours", [-0.9, 0, 12, 25.9])
def test_a_race_is_on_from_an_hour_before_to_two_hours_beyond_its_length(hours):
    assert str(now(Series.WEC, LE_MANS + timedelta(hours=hours)).key) == "wec/2026/3/R"


@pytest.mark.parametrize("hours", [-2, 27])
def test_nothing_is_on_before_and_after_and_the_next_is_named(hours):
    with pytest.raises(NotFound, match=r"no race of WEC is on now; the next is WEC 2026 .* UTC") as told:
        now(Series.WEC, LE_MANS + timedelta(hours=hours))
    assert ("Le Mans" in str(told.value)) == (hours < 0)


def test_a_qualifying_is_named_with_its_start_and_event():
    found = now(Series.F1, LE_MANS, "f1/2026/1/Q")
    assert (found.live.event.circuit is not None, found.start.year, found.key.code) == (True, 2026, "Q")
    assert now(Series.WEC, LE_MANS, "wec/2026/3/Q").live.event == now(Series.WEC, LE_MANS).live.event
    assert now(Series.F1, LE_MANS, "f1/2026/1/R").start == now(Series.F1, LE_MANS, "f1/2026/1/R").earliest


@pytest.mark.parametrize(
    ("reference", "error"),
    [("nope", BadInput), ("wec/2026/3/R", BadInput), ("f1/2026/1/X9", BadInput), ("f1/2026/77/R", NotFound)],
)
def test_what_cannot_be_followed_is_refused(reference, error):
    with pytest.raises(error):
        now(Series.F1, LE_MANS, reference)


@pytest.fixture
def toys(monkeypatch, store):
    """The command's world: the toys' race, its service and a clock that runs fast."""
    race, clock = toy.Race(cars=3, seconds=600, lap_s=60), fast_clock(600.0, toy.lead())
    live = replace(toy.SESSION, session=replace(toy.SESSION.session, scheduled_ms=600_000))
    planned = Planned(live, toy.BEGIN.date(), "user", "the test")
    monkeypatch.setattr(command, "session_now", lambda *_: planned)
    monkeypatch.setattr(command, "SystemClock", lambda: clock)
    with serve(toy.app(race, clock)) as server:
        monkeypatch.setattr(command, "make_feed", lambda *_: toy.ToyFeed(server.ws_url, clock))
        yield race, store, clock


def run(*arguments):
    with pytest.raises(SystemExit) as done:
        cli.main(["live", *arguments])
    return done.value.code


def test_the_command_follows_the_race_to_its_end(toys, capsys, caplog):
    race, store, _ = toys
    with caplog.at_level(logging.INFO, "racelab"):
        assert run("wec", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["session"] == "wec/2026/3/R"
    assert told["why"] == "the chequered flag was shown and all running cars are home"
    assert (told["flag"], told["laps"]) == ("chequered", race.laps // 3)
    assert len(store.read("laps", toy.KEY)) == race.laps
    assert (get_settings().data / "recordings" / "wec-2026-03-R" / "frames.jsonl.gz").is_file()
    said = [each.message for each in caplog.records if each.message.startswith("wec/2026/3/R: ")]
    assert any("leads on lap" in line and "feed connected; last frame" in line for line in said)


def test_a_session_that_is_stored_whole_is_left_alone(toys, capsys):
    _, store, _ = toys
    session = {"session_id": toy.KEY.session_id, "event_id": toy.KEY.event_id, "code": "R", "name": "Race"}
    event = {"event_id": toy.KEY.event_id, "series": "wec", "season": 2026, "round": 3, "name": "Toys"}
    run_row = {
        "session_id": toy.KEY.session_id,
        "source": "alkamel",
        "location": "a.csv",
        "digest": "d",
        "version": "1",
    }
    store.upsert("events", [event])
    store.upsert("sessions", [session | {"status": "finished"}])
    store.upsert("ingest_runs", [run_row | {"read_utc": toy.BEGIN}])
    assert run("wec") == 1
    assert "wec/2026/3/R is stored already, from its results: `racelab replay" in capsys.readouterr().err
    assert len(store.read("laps", toy.KEY)) == 0


def test_a_signal_ends_it_and_says_how_to_go_on(toys, capsys, monkeypatch):
    race, store, clock = toys
    slow = ReplayClock(clock.now(), 100.0, SystemClock())
    monkeypatch.setattr(command, "SystemClock", lambda: slow)

    def end():
        deadline = time.monotonic() + 15
        while len(store.read("laps", toy.KEY)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=end)
    thread.start()
    before = signal.getsignal(signal.SIGTERM)
    assert run("wec") == 1
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == before
    assert "run `racelab live wec --session wec/2026/3/R` to go on" in capsys.readouterr().err
    assert 3 <= len(store.read("laps", toy.KEY)) <= race.laps
