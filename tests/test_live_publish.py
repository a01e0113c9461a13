"""What dashboards read: published states, and only what is new in them."""

from datetime import UTC, datetime

import pytest
from builders import KEY, session_data

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.laps import Lap
from racelab.domain.records import Clock, Weather
from racelab.live.publish import LivePublisher, LiveReader, car_from_json, car_to_json, race_from_json, race_to_json
from racelab.live.reducers import fold, initial_state
from racelab.live.state import CarState

NOW = datetime(2026, 5, 30, 20, 0, tzinfo=UTC)
RECORDS = [
    Entry("31", "GTP", team="Whelen"), Entry("007", "GTD"), TrackStatus(0, Flag.GREEN), Clock(1_000, 1_000, 99_000),
    Weather(500, time_utc=NOW, air_c=20.5), RaceControlMessage(1, "GREEN FLAG", 10, NOW, flag="green"),
    Lap("31", 1, lap_time_ms=90_000, end_ms=90_000), Lap("007", 1, lap_time_ms=95_000, end_ms=95_000),
]  # fmt: skip


@pytest.fixture
def held(store):
    store.write_session(session_data())
    return store


def publish(store, publisher, state):
    store.write_tables(publisher.tables(state, NOW))


def test_states_survive_json():
    state = fold(initial_state(), RECORDS)
    for car in state.cars.values():
        assert car_from_json(car_to_json(car)) == car
    read, numbers = race_from_json(race_to_json(state))
    assert numbers == ["31", "007"]
    assert (read.time_ms, read.flag, read.elapsed_ms, read.remaining_ms) == (95_000, Flag.GREEN, 1_000, 99_000)
    assert (read.weather, read.messages, read.cars) == (state.weather, state.messages, {})
    assert car_from_json('{"car_number": "1", "of_a_later_version": 5}') == CarState("1")


def test_a_reader_gets_everything_once_and_then_what_is_new(held):
    state = fold(initial_state(), RECORDS)
    publisher, reader = LivePublisher(held, KEY), LiveReader(held, KEY)
    assert reader.poll() == (None, [])
    publish(held, publisher, state)
    shown, changed = reader.poll()
    assert shown.cars == state.cars
    assert [car.car_number for car in shown.order] == ["31", "007"]
    assert {car.car_number for car in changed} == {"31", "007"}
    assert reader.poll() == (None, [])
    later = fold(
        state, [Lap("007", 2, lap_time_ms=96_000, end_ms=191_000), Lap("31", 2, lap_time_ms=91_000, end_ms=181_000)]
    )
    publish(held, publisher, fold(later, []))
    publish(held, publisher, fold(later, [Clock(200_000, 200_000)]))
    shown, changed = reader.poll()
    assert shown.elapsed_ms == 200_000
    assert shown.cars == later.cars
    assert reader.poll() == (None, [])


def test_only_cars_that_changed_are_written(held):
    state = fold(initial_state(), RECORDS)
    publisher = LivePublisher(held, KEY)
    assert len(publisher.tables(state, NOW)["live_cars"]["car_number"]) == 2
    assert "live_cars" not in publisher.tables(state, NOW)
    later = fold(state, [Lap("007", 2, lap_time_ms=94_000, end_ms=189_000)])
    assert {*publisher.tables(later, NOW)["live_cars"]["car_number"]} == {"007", "31"}
    assert publisher.revision == 3


def test_revisions_rise_over_replays_and_cars_of_an_earlier_one_are_gone(held):
    reader = LiveReader(held, KEY)
    publish(held, LivePublisher(held, KEY), fold(initial_state(), RECORDS))
    reader.poll()
    again = LivePublisher(held, KEY)
    publish(held, again, fold(initial_state(), RECORDS[:1]))
    assert again.revision == 2
    shown, changed = reader.poll()
    assert list(shown.cars) == ["31"]
    assert shown.cars["31"].laps is None
    fresh, _ = LiveReader(held, KEY).poll()
    assert list(fresh.cars) == ["31"]
    assert [car.laps for car in changed] == [None]
