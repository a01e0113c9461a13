"""IMSA's scoring files, read poll by poll."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop, Quality, Result, StopType
from racelab.domain.records import Clock, Repair, Timing
from racelab.domain.series import Series
from racelab.domain.sessions import Session, SessionKey
from racelab.sources.imsascoring import Parser
from racelab.sources.imsascoring.lines import LineTime
from racelab.sources.imsascoring.text import mended, read_jsonp
from racelab.sources.imsascoring.values import clock_ms, gap

T0 = datetime(2026, 5, 30, 20, 10, tzinfo=UTC)
RACE = "WeatherTech Championship - Race"


def session(code="R"):
    return Session(SessionKey(Series.IMSA, 2026, 5, code), start_utc=T0, scheduled_ms=6_000_000)


def car(number="31", laps=0, **more):
    return {"A": 1, "C": "GTP", "N": number, "F": "Ann Alpha", "L": laps, "LL": "--.---", "BL": "--.---", "IN": 0, "D": "--.---", "G": "--.---", "V": "Cadillac V", "P": 0, "PS": 0, "PIC": 1} | more  # fmt: skip


class Polls:
    """A parser that is fed polls, each at a second of the race clock."""

    def __init__(self, code="R"):
        self.parser = Parser(session(code))

    def at(self, second, *rows, flag=1, name=RACE, info=True):
        at = T0 + timedelta(seconds=second)
        clock = f"0:{second // 60:02d}:{second % 60:02d}"
        files = [("SessionInfo", {"S": name, "TT": clock, "TR": "1:00:00"})] if info else []
        files += [
            ("RaceData", {"A": f"15:{second // 60:02d}:{second % 60:02d}", "B": "Time to go: 1:00:00", "C": flag})
        ]
        files += [("RaceResults", {"S": name, "DT": f"15:{second // 60:02d}:{second % 60:02d}", "B": list(rows)})]
        return [one for file, content in files for one in self.parser.process(Frame(at, [file, content]))]


def of(records, kind):
    return [one for one in records if isinstance(one, kind)]


def test_a_callback_and_plain_json_are_the_same():
    assert read_jsonp('jsonpRaceData({"C": 1});') == read_jsonp('\ufeff{"C": 1}') == {"C": 1}


@pytest.mark.parametrize("text", ["", "jsonp({1})", 'jsonp({"a":1}', "alert(1)", "[1]", "x" * 200 + "({})", "<html>", "[" * 99_999])  # fmt: skip
def test_what_is_no_file_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        read_jsonp(text)


def test_letters_that_were_encoded_twice_are_put_right():
    assert mended("RenÃ© BrÃ¼ning") == "René Brüning"
    assert mended("René") == "René"
    assert mended("Plain") == "Plain"


def test_gaps_and_clocks():
    assert gap("1:46.420") == gap("-1:46.420") == (106_420, 0)
    assert gap("1 lap") == (None, 1)
    assert gap("-12 laps") == (None, 12)
    assert gap("--.---") == gap("--:---") == gap(3) == (None, None)
    assert clock_ms("Time to go: 2:39:59") == clock_ms("2:39:59") == 9_599_000
    assert clock_ms("Session Complete") is None


def test_laps_come_from_the_rising_count_and_end_where_their_times_add_up_to():
    polls = Polls()
    polls.at(0, car())
    assert of(polls.at(60, car()), Lap) == []
    (lap,) = of(polls.at(70, car(laps=1, LL="1:08.120")), Lap)
    assert (lap.lap_number, lap.lap_time_ms, lap.start_ms, lap.end_ms, lap.seat, lap.flag) == (
        1, 68_120, 0, 68_120, 1, Flag.GREEN,
    )  # fmt: skip
    (lap,) = of(polls.at(140, car(laps=2, LL="1:07.001")), Lap)
    assert (lap.lap_number, lap.lap_time_ms, lap.end_ms) == (2, 67_001, 135_121)


@pytest.mark.parametrize("second", [-900, 0, 600])
def test_the_race_before_under_the_same_name_is_none_of_the_race_that_begins_late(second):
    polls = Polls()
    at = T0 + timedelta(seconds=second)
    old = [
        ("SessionInfo", {"S": RACE, "TT": "1:40:00", "TR": "0:00:00", "F": "Checkered"}),
        ("RaceData", {"A": "17:10:00", "B": "Session Complete", "C": 4}),
        ("RaceResults", {"S": RACE, "DT": "17:10:00", "B": [car(laps=82, LL="1:07.001", D="0.000")]}),
    ]
    assert [one for file, content in old for one in polls.parser.process(Frame(at, [file, content]))] == []
    # Its files were of a later time of day than those of the race to come.
    polls.at(900, car(laps=0))
    (lap,) = of(polls.at(970, car(laps=1, LL="1:08.120")), Lap)
    assert (lap.lap_number, lap.lap_time_ms) == (1, 68_120)


def test_a_lap_that_no_poll_shows_is_named_and_never_invented():
    polls = Polls()
    polls.at(0, car())
    polls.at(70, car(laps=1, LL="1:08.120"))
    records = polls.at(210, car(laps=3, LL="1:07.001"))
    assert [(lap.lap_number, lap.lap_time_ms) for lap in of(records, Lap)] == [(3, 67_001)]
    assert [(one.rule, one.record) for one in of(records, Repair)] == [("missed_lap", "31/2")]
    # The end of lap 3 is not known: it lies somewhere in 140 seconds.
    assert of(records, Lap)[0].end_ms is None
    records = polls.at(280, car(laps=4, LL="1:07.001"))
    assert of(records, Lap)[0].end_ms is None
    polls.at(340, car(laps=4, LL="1:07.001"))
    records = polls.at(350, car(laps=5, LL="1:07.000"))
    (lap,), (named,) = of(records, Lap), of(records, Repair)
    assert 338_000 <= lap.end_ms <= 350_000
    assert (named.rule, named.record) == ("line_by_poll", "31/5")


def test_a_missed_lap_that_was_the_best_is_known_by_its_number():
    polls = Polls()
    polls.at(0, car())
    polls.at(70, car(laps=1, LL="1:08.120", BL="1:08.120", IN=1))
    records = polls.at(210, car(laps=3, LL="1:07.001", BL="1:06.500", IN=2))
    assert [(lap.lap_number, lap.lap_time_ms) for lap in of(records, Lap)] == [(2, 66_500), (3, 67_001)]
    assert of(records, Repair) == []


def test_a_stop_has_the_times_of_the_polls_and_says_so():
    polls = Polls()
    polls.at(0, car())
    polls.at(60, car())
    stops = of(records := polls.at(70, car(laps=1, LL="1:08.120", P=1)), PitStop)
    assert [(one.lap_number, one.in_ms, one.out_ms, one.seat_in, one.quality) for one in stops] == [
        (1, 70_000, None, 1, Quality.REPAIRED)
    ]
    assert of(records, Lap)[0].pit_in
    assert "up to 10 s earlier" in of(records, Repair)[0].reason
    polls.at(100, car(laps=1, LL="1:08.120", P=1))
    (stop,) = of(polls.at(110, car(laps=1, LL="1:08.120", P=0, PS=1, F="Bo Beta")), PitStop)
    assert (stop.out_ms, stop.duration_ms, stop.seat_out, stop.stop_type) == (110_000, None, 2, StopType.DRIVER_CHANGE)
    (lap,) = of(polls.at(180, car(laps=2, LL="1:48.000", PS=1, F="Bo Beta")), Lap)
    assert (lap.pit_out, lap.stint, lap.seat) == (True, 2, 2)


def test_a_driver_who_is_named_only_after_the_exit_drove_the_out_lap():
    polls = Polls()
    polls.at(0, car())
    polls.at(70, car(laps=1, LL="1:08.120", P=1))
    polls.at(110, car(laps=1, LL="1:08.120"))
    polls.at(180, car(laps=2, LL="1:48.000"))
    records = polls.at(190, car(laps=2, LL="1:48.000", F="Bo Beta"))
    assert [(lap.lap_number, lap.seat) for lap in of(records, Lap)] == [(2, 2)]
    assert of(records, PitStop)[0].stop_type is StopType.DRIVER_CHANGE


def test_a_stop_that_only_the_service_counts_is_named():
    polls = Polls()
    for second in (0, 10, 20):
        polls.at(second, car(laps=0))
    polls.at(300, car(laps=4, LL="1:10.000", PS=1))
    records = polls.at(310, car(laps=4, LL="1:10.000", PS=1))
    assert [(one.rule, one.record) for one in of(records, Repair)] == [("missed_stop", "31/1-5")]
    assert of(polls.at(320, car(laps=4, LL="1:10.000", PS=1)), Repair) == []


def test_flags_status_and_clock():
    polls = Polls()
    assert of(polls.at(0, car()), TrackStatus) == [TrackStatus(0, Flag.GREEN)]
    assert of(polls.at(10, car()), SessionStatus) == [SessionStatus(10_000, "started")]
    assert of(polls.at(20, car(), flag=2), TrackStatus) == [TrackStatus(20_000, Flag.FCY)]
    assert of(polls.at(30, car(), flag=5), TrackStatus) == []
    assert of(polls.at(40, car(), flag=3), SessionStatus) == [SessionStatus(40_000, "aborted")]
    assert of(polls.at(50, car(), flag=1), SessionStatus) == [SessionStatus(50_000, "resumed")]
    records = polls.at(60, car(), flag=4)
    assert of(records, SessionStatus) == [SessionStatus(60_000, "finished")]
    assert of(records, Clock)[-1] == Clock(60_000, 60_000, 3_600_000)


def test_a_lapped_car_is_home_only_when_it_has_crossed_the_line_after_the_leader():
    polls = Polls()
    polls.at(0, car("1"), car("2", A=2))
    rows = car("1", laps=2, LL="1:00.000"), car("2", A=2, laps=1, LL="1:00.000")
    records = polls.at(130, *rows, flag=4)
    assert {one.car_number: one.status for one in of(records, Timing)} == {"1": "finished", "2": "running"}
    rows = car("1", laps=2, LL="1:00.000"), car("2", A=2, laps=2, LL="1:01.000", D="7.000")
    records = polls.at(140, *rows, flag=4)
    assert {one.car_number: one.status for one in of(records, Timing)} == {"2": "finished"}
    results = of(polls.parser.finish(), Result)
    assert [(one.car_number, one.position, one.laps, one.gap_ms) for one in results] == [
        ("1", 1, 2, None),
        ("2", 2, 2, 7_000),
    ]


def test_other_series_other_sessions_and_shells_change_nothing():
    polls = Polls()
    polls.at(0, car())
    assert of(polls.at(10, car(laps=9), name="Michelin Pilot Challenge - Race"), (Lap, Timing)) == []
    assert of(polls.at(10, car(laps=9), name="WeatherTech Championship - Practice 1"), (Lap, Timing)) == []
    assert of(polls.at(20), (Lap, Timing)) == []
    (lap,) = of(polls.at(70, car(laps=1, LL="1:08.120")), Lap)
    assert lap.lap_number == 1


def test_the_kind_and_number_of_a_session_must_fit():
    practice = Polls("FP2")
    assert of(practice.at(0, car(), name="WeatherTech Championship - Practice 1"), Timing) == []
    assert len(of(practice.at(0, car(), name="WeatherTech Championship - Practice 2"), Timing)) == 1


def test_an_older_copy_of_a_file_is_left_out_and_counted():
    polls = Polls()
    polls.at(60, car())
    polls.at(70, car(laps=1, LL="1:08.120"))
    assert of(polls.at(60, car()), (Lap, Timing, TrackStatus)) == []
    assert of(polls.at(80, car(laps=0)), Timing) == []
    (told,) = of(polls.parser.finish(), Repair)[-1:]
    assert (told.rule, told.record) == ("unread_frames", "rows whose laps go back or rise too fast")


def test_what_is_left_of_the_race_before_is_not_taken_for_this_one():
    parser = Parser(session())
    before = T0 - timedelta(minutes=20)
    files = [["SessionInfo", {"S": RACE, "TT": "1:40:12"}], ["RaceData", {"A": "14:00:00", "B": "Session Complete", "C": 4}], ["RaceResults", {"S": RACE, "B": [car(laps=80)]}]]  # fmt: skip
    records = [one for file in files for one in parser.process(Frame(before, file))]
    assert of(records, (Lap, TrackStatus, SessionStatus, Timing)) == []


def test_the_line_narrows_down_lap_by_lap():
    line = LineTime()
    line.cross(60_000, 100_000, 110_000)
    assert (line.low, line.high) == (98_000, 110_000)
    line.cross(60_000, 165_000, 175_000)
    assert (line.low, line.high) == (163_000, 170_000)
    assert line.known == 166_500
    assert not line.is_exact


@pytest.mark.data
def test_the_recorded_answer_of_2016(data):
    body = (data / "live" / "imsa_jsonp" / "RaceResults_2016_COTA_race.json").read_text()
    parser = Parser(Session(SessionKey(Series.IMSA, 2016, 9, "R")))
    records = list(parser.process(Frame(T0, ["RaceResults", body])))
    rows = [row for row in json.loads(body)["B"] if row["C"]]
    assert sorted(parser.cars) == sorted(row["N"] for row in rows)
    assert len(rows) == 39
    lines = {one.car_number: one for one in of(records, Timing)}
    assert (lines["10"].position, lines["10"].laps, lines["10"].last_lap_ms, lines["10"].best_lap_ms) == (
        1,
        75,
        123_606,
        119_721,
    )
    assert (lines["70"].gap_ms, lines["70"].gap_laps, lines["70"].interval_ms) == (106_420, 0, 59_164)
    assert (lines["90"].gap_laps, lines["90"].interval_laps, lines["90"].class_position) == (36, 33, 7)
    laps = {(one.car_number, one.lap_number): one.lap_time_ms for one in of(records, Lap)}
    # The last and the best lap of each car are known, the others are named as missed.
    assert (laps["10", 75], laps["10", 4]) == (123_606, 119_721)
    assert [one.record for one in of(records, Repair) if one.record.startswith("10/")] == ["10/1-3", "10/5-74"]
