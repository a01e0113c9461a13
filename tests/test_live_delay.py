"""Broadcast sync: one number shifts every element of the live page, and nothing is shown too early."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import KEY, session_data

from racelab.domain.flags import Flag
from racelab.errors import NotFound
from racelab.live import delay as delays
from racelab.live.clock import ManualClock
from racelab.live.delay import LONGEST, DelayedReader
from racelab.live.publish import LivePublisher, LiveReader
from racelab.live.state import CarState, RaceState
from racelab.runs import live_race
from racelab.runs.live_race import StoreDirectory, StoreSource, read_delay

BEGIN = datetime(2026, 6, 13, 14, tzinfo=UTC)
DELAY = timedelta(seconds=45)


class Race:
    """Publishes a lap of both cars every ten seconds of a clock."""

    def __init__(self, store):
        self.store, self.clock = store, ManualClock(BEGIN)
        self.publisher = LivePublisher(store, KEY)
        self.laps = 0

    def lap(self):
        self.laps += 1
        cars = {number: CarState(number, laps=self.laps, position=place) for place, number in ((1, "7"), (2, "007"))}
        state = RaceState(self.laps * 200_000, flag=Flag.GREEN, cars=cars)
        self.store.write_tables(self.publisher.tables(state, self.clock.now()))
        self.clock.sleep(10)


@pytest.fixture
def race(store):
    store.write_session(session_data(laps=3))
    return Race(store)


def test_a_state_is_shown_when_it_is_as_old_as_the_delay(race):
    reader = DelayedReader(LiveReader(race.store, KEY), DELAY, race.clock)
    seen = []
    for _ in range(9):
        race.lap()
        state, changed = reader.poll()
        seen.append(state.cars["7"].laps if state else None)
        if state is not None:
            assert {car.car_number: car.laps for car in changed} == {"7": seen[-1], "007": seen[-1]}
            assert reader.updated == BEGIN + timedelta(seconds=10 * (seen[-1] - 1))
    # The first is 50 s old after the fifth.
    assert seen == [None, None, None, None, 1, 2, 3, 4, 5]
    race.clock.sleep(1000)
    state, _ = reader.poll()
    assert (state.cars["7"].laps, reader.is_holding) == (9, False)
    assert reader.poll() == (None, [])


def test_a_page_that_is_opened_in_the_race_waits_too(race):
    race.lap()
    reader = DelayedReader(LiveReader(race.store, KEY), DELAY, race.clock)
    assert reader.poll() == (None, [])
    race.clock.sleep(34)
    assert reader.poll()[0] is None
    race.clock.sleep(2)
    assert reader.poll()[0].cars["7"].laps == 1


def test_a_race_that_is_long_over_is_shown_at_once(race):
    race.lap()
    race.clock.sleep(3600)
    reader = DelayedReader(LiveReader(race.store, KEY), DELAY, race.clock)
    assert reader.poll()[0].cars["7"].laps == 1


def test_without_delay_nothing_waits(race):
    reader = DelayedReader(LiveReader(race.store, KEY), timedelta(0), race.clock)
    race.lap()
    assert reader.poll()[0].cars["7"].laps == 1


def test_what_is_held_is_bounded():
    assert DelayedReader(None, timedelta(days=1), ManualClock()).delay == LONGEST


def test_tower_laps_and_flags_are_shifted_alike(race, monkeypatch):
    monkeypatch.setattr(live_race, "SystemClock", lambda: race.clock)
    race.lap()
    source = StoreSource(race.store, KEY, DELAY)
    assert (len(source.laps()), len(source.track_status())) == (0, 0)
    assert source.poll() == (None, [])
    with pytest.raises(NotFound, match="45 s behind"):
        source.final()
    assert (len(source.laps()), source.updated_utc()) == (0, None)
    race.clock.sleep(40)
    state, _ = source.poll()
    assert state.cars["7"].laps == 1
    assert source.laps()[["car_number", "lap_number"]].to_numpy().tolist() == [["007", 1], ["7", 1]]
    assert source.track_status()["flag"].tolist() == ["green"]
    assert source.updated_utc() == BEGIN + DELAY
    race.lap()
    race.clock.sleep(60)
    assert source.poll()[0].cars["7"].laps == 2
    assert source.laps()["lap_number"].max() == 2
    assert source.track_status()["flag"].tolist() == ["green", "fcy"]


def test_a_page_without_delay_shows_laps_as_they_come(race):
    race.lap()
    source = StoreDirectory(race.store).open(KEY.session_id)
    assert len(source.laps()) == 6
    assert source.poll()[0].cars["7"].laps == 1
    assert len(source.track_status()) == 2


def test_a_stored_session_is_shown_whole_whatever_the_delay(race):
    source = StoreSource(race.store, KEY, DELAY)
    source.poll()
    assert len(source.laps()) == 6
    assert source.final()[0].cars["7"].laps == 3


@pytest.mark.parametrize(
    ("text", "seconds", "is_told"),
    [(None, 0, False), ("45", 45, False), ("12.5", 12.5, False), ("600", 600, False), ("601", 0, True),
     ("-1", 0, True), ("nan", 0, True), ("soon", 0, True), ("1e999", 0, True)],
)  # fmt: skip
def test_the_delay_is_read_from_the_address(text, seconds, is_told):
    delay, note = read_delay(text)
    assert delay == timedelta(seconds=seconds)
    assert bool(note) == is_told
    assert not is_told or text in note


def test_a_car_that_the_shown_state_does_not_know_has_no_laps(race):
    laps = race.store.read("laps", KEY)
    state = RaceState(cars={"7": CarState("7", laps=2)})
    assert delays.laps_until(laps, state)["car_number"].tolist() == ["7", "7"]
    assert delays.laps_until(laps, replace(state, cars={})).empty
