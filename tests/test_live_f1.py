"""Formula 1's feed against an emulator of the service, over real sockets, into a store."""

import base64
import gzip
import json
import random
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from emulators.f1 import END, F1Service, combine, made
from emulators.harness import fast_clock, interruptions, rows_of, run_feed
from emulators.proxy import Proxy, wire
from emulators.server import Served, serve
from f1live_text import INFO, START, race, stamp

from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.feeds.f1 import SIGNED_IN_TOPICS, F1Feed
from racelab.live.feeds.sign_in import Access, SignInFailed
from racelab.live.identity import LiveSession, recording_path
from racelab.live.recording import RecordedFeed
from racelab.settings import Settings
from racelab.store.open import open_store

KEY = SessionKey.read("f1/2025/9/R")
SESSION = LiveSession(Event("Spanish Grand Prix"), Session(KEY, start_utc=START, scheduled_laps=5))
SPEED = 1500.0
BEGIN = START - timedelta(seconds=30)


class Run:
    """The service, the feed and the store of one session."""

    def __init__(self, folder: Path, empty: Path, more=(), speed=SPEED, **switches) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "racelab.db").write_bytes(empty.read_bytes())
        self.speed = speed
        self.folder, self.store = folder, open_store(f"sqlite:///{folder / 'racelab.db'}")
        self.service = F1Service(
            made(START, sorted([*race(), *more], key=lambda told: told[0])), self.instant, **switches
        )

    def instant(self):
        return self.clock.now()

    def go(self, account=None, patience=None, trouble=None, **settings):
        """Follow the session to its end; ``trouble`` is made where the service waits."""
        with serve(self.service.app) as served, wire(served.url) as proxy:
            self.clock = fast_clock(self.speed, BEGIN)
            given = {"f1_live_url": f"{proxy.url}/signalrcore", "f1_live_silence_s": 3_000} | settings
            self.feed = F1Feed(Settings(**given), self.clock, account, random.Random(3), patience)
            self.trouble = Trouble(trouble, self.service, served, proxy, self.feed) if trouble else None
            self.road = run_feed(self.feed, SESSION, self.store, self.folder, self.clock, self.is_over)
        return self

    def is_over(self, state):
        if self.trouble is not None:
            self.trouble.look()
        return state.status == "ends"


@dataclass
class Trouble:
    """Trouble between service and feed, once the feed has read everything up to where the service waits."""

    kind: str
    service: F1Service
    served: Served
    proxy: Proxy
    feed: F1Feed
    is_made: bool = False

    def look(self):
        if self.is_made:
            if len(self.service.subscribed) > 1:
                self.service.waits_at, self.service.is_silent = None, False
            return
        if self.feed.health.frames != 1 + self.service.waits_at:
            return
        self.is_made = True
        if self.kind == "drop":
            self.proxy.drop()
        elif self.kind == "garbage":
            # It comes before the next message.
            self.proxy.inject(bytes(range(256)))
            self.service.waits_at = None
        elif self.kind == "half":
            self.proxy.drop_after(17)
            self.service.waits_at = None
        elif self.kind == "silence":
            self.service.is_silent = True
        elif self.kind == "closed":
            self.service.closes_after = self.service.sent
        elif self.kind == "restart":
            self.served.stop()
            self.served.start()


def same(run, other, aside=(), since=None, without=()):
    """Both stores hold the same, repairs of these rules and statuses from before this session time aside."""
    first, second = (rows_of(one.store, KEY) for one in (run, other))
    assert len(first["laps"]) == 15
    for name, rows in first.items():
        held, told = rows, second[name]
        if name in without:
            continue
        if name == "repairs":
            told = told[~told["rule"].isin(aside)].reset_index(drop=True)
        if name in ("track_status", "session_status") and since is not None:
            held, told = (one[one["time_ms"] >= since].reset_index(drop=True) for one in (held, told))
        pd.testing.assert_frame_equal(held, told, obj=name)


def same_but_for_what_is_named(run, other):
    """The other store lacks nothing but laps that it names as missed, and values that nobody saw; it has no others."""
    first, second = (rows_of(one.store, KEY) for one in (run, other))
    repairs = second["repairs"]
    missed = set(repairs.loc[repairs["rule"] == "missed_lap", "record"])
    # Told again, race control's messages have whole seconds.
    told = [held.pop("race_control") for held in (first, second)]
    assert (told[0]["time_ms"] - told[1]["time_ms"]).abs().max() < 1_000
    assert told[0]["text"].tolist() == told[1]["text"].tolist()
    # So has the end of the session, which is that of its chequered flag.
    ends = [held["sessions"].pop("end_utc").iloc[0] for held in (first, second)]
    assert abs(ends[0] - ends[1]) < timedelta(seconds=1)
    for table in ("entries", "drivers", "sessions"):
        pd.testing.assert_frame_equal(first[table], second[table], obj=table)
    ours, theirs = (
        {f"{row['car_number']}/{row['lap_number']}": row for row in held["laps"].to_dict("records")}
        for held in (first, second)
    )
    assert ours.keys() - theirs.keys() <= missed
    assert not theirs.keys() - ours.keys()
    unseen = 0
    for key, row in theirs.items():
        for name, value in row.items():
            # Of a lap that went through the pits unseen only the flag for it may be missing.
            is_same = pd.isna(value) or value == ours[key][name] or (name in ("pit_in", "pit_out") and not value)
            assert is_same, (key, name, value, ours[key][name])
            unseen += pd.isna(value) and not pd.isna(ours[key][name])
    return missed, unseen


@pytest.fixture(scope="module")
def calm(tmp_path_factory, empty_sqlite):
    return Run(tmp_path_factory.mktemp("calm"), empty_sqlite).go()


def test_a_race_comes_whole(calm):
    laps = calm.store.read("laps", KEY).set_index(["car_number", "lap_number"])
    assert len(laps) == 15
    assert laps["lap_time_ms"].dropna().tolist() == [
        *(75_000 + lap for lap in (2, 3, 4, 5)), 87_302, 83_303, 75_304, 75_305, *(75_750 + lap for lap in (2, 3, 4, 5)),
    ]  # fmt: skip
    assert [len(calm.store.read(table, KEY)) for table in ("entries", "pit_stops", "race_control")] == [3, 1, 1]
    assert calm.store.read("repairs", KEY).empty
    (subscribed,), (headers,) = calm.service.subscribed, calm.service.seen_headers
    assert {"TimingData", "CarData.z", "PitLaneTimeCollection"} < set(subscribed)
    assert "authorization" not in headers
    health = calm.feed.health
    assert (health.state, health.connections, health.sign_in) == ("connected", 1, "none")
    assert health.lacking == ("CarData.z", "Position.z", "ChampionshipPrediction", "PitLaneTimeCollection")


@pytest.mark.parametrize("switches", [{"doubled": 0.5}, {"swapped": 0.3}, {"cut": 1.0}], ids=str)
def test_a_fault_of_the_service_changes_nothing(calm, tmp_path, empty_sqlite, switches):
    same(calm, Run(tmp_path / "a", empty_sqlite, **switches).go())


@pytest.mark.parametrize("seconds", [-90, 7_200])
def test_a_wrong_clock_changes_nothing(calm, tmp_path, empty_sqlite, seconds):
    # Before the start there is only the schedule to count time by, and the clock that is wrong.
    same(calm, Run(tmp_path / "a", empty_sqlite, skew=timedelta(seconds=seconds)).go(), since=1)


@pytest.mark.parametrize("switches", [{"garbage": 0.5}, {"strange": 0.5}], ids=str)
def test_what_cannot_be_read_is_named(calm, tmp_path, empty_sqlite, switches):
    run = Run(tmp_path / "a", empty_sqlite, **switches).go()
    assert run.service.spoiled > 20
    named = run.store.read("repairs", KEY)
    assert set(named["rule"]) == {"skipped_message"}
    assert named["record"].str.contains("not a message|TypeError|ValueError|KeyError|IndexError|AttributeError").all()
    same(calm, run, aside=["skipped_message"])


def test_refusals_are_waited_out(calm, tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, statuses=[500, 429, 503, 401, 403]).go()
    same(calm, run)
    health = run.feed.health
    assert health.connections == 6
    assert [trouble[9:] for trouble in health.troubles] == [
        "negotiating failed with status 500", "negotiating failed with status 429", "negotiating failed with status 503",
        "negotiating was refused with status 401", "negotiating was refused with status 403",
    ]  # fmt: skip
    assert interruptions(run.store, KEY) == []


@pytest.mark.parametrize(("fault", "place"), [("drop", 45), ("drop", 82), ("closed", 60), ("restart", 100)])
def test_an_interruption_in_a_quiet_moment_changes_nothing(calm, tmp_path, empty_sqlite, fault, place):
    # A server takes its time to stop: so many minutes of the race are none.
    run = Run(tmp_path / "a", empty_sqlite, speed=500, holds=True, waits_at=place).go(trouble=fault)
    assert run.feed.health.connections >= 2
    assert len(interruptions(run.store, KEY)) == 1
    same(calm, run)


@pytest.mark.parametrize(("fault", "place"), [("half", 51), ("garbage", 90), ("drop", 60), ("silence", 75)])
def test_what_an_interruption_took_is_named(calm, tmp_path, empty_sqlite, fault, place):
    # The silence is given up after 150 s, which must not be too short for a busy machine to connect in.
    silence = {"f1_live_silence_s": 150} if fault == "silence" else {}
    speed = 400 if silence else SPEED
    run = Run(tmp_path / "a", empty_sqlite, speed=speed, waits_at=place).go(trouble=fault, **silence)
    assert interruptions(run.store, KEY)
    missed, unseen = same_but_for_what_is_named(calm, run)
    assert missed or fault != "silence"
    assert unseen < 60


def packed(content):
    squeezer = zlib.compressobj(wbits=-15)
    return base64.b64encode(squeezer.compress(json.dumps(content).encode()) + squeezer.flush()).decode()


def samples():
    """Car data four times a second and places of car 1 from half a minute before the start to lap 1's end."""
    for ms in range(-30_000, 60_000, 250):
        channels = {"0": 11_000, "2": 200 + ms % 50, "3": 7, "4": 100, "5": 0, "45": 8}
        yield ms, "CarData.z", packed({"Entries": [{"Utc": stamp(ms), "Cars": {"1": {"Channels": channels}}}]})
        place = {"Status": "OnTrack", "X": ms // 100, "Y": 20, "Z": 30}
        yield ms, "Position.z", packed({"Position": [{"Timestamp": stamp(ms), "Entries": {"1": place}}]})


def account(token="secret-token", hours=48.0, fails=False):
    calls = []

    def access(renew):
        calls.append(renew)
        if fails:
            raise SignInFailed("signing in failed")
        return None if token is None else Access(token, START + timedelta(hours=hours))

    access.calls = calls
    return access


def test_with_a_valid_sign_in_telemetry_reaches_the_store(calm, tmp_path, empty_sqlite, caplog):
    caplog.set_level("DEBUG")
    run = Run(tmp_path / "a", empty_sqlite, more=samples(), token="secret-token").go(account())
    same(calm, run, without=("telemetry",))
    held = run.store.read("telemetry", KEY)
    assert len(held) == 720
    car = held[held["kind"] == "car"]
    assert car["time_ms"].tolist() == list(range(-30_000, 60_000, 250))
    assert car["speed_kph"].tolist() == [200 + ms % 50 for ms in range(-30_000, 60_000, 250)]
    assert held.loc[held["kind"] == "position", "x_m"].iloc[0] == -30.0
    health = run.feed.health
    assert (health.sign_in, health.lacking) == ("valid", ())
    assert run.service.seen_headers[0]["authorization"] == "Bearer secret-token"
    recording = recording_path(tmp_path / "a", KEY)
    frames = [frame.payload for frame in RecordedFeed(recording).frames()]
    assert len(frames) > 700
    assert "secret-token" not in json.dumps(frames) + gzip.decompress(recording.read_bytes()).decode()
    assert b"secret-token" not in (tmp_path / "a" / "racelab.db").read_bytes()
    assert "secret-token" not in caplog.text + repr(run.feed.health) + repr(account()(False))


@pytest.mark.parametrize(
    ("given", "switches", "state", "tried"),
    [
        (account(None), {}, "none", [False]),
        (account(hours=3), {"token": "secret-token"}, "expiring", [False, True]),
        (account(hours=-1), {"token": "secret-token"}, "expired", [False, True]),
        (account("old"), {"token": "secret-token"}, "expired", [False]),
        (account(), {"bars": True}, "blocked", [False]),
        (account(fails=True), {}, "blocked", [False]),
    ],
    ids=["no account", "expiring", "expired", "refused", "barred", "failed"],
)  # fmt: skip
def test_a_sign_in_is_a_state_and_the_session_comes_without(
    calm, tmp_path, empty_sqlite, given, switches, state, tried
):
    given.calls.clear()
    run = Run(tmp_path / "a", empty_sqlite, more=samples(), **switches).go(given)
    same(calm, run, without=("telemetry",))
    health, is_signed = run.feed.health, state == "expiring"
    assert (health.sign_in, given.calls, health.connections) == (state, tried, 1)
    assert len(run.store.read("telemetry", KEY)) == (720 if is_signed else 0)
    assert health.lacking == (() if is_signed else ("CarData.z", "Position.z", *SIGNED_IN_TOPICS[2:]))


class Weekend(F1Service):
    """The service on a race day: it shows the last session until the next one begins, of which it tells all when asked."""

    begins_at = 0

    def __post_init__(self):
        super().__post_init__()
        own_state = super()._subscription

        async def subscription(socket, is_signed):
            self.is_signed = is_signed
            return await own_state(socket, is_signed)

        self._subscription = subscription

    async def _listen(self, socket):
        while True:
            call = json.loads((await socket.receive_text()).rstrip(END))
            if call["type"] == 1:
                state = {}
                for one in self.messages[self.begins_at : self.place]:
                    state[one.topic] = combine(state.get(one.topic), one.content)
                self.subscribed.append(call["arguments"][0])
                await self._send(socket, [{"type": 3, "invocationId": call["invocationId"], "result": state}])


def qualifying(begin_ms=-1_600_000):
    """A session before the race that is over, and is shown until the race's begins: with laps, a flag and an end."""
    info = INFO | {"Type": "Qualifying", "Name": "Qualifying", "StartDate": "2025-05-31T16:00:00"}
    line = {"NumberOfLaps": 23, "LastLapTime": {"Value": "1:11.111"}, "Position": "1", "InPit": True}
    told = [
        ("SessionInfo", info), ("SessionStatus", {"Status": "Started"}), ("LapCount", {"CurrentLap": 23, "TotalLaps": 23}),
        ("TimingData", {"Lines": dict.fromkeys(("1", "4", "77"), line)}),
        ("RaceControlMessages", {"Messages": {"0": {"Utc": stamp(-86_400_000)[:19], "Category": "Flag", "Flag": "CHEQUERED", "Message": "CHEQUERED FLAG"}}}),
        ("TrackStatus", {"Status": "5", "Message": "Red"}), ("SessionStatus", {"Status": "Finished"}),
        ("SessionStatus", {"Status": "Ends"}),
    ]  # fmt: skip
    return [(begin_ms + 1_000 * place, topic, content) for place, (topic, content) in enumerate(told)]


def race_day(folder, empty, monkeypatch):
    """A run that joins while the qualifying is still shown; the race's entries come before its name."""
    day = Run(folder, empty)
    before, after = qualifying(), race()
    # Where the service goes over, the name is not the first that it tells.
    entries = next(one for one in after if one[1] == "DriverList")
    after = [(-301_000, *entries[1:]), *(one for one in after if one is not entries)]
    day.service = Weekend(made(START, sorted([*before, *after], key=lambda told: told[0])), day.instant, is_begun=True)
    day.service.begins_at = next(at for at, one in enumerate(day.service.messages) if one.topic == "DriverList")
    monkeypatch.setattr(f"{__name__}.BEGIN", START - timedelta(seconds=1_500))
    return day


def test_the_session_before_is_still_shown_and_none_of_it_comes_into_the_race(
    calm, tmp_path, empty_sqlite, monkeypatch
):
    day = race_day(tmp_path / "day", empty_sqlite, monkeypatch).go()
    assert len(day.service.subscribed) == 2
    other = day.store.read("repairs", KEY).query("rule == 'other_session'")
    assert list(other["record"]) == ["Spanish Grand Prix Qualifying 2025-05-31T16:00:00"]
    first, second = rows_of(day.store, KEY), rows_of(calm.store, KEY)
    assert set(first["laps"]["car_number"]) == {"1", "4", "81"}
    # What is told before the start may come in the state that the service tells whole: then it has the time of that.
    for rows in (first["track_status"], second["track_status"]):
        assert list(rows.loc[rows["time_ms"] < 0, "flag"]) == ["green"]
        rows.drop(index=rows.index[rows["time_ms"] < 0], inplace=True)
    for name in ("laps", "results", "pit_stops", "entries", "drivers", "track_status", "race_control"):
        pd.testing.assert_frame_equal(first[name], second[name], obj=name)
