"""Detroit 2026 played by each of IMSA's two services: what is stored is what Timing71 recorded."""

from datetime import timedelta

import pandas as pd
import pytest
from emulators.alkamel_ddp import AlkamelDdp, states_of
from emulators.harness import run_feed
from emulators.imsa_jsonp import ImsaJsonp, steps_of
from emulators.server import serve
from emulators.snapshots import detroit
from imsa_sessions import KEY, SESSION, START, QuickClock, StillClock, repairs

from racelab.domain.frames import Frame
from racelab.domain.records import Provenance
from racelab.live.clock import ManualClock
from racelab.live.feeds.alkamel_ddp import AlkamelDdpFeed
from racelab.live.feeds.imsa_jsonp import FILES, ImsaJsonpFeed
from racelab.live.protocols import make_parser
from racelab.live.replay import Road
from racelab.live.writer import SessionWriter
from racelab.sources import imsascoring
from racelab.sources.hints import Hints
from racelab.sources.imsascoring.text import read_jsonp
from racelab.sources.timing71 import find_sessions

pytestmark = pytest.mark.data
TIMES = ["lap_time_ms", "end_ms", "seat", "pit_in", "pit_out"]


@pytest.fixture(scope="module")
def path():
    from conftest import DATA

    return DATA / "live" / "timing71_recordings" / "Detroit-2026-Race.zip"


@pytest.fixture(scope="module")
def race(path):
    return find_sessions(path, Hints())[0].read()


def assert_recorded(store, race, close_ms=15_000, times=TIMES):
    """Order, laps, lap times, drivers and stops are those of the recording."""
    results = store.read("results", KEY).sort_values("position")
    assert list(results["car_number"]) == [one.car_number for one in race.results]
    for name in ("laps", "gap_ms", "gap_laps", "class_position", "total_time_ms", "best_lap_ms", "best_lap_number"):
        told = [None if pd.isna(value) else int(value) for value in results[name]]
        assert told == [getattr(one, name) for one in race.results], name
    laps = store.read("laps", KEY).set_index(["car_number", "lap_number"])
    assert len(laps) == len(race.laps) == 1_688
    for lap in race.laps:
        held = laps.loc[lap.car_number, lap.lap_number]
        assert [held[name] for name in times] == [getattr(lap, name) for name in times], (
            lap.car_number,
            lap.lap_number,
        )
    stops = store.read("pit_stops", KEY)
    seen = {(one.car_number, one.lap_number): one for one in stops.itertuples()}
    assert seen.keys() == {(one.car_number, one.lap_number) for one in race.pit_stops}
    for stop in race.pit_stops:
        held = seen[stop.car_number, stop.lap_number]
        assert abs(held.in_ms - stop.in_ms) < close_ms
        assert abs(held.out_ms - stop.out_ms) < close_ms
        assert held.seat_out == stop.seat_out
    assert list(store.read("track_status", KEY)["flag"]) == [one.flag.value for one in race.track_status]
    crews = store.read("drivers", KEY).groupby("car_number")["name"].apply(list)
    assert {entry.car_number: [one.name for one in entry.drivers] for entry in race.entries} == dict(crews)


def assert_polled(store, race):
    assert_recorded(store, race)
    # What a poll cannot know is named: when in its ten seconds a car came in or went out.
    assert len(repairs(store, "seen_by_poll")) == 2 * len(race.pit_stops)
    assert store.read("pit_stops", KEY)["duration_ms"].isna().all()
    assert set(store.read("repairs", KEY)["rule"]) == {"seen_by_poll"}


def test_answers_of_every_ten_seconds_miss_no_lap_and_no_stop(path, race, store):
    parser = make_parser(imsascoring.SOURCE, {}, SESSION)
    writer = SessionWriter(SESSION.event, SESSION.session, Provenance(imsascoring.SOURCE, "steps", "1", "1"))
    road, known = Road(parser, store, KEY, ManualClock(START), writer), {}
    for number, step in enumerate(steps_of(detroit(path))):
        for file in FILES:
            if known.get(file) != step[file]:
                known[file] = step[file]
                content = read_jsonp(step[file].decode())
                road.take(Frame(START + timedelta(seconds=10 * number - 60), [file, content]))
        if number % 50 == 0:
            road.flush()
    road.finish()
    assert_polled(store, race)


@pytest.mark.soak
def test_a_poll_every_ten_seconds_misses_no_lap_and_no_stop(path, race, store, tmp_path):
    emulator = ImsaJsonp(steps_of(detroit(path)))
    with serve(emulator.app) as served:
        clock = QuickClock(START - timedelta(seconds=60))
        feed = ImsaJsonpFeed(clock, served.url)
        last = len(emulator.steps) + 1
        run_feed(
            feed,
            SESSION,
            store,
            tmp_path / "rec",
            clock,
            lambda state: emulator.requests["RaceResults"] > last,
            limit_s=120,
        )
    assert_polled(store, race)


def test_a_poll_every_two_minutes_names_the_laps_that_it_misses(path, race, store, tmp_path):
    emulator = ImsaJsonp(steps_of(detroit(path, 120.0)))
    with serve(emulator.app) as served:
        clock = QuickClock(START - timedelta(seconds=60))
        feed = ImsaJsonpFeed(clock, served.url, poll_s=120.0)
        last = len(emulator.steps) + 1
        run_feed(
            feed,
            SESSION,
            store,
            tmp_path / "rec",
            clock,
            lambda state: emulator.requests["RaceResults"] > last,
            limit_s=60,
        )
    seen = {(one.car_number, one.lap_number): one.lap_time_ms for one in store.read("laps", KEY).itertuples()}
    known = {(one.car_number, one.lap_number): one.lap_time_ms for one in race.laps}
    assert len(seen) < len(known)
    assert all(known[lap] == time for lap, time in seen.items())
    assert {f"{number}/{lap}" for number, lap in known.keys() - seen.keys()} == set(repairs(store, "missed_lap"))


def test_what_is_pushed_is_the_whole_race(path, race, store, tmp_path):
    emulator = AlkamelDdp(states_of(detroit(path, 5.0)))
    with serve(emulator.app) as served:
        feed = AlkamelDdpFeed(StillClock(START), SESSION.session, served.ws_url)

        def is_over(state):
            # The last message of all was answered: everything before it was read.
            return any(one.get("id") == "last" for one in emulator.received[-3:])

        run_feed(feed, SESSION, store, tmp_path / "rec", feed._clock, is_over, limit_s=120)
    # The clock stands still here: a stop has the time of the last line that any car crossed before it.
    assert_recorded(store, race, close_ms=60_000)
    laps = store.read("laps", KEY)
    sectored = laps.dropna(subset=["s1_ms", "s2_ms", "s3_ms"])
    assert len(sectored) > 1_600
    assert (abs(sectored["s1_ms"] + sectored["s2_ms"] + sectored["s3_ms"] - sectored["lap_time_ms"]) <= 1).all()
    assert len(store.read("race_control", KEY)) == len(race.race_control)
    assert repairs(store, "missed_lap") == repairs(store, "unread_frames") == []
