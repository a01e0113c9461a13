"""Stops, tyres and drive times of the race state, and the rules that bound a driver's time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_records import CREW, RECORD

from racelab.domain.drive_time import Drive, DriveTimeRule, drive_time, drive_time_rule
from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Clock, Timing
from racelab.domain.sessions import SessionKey
from racelab.domain.tyres import Compound
from racelab.live.publish import car_from_json, car_to_json, race_from_json, race_to_json
from racelab.live.reducers import fold, initial_state, reduce
from racelab.sources import f1live
from racelab.sources.hints import Hints

HOUR = 3_600_000
LE_MANS, FUJI = SessionKey.read("wec/2024/4/R"), SessionKey.read("wec/2021/4/R")
RACE = [
    Entry("1", "A", drivers=CREW), Timing("1", 0, driver="Anna", laps=0),
    Lap("1", 1, end_ms=90_000), Lap("1", 2, end_ms=180_000),
    PitStop("1", 3, in_ms=260_000), Timing("1", 275_000, driver="Berta"), PitStop("1", 3, in_ms=260_000, out_ms=290_000),
    Lap("1", 3, end_ms=291_000), Lap("1", 4, end_ms=400_000),
]  # fmt: skip


def car_of(*records, is_race=True):
    return fold(initial_state(is_race=is_race), records).cars["1"]


def test_a_drive_ends_at_the_pit_entry_and_the_next_begins_at_the_exit():
    coming = car_of(*RACE[:5])
    assert (coming.pit_since_ms, coming.last_stop_ms, coming.driver_since_ms) == (260_000, None, None)
    swapped = car_of(*RACE[:6])
    assert (swapped.driver, swapped.driver_times) == ("Berta", {"Anna": 260_000})
    car = car_of(*RACE)
    assert (car.pit_since_ms, car.last_stop_ms, car.driver_since_ms) == (None, 290_000, 290_000)
    assert car.drives == (Drive("Anna", 0, 260_000),)
    assert car.drives_until(400_000) == (Drive("Anna", 0, 260_000), Drive("Berta", 290_000, 400_000))
    assert car.drives_until(100_000) == car.drives


def test_the_stop_told_at_once_gives_the_same():
    assert car_of(*RACE[:4], RACE[6], RACE[5]).drives == car_of(*RACE).drives


def test_a_name_on_the_out_lap_is_that_of_the_whole_drive():
    late = car_of(*RACE[:5], *RACE[6:7], Timing("1", 330_000, driver="Berta"))
    assert (late.driver, late.driver_since_ms, late.driver_times) == ("Berta", 290_000, {"Anna": 260_000})
    by_lap = [one for one in RACE if not isinstance(one, Timing)]
    seated = car_of(*by_lap[:5], Lap("1", 4, seat=2, end_ms=400_000))
    assert (seated.driver, seated.driver_since_ms, seated.driver_times) == ("Berta", 290_000, {"Anna": 260_000})


def test_the_stop_told_again_names_who_left():
    records = [one for one in RACE if not (isinstance(one, Timing) and one.driver == "Berta")]
    again = replace(RACE[6], seat_out=2)
    car = car_of(*records, again, Timing("1", 410_000, driver="Berta"))
    assert (car.driver, car.driver_since_ms, car.driver_times, car.stint) == ("Berta", 290_000, {"Anna": 260_000}, 2)


def test_a_change_without_a_stop_divides_the_drive_where_it_was_told():
    car = car_of(*RACE[:4], Timing("1", 200_000, driver="Berta"))
    assert (car.driver_times, car.driver_since_ms) == ({"Anna": 200_000}, 200_000)


def test_a_car_joined_in_mid_race_has_no_drive_before():
    entered, line = Entry("1", drivers=CREW), Timing("1", 7_000_000, laps=70, driver="Berta")
    for records in ([line], [entered, line], [entered, Lap("1", 70, end_ms=7_000_000), line]):
        car = car_of(Clock(6_999_000), *records)
        assert (car.driver, car.driver_since_ms, car.drives) == ("Berta", 7_000_000, ())
    assert car_of(entered, Timing("1", 0, laps=0), Timing("1", 90_000, laps=1)).driver_since_ms == 0


def test_the_last_drive_ends_with_the_race_and_none_begins_after():
    flagged = [*RACE, TrackStatus(480_000, Flag.CHEQUERED), Lap("1", 5, end_ms=490_000)]
    car = car_of(*flagged, PitStop("1", 6, in_ms=600_000, out_ms=640_000))
    assert (car.driver_since_ms, car.driver_times) == (None, {"Anna": 260_000, "Berta": 200_000})
    assert car_of(*RACE, Timing("1", 450_000, status="retired")).driver_times == {"Anna": 260_000, "Berta": 160_000}
    back = car_of(*RACE, Timing("1", 450_000, status="retired"), Timing("1", 500_000, status="running"))
    assert back.driver_since_ms == 500_000


def test_a_car_that_stood_on_the_track_was_driven_meanwhile():
    stood = [*RACE, Timing("1", 450_000, status="stopped")]
    assert car_of(*stood).driver_times == {"Anna": 260_000, "Berta": 160_000}
    on = car_of(*stood, Timing("1", 600_000, status="running"))
    assert (on.driver_since_ms, on.driver_times) == (290_000, {"Anna": 260_000})
    over = car_of(*stood, TrackStatus(500_000, Flag.CHEQUERED), Timing("1", 600_000, status="running"))
    assert over.driver_since_ms is None
    never = car_of(Entry("1", drivers=CREW), Timing("1", 0, status="stopped"), Clock(9_000_000))
    assert (never.driver_since_ms, never.drives) == (None, ())


def test_the_age_of_tyres_counts_where_only_the_set_was_told():
    told = [Lap("1", 1, end_ms=90_000, compound=Compound.SOFT, tyre_age=4), Lap("1", 2, end_ms=180_000)]
    assert car_of(*told).tyre_age == 5
    assert car_of(*told, told[-1]).tyre_age == 5
    assert (
        car_of(*told, PitStop("1", 3, out_ms=200_000, compound=Compound.HARD), Lap("1", 3, end_ms=1)).tyre_age is None
    )
    # A provider that tells ages tells the next one too.
    assert car_of(Timing("1", 1, tyre_age=3), *RACE[2:4]).tyre_age == 3
    assert car_of(*RACE).tyre_age is None


@pytest.mark.data
def test_an_age_falls_only_where_a_new_set_went_on(data):
    (found,) = f1live.find_sessions(data / "f1" / "live" / "2018-azerbaijan-race.txt.gz", Hints())
    parser, state, seen = found.parser(), initial_state(), {}
    for frame in found.recording.frames():
        for record in parser.process(frame):
            state = reduce(state, record)
        for number, car in state.cars.items():
            stint, age = seen.get(number, (None, None))
            if age is not None and (car.tyre_age or 0) < age:
                # A new set is told after the exit, or with the first lap on it.
                assert car.stint > stint, (number, state.time_ms)
            if (car.tyre_age or 0) != age:
                seen[number] = (car.stint, car.tyre_age)
        if "16" in state.cars and 4_730_000 < state.time_ms < 4_810_000:
            # The set was told 3 s after the exit, as new as the one before it had been.
            assert (state.cars["16"].stint_laps, state.cars["16"].tyre_age) == (0, 0)
    assert {number: state.cars[number].tyre_age for number in ("44", "27")} == {"44": 11, "27": 13}


def test_a_stop_told_late_does_not_bring_the_car_in_again():
    car = car_of(*RACE, RACE[4])
    assert (car.status, car.pit_since_ms, car.stops, car.stint) == ("running", None, 1, 2)


def test_flags_keep_every_change_until_the_chequered_one():
    changes = [(0, Flag.GREEN), (5, Flag.GREEN), (9, Flag.SAFETY_CAR), (20, Flag.CHEQUERED), (30, Flag.YELLOW)]
    state = fold(initial_state(), [TrackStatus(time, flag) for time, flag in changes])
    assert [(one.time_ms, one.flag.value) for one in state.flags] == [
        (0, "green"),
        (9, "safety_car"),
        (20, "chequered"),
    ]


def test_what_is_published_comes_back():
    state = fold(initial_state(), [*RACE, TrackStatus(0, Flag.GREEN, "go"), TrackStatus(9, Flag.FCY)])
    shown, numbers = race_from_json(race_to_json(state))
    assert (shown.flags, numbers) == (state.flags, ["1"])
    assert car_from_json(car_to_json(state.cars["1"])) == state.cars["1"]
    # A row of an older version has neither, one of a newer version more.
    assert race_from_json('{"time_ms": 5, "cars": []}')[0].flags == ()
    assert car_from_json('{"car_number": "1", "hat_size": 3}').drives == ()
    newer = '{"messages": [{"sequence": 1, "text": "x", "hat": 1}], "flags": [{"time_ms": 1, "flag": "red", "hat": 1}]}'
    assert race_from_json(newer)[0].messages == (RaceControlMessage(1, "x"),)
    assert race_from_json(newer)[0].flags == (TrackStatus(1, Flag.RED),)


def test_the_rules_that_are_known():
    rule = drive_time_rule(LE_MANS, 24 * HOUR, "HYPERCAR")
    assert (rule.least_ms, rule.most_ms, rule.most_in_span_ms, rule.span_ms) == (None, 14 * HOUR, 4 * HOUR, 6 * HOUR)
    assert rule.source.startswith("https://www.fiawec.com")
    assert drive_time_rule(FUJI, 6 * HOUR, "LMP2").least_ms == 75 * 60_000
    for key, length, name in ((FUJI, 6 * HOUR, "LMGTE Am"), (LE_MANS, 6 * HOUR, "LMP2"), (LE_MANS, None, "LMP2")):
        assert drive_time_rule(key, length, name) == DriveTimeRule()
    assert drive_time_rule(SessionKey.read("imsa/2024/1/R"), 24 * HOUR, "GTP") == DriveTimeRule()


@pytest.mark.parametrize(
    ("rule", "now", "found"),
    [
        (DriveTimeRule(), 8 * HOUR, (5 * HOUR, None, None, None)),
        (DriveTimeRule(least_ms=6 * HOUR), 8 * HOUR, (5 * HOUR, None, HOUR, None)),
        (DriveTimeRule(least_ms=HOUR, most_ms=14 * HOUR), 8 * HOUR, (5 * HOUR, None, 0, 9 * HOUR)),
        # From hour 2 to 8 he drove from 2 to 3 and from 6 to 8.
        (DriveTimeRule(None, 14 * HOUR, 4 * HOUR, 6 * HOUR), 8 * HOUR, (5 * HOUR, 3 * HOUR, None, HOUR)),
        (DriveTimeRule(None, 4 * HOUR, 4 * HOUR, 6 * HOUR), 8 * HOUR, (5 * HOUR, 3 * HOUR, None, -HOUR)),
    ],
)
def test_where_a_driver_stands(rule, now, found):
    drives = [Drive("Anna", 0, 3 * HOUR), Drive("Berta", 3 * HOUR, 6 * HOUR), Drive("Anna", 6 * HOUR, 8 * HOUR)]
    stand = drive_time("Anna", drives, now, rule)
    assert (stand.driven_ms, stand.in_span_ms, stand.owed_ms, stand.left_ms) == found


@settings(max_examples=150)
@given(st.lists(RECORD, max_size=40), st.booleans())
def test_drives_follow_one_another_within_the_session(records, is_race):
    state = fold(initial_state(is_race=is_race), records)
    for car in state.cars.values():
        ends = [0]
        for drive in car.drives_until(state.time_ms):
            assert ends[-1] <= drive.start_ms < drive.end_ms
            ends.append(drive.end_ms)
        assert ends[-1] <= state.time_ms
        assert sum(car.driver_times.values()) <= state.time_ms


@settings(max_examples=150)
@given(st.lists(RECORD, max_size=25), st.booleans())
def test_records_told_twice_change_nothing(records, is_race):
    start = initial_state(is_race=is_race)
    assert fold(start, [record for record in records for _ in range(2)]) == fold(start, records)
