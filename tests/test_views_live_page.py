"""The live page: which session it follows, what it says while it waits, and how old its data is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd

from racelab.domain.flags import Flag, RaceControlMessage
from racelab.domain.records import Weather
from racelab.errors import NotFound
from racelab.live.state import CarState, RaceState
from racelab.store.frames import typed
from racelab.views.bar import SessionNames, bar_state, is_final, local_time
from racelab.views.live_charts import until
from racelab.views.live_page import NOTHING_LIVE, LivePage
from racelab.views.messages import message_rows

NAMES = SessionNames("IMSA 2026 Detroit", "Race", datetime(2026, 5, 30, 20, 9, tzinfo=UTC), "America/Detroit")
CARS = {number: CarState(number, "GTP", position=place, laps=12, status="running")
        for place, number in enumerate(["31", "6", "7", "10"], 1)}  # fmt: skip
STATE = RaceState(
    time_ms=905_000, flag=Flag.FCY, flag_since_ms=880_000, elapsed_ms=905_000, remaining_ms=5_095_000,
    weather=Weather(900_000, air_c=20.04, track_c=37.0), cars=CARS,
    messages=(RaceControlMessage(1, "GREEN", 10_000, flag="green"), RaceControlMessage(2, "<b>FCY</b>", 880_000, flag="fcy")),
)  # fmt: skip
LAPS = typed(
    pd.DataFrame(
        {
            "car_number": ["31", "31", "6"], "lap_number": [1, 2, 1], "lap_time_ms": [70_000, 68_000, 71_000],
            "end_ms": [70_000, 1_138_000, 71_000], "stint": [1, 1, 1], "pit_in": [False] * 3, "compound": [None] * 3,
            "tyre_age": [None] * 3, "quality": ["measured"] * 3, "driver": ["A", "A", "B"], "car_class": ["GTP"] * 3,
        }
    )
)  # fmt: skip


class Source:
    """A session in memory."""

    names, reference = NAMES, "imsa/2026/5/R"

    def __init__(self, *states):
        self.states = list(states)
        self.reads = 0
        self.nothing = False

    def poll(self):
        return (self.states.pop(0), []) if self.states else (None, [])

    def final(self):
        if self.nothing:
            raise NotFound("session imsa/2026/5/R has neither laps nor results")
        return STATE, "the official results"

    def updated_utc(self):
        return datetime.now(UTC) - timedelta(seconds=20)

    def laps(self):
        self.reads += 1
        return LAPS

    def entries(self):
        return pd.DataFrame({"car_number": ["31", "6"], "car_class": ["GTP", "GTP"], "colour": [None, None]})

    def track_status(self):
        return pd.DataFrame({"time_ms": [0], "flag": ["green"]})


class Directory:
    """A store in memory."""

    def __init__(self, sources, live=None):
        self.sources, self.live = sources, live

    def latest(self):
        return self.live

    def listed(self):
        return [(f"Session {number}", number) for number in self.sources]

    def open(self, session_id):
        return self.sources[session_id]


def facts(state):
    return {fact["label"]: fact["value"] for fact in state["facts"]}


def test_the_page_shows_the_latest_live_session():
    page = LivePage(Directory({1: Source(), 2: Source(STATE)}, live=2))
    layout = page.layout
    assert list(layout.tower.rows) == ["31", "6", "7", "10"]
    assert layout.tower.note == ""
    assert layout.tower.selected == ["31", "6", "7"]
    assert layout.bar.state["event"] == "IMSA 2026 Detroit"
    assert layout.messages.messages[0]["text"] == "<b>FCY</b>"


def test_with_nothing_live_the_page_says_how_to_start_and_offers_what_is_stored():
    page = LivePage(Directory({1: Source()}))
    assert page.layout.tower.note == NOTHING_LIVE
    assert page.layout.bar.state["flag_label"] == "No live data"
    assert page.layout.picker.options == (("The session that is live now", 0), ("Session 1", 1))


def test_a_session_that_goes_live_is_followed_without_a_reload():
    directory = Directory({1: Source(STATE)})
    page = LivePage(directory)
    directory.live = 1
    page._looked = 0.0
    page.step()
    assert list(page.layout.tower.rows) == ["31", "6", "7", "10"]


def test_a_stored_session_that_is_not_live_shows_its_final_classification():
    page = LivePage(Directory({1: Source(), 2: Source(STATE)}, live=2))
    layout = page.layout
    layout.picker.value = 1
    assert layout.tower.note == "Reading IMSA 2026 Detroit, Race from the store."
    assert dict(layout.tower.rows) == {}
    page.step()
    assert list(layout.tower.rows) == ["31", "6", "7", "10"]
    assert "stored session, not live: its final classification, by the official results" in layout.tower.note
    assert "racelab replay imsa/2026/5/R" in layout.tower.note
    assert facts(layout.bar.state)["Data"] == "stored, not live"
    assert layout.tower.selected == ["31", "6", "7"]
    layout.picker.value = 0
    assert layout.bar.state["session"] == "Race"


def test_a_stored_session_that_goes_live_is_shown_live():
    source = Source()
    page = LivePage(Directory({1: source}), 1)
    page.step()
    source.states.append(replace(STATE, time_ms=906_000))
    page.step()
    assert page.layout.tower.note == ""
    assert "Data" not in facts(page.layout.bar.state)


def test_a_stored_session_without_laps_and_results_says_so():
    source = Source()
    source.nothing = True
    page = LivePage(Directory({1: source}), 1)
    page.step()
    assert page.layout.tower.note == "session imsa/2026/5/R has neither laps nor results."


def test_charts_show_laps_only_up_to_the_time_of_the_tower():
    page = LivePage(Directory({1: Source(STATE)}, live=1))
    shown = page.layout.charts["Lap times"].figure
    assert "Car 31: 1 lap, best 1:10.000" in shown
    assert until(LAPS, "end_ms", 905_000)["lap_number"].tolist() == [1, 1]
    assert len(until(LAPS, "end_ms", None)) == 3


def test_only_the_open_chart_is_drawn_and_the_others_when_they_are_opened():
    page = LivePage(Directory({1: Source(STATE)}, live=1))
    before = page.layout.charts["Gaps"].figure
    page.layout.tabs.selected_index = 1
    after = page.layout.charts["Gaps"].figure
    assert "Choose cars" in before
    assert "Gap to the leader" in after


def test_choosing_cars_draws_them():
    page = LivePage(Directory({1: Source(STATE)}, live=1))
    page.layout.tower.selected = ["6"]
    assert "#6" in page.layout.charts["Lap times"].figure
    assert "#31" not in page.layout.charts["Lap times"].figure


def test_a_viewers_choice_is_not_overruled_by_the_next_state():
    source = Source(STATE, replace(STATE, time_ms=906_000))
    page = LivePage(Directory({1: source}, live=1))
    page.layout.tower.selected = []
    page.step()
    assert page.layout.tower.selected == []


def test_the_bar_tells_flag_clock_weather_and_age():
    state = bar_state(NAMES, STATE, 20_000)
    assert (state["flag"], state["flag_label"], state["flag_since"]) == ("fcy", "Full-course yellow", "since 0:14:40")
    assert facts(state) == {
        "Elapsed": "0:15:05", "To go": "1:24:55", "Lap": "12", "Air": "20.0 °C", "Track": "37.0 °C",
        "At the track": "16:24 EDT",
    }  # fmt: skip
    assert (state["age_ms"], state["final"]) == (20_000, False)


def test_what_the_bar_does_not_know_is_left_out_or_an_en_dash():
    state = bar_state(SessionNames("F1 2025 Australia", "Race", scheduled_laps=57), RaceState(), 0)
    assert facts(state) == {"Elapsed": "–", "Lap": "–"}
    assert (state["flag"], state["flag_label"]) == ("", "No flag yet")
    assert local_time(NAMES, 0) == "16:09 EDT"
    assert local_time(replace(NAMES, timezone="Nowhere/Atlantis"), 0) is None


def test_a_race_is_final_when_all_that_run_have_finished():
    done = {number: replace(car, status="finished") for number, car in CARS.items()}
    assert is_final(replace(STATE, flag=Flag.CHEQUERED, cars=done))
    assert not is_final(replace(STATE, flag=Flag.CHEQUERED))
    assert is_final(replace(STATE, status="finished"))


def test_messages_come_newest_first_with_the_colour_of_their_flag():
    rows = message_rows(STATE.messages)
    assert [row["time"] for row in rows] == ["0:14:40", "0:00:10"]
    assert [row["colour"] for row in rows] == ["#fb923c", "#22c55e"]
    assert message_rows([RaceControlMessage(1, "x", flag="odd")]) == [{"time": "", "text": "x", "colour": ""}]


def test_charts_of_a_page_share_one_copy_of_plotly():
    page = LivePage(Directory({1: Source(STATE)}, live=1))
    charts = page.layout.charts.values()
    assert len({chart.library for chart in charts}) == 1
    assert all(len(str(chart.get_state())) < 60_000 for chart in charts)


def test_a_stored_session_shows_no_flag_as_if_it_still_ran():
    shown = bar_state(NAMES, replace(STATE, flag=Flag.GREEN), None)
    assert (shown["flag"], shown["flag_label"], facts(shown)["Data"]) == ("", "Session over", "stored, not live")
    assert bar_state(NAMES, replace(STATE, flag=Flag.CHEQUERED), None)["flag"] == "chequered"


def test_a_sentence_about_an_unknown_session_stays_until_the_viewer_chooses_one():
    told = "no session is named 'nope'. Choose a session in the list."
    page = LivePage(Directory({1: Source(STATE)}), None, told)
    page._looked = 0.0
    page.step()
    assert page.layout.tower.note == told
    page.layout.picker.value = 1
    assert page.layout.tower.note == ""
    page = LivePage(Directory({1: Source(STATE, STATE)}, live=1), None, told)
    page.step()
    assert (page.layout.tower.note, len(page.layout.tower.rows)) == (told, 4)
