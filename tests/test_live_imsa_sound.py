"""Lap times and line times of IMSA's scoring that cannot both be: what nothing bears out is none."""

from racelab.domain.laps import Lap
from racelab.sources.imsascoring.cars import CarTrack, Poll
from racelab.sources.imsascoring.sound import Extent


def test_a_lap_longer_than_all_that_was_seen_has_no_time():
    extent = Extent()
    extent.sound(Lap("31", 1, lap_time_ms=70_000, end_ms=70_000))
    told = extent.sound(Lap("10", 1, lap_time_ms=3_600_000))
    assert (told.lap_number, told.lap_time_ms) == (1, None)
    assert extent.longest_ms == 70_000


def test_a_long_lap_whose_line_time_is_known_stands_as_after_a_red_flag():
    extent = Extent(latest_ms=600_000, longest_ms=90_000)
    lap = Lap("31", 8, lap_time_ms=3_600_000, end_ms=4_200_000)
    assert extent.sound(lap) == lap
    assert (extent.latest_ms, extent.longest_ms) == (4_200_000, 3_600_000)


def test_a_line_time_earlier_than_a_lap_takes_is_none():
    extent = Extent()
    extent.sound(Lap("31", 2, lap_time_ms=61_000))
    told = extent.sound(Lap("10", 2, start_ms=-60_500, lap_time_ms=61_000, end_ms=500))
    assert (told.start_ms, told.end_ms, told.lap_time_ms) == (None, None, 61_000)
    assert extent.latest_ms is None


def test_what_is_left_out_of_a_lap_is_named():
    poll = Poll(300_000, 290_000, None, True, False, 5, Extent(latest_ms=280_000, longest_ms=70_000))
    lap, named = CarTrack.of("31")._told(Lap("31", 4, lap_time_ms=350_000), poll)
    assert lap.lap_time_ms is None
    assert (named.rule, named.record, named.column, named.before) == (
        "contradicting_time", "31/4", "lap_time_ms", "350000",
    )  # fmt: skip
