"""The live dashboard in a browser, on generated data and on a whole recorded race."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dashboard import browser, needs_chromium, served
from test_timing71_detroit import LAPS, ORDER

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage
from racelab.domain.laps import Lap
from racelab.domain.records import Provenance, SessionData, Weather
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.publish import LivePublisher
from racelab.live.state import CarState, RaceState
from racelab.store.sql import SqlStore

pytestmark = [pytest.mark.browser, needs_chromium]
KEY = SessionKey(Series.WEC, 2099, 3, "R")
EVIL = "<img src=x onerror=\"document.title='taken'\">"
CARS = {
    "7": CarState("7", "HYPERCAR", "North", driver="Ann Lee", position=1, class_position=1, laps=3, best_lap_ms=100_100,
                  last_lap_ms=100_400, s1_ms=30_100, stint=1, stint_laps=3, stops=0, status="running"),
    "51": CarState("51", "HYPERCAR", "South", driver="Bo Ek", position=2, class_position=2, laps=3, gap_ms=900,
                   interval_ms=900, last_lap_ms=100_100, marks={"last_lap_ms": "personal"}, stops=0, status="running"),
    "92": CarState("92", "LMGT3", EVIL, driver=EVIL, position=3, class_position=1, laps=2, gap_laps=1,
                   last_lap_ms=115_000, stops=1, status="pit"),
}  # fmt: skip


def _session():
    laps = [
        Lap(
            car,
            number,
            seat=1,
            stint=1,
            lap_time_ms=100_000 + 100 * number + offset,
            end_ms=(100_200 + offset) * number,
        )
        for car, offset in (("7", 0), ("51", 300), ("92", 15_000))
        for number in (1, 2, 3)
    ]
    entries = [
        Entry(car, state.car_class, team=state.team, drivers=(Driver(1, state.driver),)) for car, state in CARS.items()
    ]
    event = Event("Hours of Nowhere", "Nowhere", timezone="Europe/Paris")
    session = Session(KEY, datetime(2099, 6, 1, 12, tzinfo=UTC))
    return SessionData(event, session, Provenance("test", "test", "0" * 64, "1"), entries, laps)


class _Race:
    """A race that the test itself drives."""

    def __init__(self, store):
        store.write_session(_session())
        self._store, self._publisher = store, LivePublisher(store, KEY)
        self.state = RaceState(
            310_000, flag=Flag.GREEN, flag_since_ms=0, elapsed_ms=310_000, remaining_ms=600_000, weather=Weather(0, air_c=21.0), cars=dict(CARS),
            messages=(RaceControlMessage(1, EVIL, 5_000),),
        )  # fmt: skip

    def publish(self, old=timedelta(), cars=None, **changes):
        self.state = replace(self.state, cars={**self.state.cars, **(cars or {})}, **changes)
        self._store.write_tables(self._publisher.tables(self.state, datetime.now(UTC) - old))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """One store for the tests of this file, and one server on it."""
    folder = tmp_path_factory.mktemp("dashboard")
    return {**os.environ, "RACELAB_DATA": str(folder), "RACELAB_DB": f"sqlite:///{folder}/racelab.db"}


@pytest.fixture(scope="module")
def address(environment):
    with served(environment) as address:
        yield address


@pytest.fixture
def race(environment):
    with SqlStore(environment["RACELAB_DB"]) as store:
        yield _Race(store)


def _clean(page):
    assert page.outside == []
    assert page.errors == []


def test_the_page_waits_with_a_sentence_and_follows_a_race_that_starts(race, address):
    with browser() as page:
        page.open(address)
        page.wait("document.querySelector('.rl-note').textContent.includes('No session is live')")
        assert page.rows() == []
        race.publish()
        page.wait("document.querySelectorAll('.rl-body .rl-row').length === 3")
        first, _, third = page.rows()
        assert [row["car_number"] for row in page.rows()] == ["7", "51", "92"]
        assert (first["gap_ms"], first["last_lap_ms"], first["best_lap_ms"]) == ("3 laps", "1:40.400", "◆\n1:40.100")
        assert (third["status"], third["gap_ms"]) == ("PIT", "+1 lap")
        page.wait("document.querySelector('.rl-flag-word').textContent === 'Green'")
        assert page.text(".rl-event") == "WEC 2099 Hours of Nowhere"
        _one_overtakes(page, race)
        _a_viewer_chooses(page)
        _what_comes_from_outside_is_text(page)
        _old_data_is_told(page, race)
        _clean(page)


def _one_overtakes(page, race):
    race.publish(
        time_ms=411_000,
        flag=Flag.SAFETY_CAR,
        cars={
            "51": replace(
                CARS["51"], position=1, class_position=1, laps=4, gap_ms=None, interval_ms=None, last_lap_ms=99_000
            ),
            "7": replace(CARS["7"], position=2, class_position=2, laps=4, gap_ms=400, interval_ms=400),
        },
    )
    page.wait("document.querySelector('.rl-body .rl-row').dataset.car === '51'")
    rows = page.rows()
    assert [row["car_number"] for row in rows] == ["51", "7", "92"]
    assert (rows[0]["position"].split(), rows[1]["position"].split()) == (["▲", "1"], ["▼", "2"])
    assert rows[0]["last_lap_ms"].split() == ["◇", "1:39.000"]
    page.wait("document.querySelector('.rl-flag-word').textContent === 'Safety car'")


def _a_viewer_chooses(page):
    assert page.page.eval_on_selector_all(
        ".rl-row[aria-selected='true']", "rows => rows.map(row => row.dataset.car)"
    ) == [
        "51",
        "7",
        "92",
    ]
    page.page.click(".rl-row[data-car='92']")
    page.wait("!document.querySelector('.rl-chart').getAttribute('aria-label').includes('Car 92')")
    page.page.click("button:text-is('LMGT3')")
    assert [row["car_number"] for row in page.rows()] == ["92"]
    assert page.rows()[0]["gap_ms"] == "2 laps"
    page.page.click("button:text-is('All')")
    page.page.keyboard.press("/")
    page.page.keyboard.type("bo ek")
    assert [row["car_number"] for row in page.rows()] == ["51"]
    page.page.keyboard.press("Escape")
    assert len(page.rows()) == 3


def _what_comes_from_outside_is_text(page):
    assert page.rows()[2]["driver"].startswith("<img")
    assert "<img" in page.text(".rl-messages")
    assert page.page.title() != "taken"


def _old_data_is_told(page, race):
    race.publish(old=timedelta(seconds=100), time_ms=412_000)
    page.wait("document.querySelector('.rl-stale').textContent.includes('No new data for')", 10)


@pytest.mark.parametrize(
    ("width", "columns"),
    [(1280, 8), (390, 5)],
)
def test_a_narrow_page_shows_fewer_columns_on_one_line_and_nothing_runs_over(race, address, width, columns):
    race.publish()
    with browser(width, 844, reduced_motion="reduce") as page:
        page.open(f"{address}?session=wec/2099/3/R")
        page.wait("document.querySelectorAll('.rl-body .rl-row').length === 3")
        seen = page.page.eval_on_selector_all(
            ".rl-head .rl-cell", "cells => cells.filter(cell => cell.offsetWidth > 0).length"
        )
        assert seen == columns
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width
        race.publish(cars={"51": replace(CARS["51"], position=1), "7": replace(CARS["7"], position=2)})
        page.wait("document.querySelector('.rl-body .rl-row').dataset.car === '51'")
        assert page.page.evaluate("document.getAnimations().length") == 0
        _clean(page)


def test_an_unknown_session_in_the_address_is_told(address):
    with browser() as page:
        page.open(f"{address}?session=%3Cb%3Ef1/1950/1/R")
        page.wait("document.querySelector('.rl-note').textContent.includes('<b>f1')")
        assert "Choose a session" in page.text(".rl-note")
        _clean(page)


@pytest.mark.data
def test_a_recorded_race_runs_to_its_classification(data, environment, address):
    recording = data / "live" / "timing71_recordings" / "Detroit-2026-Race.zip"
    command = [sys.executable, "-m", "racelab", "replay", str(recording), "--speed", "300"]
    with browser() as page:
        page.open(address)
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as replay:
            try:
                page.wait("document.querySelectorAll('.rl-body .rl-row').length === 21")
                early = page.rows()
                page.wait(
                    "/^[3-9]\\d$/.test(document.querySelector('.rl-fact[data-label=Lap] .rl-value')?.textContent)"
                )
                later = page.rows()
                assert replay.wait(120) == 0
            finally:
                replay.terminate()
        page.wait("document.querySelector('.rl-body .rl-row:last-child').dataset.car === '15'")
        page.wait("document.querySelector('.rl-fact[data-label=\"Data age\"] .rl-value')?.textContent === 'final'")
        assert [row["position"].split()[-1] for row in later] == [str(place) for place in range(1, 22)]
        assert [row["car_number"] for row in early] != [row["car_number"] for row in later]
        final = page.rows()
        assert [row["car_number"] for row in final] == ORDER
        assert [int(row["laps"]) for row in final] == LAPS
        assert (final[0]["gap_ms"], final[1]["gap_ms"], final[0]["best_lap_ms"].split()[-1]) == (
            "82 laps",
            "+6.023",
            "1:06.234",
        )
        page.wait("document.querySelector('.rl-flag-word').textContent === 'Chequered'")
        page.wait("document.querySelector('.rl-chart').getAttribute('aria-label').includes('82 laps')")
        _clean(page)
