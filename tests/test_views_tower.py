"""The tower: what a row says, how small a difference is, and that a late page finds everything."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from racelab.live.state import CarState
from racelab.views.theme import DARK
from racelab.views.tower import WAITING, Tower
from racelab.views.tower_rows import Move, changes, moved, tower_columns, tower_row, with_best_marks

LEADER = CarState("31", "GTP", "Whelen", driver="Jack Aitken", position=1, class_position=1, laps=82, stint=2,
                  stint_laps=55, stops=1, last_lap_ms=68_245, best_lap_ms=66_234, s1_ms=19_317, status="finished")  # fmt: skip
SECOND = CarState("25", "GTP", "BMW", position=2, class_position=2, laps=82, gap_ms=6_023, interval_ms=6_023,
                  best_lap_ms=66_701, marks={"last_lap_ms": "personal"})  # fmt: skip
LAPPED = CarState("3", "GTDPRO", driver="Antonio Garcia", position=12, class_position=1, laps=79, gap_ms=500,
                  gap_laps=3, interval_laps=1, compound="soft", tyre_age=12, best_lap_ms=69_848)  # fmt: skip


def test_a_row_is_written_as_the_field_writes_it():
    row = tower_row(LEADER)
    assert (row["position"], row["car_number"], row["driver"], row["laps"]) == ("1", "31", "Jack Aitken", "82")
    assert (row["last_lap_ms"], row["best_lap_ms"], row["s1_ms"]) == ("1:08.245", "1:06.234", "19.317")
    assert (row["stint"], row["stops"], row["status"]) == ("2 (55)", "1", "FIN")
    assert (row["car_class"], row["class_name"], row["class_colour"]) == ("GTP", "GTP", "#ff5c5c")


def test_a_leaders_gap_is_his_laps_and_a_lapped_cars_its_laps_behind():
    assert (tower_row(LEADER)["gap_ms"], tower_row(LEADER)["interval_ms"]) == ("82 laps", "–")
    assert (tower_row(SECOND)["gap_ms"], tower_row(SECOND)["interval_ms"]) == ("+6.023", "+6.023")
    assert (tower_row(LAPPED)["gap_ms"], tower_row(LAPPED)["interval_ms"]) == ("+3 laps", "+1 lap")
    assert tower_row(LAPPED)["class_gap_ms"] == "79 laps"


def test_missing_is_an_en_dash_and_never_zero():
    row = tower_row(CarState("007"))
    told = {
        key: row[key]
        for key in ("position", "laps", "gap_ms", "interval_ms", "last_lap_ms", "s2_ms", "stint", "stops", "compound")
    }
    assert set(told.values()) == {"–"}
    assert row["driver"] == "–"
    assert tower_row(CarState("7", stops=0, laps=0))["stops"] == "0"


def test_a_car_without_a_driver_shows_its_team_and_tyres_their_letter():
    assert tower_row(SECOND)["driver"] == "BMW"
    row = tower_row(LAPPED)
    assert (row["compound"], row["compound_name"], row["tyre_age"]) == ("S", "soft", "12")


def test_best_laps_of_the_session_and_of_each_class_are_marked():
    cars = [LEADER, SECOND, LAPPED]
    rows = with_best_marks({car.car_number: tower_row(car) for car in cars}, cars)
    assert [rows[car.car_number]["best_lap_ms_mark"] for car in cars] == ["session", None, "class"]
    assert rows["25"]["last_lap_ms_mark"] == "personal"


def test_columns_carry_heading_description_and_rank_and_leave_out_what_is_idle():
    keys = [column["key"] for column in tower_columns([LEADER, LAPPED])]
    assert keys == ["position", "car_number", "car_class", "driver", "laps", "gap_ms", "interval_ms", "last_lap_ms",
                    "best_lap_ms", "s1_ms", "s2_ms", "s3_ms", "stint", "compound", "stops", "status"]  # fmt: skip
    assert {"car_class", "compound"}.isdisjoint(column["key"] for column in tower_columns([LEADER, SECOND]))
    assert len(tower_columns([])) == 16
    assert all(column["heading"] and column["description"] for column in tower_columns([]))
    narrow = [column["key"] for column in tower_columns([]) if column["rank"] == 2]
    assert narrow == ["position", "car_number", "driver", "gap_ms", "last_lap_ms", "compound"]


def test_an_arrow_stands_for_one_lap():
    start = moved(None, 5, 10)
    assert start == Move(5)
    up = moved(start, 4, 10)
    assert up.way == 1
    assert moved(up, 4, 10).way == 1
    assert moved(up, 4, 11).way == 0
    assert moved(up, 6, 10).way == -1


rows_strategy = st.dictionaries(
    st.sampled_from(["7", "007", "31", "3"]),
    st.fixed_dictionaries({"position": st.sampled_from(["1", "2", "–"]), "way": st.integers(-1, 1)}),
)


@given(rows_strategy, rows_strategy)
def test_a_difference_leads_from_one_set_of_rows_to_the_other(before, after):
    state = {number: dict(row) for number, row in before.items()}
    for number, cells in changes(before, after).items():
        if cells is None:
            del state[number]
        else:
            state.setdefault(number, {}).update(cells)
    assert state == after
    assert changes(after, after) == {}


class _Recorder(Tower):
    """A tower that keeps what it sends."""

    def __init__(self):
        self.sent = []
        super().__init__()

    def send(self, content, buffers=None):
        self.sent.append(content)


def test_only_what_changed_is_sent_under_a_revision_that_counts():
    tower = _Recorder()
    assert tower.show([LEADER, SECOND]) == 2
    assert tower.show([LEADER, SECOND]) == 0
    assert tower.show([LEADER, replace(SECOND, gap_ms=7_000)]) == 1
    assert [message["revision"] for message in tower.sent] == [1, 2]
    assert tower.sent[1] == {"kind": "diff", "revision": 2, "rows": {"25": {"gap_ms": "+7.000"}}}


def test_a_page_that_joins_late_finds_all_rows_in_the_trait():
    tower = _Recorder()
    tower.show([LEADER, SECOND])
    tower.show([LEADER, replace(SECOND, laps=83)])
    held = tower.get_state()["rows"]
    assert set(held) == {"31", "25"}
    assert held["25"]["laps"] == "83"


def test_a_page_that_missed_a_difference_gets_the_rows_again():
    tower = _Recorder()
    tower.show([LEADER])
    tower._answer(tower, {"kind": "hello"}, [])
    tower._answer(tower, "not a message", [])
    assert tower.sent[-1] == {"kind": "full", "revision": 1, "rows": tower.rows}


def test_a_car_that_left_is_taken_away_and_an_empty_tower_says_why():
    tower = _Recorder()
    assert tower.note == WAITING
    tower.show([LEADER, SECOND])
    tower.show([LEADER])
    assert tower.sent[-1]["rows"]["25"] is None
    tower.clear("Nothing is live.")
    assert (dict(tower.rows), tower.note) == ({}, "Nothing is live.")


def test_names_from_outside_stay_text():
    row = tower_row(replace(SECOND, driver="<img src=x onerror=alert(1)>"))
    assert row["driver"] == "<img src=x onerror=alert(1)>"


def test_a_car_of_a_series_without_class_colours_has_its_teams_stripe():
    assert tower_row(CarState("4", "F1", colour="#ff8000"))["class_colour"] == "#ff8000"
    assert tower_row(CarState("4", "GTP", colour="#ff8000"))["class_colour"] == "#ff5c5c"
    assert tower_row(CarState("4", "Am", colour="red;}"))["class_colour"] == DARK.quiet
