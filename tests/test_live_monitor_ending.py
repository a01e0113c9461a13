"""When a race is over: every kind of end, told record by record to the pure functions."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.laps import Lap
from racelab.domain.records import Clock, Timing
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.identity import LiveSession
from racelab.live.reducers import initial_state, reduce
from racelab.runs.monitor.agenda import make_agenda
from racelab.runs.monitor.ending import Seen, Verdict, deadline, is_over, observe
from racelab.runs.monitor.planned import Planned
from racelab.sources import f1live, timing71
from racelab.sources.hints import Hints

START = datetime(2031, 6, 14, 14, 0, tzinfo=UTC)
MARGIN = timedelta(minutes=30)
HOUR = 3_600_000


def planned(
    hours: float | None = 6, series=Series.WEC, start: datetime | None = START, by="timetable", code="R"
) -> Planned:
    key = SessionKey(series, 2031, 4, code)
    length = round(hours * HOUR) if hours else None
    event = Event("Race", "Place", "Land", "Europe/Paris")
    return Planned(
        LiveSession(event, Session(key, start, scheduled_ms=length, status="scheduled")), date(2031, 6, 14), by, ""
    )


class Story:
    """A race as it is told: records at minutes after the scheduled start."""

    def __init__(self, race: Planned) -> None:
        self.seen, self.state, self.now = Seen(race), initial_state(), START - timedelta(minutes=15)

    def at(self, minute: float, *records: Any) -> Verdict:
        self.now = START + timedelta(minutes=minute)
        for record in records:
            self.state = reduce(self.state, record)
        self.seen = observe(self.seen, self.state, self.now)
        return is_over(self.state, self.seen, self.now, MARGIN)

    def laps(self, first: int, last: int, every: float, *cars: str, from_minute: float = 0.0) -> Verdict:
        said = Verdict(False, "")
        for number in range(first, last + 1):
            minute = from_minute + every * (number - first + 1)
            said = self.at(minute, *(lap(car, number, minute) for car in cars))
        return said


def lap(car: str, number: int, minute: float) -> Lap:
    return Lap(car, number, lap_time_ms=100_000, end_ms=round(minute * 60_000))


def flag(minute: float, name: Flag) -> TrackStatus:
    return TrackStatus(round(minute * 60_000), name)


def test_it_runs_until_the_flag_and_all_running_cars_are_home():
    race = Story(planned())
    assert race.at(-10) == Verdict(False, "it has not begun")
    race.at(0, flag(0, Flag.GREEN))
    assert race.laps(1, 120, 3.0, "7", "8") == Verdict(False, "it runs")
    assert not race.at(361, lap("7", 121, 361), flag(361, Flag.CHEQUERED)).is_over
    assert race.at(363.5).why == "the chequered flag is shown, cars are on their way home"
    assert not race.at(364, lap("8", 121, 364)).is_over, "what is told late still comes"
    assert race.at(
        366,
    ) == Verdict(True, "the chequered flag was shown and all running cars are home")


def test_a_car_that_is_out_or_in_the_pits_is_not_waited_for():
    race = Story(planned())
    race.laps(1, 100, 3.0, "7", "8", "9")
    race.at(310, Timing("8", 310 * 60_000, status="retired"), Timing("9", 310 * 60_000, status="pit"))
    race.at(361, lap("7", 101, 361), flag(361, Flag.CHEQUERED))
    assert race.at(363.1).is_over


def test_a_car_that_never_comes_home_is_waited_for_twelve_minutes():
    race = Story(planned())
    race.laps(1, 120, 3.0, "7", "8")
    race.at(361, lap("7", 121, 361), flag(361, Flag.CHEQUERED))
    assert not race.at(372.9).is_over
    assert race.at(373.1) == Verdict(True, "the chequered flag was shown; not home: 8")


def test_a_named_car_that_never_started_is_not_waited_for():
    race = Story(planned())
    race.at(-5, Timing("99", 0, status="running"))
    race.laps(1, 120, 3.0, "7")
    race.at(361, lap("7", 121, 361), flag(361, Flag.CHEQUERED))
    assert race.at(363.1).is_over


def test_a_24_hour_race_goes_on_until_its_flag_however_late_that_is():
    race = Story(planned(24))
    race.laps(1, 480, 3.0, "7", "8")
    assert not race.at(24 * 60 + 2).is_over
    for minute in range(24 * 60 + 3, 24 * 60 + 55, 3):
        assert not race.at(minute, lap("7", 480 + minute, minute)).is_over, "cars still come by after length and margin"
    race.at(24 * 60 + 56, lap("7", 3000, 1496), lap("8", 3000, 1496), flag(24 * 60 + 56, Flag.CHEQUERED))
    assert race.at(24 * 60 + 58.1).is_over


def test_it_does_not_end_twelve_hours_after_its_start():
    race = Story(planned(24))
    assert race.laps(1, 241, 3.0, "7") == Verdict(False, "it runs")


def test_without_a_flag_it_ends_with_length_and_margin_once_no_car_comes_by():
    race = Story(planned())
    race.laps(1, 120, 3.0, "7")
    assert deadline(race.seen, MARGIN) == START + timedelta(hours=6.5, minutes=3)
    assert not race.at(392).is_over
    assert race.at(394).is_over


def test_a_late_start_moves_the_end():
    race = Story(planned())
    race.at(90, flag(90, Flag.GREEN), Clock(90 * 60_000, 1000))
    assert deadline(race.seen, MARGIN) == START + timedelta(hours=8)
    race.laps(1, 60, 3.0, "7", from_minute=90)
    assert not race.at(6.6 * 60).is_over


def test_the_clock_stops_under_a_red_flag():
    race = Story(planned())
    race.laps(1, 60, 3.0, "7")
    race.at(185, flag(185, Flag.RED))
    for minute in range(186, 305):
        assert not race.at(minute).is_over
    race.at(305, flag(305, Flag.GREEN))
    assert race.seen.stopped == timedelta(hours=2)
    race.laps(61, 100, 3.0, "7", from_minute=305)
    assert not race.at(7 * 60).is_over, "two hours were lost"
    assert race.at(8 * 60 + 34).is_over


def test_a_race_under_red_is_not_over_by_its_length():
    race = Story(planned())
    race.laps(1, 20, 3.0, "7")
    race.at(61, flag(61, Flag.RED))
    for minute in range(62, 800, 5):
        assert not race.at(minute).is_over


def test_a_race_that_is_stopped_and_not_restarted_ends_early():
    race = Story(planned(None, Series.F1))
    race.at(3, SessionStatus(0, "started"), flag(3, Flag.GREEN))
    race.laps(1, 20, 2.0, "1", "44", from_minute=3)
    race.at(44, flag(44, Flag.RED), SessionStatus(44 * 60_000, "aborted"))
    assert not race.at(70).is_over
    race.at(75, SessionStatus(75 * 60_000, "finished"))
    assert not race.at(76).is_over
    assert race.at(88).is_over, "finished, and nobody comes home under red"
    assert race.at(89, SessionStatus(89 * 60_000, "finalised")) == Verdict(True, "the timing calls it finalised")


def test_a_restart_takes_back_that_it_was_finished():
    race = Story(planned(None, Series.F1))
    race.at(3, SessionStatus(0, "started"))
    race.laps(1, 10, 2.0, "1", from_minute=3)
    race.at(24, SessionStatus(24 * 60_000, "finished"))
    assert race.seen.flagged is not None
    race.at(25, SessionStatus(25 * 60_000, "started"))
    assert race.seen.flagged is None
    assert not race.laps(11, 40, 2.0, "1", from_minute=25).is_over


@pytest.mark.parametrize("word", ["finalised", "ends"])
def test_the_providers_last_word_ends_it_at_once(word):
    race = Story(planned(None, Series.F1))
    race.laps(1, 5, 2.0, "1")
    assert race.at(11, SessionStatus(11 * 60_000, word)).is_over


def test_last_words_of_the_session_before_do_not_end_it():
    race = Story(planned(None, Series.F1))
    assert not race.at(-12, SessionStatus(0, "ends")).is_over
    assert not race.at(2, SessionStatus(2 * 60_000, "started")).is_over


def test_the_end_of_the_session_before_is_not_its_own():
    race = Story(planned(None, Series.F1))
    race.at(-14, lap("1", 12, -20), SessionStatus(0, "finalised"))
    assert race.at(-1) == Verdict(False, "it has not begun")


def test_a_race_that_never_comes_ends_with_its_length():
    race = Story(planned())
    assert not race.at(389).is_over
    assert race.at(391) == Verdict(True, "its scheduled length and the margin passed, and no lap was told")


def test_nothing_runs_for_ever():
    race = Story(planned())
    race.at(0, flag(0, Flag.RED))
    verdict = Verdict(False, "")
    for minute in range(1, 18 * 60 + 2):
        verdict = race.at(minute)
    assert verdict.is_over
    assert "12 hours" in verdict.why


def test_an_unverified_start_is_taken_to_be_an_hour_off_either_way():
    race = planned(6, by="stamp")
    assert (race.earliest, race.latest) == (START - timedelta(hours=1), START + timedelta(hours=1))
    assert "not verified" in (race.notice() or "")
    assert deadline(Seen(race), MARGIN) == START + timedelta(hours=7.5)


def test_without_a_start_the_race_is_looked_for_all_day():
    race = planned(6, start=None, by=None)
    assert race.earliest == datetime(2031, 6, 14, 6, 0, tzinfo=UTC), "8 o'clock in Paris"
    assert race.latest == datetime(2031, 6, 14, 18, 0, tzinfo=UTC)
    assert "no verified start" in (race.notice() or "")
    assert "data/calendars/wec.csv" in (race.notice() or "")


@pytest.mark.parametrize(("code", "hours"), [("R", 2), ("S", 1)])
def test_formula_1_races_have_the_longest_time_that_they_may_take(code, hours):
    assert planned(None, Series.F1, code=code).length == timedelta(hours=hours)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "flagged", "over"),
    [
        ("live/timing71_recordings/Detroit-2026-Race.zip", "2026-05-30T21:50:30", "2026-05-30T21:53:32"),
        ("f1/live/2025-abu-dhabi-race-last25min.txt.gz", "2025-12-07T14:29:34", "2025-12-07T14:33:00"),
    ],
)
def test_the_ends_of_real_races_are_seen_within_minutes_of_their_flags(data, tmp_path, name, flagged, over):
    """Detroit's last car came home 62 s after the flag was seen, Abu Dhabi's 86 s after it; two minutes settle it."""
    path = data / name
    if f1live.sniff(path):
        found = f1live.find_sessions(path, Hints())[0]
        parser = found.parser()
    else:
        found = timing71.find_sessions(path, Hints())[0]
        parser = timing71.Parser(found.recording.manifest, found.session().start_utc)
    race = {one.key: one for one in make_agenda(tmp_path, [found.key.series]).planned}[found.key]
    state, seen, ended = initial_state(), Seen(race), None
    for frame in found.recording.frames():
        for record in parser.process(frame):
            state = reduce(state, record)
        seen = observe(seen, state, frame.received_at)
        if is_over(state, seen, frame.received_at, MARGIN).is_over:
            ended = frame.received_at
            break
    assert seen.flagged is not None
    assert ended is not None
    assert (seen.flagged.strftime("%Y-%m-%dT%H:%M:%S"), ended.strftime("%Y-%m-%dT%H:%M:%S")) == (flagged, over)
