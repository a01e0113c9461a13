"""Declared checks: each rule finds what it is for, in a session that is bent in one place, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import KEY, session_data

from racelab.domain.checks import CHECKS, RULES, SOURCE_RULES, Outcome, check, is_note
from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Quality, Result, ResultKind, StopType
from racelab.domain.records import Repair, SessionData, Tally, Weather
from racelab.domain.sessions import SessionKey
from racelab.domain.tyres import Compound
from racelab.errors import BadInput

Bend = Callable[[SessionData], Any]


def checked(bend: Bend, laps: int = 6, source: str = "test") -> SessionData:
    """The session of `builders`, bent and checked."""
    data = session_data(laps=laps)
    data.provenance = replace(data.provenance, source=source)
    bend(data)
    check(data)
    return data


def lap(data: SessionData, number: int, car: str = "7") -> Lap:
    return next(lap for lap in data.laps if (lap.car_number, lap.lap_number) == (car, number))


def found(data: SessionData) -> dict[str, tuple[int, int, int]]:
    """Rules with a finding, each with its numbers of noted, repaired and quarantined records."""
    noted = {rule: len({r.record for r in data.repairs if r.rule == rule and is_note(r)}) for rule in RULES}
    return {
        row.rule: (noted[row.rule], row.repaired, row.quarantined)
        for row in data.checks
        if noted[row.rule] or row.repaired or row.quarantined
    }


def bend_lap(number: int = 3, car: str = "7", **values: Any) -> Bend:
    def bend(data: SessionData) -> None:
        bent = lap(data, number, car)
        for name, value in values.items():
            setattr(bent, name, value)

    return bend


def bend_first(table: str, **values: Any) -> Bend:
    def bend(data: SessionData) -> None:
        records = getattr(data, table)
        records[0] = replace(records[0], **values)

    return bend


def append(table: str, record: Any) -> Bend:
    return lambda data: getattr(data, table).append(record)


def test_a_sound_session_passes_as_it_is_with_a_tally() -> None:
    data = session_data()
    check(data)
    tally = {row.rule: row for row in data.checks}
    assert tally["type"] == Tally("type", 19, 19, 0, 0)
    assert tally["sector_sum"] == Tally("sector_sum", 6, 6, 0, 0)
    assert found(data) == {}
    data.checks.clear()
    assert data == session_data()


NOTED, REPAIRED, QUARANTINED = (1, 0, 0), (0, 1, 0), (0, 0, 1)
CASES: list[tuple[str, Bend, tuple[int, int, int]]] = [
    ("type", bend_lap(lap_time_ms=np.int64(211_000)), REPAIRED),
    ("type", bend_lap(top_speed_kph=float("nan")), REPAIRED),
    ("type", bend_lap(flag="green"), REPAIRED),
    ("type", bend_lap(pit_in=None), REPAIRED),
    ("type", bend_lap(quality="fine"), REPAIRED),
    ("type", bend_lap(lap_number=None), QUARANTINED),
    ("type", bend_lap(lap_number=3.5), QUARANTINED),
    ("type", bend_first("track_status", flag="purple"), QUARANTINED),
    ("type", bend_first("weather", air_c="warm"), REPAIRED),
    ("type", bend_first("race_control", text=None), QUARANTINED),
    ("type", bend_first("entries", team="\x00"), REPAIRED),
    ("type", bend_first("entries", drivers=None), REPAIRED),
    ("type", bend_first("entries", drivers=(Driver(True, "Ann"),)), REPAIRED),
    ("blank_text", bend_first("entries", team="nan"), REPAIRED),
    ("unknown_compound", bend_lap(compound="UNKNOWN"), REPAIRED),
    ("unknown_compound", bend_first("pit_stops", compound="None"), REPAIRED),
    ("impossible_lap_time", bend_lap(lap_time_ms=-5), QUARANTINED),
    ("impossible_lap_time", bend_lap(lap_time_ms=0), QUARANTINED),
    ("impossible_lap_time", bend_lap(lap_time_ms=90_000_000), QUARANTINED),
    ("impossible_lap_time", bend_lap(lap_time_ms=2_000_000), QUARANTINED),
    ("impossible_value", bend_lap(top_speed_kph=900.0), REPAIRED),
    ("impossible_value", bend_lap(number=6, lap_number=32_768), QUARANTINED),
    ("impossible_value", bend_first("results", best_lap_ms=-1), REPAIRED),
    ("impossible_value", bend_first("weather", time_ms=10**10), QUARANTINED),
    ("exact_duplicate", append("weather", session_data().weather[0]), REPAIRED),
    ("exact_duplicate", lambda data: data.laps.append(replace(data.laps[0])), REPAIRED),
    ("contradicting_duplicate", append("laps", Lap("7", 2, lap_time_ms=1)), QUARANTINED),
    ("contradicting_duplicate", bend_first("entries", drivers=(Driver(1, "Ann", "ANN"), Driver(1, "Bo"))), QUARANTINED),
    ("contradicting_duplicate", append("track_status", TrackStatus(0, Flag.RED)), QUARANTINED),
    ("unknown_car", append("laps", Lap("8", 1)), QUARANTINED),
    ("unknown_car", append("results", Result("8", ResultKind.ROAD)), QUARANTINED),
    ("unknown_car", lambda data: data.entries.pop(), REPAIRED),
    ("unknown_seat", bend_lap(seat=4), NOTED),
    ("time_order", lambda data: data.track_status.reverse(), REPAIRED),
    ("far_from_session", append("weather", Weather(2 * 86_400_000 + 10**7)), QUARANTINED),
    ("far_from_session", append("session_status", SessionStatus(-90_000_000, "ends")), QUARANTINED),
    ("sector_sum", bend_lap(s1_ms=41_000), REPAIRED),
    ("sector_sum", bend_lap(s1_ms=None, s2_ms=None, s3_ms=400_000), REPAIRED),
    ("start_before_end", bend_lap(start_ms=633_000), REPAIRED),
    ("stop_times", bend_first("pit_stops", out_ms=400_000), REPAIRED),
    ("stop_times", bend_first("pit_stops", duration_ms=90_000), NOTED),
    ("elapsed_sum", bend_lap(number=6, end_ms=1_270_000), NOTED),
    ("missing_lap", lambda data: data.laps.remove(lap(data, 3)), NOTED),
    ("stop_of_no_lap", append("pit_stops", PitStop("7", 40)), NOTED),
    ("stop_order", append("pit_stops", PitStop("7", 3, 470_000)), NOTED),
    ("result_laps", bend_first("results", laps=4), NOTED),
    ("best_lap", bend_first("results", best_lap_ms=209_000), NOTED),
    ("result_order", bend_first("results", laps=None), (0, 0, 0)),
    ("cut_race", lambda data: setattr(data, "session", replace(data.session, scheduled_laps=40)), NOTED),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "bend", "counts"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_a_rule_finds_what_it_is_for_and_a_second_time_nothing_new(
    rule: str, bend: Bend, counts: tuple[int, int, int]
) -> None:
    data = checked(bend)
    assert found(data).get(rule, (0, 0, 0)) == counts
    assert RULES[rule].tables
    before = (list(data.repairs), list(data.quarantine), list(data.checks), list(data.laps))
    check(data)
    assert (data.repairs, data.quarantine, data.checks, data.laps) == before


# What a value breaks beside the rule it is for: a lap that is kept out is missing from its car's count.
ALONE = {"type", "blank_text", "unknown_compound", "time_order", "sector_sum", "start_before_end", "unknown_seat", "best_lap"}  # fmt: skip


@pytest.mark.parametrize(("rule", "bend"), [(rule, bend) for rule, bend, counts in CASES if rule in ALONE and not counts[2]])  # fmt: skip
def test_a_repair_of_one_value_breaks_no_other_rule(rule: str, bend: Bend) -> None:
    assert set(found(checked(bend))) == {rule}


def test_every_check_that_is_declared_has_a_case_and_every_rule_its_words() -> None:
    elsewhere = {"elapsed_order", "long_lap", "shared_place", "tyre_age", "stint_without_stop", "result_places"}
    assert {rule.name for rule in CHECKS} == {case[0] for case in CASES} | elsewhere
    assert all(rule.looks_at and rule.does and rule.outcome in Outcome for rule in (*SOURCE_RULES, *CHECKS))
    assert len(RULES) == len(SOURCE_RULES) + len(CHECKS)


def test_what_means_the_same_is_converted_and_what_means_nothing_left_out() -> None:
    data = checked(bend_lap(lap_time_ms=np.float64(211_000), s1_ms=40_000.5, compound="SOFT", stint=True))
    changed = lap(data, 3)
    assert (changed.lap_time_ms, type(changed.lap_time_ms), changed.s1_ms, changed.stint) == (211_000, int, None, None)
    assert changed.compound is Compound.SOFT
    assert changed.quality is Quality.REPAIRED
    rows = {row.column: (row.rule, row.record, row.before, row.after) for row in data.repairs}
    assert rows == {
        "lap_time_ms": ("type", "7 lap 3", "211000.0", "211000"), "s1_ms": ("type", "7 lap 3", "40000.5", None),
        "stint": ("type", "7 lap 3", "True", None), "compound": ("unknown_compound", "7 lap 3", "SOFT", "soft"),
    }  # fmt: skip


def test_a_number_for_a_car_becomes_text_and_stays_the_same_car() -> None:
    data = checked(bend_lap(car_number=7))
    assert {found.car_number for found in data.laps} == {"007", "7"}
    assert len(data.laps) == 12


def test_what_is_kept_out_is_there_as_it_was_read() -> None:
    data = checked(bend_lap(number=6, lap_number=32_768, top_speed_kph=float("inf")))
    assert len(data.laps) == 11
    (row,) = data.quarantine
    content = json.loads(row.content)
    assert (row.table, row.record, row.reason) == ("laps", "7 lap 32768", "not between 0 and 10000")
    assert (content["car_number"], content["lap_time_ms"], content["flag"]) == ("7", 211_000, "green")


def test_of_two_laps_that_contradict_each_other_the_one_that_tells_more_is_kept() -> None:
    data = checked(lambda data: data.laps.insert(0, Lap("7", 2, lap_time_ms=1_000)))
    assert lap(data, 2).lap_time_ms == 211_000
    assert json.loads(data.quarantine[0].content)["lap_time_ms"] == 1_000


def test_the_clock_at_the_line_decides_between_sectors_and_lap_time() -> None:
    wrong_sector = lap(checked(bend_lap(s2_ms=10_000)), 3)
    assert (wrong_sector.lap_time_ms, wrong_sector.s1_ms, wrong_sector.s2_ms) == (211_000, None, None)
    wrong_time = lap(checked(bend_lap(lap_time_ms=150_000)), 3)
    assert (wrong_time.lap_time_ms, wrong_time.s1_ms, wrong_time.quality) == (211_000, 40_000, Quality.REPAIRED)


@pytest.mark.parametrize(("source", "repaired"), [("alkamel", 1), ("f1", 0)])
def test_the_tolerance_of_a_sum_is_the_sources(source: str, repaired: int) -> None:
    data = checked(bend_lap(s1_ms=40_001), source=source)
    assert len({row.record for row in data.repairs if row.rule == "sector_sum"}) == repaired


def test_time_that_no_lap_holds_is_named_and_a_red_flag_explains_it() -> None:
    def late(flag: Flag) -> Bend:
        def bend(data: SessionData) -> None:
            lap(data, 3).flag = flag
            for later in (own for own in data.laps if own.car_number == "7" and own.lap_number > 3):
                later.start_ms, later.end_ms = (later.start_ms or 0) + 600_000, (later.end_ms or 0) + 600_000

        return bend

    (row,) = [row for row in checked(late(Flag.GREEN)).repairs if row.rule == "elapsed_sum"]
    assert (row.record, row.column, row.reason[:37]) == ("7 lap 4", "start_ms", "time passes between the lap before an")
    assert "elapsed_sum" not in found(checked(late(Flag.RED)))


def test_laps_that_overlap_or_end_in_the_wrong_order_are_named() -> None:
    overlap = checked(bend_lap(start_ms=400_000, lap_time_ms=233_000, s1_ms=None, s2_ms=None, s3_ms=None))
    assert found(overlap) == {"elapsed_sum": NOTED}
    order = checked(bend_lap(number=3, end_ms=1_400_000))
    assert found(order)["elapsed_order"] == NOTED
    assert lap(order, 3).end_ms == 1_400_000


def test_missing_laps_are_named_as_a_span_and_nothing_is_filled_in() -> None:
    def bend(data: SessionData) -> None:
        data.laps = [own for own in data.laps if own.car_number != "7" or own.lap_number not in (1, 3, 4)]

    data = checked(bend)
    assert [row.record for row in data.repairs if row.rule == "missing_lap"] == ["7 lap 1", "7 laps 3 to 4"]
    assert len(data.laps) == 9


def test_a_lap_of_hours_is_kept_as_measured_and_named() -> None:
    def bend(data: SessionData) -> None:
        last = lap(data, 6)
        last.lap_time_ms, last.end_ms = 9_000_000, (last.start_ms or 0) + 9_000_000
        last.s1_ms = last.s2_ms = last.s3_ms = None

    data = checked(bend)
    assert found(data) == {"long_lap": NOTED}
    assert (lap(data, 6).lap_time_ms, lap(data, 6).quality) == (9_000_000, Quality.MEASURED)


def test_a_lap_longer_than_the_session_does_not_hide_behind_its_own_end() -> None:
    def bend(data: SessionData) -> None:
        for number, time in ((5, 30_000_000), (6, 50_000_000)):
            lap(data, number).lap_time_ms, lap(data, number).end_ms = time, time - 20_000_000

    data = checked(bend)
    assert [row.record for row in data.quarantine] == ["7 lap 6", "7 lap 5"]


def test_a_place_that_two_cars_hold_is_named_for_both() -> None:
    data = checked(bend_lap(position=1))
    assert [row.record for row in data.repairs if row.rule == "shared_place"] == ["007 lap 3", "7 lap 3"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tyre_age": 1}, "the age falls within a stint"),
        ({"stint": 2, "tyre_age": 5, "fresh_tyre": True}, "the set is called new, and is older than a lap"),
        ({"stint": 2, "tyre_age": 6, "compound": Compound.WET}, "another compound goes on with the age of the one before it"),
    ],
)  # fmt: skip
def test_a_tyre_age_that_cannot_be_is_named(values: dict[str, Any], reason: str) -> None:
    data = checked(bend_lap(number=6, pit_out=True, **values))
    assert [row.reason for row in data.repairs] == [reason]


def test_a_stint_begins_with_a_stop_or_a_red_flag() -> None:
    assert found(checked(bend_lap(number=6, stint=2, tyre_age=3))) == {"stint_without_stop": NOTED}
    assert found(checked(bend_lap(number=6, stint=2, tyre_age=3, flag=Flag.RED))) == {}
    assert found(checked(bend_lap(number=6, stint=2, tyre_age=3, pit_out=True))) == {}


def test_places_of_results_are_each_given_once() -> None:
    assert found(checked(bend_first("results", position=2))) == {"result_places": (2, 0, 0)}
    assert found(checked(bend_first("results", position=None, laps=None)))["result_places"] == NOTED


def test_an_order_that_laps_or_times_do_not_bear_out_is_named_unless_the_stewards_made_it() -> None:
    def swap(status: str) -> Bend:
        def bend(data: SessionData) -> None:
            first, second = data.results
            data.results = [replace(first, position=2, status=status), replace(second, position=1)]

        return bend

    assert found(checked(swap("Classified"))) == {"result_order": NOTED}
    assert found(checked(swap("Disqualified"))) == {}


def test_a_last_lap_without_a_time_may_count_or_not() -> None:
    def bend(data: SessionData) -> None:
        bend_lap(number=6, car="007", lap_time_ms=None, s1_ms=None, s2_ms=None, s3_ms=None)(data)
        data.results[0] = replace(data.results[0], laps=5, position=2)
        data.results[1] = replace(data.results[1], position=1)

    assert found(checked(bend)) == {}


def test_a_stop_keeps_its_begin_where_its_end_cannot_be() -> None:
    (stop,) = checked(bend_first("pit_stops", out_ms=100_000)).pit_stops
    assert (stop.in_ms, stop.out_ms, stop.duration_ms, stop.quality) == (420_000, None, 60_000, Quality.REPAIRED)
    assert stop.stop_type is StopType.DRIVER_CHANGE


def test_a_car_with_laps_and_a_result_becomes_an_entry() -> None:
    data = checked(lambda data: data.entries.pop())
    assert data.entries[-1] == Entry("7")
    assert len(data.laps) == 12


def test_laps_of_other_cars_than_the_entries_are_refused() -> None:
    others = [Entry("1"), Entry("2")]
    with pytest.raises(
        BadInput, match=r"memory: 12 of 12 laps of wec/2024/4/R are of cars that are no entry \(007, 7\)"
    ):
        checked(lambda data: setattr(data, "entries", others))


def test_a_race_that_lacks_half_the_laps_of_its_official_results_is_refused() -> None:
    def bend(data: SessionData) -> None:
        data.results = [replace(result, laps=25) for result in data.results]

    with pytest.raises(BadInput, match="has 12 laps of the 50 that its official results count: the laps are cut"):
        checked(bend)


def test_a_shortened_race_is_accepted_and_named() -> None:
    data = checked(lambda data: setattr(data, "session", replace(data.session, scheduled_laps=7)))
    (row,) = data.repairs
    assert (row.rule, row.before, row.after) == ("cut_race", "6 of 7 laps", "6 of 7 laps")


def test_races_alone_are_held_to_the_rules_of_races() -> None:
    def bend(data: SessionData) -> None:
        key = SessionKey(KEY.series, KEY.season, KEY.round, "Q")
        data.session = replace(data.session, key=key, scheduled_laps=70)
        data.laps.remove(lap(data, 2))
        lap(data, 4).position = 1

    assert "missing_lap" not in found(checked(bend))
    assert not set(found(checked(bend))) & {"shared_place", "elapsed_sum", "cut_race", "result_order"}


def test_samples_of_telemetry_are_held_to_kind_range_and_one_an_instant() -> None:
    def bend(data: SessionData) -> None:
        data.telemetry = pd.DataFrame(
            {"car_number": "7", "kind": "car", "time_ms": [0, 0, 100, 10**10, 200], "speed_kph": ["1", "2", "fast", "4", "900"]}
        )  # fmt: skip

    data = checked(bend)
    assert data.telemetry is not None
    assert data.telemetry["time_ms"].tolist() == [0, 100, 200]
    assert data.telemetry["speed_kph"].fillna(-1).tolist() == [1, -1, -1]
    assert [(row.rule, row.record, row.column) for row in data.repairs] == [
        ("type", "7, 1 samples", "speed_kph"), ("impossible_value", "7, 1 samples", "time_ms"),
        ("impossible_value", "7, 1 samples", "speed_kph"), ("exact_duplicate", "7, 1 samples", "time_ms"),
    ]  # fmt: skip


def test_telemetry_that_names_no_samples_is_refused() -> None:
    with pytest.raises(BadInput, match="lacks kind, time_ms"):
        checked(lambda data: setattr(data, "telemetry", pd.DataFrame({"car_number": ["7"], "rpm": [1]})))


def test_repairs_of_the_reader_are_in_the_tally() -> None:
    row = Repair("shared_number", "entries", "03", "car_number", "3", "03", "two cars")
    note = Repair("result_time", "results", "official 7", "total_time_ms", "1", "1", "kept")
    data = checked(lambda data: data.repairs.extend([row, note]))
    tally = {row.rule: row for row in data.checks}
    assert tally["shared_number"] == Tally("shared_number", 2, 1, 1, 0)
    assert tally["result_time"] == Tally("result_time", 2, 2, 0, 0)
    assert "stuck_sensor" not in tally
