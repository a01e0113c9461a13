"""Laps that contradict themselves."""

import pytest
from f1live_text import START, race, timing
from test_f1live_parser import feed

from racelab.domain.laps import Lap
from racelab.domain.records import Repair
from racelab.sources.f1live import Parser
from racelab.sources.f1live.sound import sound

GOOD = Lap("4", 7, lap_time_ms=90_000, s1_ms=30_000, s2_ms=30_000, s3_ms=30_000, start_ms=1_000, end_ms=91_000)


@pytest.mark.parametrize("change", [{}, {"s3_ms": 30_002}, {"s3_ms": None}, {"lap_time_ms": None}, {"start_ms": None}])
def test_a_lap_that_can_be_stays(change):
    lap = Lap(**{name: getattr(GOOD, name) for name in Lap.__slots__} | change)
    assert sound(lap) == (lap, [])


@pytest.mark.parametrize("change", [{"s3_ms": 30_003}, {"s1_ms": 29_000}, {"s1_ms": None, "s2_ms": 61_000}])
def test_sectors_that_do_not_add_up_are_left_out_and_named(change):
    lap = Lap(**{name: getattr(GOOD, name) for name in Lap.__slots__} | change)
    kept, named = sound(lap)
    assert (kept.s1_ms, kept.s2_ms, kept.s3_ms, kept.lap_time_ms) == (None, None, None, 90_000)
    told = [(name, str(getattr(lap, name))) for name in ("s1_ms", "s2_ms", "s3_ms") if getattr(lap, name) is not None]
    assert [(one.rule, one.record, one.column, one.before) for one in named] == [
        ("sector_sum", "4 lap 7", *each) for each in told
    ]


def test_a_start_that_is_not_before_the_end_is_left_out_and_named():
    kept, named = sound(Lap("4", 7, start_ms=91_000, end_ms=91_000))
    assert (kept.start_ms, kept.end_ms) == (None, 91_000)
    assert [(one.rule, one.column, one.before, one.after) for one in named] == [
        ("start_before_end", "start_ms", "91000", None)
    ]


def test_what_is_told_again_of_such_a_lap_is_not_named_again():
    # A speed that comes late tells the lap again.
    end = next(
        ms
        for ms, topic, told in race()
        if topic == "TimingData" and told["Lines"].get("1", {}).get("NumberOfLaps") == 3
    )
    wrong = timing(end - 1_000, "1", {"Sectors": {"1": {"Value": "21.000"}}})
    late = timing(end + 800, "1", {"Speeds": {"FL": {"Value": "290"}}})
    messages = sorted([*race(), wrong, late], key=lambda told: told[0])
    records, _ = feed(messages, Parser(START, is_live=True))
    told = [one for one in records if isinstance(one, Lap) and (one.car_number, one.lap_number) == ("1", 3)]
    assert len(told) > 2
    named = [(one.record, one.column) for one in records if isinstance(one, Repair)]
    assert sorted(named) == [("1 lap 3", name) for name in ("s1_ms", "s2_ms", "s3_ms")]
