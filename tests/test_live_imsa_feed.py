"""IMSA's scoring from the emulated service to the store, undisturbed and with every fault."""

import shutil
from collections import deque
from datetime import timedelta

import pytest
from emulators.harness import fast_clock, interruptions, run_feed
from emulators.imsa_jsonp import ImsaJsonp, recorded, steps_of
from emulators.proxy import wire
from emulators.server import serve
from emulators.snapshots import made_up
from imsa_sessions import KEY, SESSION, START, QuickClock, repairs, same

from racelab.live.feeds.health import CONNECTED
from racelab.live.feeds.imsa_jsonp import REFERER, ImsaJsonpFeed
from racelab.store.sql import SqlStore

STEPS = steps_of(made_up(step_s=20))


def follow(emulator, store, tmp_path, url=None, clock=None, before=lambda place: None):
    """Follow the emulator until its last step was seen by the parser."""
    clock = clock or QuickClock(START - timedelta(seconds=30))
    with serve(emulator.app) as served:
        feed = ImsaJsonpFeed(clock, url(served) if url else served.url)

        def is_over(state):
            before(served)
            return (
                emulator.place == len(emulator.steps) - 1 and emulator.requests["RaceResults"] > len(emulator.steps) + 1
            )

        run_feed(feed, SESSION, store, tmp_path / "rec", clock, is_over)
    return feed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    store = SqlStore(f"sqlite:///{folder / 'a.db'}")
    emulator = ImsaJsonp(STEPS)
    feed = follow(emulator, store, folder)
    yield store, emulator, feed
    store.close()


def test_a_race_from_the_first_poll_to_the_classification(undisturbed):
    store, _, feed = undisturbed
    results = store.read("results", KEY).sort_values("position")
    assert list(results["car_number"]) == ["2", "3", "1"]
    assert list(results["laps"]) == [4, 4, 4]
    laps = store.read("laps", KEY).set_index(["car_number", "lap_number"])
    assert list(laps.loc["1", "lap_time_ms"]) == [61_037, 81_074, 76_111, 61_148]
    assert list(laps.loc["1", "end_ms"]) == [61_037, 142_111, 218_222, 279_370]
    assert list(laps.loc["1", "pit_in"]) == [False, True, False, False]
    stops = store.read("pit_stops", KEY)
    assert list(zip(stops["car_number"], stops["lap_number"], strict=True)) == [("1", 2)]
    drivers = store.read("drivers", KEY)
    assert set(drivers.loc[drivers["car_number"] == "1", "driver" if "driver" in drivers else "name"]) == {
        "Renée Driver0",
        "Zoë Second",
    }
    assert list(store.read("track_status", KEY)["flag"]) == ["green", "fcy", "green", "chequered"]
    assert interruptions(store, KEY) == []
    assert feed.health.state == CONNECTED
    assert feed.health.connections == 1


def test_the_service_is_asked_politely(undisturbed):
    _, emulator, _ = undisturbed
    assert {headers["referer"] for headers in emulator.headers} == {REFERER}
    stamps = [query["_"] for query in emulator.queries if query["callback"] == "jsonpRaceResults"]
    assert len(set(stamps)) == len(stamps)
    assert emulator.not_modified > 0, "an unchanged file is asked for with the words of the one before"


SERVICE = {
    "401": [401], "403": [403, 403], "429": [429], "500": [500] * 5, "garbage": ["garbage"], "half": ["half"],
    "wrong types": ["list"] + ["rows"] * 3, "older copies": ["old"] * 3, "another series": ["other"] * 3,
    "shells": ["shell"] * 3, "dropped": ["drop", "drop"], "slow": ["slow"],
}  # fmt: skip
BROKEN = ("401", "403", "429", "500", "garbage", "half", "wrong types", "dropped")


@pytest.mark.parametrize("name", SERVICE)
def test_faults_of_the_service_leave_the_same_store(name, undisturbed, store, tmp_path):
    clock = QuickClock(START - timedelta(seconds=30))
    emulator = ImsaJsonp(STEPS, faults=deque(SERVICE[name]), faulty_from=7, retry_after="45" if name == "429" else None, slow_s=0.05)  # fmt: skip
    feed = follow(emulator, store, tmp_path, clock=clock)
    assert not emulator.faults
    same(undisturbed[0], store)
    assert len(interruptions(store, KEY)) == (name in BROKEN)
    if name == "429":
        begun, _, back = interruptions(store, KEY)[0].partition(" to ")
        assert (fromiso(back) - fromiso(begun)).total_seconds() >= 44
    assert feed.health.state == CONNECTED


def fromiso(text):
    from datetime import datetime

    return datetime.fromisoformat(text)


def test_a_server_that_restarts_is_found_again(undisturbed, store, tmp_path):
    restarts = deque([1])

    def restart(served):
        if restarts and emulator.place == 8:
            restarts.popleft()
            served.stop()
            served.start()

    emulator = ImsaJsonp(STEPS)
    follow(emulator, store, tmp_path, before=restart)
    assert not restarts
    same(undisturbed[0], store)


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(hours=-5)])
def test_a_clock_that_is_wrong_changes_nothing(ahead, undisturbed, store, tmp_path):
    """Session time is the race clock's; ours says only when to poll."""
    follow(ImsaJsonp(STEPS), store, tmp_path, clock=QuickClock(START + ahead))
    same(undisturbed[0], store)


def test_what_passed_while_disconnected_is_named(undisturbed, store, tmp_path):
    """Steps 7 to 12 pass unseen: laps between are named, the others are as they were."""
    emulator = ImsaJsonp(STEPS, skip={6: 13}, faults=deque([500]), faulty_from=13)
    follow(emulator, store, tmp_path)
    named = set(repairs(store, "missed_lap"))
    ours = undisturbed[0].read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    seen = store.read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    assert named
    assert named == {f"{number}/{lap}" for number, lap in ours.index.difference(seen.index)}
    assert (ours.loc[seen.index] == seen).all()
    assert repairs(store, "missed_stop") == ["1/2-4"]
    assert len(interruptions(store, KEY)) == 1


def test_a_file_that_the_service_does_not_have_is_done_without(undisturbed, store, tmp_path):
    emulator = ImsaJsonp(STEPS, absent=("SessionInfo",))
    follow(emulator, store, tmp_path)
    ours, seen = (each.read("laps", KEY)["lap_time_ms"] for each in (undisturbed[0], store))
    assert list(ours) == list(seen)
    assert emulator.requests["SessionInfo"] == 1


def test_silence_on_the_wire_is_noticed(undisturbed, store, tmp_path):
    clock = fast_clock(200.0, START - timedelta(seconds=30))
    emulator = ImsaJsonp(STEPS)
    with serve(emulator.app) as served, wire(served.url) as proxy:
        feed = ImsaJsonpFeed(clock, proxy.url)
        silenced = deque([1])

        def is_over(state):
            if silenced and emulator.place == 6:
                silenced.popleft()
                proxy.is_silent = True
            if proxy.is_silent and feed.health.connections > 1:
                proxy.is_silent = False
            return (
                emulator.place == len(emulator.steps) - 1 and emulator.requests["RaceResults"] > len(emulator.steps) + 2
            )

        run_feed(feed, SESSION, store, tmp_path / "rec", clock, is_over)
    assert feed.health.connections > 1
    assert interruptions(store, KEY)
    ours = undisturbed[0].read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    seen = store.read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    assert (ours == seen.reindex(ours.index)).all()


@pytest.mark.data
def test_the_recorded_answer_is_served_byte_for_byte_and_stored(data, store, tmp_path):
    body = (data / "live" / "imsa_jsonp" / "RaceResults_2016_COTA_race.json").read_bytes()
    emulator = ImsaJsonp(recorded(body))
    # The answer is of a race that is over.
    clock = QuickClock(START + timedelta(hours=3))
    with serve(emulator.app) as served:
        feed = ImsaJsonpFeed(clock, served.url)
        run_feed(feed, SESSION, store, tmp_path / "rec", clock, lambda state: emulator.requests["RaceResults"] > 2)
    shutil.rmtree(tmp_path / "rec")
    laps = store.read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    assert (laps["10", 75], laps["10", 4]) == (123_606, 119_721)
    assert len(store.read("entries", KEY)) == 39
