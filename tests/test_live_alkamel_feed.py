"""Al Kamel's live timing from the emulated service to the store, undisturbed and with every fault."""

import json
from collections import deque

import pytest
from emulators.alkamel_ddp import AlkamelDdp, recorded, states_of
from emulators.harness import interruptions, run_feed
from emulators.proxy import wire
from emulators.server import serve
from emulators.snapshots import made_up
from imsa_sessions import KEY, SESSION, START, StillClock, repairs, same

from racelab.domain.flags import Flag
from racelab.live.clock import ManualClock
from racelab.live.feeds.alkamel_ddp import AlkamelDdpFeed, _Talk
from racelab.live.feeds.connection import FeedLost
from racelab.live.feeds.health import CONNECTED, REFUSED
from racelab.live.feeds.sockjs import messages
from racelab.store.sql import SqlStore

SNAPSHOTS = made_up()
STATES = states_of(SNAPSHOTS)


def follow(emulator, store, tmp_path, before=lambda served: None, through=None):
    """Follow the emulator until the last car has taken the flag."""
    with serve(emulator.app) as served, wire(served.url) as proxy:
        feed = AlkamelDdpFeed(StillClock(START), SESSION.session, proxy.ws_url if through else served.ws_url)
        frames = []

        def is_over(state):
            before(proxy if through else served)
            frames.append(feed.health.frames)
            done = emulator.place == len(emulator.states) - 1
            # All that the service told has been read: its last word is the flag.
            flagged = state.flag is Flag.CHEQUERED and state.status == "finished"
            return done and flagged and all(car.status == "finished" for car in state.cars.values())

        run_feed(feed, SESSION, store, tmp_path / "rec", feed._clock, is_over)
    return feed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    store = SqlStore(f"sqlite:///{folder / 'a.db'}")
    emulator = AlkamelDdp(STATES)
    feed = follow(emulator, store, folder)
    yield store, emulator, feed
    store.close()


def test_a_race_from_the_entry_list_to_the_classification(undisturbed):
    store, emulator, feed = undisturbed
    results = store.read("results", KEY).sort_values("position")
    assert list(results["car_number"]) == ["2", "3", "1"]
    laps = store.read("laps", KEY).set_index(["car_number", "lap_number"])
    assert list(laps.loc["1", "lap_time_ms"]) == [61_037, 81_074, 76_111, 61_148]
    assert list(laps.loc["1", "end_ms"]) == [61_037, 142_111, 218_222, 279_370]
    assert list(laps.loc["1", "s1_ms"]) == [20_345, 27_024, 25_370, 20_382]
    assert list(laps.loc["1", "pit_in"]) == [False, True, False, False]
    stops = store.read("pit_stops", KEY)
    assert [(one.car_number, one.lap_number, one.stop_type) for one in stops.itertuples()] == [
        ("1", 2, "Driver change")
    ]
    assert list(store.read("track_status", KEY)["flag"]) == ["green", "fcy", "green", "chequered"]
    assert list(store.read("race_control", KEY)["text"]) == ["CAR 2 DRIVE THROUGH"]
    assert repairs(store, "feed_interrupted") == []
    assert feed.health.state == CONNECTED
    assert sorted(one["msg"] for one in emulator.received[:3]) == ["connect", "pong", "sub"]
    assert emulator.origins[0].startswith("http://127.0.0.1")


FAULTS = {
    "closed": {5: "close", 9: "close"}, "dropped": {7: "drop"}, "garbage": {7: "garbage"}, "half a frame": {7: "half"},
    "wrong types": {7: "types", 15: "types"}, "twice": dict.fromkeys(range(30), "twice"), "reordered": {7: "swap", 20: "swap"},
    "silence": {7: "silence"},
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_the_service_leave_the_same_store(name, undisturbed, store, tmp_path):
    emulator = AlkamelDdp(STATES, faults=dict(FAULTS[name]))
    feed = follow(emulator, store, tmp_path)
    assert not emulator.faults or name == "twice"
    same(undisturbed[0], store)
    broken = name not in ("wrong types", "twice", "reordered")
    assert bool(interruptions(store, KEY)) == broken
    assert (feed.health.connections > 1) == broken


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_server_that_refuses_is_asked_again(status, undisturbed, store, tmp_path):
    emulator = AlkamelDdp(STATES, refuse=deque([status, status]), retry_after="30")
    feed = follow(emulator, store, tmp_path)
    assert emulator.connections == 3
    assert feed.health.state == CONNECTED != REFUSED
    assert f"with status {status}" in feed.health.troubles[0]
    same(undisturbed[0], store)


def test_a_server_that_restarts_is_found_again(undisturbed, store, tmp_path):
    restarts = deque([1])

    def restart(served):
        if restarts and emulator.place >= 12:
            restarts.popleft()
            served.stop()
            served.start()

    emulator = AlkamelDdp(STATES, pace_s=0.02)
    follow(emulator, store, tmp_path, before=restart)
    assert not restarts
    same(undisturbed[0], store)


def test_a_service_whose_clock_is_wrong_gives_the_same_session_times(undisturbed, store, tmp_path):
    emulator = AlkamelDdp(states_of(SNAPSHOTS, skew_ms=3_600_000))
    follow(emulator, store, tmp_path)
    ours, theirs = (each.read("laps", KEY) for each in (undisturbed[0], store))
    assert ours.equals(theirs)
    ours, theirs = (each.read("track_status", KEY) for each in (undisturbed[0], store))
    assert ours.equals(theirs)


def test_what_passed_while_disconnected_is_named(undisturbed, store, tmp_path):
    emulator = AlkamelDdp(STATES, faults={12: "skip:12"})
    follow(emulator, store, tmp_path)
    named = set(repairs(store, "missed_lap"))
    ours = undisturbed[0].read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    seen = store.read("laps", KEY).set_index(["car_number", "lap_number"])["lap_time_ms"]
    assert named
    assert named == {f"{number}/{lap}" for number, lap in ours.index.difference(seen.index)}
    assert (ours.loc[seen.index] == seen).all()
    assert len(interruptions(store, KEY)) == 1


def test_a_wire_that_breaks_is_mended(undisturbed, store, tmp_path):
    cuts = deque([8, 14])

    def cut(proxy):
        if cuts and emulator.place >= cuts[0]:
            cuts.popleft()
            proxy.drop()

    emulator = AlkamelDdp(STATES, pace_s=0.02)
    follow(emulator, store, tmp_path, before=cut, through=True)
    same(undisturbed[0], store)
    assert interruptions(store, KEY)


def test_a_publication_that_is_not_needed_may_be_missing(undisturbed, store, tmp_path):
    emulator = AlkamelDdp(STATES, lacks=("weather", "bestResults"))
    feed = follow(emulator, store, tmp_path)
    assert feed.health.lacking == ("bestResults", "weather")
    assert len(store.read("laps", KEY)) == 12


@pytest.mark.parametrize(("lack", "why"), [({"has_feed": False}, "does not give livetimingFeed"), ({"version": "9"}, "another version")])  # fmt: skip
def test_a_server_that_lacks_what_is_needed_is_named(lack, why, store, tmp_path):
    emulator = AlkamelDdp(STATES, **lack)
    with serve(emulator.app) as served:
        feed = AlkamelDdpFeed(StillClock(START), SESSION.session, served.ws_url)
        run_feed(feed, SESSION, store, tmp_path / "rec", feed._clock, lambda state: len(feed.health.troubles) > 2)
    assert why in feed.health.troubles[0]


@pytest.mark.parametrize(
    "frame", ["", "x", "a", "a{}", "a[1]", 'a["', 'a["{"]', 'c[3000,"Go away!"]', "o1", 'a["NaN"]']
)
def test_a_frame_that_is_none_of_sockjs_ends_the_connection(frame):
    with pytest.raises(FeedLost):
        messages(frame)


def test_of_two_open_races_that_of_the_day_is_followed():
    feed, talk = AlkamelDdpFeed(ManualClock(START), SESSION.session), _Talk()
    race = {"champName": "IMSA WeatherTech", "name": "Race", "type": "RACE", "closed": False}
    old, new = ({"$type": "oid", "$value": key} for key in "ab")

    def subscribed(collection, key, **fields):
        said = feed._answers(
            {"msg": "added", "collection": collection, "id": f"{collection}{key}", "fields": fields}, talk
        )
        return [(one["name"], *one["params"]) for one in said if one["name"] in ("entry", "standings")]

    subscribed("feeds", "f", sessions=[old, new])
    both = [("entry", old), ("standings", old)]
    assert subscribed("session_info", "a", session=old, info=race) == both
    assert subscribed("session_info", "b", session=new, info=race) == []
    yesterday = {"startTime": round(START.timestamp()) - 86_400}
    assert subscribed("session_status", "a", session=old, status=yesterday) == [(name, new) for name, _ in both]
    assert subscribed("session_status", "b", session=new, status={"startTime": round(START.timestamp())}) == []


def test_letters_that_utf_8_cannot_hold_do_not_reach_the_recording():
    (message,) = messages("a" + json.dumps([json.dumps({"msg": "\ud800"})]))
    assert message["msg"].encode() == b"?"


@pytest.mark.data
def test_the_recorded_rows_are_pushed_as_they_are(data, store, tmp_path):
    rows = json.loads((data / "live" / "alkamel_ddp" / "standings_rows_2018_2019.json").read_text())["rows"]
    emulator = AlkamelDdp(recorded(rows))
    with serve(emulator.app) as served:
        feed = AlkamelDdpFeed(StillClock(START), SESSION.session, served.ws_url)
        road = run_feed(feed, SESSION, store, tmp_path / "rec", feed._clock, lambda state: len(state.cars) == 4)
    assert [car.car_number for car in road.state.order] == ["10", "31", "23", "40"]
    assert (road.state.cars["31"].interval_ms, road.state.cars["40"].interval_ms) == (2_783, 1_315)
    assert [(one.car_number, one.lap_number, one.lap_time_ms) for one in store.read("laps", KEY).itertuples() if one.car_number == "23"] == [
        ("23", 11, 119_450), ("23", 21, 209_448),
    ]  # fmt: skip
