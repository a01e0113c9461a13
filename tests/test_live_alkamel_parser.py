"""Al Kamel's messages, read one by one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop, Result, StopType
from racelab.domain.records import Clock, Repair, Timing, Weather
from racelab.domain.series import Series
from racelab.domain.sessions import Session, SessionKey
from racelab.sources.alkamelddp import Parser
from racelab.sources.alkamelddp.documents import merged
from racelab.sources.alkamelddp.gaps import gap_between
from racelab.sources.alkamelddp.rows import read_loops, read_sectors, read_standing
from racelab.sources.alkamelddp.session import is_wanted

T0 = datetime(2026, 5, 30, 20, 10, tzinfo=UTC)
START = round(T0.timestamp() * 1000)
SESSION = Session(SessionKey(Series.IMSA, 2026, 5, "R"), start_utc=T0)


def row(place=1, car="31", laps=0, line=0, state="TRACK", **more):
    data = f"{place};{car};CLASSIFIED;{place};{laps};0;172.494;{START + line};{state};{laps + 1};"
    return {"data": data, "class": "GTP", **more}


class Service:
    """A parser that is told changes, each at an instant of our clock, which is an hour ahead."""

    def __init__(self):
        self.parser = Parser(SESSION)
        self.tell("session_status", status={"startTime": START // 1000, "isSessionRunning": True, "currentFlag": "GF"})
        self.tell(
            "session_entry", entry={"31": {"name": "Ann Alpha", "class": "GTP", "team": "AA", "vehicle": "Cadillac V"}}
        )
        self.tell("session_pit_info", pitOuts={})

    def tell(self, collection, at=0.0, msg="changed", **fields):
        message = {"msg": msg, "collection": collection, "id": "x", "fields": fields}
        return list(self.parser.process(Frame(T0 + timedelta(hours=1, seconds=at), message)))

    def rows(self, at, *rows):
        return self.tell("standings", at, standings={"standings": {one["data"].split(";")[0]: one for one in rows}})


def of(records, kind):
    return [one for one in records if isinstance(one, kind)]


@pytest.mark.data
def test_the_recorded_rows(data):
    held = json.loads((data / "live" / "alkamel_ddp" / "standings_rows_2018_2019.json").read_text())["rows"]
    rows = [read_standing(one) for one in held]
    assert [(one.position, one.car_number, one.laps, one.lap_number) for one in rows] == [
        (1, "10", 331, 332), (2, "31", 330, 331), (3, "23", 21, 22), (4, "40", 21, 22),
    ]  # fmt: skip
    assert [one.raw for one in rows] == [one["data"] for one in held]
    assert gap_between(rows[0], rows[1]) == (2_783, 0)
    assert gap_between(rows[2], rows[3]) == (1_315, 0)
    assert rows[1].last_sectors == (27_380, 26_651, 18_649)
    assert rows[1].last_loops[8] == rows[1].last_ms == 72_680
    # What the rows prove of `data`: fields 4, 7 and 9 stand in fields of their own too.
    for one, shown in zip(rows[2:], held[2:], strict=True):
        assert (one.laps, one.lap_start, one.lap_number) == (
            shown["laps"],
            shown["currentLapStartTime"],
            shown["currentLapNumber"],
        )
    # What they refute: field 5 as laps behind and field 6 as a gap, for the leader has both; field 9 as stops.
    assert held[0]["data"].split(";")[5:7] == ["11", "172.494"]


def test_the_race_of_the_day_before_that_is_still_open_is_none_of_the_race_to_come():
    parser = Parser(SESSION)

    def tell(collection, key, **fields):
        message = {"msg": "added", "collection": collection, "id": f"{collection}{key}", "fields": {"session": {"$type": "oid", "$value": key}, **fields}}  # fmt: skip
        return list(parser.process(Frame(T0 - timedelta(minutes=10), message)))

    yesterday = {
        "startTime": START // 1000 - 86_400,
        "isSessionRunning": False,
        "isFinished": True,
        "currentFlag": "CH",
    }
    rows = {"1": row(laps=82, line=-80_000_000, lastLapTime=67_001)}
    assert tell("session_status", "a", status=yesterday) == tell("standings", "a", standings={"standings": rows}) == []
    assert tell("session_status", "b", status={"startTime": START // 1000, "currentFlag": "GF"}) != []
    assert list(parser.finish()) == []


def test_rows_of_the_grid_that_tell_the_start_to_come_do_not_set_the_clocks_apart():
    parser = Parser(SESSION)

    def tell(at, collection, **fields):
        message = {"msg": "changed", "collection": collection, "id": "x", "fields": fields}
        return list(parser.process(Frame(T0 + timedelta(seconds=at), message)))

    tell(-40, "session_status", status={"startTime": START // 1000, "isSessionRunning": False})
    tell(-40, "standings", standings={"standings": {"1": row()}})
    tell(0, "session_status", status={"isSessionRunning": True, "currentFlag": "GF"})
    tell(70, "standings", standings={"standings": {"1": row(laps=1, line=70_000, lastLapTime=70_000)}})
    (shown,) = [
        one for one in tell(130, "session_status", status={"currentFlag": "FCY"}) if isinstance(one, TrackStatus)
    ]
    assert shown.time_ms == 130_000


def test_sectors_come_in_sixes_and_loops_in_pairs():
    assert read_sectors("1;26858;true;false;false;false;2;26658;false;false;false;false;") == (26_858, 26_658, None)
    assert read_loops("1;6066;2;12127;") == {1: 6_066, 2: 12_127}
    assert read_sectors("1;x;") == read_sectors(None) == (None, None, None)
    assert read_loops("1;;2") == read_loops(7) == {}


def test_gaps_in_laps_where_the_rows_do_not_reach_back():
    leader = read_standing(row(laps=10, line=1_000_000, lastLapTime=70_000))
    lapped = read_standing(
        row(place=2, car="7", laps=9, line=929_000, lastLapTime=71_000, currentLoopSectors="1;20000;")
    )
    assert gap_between(leader, lapped) == (None, 1) if leader.last_loops else True
    assert gap_between(leader, read_standing(row(place=3, car="8", laps=8, line=1))) == (None, 2)
    # On the lap before, and closer than a lap: the time at the line.
    close = read_standing(row(place=2, car="7", laps=9, line=933_000, lastLapTime=71_000))
    assert gap_between(leader, close) == (3_000, 0)


def test_a_change_is_merged_one_level_deeper():
    before = {"status": {"currentFlag": "GF", "log": {"a": 1, "b": 2}}, "x": 1}
    after = merged(before, {"status": {"log": {"a": 3}}, "y": 2}, ["x"])
    assert after == {"status": {"currentFlag": "GF", "log": {"a": 3}}, "y": 2}
    assert before["status"]["log"] == {"a": 1, "b": 2}


def test_a_lap_has_its_time_its_sectors_and_its_line():
    service = Service()
    service.rows(1, row())
    sectors = "1;20000;false;false;false;false;2;22000;false;false;false;false;3;26000;false;false;false;false;"
    (lap,) = of(service.rows(69, row(laps=1, line=68_000, lastLapTime=68_000, lastSectors=sectors)), Lap)
    assert (lap.lap_number, lap.lap_time_ms, lap.start_ms, lap.end_ms, lap.s1_ms, lap.s3_ms, lap.flag, lap.seat) == (
        1, 68_000, 0, 68_000, 20_000, 26_000, Flag.GREEN, 1,
    )  # fmt: skip


def test_a_lap_time_that_comes_late_is_not_that_of_the_lap_before():
    service = Service()
    service.rows(1, row())
    service.rows(69, row(laps=1, line=68_000, lastLapTime=68_000))
    (lap,) = of(service.rows(136, row(laps=2, line=135_000)), Lap)
    assert (lap.lap_number, lap.lap_time_ms) == (2, None)
    records = service.tell("standings", 137, standings={"standings": {"1": {"lastLapTime": 67_000}}})
    assert [(one.lap_number, one.lap_time_ms) for one in of(records, Lap)] == [(2, 67_000)]


def test_a_missed_lap_is_named():
    service = Service()
    service.rows(1, row())
    records = service.rows(205, row(laps=3, line=204_000, lastLapTime=67_000))
    assert [(one.rule, one.record) for one in of(records, Repair)] == [("missed_lap", "31/1"), ("missed_lap", "31/2")]
    assert [(one.lap_number, one.lap_time_ms, one.end_ms) for one in of(records, Lap)] == [(3, 67_000, 204_000)]


@pytest.mark.parametrize("hour", [60_000, 92_000])
def test_a_stop_takes_the_services_time_where_it_fits_its_entry_or_its_exit(hour):
    service = Service()
    service.rows(1, row())
    (stop,) = of(service.rows(61, row(state="BOX")), PitStop)
    assert (stop.lap_number, stop.in_ms is not None, stop.out_ms) == (1, True, None)
    service.rows(70, row(laps=1, line=69_000, lastLapTime=69_000, state="BOX"))
    service.tell("session_entry", 80, entry={"31": {"name": "Bo Beta", "class": "GTP"}})
    (stop,) = of(service.rows(93, row(laps=1, line=69_000, lastLapTime=69_000, state="OUT_LAP")), PitStop)
    assert (stop.seat_in, stop.seat_out, stop.stop_type) == (1, 2, StopType.DRIVER_CHANGE)
    told = service.tell("session_pit_info", 94, pitOuts={"31": {"lastPitHour": START + hour, "lastPitTime": 32_000}})
    (stop,) = of(told, PitStop)
    assert (stop.in_ms, stop.out_ms, stop.duration_ms) == (60_000, 92_000, 32_000)


def test_a_time_that_is_no_duration_is_not_taken_for_one():
    service = Service()
    service.rows(1, row())
    service.rows(61, row(state="BOX"))
    service.rows(93, row(state="OUT_LAP"))
    told = service.tell(
        "session_pit_info", 94, pitOuts={"31": {"lastPitHour": START + 60_000, "lastPitTime": 3_277_570}}
    )
    assert of(told, PitStop) == []


def test_a_stop_that_no_row_shows_is_named():
    service = Service()
    service.rows(1, row())
    service.rows(69, row(laps=1, line=68_000, lastLapTime=68_000))
    service.tell("session_pit_info", 120, pitOuts={"31": {"lastPitHour": START + 90_000, "lastPitTime": 20_000}})
    records = service.rows(170, row(laps=2, line=168_000, lastLapTime=100_000))
    assert [(one.rule, one.record) for one in of(records, Repair)] == [("missed_stop", "31/1-2")]


def test_flags_clock_and_status():
    service = Service()
    assert service.parser.session.started
    told = service.tell("session_status", 10, status={"currentFlag": "FCY", "finalType": "BY_TIME", "finalTime": 6_000})
    assert [one.flag for one in of(told, TrackStatus)] == [Flag.FCY]
    (clock,) = of(told, Clock)
    assert clock.elapsed_ms + clock.remaining_ms == 6_000_000
    told = service.tell("session_status", 20, status={"currentFlag": "RF"})
    assert [one.status for one in of(told, SessionStatus)] == ["aborted"]
    told = service.tell("session_status", 30, status={"currentFlag": "CH", "isFinished": True})
    assert [one.status for one in of(told, SessionStatus)] == ["finished"]


def test_a_clock_of_ours_that_is_wrong_does_not_matter():
    """Our clock is an hour ahead: what is pushed has the service's time, to what its way took."""
    service = Service()
    service.rows(69, row(laps=1, line=68_000, lastLapTime=68_000))
    (status,) = of(service.tell("session_status", 79, status={"currentFlag": "SC"}), TrackStatus)
    assert status == TrackStatus(78_000, Flag.SAFETY_CAR)


def test_race_control_is_told_once_and_timed_as_soon_as_the_start_is_known():
    parser = Parser(Session(SESSION.key))
    service = Service()
    service.parser = parser
    log = {
        "0": {"date": START - 5_000, "message": "FORMATION  LAP"},
        "1": {"date": {"$date": START + 5_000}, "message": "Green Flag"},
    }
    told = of(service.tell("race_control", raceControlMessages={"log": log}), RaceControlMessage)
    assert [(one.sequence, one.text, one.time_ms, one.flag) for one in told] == [
        (1, "FORMATION LAP", None, None), (2, "Green Flag", None, "green"),
    ]  # fmt: skip
    assert service.tell("race_control", raceControlMessages={"log": log}, msg="added") == []
    told = of(service.tell("session_status", status={"startTime": START // 1000}), RaceControlMessage)
    assert [(one.sequence, one.time_ms) for one in told] == [(1, -5_000), (2, 5_000)]


def test_weather_takes_what_names_say_and_leaves_units_that_nobody_told():
    told = of(
        Service().tell("weather", weather={"ambientTemperature": "21.5", "track_temperature": 38, "windSpeed": 3}),
        Weather,
    )
    assert [(one.air_c, one.track_c, one.wind_kph) for one in told] == [(21.5, 38.0, None)]


def test_a_row_belongs_to_its_car_whatever_place_it_has():
    service = Service()
    service.rows(1, row(1, "31"), row(2, "7"))
    service.rows(
        69, row(1, "7", laps=1, line=68_000, lastLapTime=68_000), row(2, "31", laps=1, line=68_500, lastLapTime=68_500)
    )
    assert {number: (car.row.position, car.row.last_ms) for number, car in service.parser.cars.items()} == {
        "31": (2, 68_500), "7": (1, 68_000),
    }  # fmt: skip
    assert [one.car_number for one in of(service.rows(70, row(3, "8")), Entry)] == ["8"]


def test_an_older_row_changes_nothing():
    service = Service()
    service.rows(1, row())
    service.rows(69, row(laps=1, line=68_000, lastLapTime=68_000))
    assert service.rows(70, row()) == []
    assert service.rows(70, row(laps=40, line=69_000)) == []
    assert service.rows(70, row(laps=1, line=68_000, currentLoopSectors="1;5000;2;9000;")) != []
    assert service.rows(71, row(laps=1, line=68_000, currentLoopSectors="1;5000;")) == []


def test_the_classification_counts_the_line_and_not_what_was_driven_after_it():
    service = Service()
    service.rows(1, row(1, "31"), row(2, "7"))
    service.tell("session_status", 60, status={"currentFlag": "CH"})
    flagged = {"isCheckered": True, "currentLoopSectors": "1;9000;"}
    service.rows(
        90, row(1, "31", laps=1, line=68_000, lastLapTime=68_000, **flagged),
        row(2, "7", laps=1, line=69_500, lastLapTime=69_500, isCheckered=True, currentLoopSectors="1;11000;"),
    )  # fmt: skip
    results = of(service.parser.finish(), Result)
    assert [(one.car_number, one.gap_ms, one.total_time_ms, one.status) for one in results] == [
        ("31", None, 68_000, "finished"), ("7", 1_500, 69_500, "finished"),
    ]  # fmt: skip


def test_documents_of_other_sessions_are_left_out():
    service = Service()
    info = {"champName": "Michelin Pilot Challenge", "type": "RACE", "closed": False}
    service.tell("session_info", session={"$type": "oid", "$value": "b"}, info=info)
    assert service.tell("standings", session={"$value": "b"}, standings={"standings": {"1": row(laps=9)}}) == []


@pytest.mark.parametrize(
    ("info", "fits"),
    [
        ({}, True), ({"champName": "IMSA WeatherTech SportsCar Championship", "type": "RACE"}, True),
        ({"champName": "Porsche Carrera Cup"}, False), ({"type": "QUALIFYING_BEST_LAP", "name": "Qualifying"}, False),
        ({"type": "PRACTICE", "name": "Practice 1"}, False), ({"name": "Race"}, True), (None, True), ({"name": 5}, True),
    ],
)  # fmt: skip
def test_which_session_is_followed(info, fits):
    assert is_wanted(info, SESSION) is fits


def test_a_car_that_stands_twice_in_a_message_is_taken_at_its_last_word():
    service = Service()
    service.rows(1, row())
    records = service.rows(
        69, row(1, laps=1, line=68_000, lastLapTime=68_000), row(2, laps=1, line=68_000, lastLapTime=68_000)
    )
    assert [(one.position, one.laps) for one in of(records, Timing)] == [(2, 1)]
