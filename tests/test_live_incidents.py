"""Incidents from records made by hand: each rule, its phases, its links to race control, and what must always hold."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.incidents import Incident, IncidentOrigin
from racelab.domain.laps import Lap, PitStop, StopType
from racelab.domain.records import Clock, Record, Repair, Timing
from racelab.live.incidents import IncidentTracker
from racelab.live.incidents.thresholds import MOMENT_KEPT_MS, OPEN_KEPT_MS
from racelab.live.link import RULE

CARS = ("7", "8", "50", "51", "007", "009")
LAP_MS = 90_000


def lap(car: str, number: int, time: int = LAP_MS, *, loss: int = 0, end: int | None = None, **more: object) -> Lap:
    """A lap of three sectors of 30 s, with a loss in the second."""
    done = number * time + loss if end is None else end
    return Lap(car, number, lap_time_ms=time + loss, s1_ms=time // 3, s2_ms=time // 3 + loss, s3_ms=time // 3,
               end_ms=done, **more)  # type: ignore[arg-type]  # fmt: skip


def race(laps: int, cars: Iterable[str] = CARS, first: int = 1) -> list[Record]:
    """A green race in which every car laps at the same pace."""
    start: list[Record] = [TrackStatus(0, Flag.GREEN)] if first == 1 else []
    return start + [lap(car, number) for number in range(first, laps + 1) for car in cars]


def final(told: Iterable[Incident]) -> dict[int, Incident]:
    """Each incident as it was told last."""
    return {one.sequence: one for one in told}


def run(records: Iterable[Record], *, is_race: bool = True) -> list[Incident]:
    """Each incident of the records as it was told last."""
    return list(final(IncidentTracker(is_race=is_race).take(records)).values())


def story(told: Iterable[Incident]) -> list[tuple[str, str]]:
    """What was told, in its order: kind and phase."""
    return [(one.kind.value, one.phase.value) for one in told]


def said(time_ms: int, text: str, sequence: int = 1) -> RaceControlMessage:
    return RaceControlMessage(sequence, text, time_ms=time_ms)


def test_a_race_without_incidents_has_none() -> None:
    assert run(race(20)) == []


def test_a_loss_in_one_sector_is_a_spin_that_nobody_confirmed() -> None:
    tracker = IncidentTracker()
    told = tracker.take([*race(6), lap("7", 7, loss=9_000), lap("7", 8, end=729_000)])
    assert story(told) == [("time_loss", "candidate"), ("spin", "candidate")]
    spin = told[-1]
    assert (spin.car_number, spin.lap_number, spin.time_ms) == ("7", 7, 7 * LAP_MS + 9_000 - 30_000)
    assert spin.origin is IncidentOrigin.INFERRED
    assert spin.text.startswith("inferred: car 7 lost 9.0 s in sector 2 (39.0 s, usually 30.0 s)")
    assert story(tracker.take([Clock(7 * LAP_MS + 200_000)])) == [("spin", "cleared")]
    assert tracker.open == []


def test_a_loss_that_is_traffic_is_none() -> None:
    assert run([*race(6), lap("7", 7, loss=3_500)]) == []


def test_the_first_laps_tell_no_pace() -> None:
    assert run([*race(2), lap("7", 3, loss=20_000)]) == []


def test_a_car_that_stays_slow_has_a_loss_that_is_certain() -> None:
    slow = Lap("7", 7, lap_time_ms=120_000, s1_ms=40_000, s2_ms=40_000, s3_ms=40_000, end_ms=6 * LAP_MS + 120_000)
    told = IncidentTracker().take([*race(6), slow, lap("7", 8, end=6 * LAP_MS + 210_000)])
    assert story(told)[:2] == [("time_loss", "candidate"), ("time_loss", "confirmed")]
    assert story(told)[-1] == ("time_loss", "cleared")
    assert told[-1].text.endswith("then was back at pace")


def test_a_slow_car_that_comes_in_had_a_reason() -> None:
    slow = Lap("7", 7, lap_time_ms=140_000, s1_ms=30_000, s2_ms=50_000, s3_ms=60_000, end_ms=680_000, pit_in=True)
    told = IncidentTracker().take([*race(6), slow, PitStop("7", 7, in_ms=670_000)])
    assert story(told) == [("time_loss", "candidate"), ("time_loss", "confirmed"), ("time_loss", "cleared")]


def test_where_all_are_slow_nobody_has_lost() -> None:
    told = run([*race(6), *(lap(car, 7, loss=15_000) for car in CARS)])
    assert all(one.text.endswith("so did the others") for one in told)
    assert len(told) < 3
    neutral = [TrackStatus(6 * LAP_MS + 1_000, Flag.FCY), *(lap(car, 7, loss=15_000) for car in CARS)]
    assert [one.kind.value for one in run([*race(6), *neutral])] == ["fcy"]


def test_a_yellow_flag_confirms_the_loss_that_it_is_for() -> None:
    spun = Lap("7", 7, lap_time_ms=99_000, s1_ms=30_000, s2_ms=30_000, s3_ms=39_000, end_ms=639_000)
    told = IncidentTracker().take([*race(6), spun, TrackStatus(645_000, Flag.YELLOW)])
    assert story(told) == [("time_loss", "candidate"), ("yellow", "confirmed"), ("time_loss", "confirmed")]
    late = IncidentTracker().take([*race(6), spun, TrackStatus(675_000, Flag.YELLOW)])
    assert ("time_loss", "confirmed") not in story(late)


def test_a_car_that_does_not_come_round_has_stopped() -> None:
    others = [car for car in CARS if car != "7"]
    records = [*race(6), *race(10, others, first=7)]
    (stopped,) = run(records)
    assert (stopped.kind.value, stopped.car_number, stopped.phase.value) == ("stopped_car", "7", "confirmed")
    assert 6 * LAP_MS + 2 * LAP_MS < stopped.time_ms <= 6 * LAP_MS + 3 * LAP_MS
    (back,) = run([*records, lap("7", 7, end=10 * LAP_MS + 5_000)])
    assert back.phase.value == "cleared"
    assert back.text.endswith("then came round")


def test_a_field_that_halts_together_has_no_stopped_cars() -> None:
    assert run([*race(6), Clock(6 * LAP_MS + 400_000)]) == []


def test_a_feed_that_was_away_makes_nobody_late() -> None:
    away = [Repair(RULE, "frames", "a to b", "payload", None, None, "lost"), Clock(6 * LAP_MS + 600_000)]
    others = [car for car in CARS if car != "7"]
    assert run([*race(6), *race(7, others, first=7), *away, Clock(6 * LAP_MS + 650_000)]) == []


def test_a_car_that_is_told_to_have_stopped() -> None:
    tracker = IncidentTracker()
    told = tracker.take([*race(2), Timing("7", 200_000, status="stopped"), Clock(210_000)])
    assert story(told) == [("stopped_car", "candidate")]
    assert story(tracker.take([Clock(225_000)])) == [("stopped_car", "confirmed")]
    assert story(tracker.take([Timing("7", 230_000, status="running")])) == [("stopped_car", "cleared")]
    assert story(tracker.take([Timing("7", 240_000, status="stopped"), Timing("7", 241_000, status="retired")])) == [
        ("stopped_car", "candidate"), ("stopped_car", "cleared"),
    ]  # fmt: skip


def stops(count: int) -> list[Record]:
    """So many usual stops of a minute, one after another."""
    pairs = ((PitStop(CARS[1 + n % 5], 2 + n, in_ms=t), PitStop(CARS[1 + n % 5], 2 + n, t, t + 60_000, 60_000))
             for n in range(count) for t in [100_000 + n * 1_000])  # fmt: skip
    return [stop for pair in pairs for stop in pair]


def test_a_stop_far_longer_than_the_usual_ones() -> None:
    tracker = IncidentTracker()
    begin = [TrackStatus(0, Flag.GREEN), *stops(5), PitStop("7", 9, in_ms=300_000)]
    assert tracker.take([*begin, Clock(415_000)]) == []
    assert story(tracker.take([Clock(425_000)])) == [("long_stop", "candidate")]
    assert story(tracker.take([Clock(490_000)])) == [("long_stop", "confirmed")]
    (over,) = tracker.take([PitStop("7", 9, 300_000, 500_000, 200_000)])
    assert (over.phase.value, over.time_ms, over.cleared_ms) == ("cleared", 300_000, 500_000)
    assert over.text == "inferred: car 7 was in the pits for 200 s, usually 60 s"


def test_under_a_red_flag_no_stop_is_long() -> None:
    begin = [TrackStatus(0, Flag.GREEN), *stops(5), PitStop("7", 9, in_ms=300_000), TrackStatus(310_000, Flag.RED)]
    assert [one.kind.value for one in run([*begin, Clock(900_000)])] == ["red_flag"]


def test_drivers_change() -> None:
    crew = Entry("7", drivers=(Driver(1, "Ann Alpha"), Driver(2, "Bo Beta")))
    told = run([crew, *race(1), lap("7", 2, seat=1), PitStop("7", 3, in_ms=270_000),
                PitStop("7", 3, 270_000, 330_000, 60_000, seat_in=1, seat_out=2), lap("7", 4, seat=2)])  # fmt: skip
    assert [(one.kind.value, one.phase.value, one.text) for one in told] == [
        ("driver_swap", "cleared", "inferred: car 7 changed drivers, from Ann Alpha to Bo Beta")
    ]


def test_flags_follow_each_other_and_are_told_once() -> None:
    told = run([TrackStatus(0, Flag.GREEN), TrackStatus(10_000, Flag.YELLOW), TrackStatus(20_000, Flag.SAFETY_CAR),
                said(20_500, "SAFETY CAR"), TrackStatus(90_000, Flag.GREEN)])  # fmt: skip
    assert [(one.kind.value, one.time_ms, one.cleared_ms) for one in told] == [
        ("yellow", 10_000, 20_000), ("safety_car", 20_000, 90_000),
    ]  # fmt: skip


def test_a_yellow_at_a_place_ends_where_it_is_removed() -> None:
    told = run([TrackStatus(0, Flag.GREEN), said(5_000, "YELLOW AT MP 11"), said(6_000, "DOUBLE YELLOW AT MP 11", 2),
                said(9_000, "YELLOW REMOVED AT MP 11", 3)])  # fmt: skip
    assert [(one.text, one.time_ms, one.cleared_ms) for one in told] == [("Yellow at marshal post 11", 5_000, 9_000)]


def test_an_investigation_ends_with_the_decision() -> None:
    asked = "INCIDENT INVOLVING CARS 7 & 8 UNDER REVIEW"
    told = run([said(1_000, asked), said(1_000, asked), said(60_000, "CAR 7: PENALTY - BLOCKING - DRIVE THROUGH", 2)])
    assert [(one.kind.value, one.car_number, one.phase.value, one.penalty) for one in told] == [
        ("investigation", "7", "cleared", None), ("investigation", "8", "cleared", None),
        ("penalty", "7", "confirmed", "drive-through"),
    ]  # fmt: skip
    noted = run([said(1_000, "TURN 1 INCIDENT INVOLVING CARS 30 (LAW) AND 14 (ALO) NOTED - CAUSING A COLLISION"),
                 said(9_000, "TURN 1 INCIDENT INVOLVING CARS 30 (LAW) AND 14 (ALO) NO FURTHER ACTION", 2)])  # fmt: skip
    assert {(one.kind.value, one.phase.value) for one in noted} == {("contact", "cleared")}


def test_investigations_of_a_car_with_others_each_are_two() -> None:
    late = "WILL BE INVESTIGATED AFTER THE RACE"
    first, second = (
        f"INCIDENT INVOLVING CARS 7 (PER) AND 8 (MAG) {late}",
        f"INCIDENT INVOLVING CARS 50 (GAS) AND 8 (MAG) {late}",
    )
    told = run(
        [
            said(1_000, first),
            said(900_000, second, 2),
            said(950_000, "INCIDENT INVOLVING CARS 7 (PER) AND 8 (MAG) NO FURTHER ACTION", 3),
        ]
    )
    assert [(one.car_number, one.time_ms, one.phase.value, "50 (GAS)" in one.text) for one in told] == [
        ("7", 1_000, "cleared", False), ("8", 1_000, "cleared", False), ("50", 900_000, "confirmed", True),
        ("8", 900_000, "confirmed", True),
    ]  # fmt: skip


def test_race_control_speaks_of_a_car_on_its_own_lap() -> None:
    asked = RaceControlMessage(1, "INCIDENT INVOLVING CARS 7 & 99 UNDER REVIEW", time_ms=9 * LAP_MS, lap_number=9)
    told = run([*race(8), lap("7", 1), asked])
    assert [(one.car_number, one.lap_number) for one in told] == [("7", 9), ("99", 9)]
    out = run([lap("7", 1), asked])
    assert [(one.car_number, one.lap_number) for one in out] == [("7", 2), ("99", 9)]


def test_a_penalty_is_served_or_withdrawn_or_forgotten() -> None:
    given_ = said(1_000, "5 SECOND TIME PENALTY FOR CAR 4 (NOR) - SPEEDING")
    (served,) = run([given_, said(9_000, "PENALTY SERVED - 5 SECOND TIME PENALTY FOR CAR 4 (NOR) - SPEEDING", 2)])
    assert (served.penalty, served.cleared_ms) == ("5 s", 9_000)
    (back,) = run([said(1_000, "CAR 4: PENALTY - BLOCKING - DRIVE THROUGH"),
                   said(5_000, "CAR 4: PENALTY - BLOCKING - DRIVE THROUGH - RESCINDED", 2)])  # fmt: skip
    assert back.text.endswith("RESCINDED")
    drove = PitStop("7", 3, 50_000, 70_000, 20_000, StopType.DRIVE_THROUGH)
    (stop,) = run([said(1_000, "CAR 7: PENALTY - BLOCKING - DRIVE THROUGH"), drove])
    assert (stop.cleared_ms, stop.text) == (70_000, "CAR 7: PENALTY - BLOCKING - DRIVE THROUGH; served, by its stop")
    (old,) = run([given_, Clock(OPEN_KEPT_MS + 2_000)])
    assert old.phase.value == "cleared"


def test_race_control_and_the_timing_tell_one_spin() -> None:
    spun, words = lap("7", 7, loss=9_000), "CAR 7 SPUN AT TURN 3 & CONTINUED"
    after = run([*race(6), spun, said(7 * LAP_MS + 20_000, words)])
    assert [(one.kind.value, one.origin.value, one.phase.value) for one in after] == [("spin", "inferred", "confirmed")]
    assert after[0].text.endswith(f"race control: {words}")
    before = run([*race(6), said(6 * LAP_MS + 40_000, words), spun])
    assert [(one.kind.value, one.origin.value) for one in before] == [("spin", "race_control")]


def test_moments_are_shown_for_a_while() -> None:
    (deleted,) = run([said(1_000, "CAR 1 (VER) TIME 1:27.983 DELETED - TRACK LIMITS AT TURN 1 LAP 51 18:17:55"),
                      Clock(MOMENT_KEPT_MS + 2_000)])  # fmt: skip
    assert (deleted.kind.value, deleted.lap_number, deleted.phase.value) == ("lap_deleted", 51, "cleared")


def test_a_technical_flag_ends_in_the_pits() -> None:
    told = run([said(1_000, "CAR 7 MECHANICAL BLACK FLAG"), PitStop("7", 3, in_ms=50_000)])
    assert [(one.kind.value, one.cleared_ms) for one in told] == [("technical", 50_000)]


def test_after_the_chequered_flag_nothing_is_inferred() -> None:
    end = TrackStatus(6 * LAP_MS + 1, Flag.CHEQUERED)
    assert (
        run([*race(6), end, lap("7", 7, loss=60_000), Timing("8", 700_000, status="stopped"), Clock(2_000_000)]) == []
    )


def test_outside_races_laps_are_as_slow_as_they_like() -> None:
    assert run([*race(6), lap("7", 7, loss=90_000), Clock(5_000_000)], is_race=False) == []


def test_memory_does_not_grow_over_a_day() -> None:
    tracker = IncidentTracker()
    for minute in range(24 * 60):
        tracker.take([said(minute * 60_000, f"CAR {minute % 60 + 1} SPUN AT TURN 3", minute)])
    book = tracker._track.book
    assert (len(tracker.open), len(book.over), len(book.told)) == (2, 3, 0)
    assert len(book._ends) == 2


_CAR = st.sampled_from(("7", "8", "007"))
_MS = st.integers(0, 2_000_000)
_LONG = st.none() | st.integers(1, 200_000)
_RECORD: st.SearchStrategy[Record] = st.one_of(
    st.builds(Clock, _MS), st.builds(TrackStatus, _MS, st.sampled_from(list(Flag))),
    st.builds(Timing, _CAR, _MS, s1_ms=_LONG, s2_ms=_LONG, s3_ms=_LONG, driver=st.sampled_from((None, "A", "B")),
              status=st.sampled_from((None, "running", "pit", "stopped", "retired", "out_lap", "finished"))),
    st.builds(Lap, _CAR, st.integers(0, 40), lap_time_ms=_LONG, s1_ms=_LONG, s2_ms=_LONG, s3_ms=_LONG,
              end_ms=st.none() | _MS, pit_in=st.booleans(), seat=st.none() | st.integers(1, 3)),
    st.builds(PitStop, _CAR, st.integers(0, 40), in_ms=st.none() | _MS, out_ms=st.none() | _MS, duration_ms=_LONG),
    st.builds(RaceControlMessage, st.integers(1, 99), st.sampled_from((
        "CAR 7 SPUN AT TURN 1", "CAR 7 STOPPED ON COURSE", "CAR 7  CONTINUED", "CARS 7 - 8 - UNDER INVESTIGATION - X",
        "CAR 8 - NO FURTHER ACTION", "CAR 007 - DRIVE THROUGH - X", "YELLOW AT MP 3", "YELLOW REMOVED AT MP 3", "SAFETY CAR",
        "CAR 7 - BLACK AND ORANGE FLAG", "IMPACT AT TURN 1", "CHEQUERED FLAG",
    )), time_ms=st.none() | _MS),
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(_RECORD, max_size=60), st.data())
def test_what_always_holds(records: list[Record], data: st.DataObject) -> None:
    told = IncidentTracker().take(records)
    cut = data.draw(st.integers(0, len(records)))
    again = IncidentTracker()
    assert again.take(records[:cut]) + again.take(records[cut:]) == told, "batches must make no difference"
    phases: dict[int, str] = {}
    for one in told:
        assert phases.get(one.sequence) != "cleared", "what is over stays over"
        assert one.sequence in phases or one.sequence == len(phases) + 1, "numbers count up"
        phases[one.sequence] = one.phase.value
        assert (one.origin is IncidentOrigin.INFERRED) == one.text.startswith("inferred: ")
        assert (one.phase.value == "cleared") == (one.cleared_ms is not None)
        assert one.cleared_ms is None or one.cleared_ms >= one.time_ms
    assert {one.sequence for one in again.open} == {key for key, phase in phases.items() if phase != "cleared"}


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_records_give_the_same_rows(again: int) -> None:
    records = [*race(6), lap("7", 7, loss=9_000), said(7 * LAP_MS + 20_000, "CAR 7 SPUN AT TURN 3")] * again
    assert run(records) == run(records)
    assert len(run(records)) == 1
