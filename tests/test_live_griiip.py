"""Griiip's feed against an emulator of the service, over real sockets, into a store."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from emulators.griiip import GriiipService
from emulators.griiip_race import SID, MadeRace
from emulators.harness import fast_clock, interruptions, rows_of, run_feed
from emulators.proxy import Proxy, wire
from emulators.server import Served, serve

from racelab.domain.laps import Lap
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import ManualClock
from racelab.live.feeds.griiip import GriiipFeed
from racelab.live.identity import LiveSession, recording_path
from racelab.live.protocols import make_parser
from racelab.live.recorder import RecordedFeed
from racelab.settings import Settings
from racelab.store.open import open_store

START = datetime(2026, 6, 13, 14, tzinfo=UTC)
KEY = SessionKey.read("wec/2026/4/R")
SESSION = LiveSession(Event("24 Hours of Le Mans"), Session(KEY, start_utc=START))
SPEED = 150.0
RACE = MadeRace(START)
SECTORS, GAPS = f"live/sectors/{SID}", f"live/gaps/{SID}"


class OwnClock(ManualClock):
    """A clock that moves only when the feed waits, and may be wrong: however slow the machine, a race is the same."""

    wrong = timedelta(0)

    def now(self):
        return self.at + self.wrong


class Run:
    """The service, the feed and the store of one session.

    Where something is pushed, or the wire is silent, time passes at ``speed``; else it passes as the feed waits.
    """

    def __init__(
        self, folder: Path, empty: Path, race: MadeRace = RACE, speed: float | None = None, **switches
    ) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "racelab.db").write_bytes(empty.read_bytes())
        self.folder, self.store = folder, open_store(f"sqlite:///{folder / 'racelab.db'}")
        begin = START - timedelta(seconds=10)
        self.clock = fast_clock(speed, begin) if speed is not None else OwnClock(begin)
        self.end = race.start + timedelta(milliseconds=race.end_ms, seconds=2)
        self.service = GriiipService(self.now, race, **switches)
        self.patience_s = 10_000.0
        self.asked: int | None = None

    def go(self, trouble=None, at_s=70.0, silent_s=60, wrong=timedelta(0), **settings):
        """Follow the session to a while after its end; ``trouble`` is made at a time of the session."""
        with serve(self.service.app) as served, wire(served.url) as proxy:
            self.clock.wrong = wrong
            given = {"griiip_url": proxy.url, "griiip_mode": "rest", "griiip_interval_s": 12} | settings
            self.feed = GriiipFeed(Settings(**given), self.clock, SESSION, random.Random(3))
            self.trouble = Trouble(trouble, self, served, proxy, at_s, silent_s) if trouble else None
            self.road = run_feed(self.feed, SESSION, self.store, self.folder, self.clock, self.is_over)
        return self

    def now(self):
        """The true instant."""
        return self.clock.now() - self.clock.wrong

    def is_over(self, _):
        """Whether every part was told once more after the race was over, by a service without faults."""
        if self.trouble is not None:
            self.trouble.look()
        if self.now() <= self.end:
            return False
        self.service.strange = self.service.cut = 0.0
        if self.asked is None:
            self.asked = len(self.service.asked)
        rest = [path for path in self.service.asked[self.asked :] if path in (SECTORS, GAPS)]
        is_told = rest.count(SECTORS) > 1 and GAPS in rest[rest.index(SECTORS) + 1 :]
        return is_told or self.now() > self.end + timedelta(seconds=self.patience_s)

    @property
    def recording(self):
        return recording_path(self.folder, KEY)


@dataclass
class Trouble:
    """Trouble on the wire at a time of the session, s."""

    kind: str
    run: Run
    served: Served
    proxy: Proxy
    at_s: float
    silent_s: float
    step: int = 0

    def look(self):
        passed = (self.run.now() - START).total_seconds()
        if self.step == 0 and passed >= self.at_s:
            self.step = 1
            self.make()
        elif self.step == 1 and passed >= self.at_s + self.silent_s and self.kind in ("silence", "refuse"):
            self.step, self.proxy.is_silent, self.proxy.refuses = 2, False, False

    def make(self):
        if self.kind == "drop":
            self.proxy.drop()
        elif self.kind == "half":
            self.proxy.drop_after(170)
        elif self.kind == "garbage":
            self.proxy.inject(bytes(range(256)))
        elif self.kind == "silence":
            self.proxy.is_silent = True
        elif self.kind == "refuse":
            self.proxy.refuses = True
            self.proxy.drop()
        else:
            self.served.stop()
            self.served.start()


@pytest.fixture(scope="module")
def calm(tmp_path_factory, empty_sqlite):
    return Run(tmp_path_factory.mktemp("calm"), empty_sqlite).go()


def test_a_race_comes_as_it_was_driven(calm):
    laps = calm.store.read("laps", KEY).set_index(["car_number", "lap_number"])
    driven = {(car.number, n): lap for car in RACE.field_ for n, lap in enumerate(car.laps, 1)}
    assert {
        key: (row.lap_time_ms, row.end_ms) for key, row in zip(laps.index, laps.itertuples(), strict=True)
    } == driven
    seats = {(car.number, n): seat for car in RACE.field_ for n, seat in enumerate(car.seats[: len(car.laps)], 1)}
    assert laps["seat"].to_dict() == seats
    assert (laps[["s1_ms", "s2_ms", "s3_ms"]].sum(axis=1) == laps["lap_time_ms"]).all()
    stops = calm.store.read("pit_stops", KEY)
    told = {(row.car_number, row.lap_number, row.in_ms, row.out_ms, row.duration_ms) for row in stops.itertuples()}
    assert told == {(car.number, lap, came, left, left - came) for car in RACE.field_ for lap, came, left in car.stops}
    assert set(stops["stop_type"]) == {"Driver change"}
    results = calm.store.read("results", KEY).sort_values("position")
    assert list(results["car_number"]) == [car.number for car in RACE.order()]
    assert list(results["laps"]) == [len(car.laps) for car in RACE.order()]


def test_places_flags_and_the_rest_are_the_races_own(calm):
    laps = calm.store.read("laps", KEY)
    for row in laps.itertuples():
        done = sorted(car.laps[row.lap_number - 1][1] for car in RACE.field_ if len(car.laps) >= row.lap_number)
        assert row.position == 1 + done.index(row.end_ms)
    flags = [(row.time_ms, row.flag) for row in calm.store.read("track_status", KEY).itertuples()]
    fcy, red = RACE.length_ms // 3, RACE.length_ms // 2
    assert flags == [
        (0, "green"), (fcy, "fcy"), (fcy + 15_000, "green"), (red, "red"), (red + 10_000, "green"), (RACE.flag_ms, "chequered"),
    ]  # fmt: skip
    statuses = [
        (row.time_ms, row.status) for row in calm.store.read("session_status", KEY).sort_values("time_ms").itertuples()
    ]
    assert statuses == [(0, "started"), (red, "aborted"), (red + 10_000, "resumed"), (RACE.flag_ms, "finished")]
    said = calm.store.read("race_control", KEY)
    assert list(said["text"]) == [
        "Yellow: sector 2", "Green: sector 2", "FULL COURSE YELLOW", "TRACK CLEAR", "CAR 007 UNDER INVESTIGATION",
    ]  # fmt: skip
    assert list(said["sector"].dropna()) == [2, 2]
    assert calm.store.read("drivers", KEY)["rating"].value_counts().to_dict() == {"Platinum": 6, "Silver": 6}
    entries = calm.store.read("entries", KEY).set_index("car_number")
    assert entries.loc["007", ["car_class", "manufacturer", "team"]].tolist() == [
        "HYPERCAR",
        "Aston Martin",
        "Team 007",
    ]
    assert len(calm.store.read("weather", KEY)) == 4
    assert calm.store.read("repairs", KEY).empty
    assert set(calm.store.read("results", KEY)["grid_position"]) == {1, 2, 3, 4, 5, 6}


def test_the_state_at_the_end_is_the_races_own(calm):
    state = calm.road.state
    assert [car.car_number for car in state.order] == [car.number for car in RACE.order()]
    for car in RACE.field_:
        held = state.cars[car.number]
        assert (held.laps, held.last_lap_ms, held.stops) == (len(car.laps), car.laps[-1][0], len(car.stops))
        assert held.driver == f"{'Ada Quick' if car.seats[len(car.laps) - 1] == 1 else 'Ben Steady'} {car.number}"
        assert held.status == ("retired" if car.is_out else "finished")
    assert state.remaining_ms == 0
    stopped = [car for car in RACE.field_ if car.stops]
    assert {(state.cars[car.number].compound, state.cars[car.number].energy_pct) for car in stopped} == {
        ("medium", None)
    }


def test_what_has_not_changed_is_neither_sent_nor_recorded_again(calm):
    assert calm.service.statuses_sent.count(304) > 50
    records = [
        (part, record["pid"], record.get("lapNumber"), record.get("sectorNumber"), record["ts"])
        for frame in RecordedFeed(calm.recording).frames()
        for part, content in [frame.payload] if part in ("laps", "pit-in", "pit-out", "ranks", "sectors", "participants")
        for record in (content if isinstance(content, list) else [content])
    ]  # fmt: skip
    assert len(records) > 200
    assert len(records) == len(set(records))


def test_a_recording_replays_to_the_same_store(calm, tmp_path, empty_sqlite):
    feed = RecordedFeed(calm.recording)
    assert (feed.protocol, feed.manifest["series_id"]) == ("griiip", 10)
    parser = make_parser(feed.protocol, feed.manifest, SESSION)
    laps = {}
    for frame in feed.frames():
        laps |= {(one.car_number, one.lap_number): one for one in parser.process(frame) if isinstance(one, Lap)}
    stored = calm.store.read("laps", KEY)
    assert [laps[row.car_number, row.lap_number].end_ms for row in stored.itertuples()] == list(stored["end_ms"])


def also(*cases):
    """Cases of which the first is tried always and the others in the long run."""
    return [cases[0], *(pytest.param(case, marks=pytest.mark.soak) for case in cases[1:])]


FAULTS = also(
    {"doubled": 0.5, "shuffled": 0.5, "strange": 0.1, "cut": 0.03},
    {"doubled": 1.0, "shuffled": 1.0},
    {"strange": 0.3},
    {"cut": 0.1},
    {"skew": timedelta(minutes=4), "has_tags": False},
    {"has_bootstrap": False, "slow_s": 0.002},
)


@pytest.mark.parametrize("switches", FAULTS, ids=str)
def test_a_fault_of_the_service_changes_nothing(calm, tmp_path, empty_sqlite, switches):
    run = Run(tmp_path / "a", empty_sqlite, **switches).go()
    if not {"strange", "cut"}.isdisjoint(switches):
        assert run.service.spoiled > 5
    same(calm, run)


@pytest.mark.parametrize("status", also(500, 429, 403, 401))
def test_a_refusal_is_waited_out_and_nothing_is_missing_afterwards(calm, tmp_path, empty_sqlite, status):
    times = 3 if status == 500 else 1
    run = Run(tmp_path / "a", empty_sqlite, statuses=[200] * 60 + [status] * times).go()
    same(calm, run)
    assert run.service.statuses_sent.count(status) == times
    assert len(interruptions(run.store, KEY)) == 1
    assert f"status {status}" in run.feed.health.troubles[0]


def test_one_failure_is_asked_again_without_a_word_of_it_in_the_store(calm, tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, statuses=[200] * 60 + [500, 500]).go()
    same(calm, run)
    assert (interruptions(run.store, KEY), run.feed.health.connections) == ([], 1)


def test_a_server_that_asks_to_wait_is_left_alone(tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, statuses=[200] * 60 + [429], retry_after=90).go()
    (span,) = interruptions(run.store, KEY)
    lost, back = (datetime.fromisoformat(one) for one in span.split(" to "))
    assert 89 <= (back - lost).total_seconds() <= 91


@pytest.mark.parametrize("trouble", also("restart", "drop", "half", "garbage", "refuse"))
def test_trouble_on_the_wire_changes_nothing(calm, tmp_path, empty_sqlite, trouble):
    run = Run(tmp_path / "a", empty_sqlite).go(trouble)
    assert run.trouble.step > 0
    same(calm, run)


def test_ten_minutes_of_silence_are_named_and_what_happened_meanwhile_is_told(tmp_path, empty_sqlite):
    race = MadeRace(START, length_ms=900_000, lap_ms=75_000)
    run = Run(tmp_path / "a", empty_sqlite, race=race, speed=300.0).go("silence", at_s=100, silent_s=600)
    (span,) = interruptions(run.store, KEY)
    lost, back = (datetime.fromisoformat(one) for one in span.split(" to "))
    assert lost < START + timedelta(seconds=700) <= back + timedelta(seconds=5)
    laps = run.store.read("laps", KEY)
    driven = {(car.number, n): lap for car in race.field_ for n, lap in enumerate(car.laps, 1)}
    told = {(row.car_number, row.lap_number): (row.lap_time_ms, row.end_ms) for row in laps.itertuples()}
    assert told == driven
    assert list(run.store.read("results", KEY).sort_values("position")["car_number"]) == [
        one.number for one in race.order()
    ]


def test_a_clock_of_our_own_that_is_wrong_changes_nothing(calm, tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite).go(wrong=timedelta(minutes=7))
    same(calm, run)
    passed = (run.now() - START) / timedelta(milliseconds=1)
    assert run.road.state.elapsed_ms == pytest.approx(passed, abs=60_000)


PUSHED = also({"doubled": 0.4, "shuffled": 0.3, "strange": 0.1}, {}, {"batched": False})


@pytest.mark.parametrize("switches", PUSHED, ids=str)
def test_what_is_pushed_is_the_same_race(calm, tmp_path, empty_sqlite, switches):
    run = Run(tmp_path / "a", empty_sqlite, speed=SPEED, pushes=True, **switches)
    run.patience_s = 20
    run.go(griiip_mode="push")
    assert run.service.pushed > 100
    assert f"SID-{SID}" in run.service.joined
    same(calm, run)
    assert run.feed.health.connections == 1


def test_a_push_that_stalls_gives_way_to_questions(calm, tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, speed=SPEED, pushes=True, is_stalled=True)
    run.go(griiip_mode="auto")
    assert (run.service.pushed, run.feed.health.connections) == (0, 1)
    assert run.service.asked.count(f"live/laps/{SID}") > 5
    same(calm, run)


@pytest.mark.soak
def test_a_service_that_pushes_nothing_is_asked(calm, tmp_path, empty_sqlite):
    same(calm, Run(tmp_path / "a", empty_sqlite).go(griiip_mode="auto"))


def test_a_header_is_sent_and_never_kept(tmp_path, empty_sqlite, caplog):
    run = Run(tmp_path / "a", empty_sqlite, token="Bearer s3cret-of-ours", race=MadeRace(START, length_ms=40_000)).go(
        griiip_headers={"Authorization": "Bearer s3cret-of-ours"}
    )
    assert 401 not in run.service.statuses_sent
    kept = [*(frame.payload for frame in RecordedFeed(run.recording).frames()), RecordedFeed(run.recording).manifest]
    assert "s3cret" not in f"{kept}{run.feed.health}{caplog.text}{vars(run.feed._settings)}"


def test_without_its_header_the_feed_says_that_it_is_refused(tmp_path, empty_sqlite):
    run = Run(tmp_path / "a", empty_sqlite, token="Bearer x", race=MadeRace(START, length_ms=60_000))
    run.patience_s = 5
    run.go()
    assert "401" in run.feed.health.troubles[0]
    assert run.feed.health.connections <= 6
    assert run.road.frames == 0


def same(calm, run):
    """The two stores hold the same of the session; readings of the weather are samples, and all are the race's own.

    Without a bootstrap nobody tells the grid.
    """
    first, second = (rows_of(one.store, KEY) for one in (calm, run))
    read = [(one["temperature"], ms) for ms, channel, one in RACE.events if channel == "Weather"]
    told = second.pop("weather")
    assert set(zip(told["air_c"], told["time_ms"], strict=True)) <= set(read)
    for name, rows in second.items():
        drop = [] if run.service.has_bootstrap or name != "results" else ["grid_position"]
        pd.testing.assert_frame_equal(first[name].drop(columns=drop), rows.drop(columns=drop), obj=name)


def test_the_grid_that_is_told_only_after_the_race_was_joined_is_asked_for(tmp_path, empty_sqlite):
    run = Run(tmp_path / "early", empty_sqlite)
    # The service tells the grid 50 s before the start.
    run.clock = OwnClock(START - timedelta(seconds=90))
    run.go()
    assert sum(path.endswith("/bootstrap") for path in run.service.asked) == 2
    results = run.store.read("results", KEY).set_index("car_number")["grid_position"]
    assert dict(results) == {car.number: place for place, car in enumerate(RACE.field_, 1)}
