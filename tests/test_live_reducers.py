"""The race state: what each record changes, and what holds whatever comes."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.analysis.gaps import Gap, gap
from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop
from racelab.domain.records import Clock, Repair, Timing, Weather
from racelab.domain.tyres import Compound
from racelab.live.reducers import fold, initial_state, reduce, settle
from racelab.live.state import CarState, RaceState


def lap(number, count, end, time=None, **more):
    return Lap(number, count, lap_time_ms=time, end_ms=end, **more)


def state_of(*records, is_race=True) -> RaceState:
    return fold(initial_state(is_race=is_race), records)


def crossings(number, *ends):
    return [lap(number, count, end, end - (ends[count - 2] if count > 1 else 0)) for count, end in enumerate(ends, 1)]


# Car 1 leads; 2 is on its lap; 3 is two laps down; 4 of another class is one lap down; 5 stopped after a lap.
RACE = [
    Entry("1", "A"), Entry("2", "A"), Entry("3", "B"), Entry("4", "B"), Entry("5", "A"),
    *crossings("1", 90_000, 180_000, 270_000, 360_000),
    *crossings("2", 91_000, 182_000, 273_000, 365_000),
    *crossings("3", 150_000, 380_000),
    *crossings("4", 120_000, 240_000, 362_000),
    *crossings("5", 92_000),
]  # fmt: skip


def test_order_and_gaps_come_from_the_crossings():
    state = state_of(*RACE)
    assert [car.car_number for car in state.order] == ["1", "2", "4", "3", "5"]
    cars = state.cars
    assert (cars["1"].gap_ms, cars["1"].gap_laps, cars["1"].interval_ms) == (None, None, None)
    assert (cars["2"].gap_ms, cars["2"].gap_laps) == (5_000, 0)
    assert (cars["4"].gap_ms, cars["4"].gap_laps) == (2_000, 1)
    assert (cars["3"].gap_ms, cars["3"].gap_laps) == (20_000, 2)
    assert (cars["3"].interval_ms, cars["3"].interval_laps) == (18_000, 1)
    # Car 5 has not come round for two laps of the leader: laps only, for its time is not known.
    assert (cars["5"].gap_ms, cars["5"].gap_laps) == (None, 2)


def test_class_places_and_gaps():
    cars = state_of(*RACE).cars
    assert [cars[number].class_position for number in "12345"] == [1, 2, 2, 1, 3]
    assert (cars["4"].class_gap_ms, cars["4"].class_gap_laps) == (None, None)
    assert (cars["3"].class_gap_ms, cars["3"].class_gap_laps) == (18_000, 1)
    assert (cars["3"].class_interval_ms, cars["3"].class_interval_laps) == (18_000, 1)
    assert (cars["2"].class_gap_ms, cars["2"].class_interval_ms) == (5_000, 5_000)


def test_a_car_that_finished_before_its_class_leader_is_laps_down():
    records = [
        Entry("1", "A"), Entry("2", "B"), Entry("3", "B"),
        *crossings("1", 100_000, 200_000, 300_000), *crossings("2", 140_000, 310_000), *crossings("3", 305_000),
    ]  # fmt: skip
    flagged = state_of(*records, TrackStatus(301_000, Flag.CHEQUERED)).cars["3"]
    assert (flagged.class_gap_ms, flagged.class_gap_laps) == (None, 1)
    assert (flagged.gap_ms, flagged.gap_laps) == (5_000, 2)
    racing = state_of(*records, Clock(310_000)).cars["3"]
    assert (racing.class_gap_ms, racing.class_gap_laps) == (165_000, 0)


def test_the_providers_word_wins_and_laps_get_their_time():
    told = [
        Timing("1", 370_000, position=2, laps=4, gap_ms=700, gap_laps=0, interval_ms=700, interval_laps=0),
        Timing("2", 370_000, position=1, laps=4),
        Timing("4", 370_000, position=3, laps=3, gap_laps=1, interval_laps=1),
        Timing("3", 370_000, position=4, laps=2, gap_laps=2),
        Timing("5", 370_000, position=5, laps=1),
    ]
    state = state_of(*RACE, *told)
    assert [car.car_number for car in state.order] == ["2", "1", "4", "3", "5"]
    assert (state.cars["1"].gap_ms, state.cars["2"].gap_ms) == (700, None)
    # 2 led nobody by the crossings when 4 came round, so the lap is told without a time; 3 is timed to the new leader.
    assert (state.cars["3"].gap_ms, state.cars["3"].gap_laps) == (15_000, 2)
    assert state.cars["4"].gap_laps == 1


def test_a_new_leader_loses_the_gap_that_he_had():
    told = [Timing("1", 1, position=1), Timing("2", 1, position=2, gap_ms=900, interval_ms=900)]
    state = fold(state_of(*told), [Timing("2", 2, position=1), Timing("1", 2, position=2, gap_ms=50, interval_ms=50)])
    assert (state.cars["2"].gap_ms, state.cars["2"].interval_ms) == (None, None)
    assert state.cars["1"].gap_ms == 50


def test_a_timing_line_without_a_place_says_only_what_is_new():
    first = Timing("1", 1, position=3, gap_ms=900, gap_laps=0, driver="A", laps=2)
    state = state_of(Entry("2"), Entry("3"), first, Timing("1", 2, last_lap_ms=90_000))
    car = state.cars["1"]
    assert (car.driver, car.laps, car.last_lap_ms) == ("A", 2, 90_000)
    assert state.ledger["1"].told.gap_ms == 900
    assert state.ledger["1"].told.position == 3


def test_other_sessions_are_ordered_by_the_best_lap():
    records = [
        lap("1", 1, 90_000, 90_000),
        lap("2", 1, 95_000, 85_000),
        lap("3", 1, 99_000),
        lap("1", 2, 178_000, 88_000),
    ]
    state = state_of(*records, is_race=False)
    assert [car.car_number for car in state.order] == ["2", "1", "3"]
    assert [state.cars[number].gap_ms for number in "213"] == [None, 3_000, None]


def test_marks_tell_session_and_personal_bests_by_class():
    state = state_of(Entry("1", "A"), Entry("2", "A"), Entry("3", "B"), lap("1", 2, 190_000, 90_000))
    assert state.cars["1"].marks == {"last_lap_ms": "session"}
    state = fold(state, [lap("2", 2, 191_000, 91_000), lap("3", 2, 210_000, 110_000)])
    assert state.cars["2"].marks == {"last_lap_ms": "personal"}
    assert state.cars["3"].marks == {"last_lap_ms": "session"}
    state = fold(state, [lap("1", 3, 281_000, 91_000, s1_ms=30_000, s2_ms=30_000, s3_ms=31_000)])
    assert state.cars["1"].marks == {"s1_ms": "session", "s2_ms": "session", "s3_ms": "session"}
    assert (state.cars["1"].best_lap_ms, state.cars["1"].last_lap_ms, state.cars["1"].best_s3_ms) == (
        90_000,
        91_000,
        31_000,
    )


def test_lap_1_of_a_race_is_shown_and_is_no_best():
    first = lap("1", 1, 80_000, 80_000, s1_ms=20_000, s2_ms=30_000, s3_ms=30_000)
    car = state_of(first).cars["1"]
    assert (car.last_lap_ms, car.s1_ms, car.best_lap_ms, car.best_s1_ms, car.marks) == (80_000, 20_000, None, None, {})
    car = state_of(first, lap("1", 2, 170_000, 90_000, s1_ms=25_000)).cars["1"]
    assert (car.best_lap_ms, car.best_s1_ms, car.marks["last_lap_ms"]) == (90_000, 25_000, "session")
    assert state_of(first, is_race=False).cars["1"].best_lap_ms == 80_000


def test_lap_1_in_a_providers_line_is_no_best_unless_it_says_so():
    told = [
        Timing("1", 30_000, laps=0, s1_ms=20_000),
        Timing("1", 80_000, laps=1, last_lap_ms=80_000),
        Timing("1", 105_000, laps=1, s1_ms=25_000),
    ]
    car = state_of(*told).cars["1"]
    assert (car.last_lap_ms, car.best_lap_ms, car.best_s1_ms, car.marks) == (80_000, None, 25_000, {"s1_ms": "session"})
    assert state_of(*told, Timing("1", 80_000, laps=1, best_lap_ms=80_000)).cars["1"].best_lap_ms == 80_000
    later = state_of(*told, Timing("1", 170_000, laps=2, last_lap_ms=90_000)).cars["1"]
    assert (later.best_lap_ms, later.marks["last_lap_ms"]) == (90_000, "session")


def test_a_first_sector_clears_those_of_the_lap_before():
    state = state_of(lap("1", 1, 90_000, 90_000, s1_ms=30_000, s2_ms=30_000, s3_ms=30_000))
    state = fold(state, [Timing("1", 120_000, s1_ms=31_000)])
    assert (state.cars["1"].s1_ms, state.cars["1"].s2_ms, state.cars["1"].s3_ms) == (31_000, None, None)
    assert "s2_ms" not in state.cars["1"].marks


def test_a_deleted_lap_is_no_best():
    state = state_of(lap("1", 2, 190_000, 90_000), lap("1", 3, 270_000, 80_000, deleted=True))
    assert (state.cars["1"].laps, state.cars["1"].best_lap_ms) == (3, 90_000)


def test_stints_stops_tyres_and_drivers():
    crew = Entry("1", drivers=(Driver(1, "Anna"), Driver(2, "Berta")))
    first = [lap("1", n, n * 90_000, 90_000, stint=1, seat=1, compound=Compound.SOFT, tyre_age=n + 3) for n in (1, 2)]
    state = state_of(crew, *first)
    car = state.cars["1"]
    assert (car.driver, car.stint, car.stint_laps, car.compound, car.tyre_age, car.stops) == (
        "Anna",
        1,
        2,
        "soft",
        5,
        None,
    )
    coming = PitStop("1", 3, in_ms=265_000)
    state = fold(state, [coming])
    assert (state.cars["1"].status, state.cars["1"].stops) == ("pit", 1)
    state = fold(state, [lap("1", 3, 270_000, 90_000, stint=1, seat=1, pit_in=True)])
    assert (state.cars["1"].status, state.cars["1"].stint_laps) == ("pit", 3)
    gone = replace(coming, out_ms=290_000, seat_out=2, compound=Compound.HARD)
    state = fold(state, [gone, gone])
    car = state.cars["1"]
    assert (car.status, car.stint, car.stint_laps, car.stops, car.driver) == ("out_lap", 2, 0, 1, "Berta")
    assert (car.compound, car.tyre_age) == ("hard", None)
    state = fold(
        state, [lap("1", 4, 400_000, 130_000, stint=2, seat=2, compound=Compound.HARD, tyre_age=1, pit_out=True)]
    )
    car = state.cars["1"]
    assert (car.status, car.stint, car.stint_laps, car.tyre_age) == ("running", 2, 1, 1)


def test_laps_after_the_chequered_flag_finish():
    state = state_of(lap("1", 1, 90_000), TrackStatus(90_000, Flag.CHEQUERED), lap("2", 1, 95_000))
    assert (state.cars["1"].status, state.cars["2"].status) == ("running", "finished")


def test_a_car_that_does_not_come_round_has_stopped():
    state = state_of(*crossings("1", 90_000, 180_000), *crossings("2", 91_000, 181_000), Clock(540_000, 540_000))
    assert {car.status for car in state.cars.values()} == {"running"}
    state = fold(state, [lap("1", 3, 541_000), Clock(546_000, 546_000)])
    assert {number: car.status for number, car in state.cars.items()} == {"1": "running", "2": "stopped"}
    assert fold(state, [lap("2", 3, 550_000)]).cars["2"].status == "running"


def test_the_session_as_a_whole():
    said = [RaceControlMessage(n, f"message {n}", n * 1_000) for n in range(1, 61)]
    state = state_of(
        TrackStatus(1_000, Flag.GREEN), TrackStatus(5_000, Flag.GREEN), SessionStatus(1_000, "started"), *said, said[-1],
        Weather(61_000, air_c=20.0), Clock(62_000, 61_500, 100_000, 12),
        Repair("rule", "laps", "1/2", "lap_time_ms", None, None, "why"),
    )  # fmt: skip
    assert (state.flag, state.flag_since_ms, state.status, state.time_ms) == (Flag.GREEN, 1_000, "started", 62_000)
    assert [message.sequence for message in state.messages] == list(range(11, 61))
    assert (state.elapsed_ms, state.remaining_ms, state.remaining_laps, state.weather.air_c) == (
        61_500,
        100_000,
        12,
        20.0,
    )


def test_a_lap_told_again_changes_no_count():
    once = lap("1", 1, 90_000, 90_000, stint=1)
    again = replace(once, s1_ms=30_000, s2_ms=30_000, s3_ms=30_000)
    state = state_of(once, again)
    assert (state.cars["1"].stint_laps, state.cars["1"].s2_ms, state.ledger["1"].times) == (1, 30_000, (90_000,))


@pytest.mark.parametrize(
    ("ahead", "own", "found"),
    [
        (([1, 2], [100, 200]), ([1, 2], [110, 230]), Gap(30, 0)),
        (([1, 2, 3], [100, 200, 300]), ([1, 2], [110, 230]), Gap(30, 0)),
        (([1, 2, 3, 4], [100, 200, 300, 400]), ([1, 2], [110, 230]), Gap(None, 1)),
        (([1, 2, 3], [100, 200, 300]), ([1], [205]), Gap(5, 1)),
        (([1], [100]), ([1], [100]), Gap(0, 0)),
        (([1], [100]), ([1], [90]), Gap()),
        (([], []), ([1], [90]), Gap()),
        (([1], [100]), ([], []), Gap()),
    ],
)
def test_gaps(ahead, own, found):
    assert gap(*ahead, *own) == found


NUMBERS = ["1", "2", "3", "007"]
_MS = st.integers(0, 10_000_000)
_RECORD = st.one_of(
    st.builds(Entry, st.sampled_from(NUMBERS), st.sampled_from(["A", "B", None])),
    st.builds(
        Lap, st.sampled_from(NUMBERS), st.integers(0, 40), lap_time_ms=st.none() | _MS, end_ms=st.none() | _MS,
        stint=st.none() | st.integers(1, 5), s1_ms=st.none() | _MS, pit_in=st.booleans(),
    ),
    st.builds(
        Timing, st.sampled_from(NUMBERS), _MS, position=st.none() | st.integers(1, 5), laps=st.none() | st.integers(0, 40),
        gap_ms=st.none() | _MS, gap_laps=st.none() | st.integers(0, 9), last_lap_ms=st.none() | _MS, s1_ms=st.none() | _MS,
    ),
    st.builds(PitStop, st.sampled_from(NUMBERS), st.integers(0, 40), in_ms=st.none() | _MS, out_ms=st.none() | _MS),
    st.builds(TrackStatus, _MS, st.sampled_from(list(Flag))),
    st.builds(Clock, _MS, elapsed_ms=_MS),
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(_RECORD, max_size=40), st.booleans(), st.integers(0, 40))
def test_whatever_comes(records, is_race, cut):
    start = initial_state(is_race=is_race)
    state = start
    for record in records:
        after = reduce(state, record)
        assert all((after.cars[number].laps or 0) >= (car.laps or 0) for number, car in state.cars.items())
        assert after.time_ms >= state.time_ms
        state = after
    settled = settle(state)
    assert sorted(car.position for car in settled.cars.values()) == list(range(1, len(settled.cars) + 1))
    for name in {car.car_class for car in settled.cars.values()}:
        places = sorted(car.class_position for car in settled.cars.values() if car.car_class == name)
        assert places == list(range(1, len(places) + 1))
    assert all(car.gap_ms is None or car.gap_ms >= 0 for car in settled.cars.values())
    # Folding twice, settling twice, or settling on the way gives the same.
    assert fold(start, records) == settled == settle(settled)
    assert fold(fold(start, records[:cut]), records[cut:]) == settled
    assert start == initial_state(is_race=is_race)


@settings(max_examples=50)
@given(st.integers(2, 6), st.integers(1, 12), st.integers(0, 10_000))
def test_order_and_gaps_of_a_whole_race_are_those_of_the_totals(cars, count, seed):
    chance = random.Random(seed)
    ends = {str(car): [0] for car in range(cars)}
    for times in ends.values():
        for _ in range(count):
            times.append(times[-1] + chance.randint(80_000, 100_000))
    laps = [
        lap(number, n, times[n], times[n] - times[n - 1]) for number, times in ends.items() for n in range(1, count + 1)
    ]
    state = state_of(*sorted(laps, key=lambda one: one.end_ms))
    totals = {number: times[-1] for number, times in ends.items()}
    assert [car.car_number for car in state.order] == sorted(
        totals, key=lambda number: (totals[number], list(state.cars).index(number))
    )
    leader = state.order[0]
    for car in state.order[1:]:
        if (car.gap_laps or 0) == 0:
            assert car.gap_ms == totals[car.car_number] - totals[leader.car_number]
    on_lead_lap = [car.gap_ms for car in state.order[1:] if not car.gap_laps and car.gap_ms is not None]
    assert on_lead_lap == sorted(on_lead_lap)
    assert all(gap >= 0 for gap in on_lead_lap)
    assert all(car.interval_ms is None or car.interval_ms >= 0 for car in state.order)


def test_an_unknown_car_has_only_its_number():
    assert state_of(Timing("9", 5)).cars["9"] == CarState("9", position=1, class_position=1)


def test_the_chequered_flag_of_race_control_ends_the_race():
    said = RaceControlMessage(1, "CHEQUERED FLAG", 179_000, flag="CHEQUERED")
    state = state_of(TrackStatus(0, Flag.GREEN), *crossings("1", 90_000), said, lap("1", 2, 180_000, 90_000))
    assert (state.flag, state.flag_since_ms, state.cars["1"].status) == (Flag.CHEQUERED, 179_000, "finished")
    assert state_of(TrackStatus(0, Flag.GREEN), replace(said, flag="BLUE")).flag is Flag.GREEN
