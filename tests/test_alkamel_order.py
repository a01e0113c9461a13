"""Places, flags and the order on the road, from all cars' laps together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, ResultKind, StopType
from racelab.sources.alkamel import order

MINUTE = 60_000


def laps_of(number: str, *ends: int, flags: str = "") -> list[Lap]:
    words = {"G": Flag.GREEN, "S": Flag.SAFETY_CAR, "F": Flag.CHEQUERED}
    starts = [0, *ends[:-1]]
    return [
        Lap(number, n, lap_time_ms=end - start, start_ms=start, end_ms=end, flag=words[flags[n - 1]] if flags else None)
        for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def test_places_are_by_laps_and_then_by_time_overall_and_in_class() -> None:
    laps = [*laps_of("1", 100, 210, 300), *laps_of("2", 90, 200), *laps_of("3", 110, 190, 310)]
    order.set_positions(laps, {"1": "A", "2": "B", "3": "A"})
    assert [(lap.position, lap.class_position) for lap in laps] == [
        (2, 1), (3, 2), (1, 1), (1, 1), (2, 1), (3, 2), (1, 1), (2, 2),
    ]  # fmt: skip


def test_a_class_that_is_not_known_is_one_class() -> None:
    laps = [*laps_of("1", 100), *laps_of("2", 90)]
    order.set_positions(laps, {"1": None, "2": None})
    assert [lap.class_position for lap in laps] == [2, 1]
    order.set_positions([], {})


@given(st.lists(st.lists(st.integers(1, 10_000), min_size=1, max_size=20), min_size=1, max_size=8))
def test_places_on_every_lap_are_one_to_the_number_of_cars_in_order_of_time(times: list[list[int]]) -> None:
    laps = []
    for number, own in enumerate(times):
        ends = [sum(own[: n + 1]) for n in range(len(own))]
        laps += laps_of(str(number), *ends)
    order.set_positions(laps, {str(number): "AB"[number % 2] for number in range(len(times))})
    for count in {lap.lap_number for lap in laps}:
        same = sorted((lap for lap in laps if lap.lap_number == count), key=lambda lap: lap.position or 0)
        assert [lap.position for lap in same] == list(range(1, len(same) + 1))
        assert [lap.end_ms for lap in same] == sorted(lap.end_ms or 0 for lap in same)
        assert all((lap.class_position or 0) <= (lap.position or 0) for lap in same)


def test_the_order_on_the_road_has_gaps_and_best_laps() -> None:
    laps = [*laps_of("1", 100, 210), *laps_of("2", 105, 205), *laps_of("3", 90)]
    first, second, third = order.road_results(laps, {"1": "A", "2": "A", "3": "B"})
    assert (first.car_number, first.kind, first.laps, first.total_time_ms, first.gap_ms) == ("2", ResultKind.ROAD, 2, 205, 0)  # fmt: skip
    assert (second.car_number, second.gap_ms, second.gap_laps, second.class_position) == ("1", 5, 0, 2)
    assert (third.car_number, third.gap_ms, third.gap_laps, third.class_position) == ("3", None, 1, 1)
    assert (second.best_lap_ms, second.best_lap_number) == (100, 1)


def test_flags_change_where_a_crossing_first_shows_them_and_the_chequered_flag_stays() -> None:
    laps = [*laps_of("1", 100, 200, 300, 400, flags="GSGF"), *laps_of("2", 110, 250, 450, flags="GSG")]
    assert order.track_status(laps) == [
        TrackStatus(0, Flag.GREEN), TrackStatus(200, Flag.SAFETY_CAR), TrackStatus(300, Flag.GREEN),
        TrackStatus(400, Flag.CHEQUERED),
    ]  # fmt: skip


def test_a_file_without_flags_tells_none() -> None:
    assert order.track_status(laps_of("1", 100, 200)) == []


def test_a_red_flag_is_inferred_and_says_so() -> None:
    laps = laps_of("1", MINUTE, 41 * MINUTE, 42 * MINUTE, flags="SSG")
    assert order.red_flags(laps) == [(MINUTE, 41 * MINUTE)]
    red = order.track_status(laps)[1]
    assert red == TrackStatus(MINUTE + 1, Flag.RED, "inferred: no car crossed the line for 40 minutes")
    assert [status.flag for status in order.track_status(laps)] == [
        Flag.SAFETY_CAR, Flag.RED, Flag.SAFETY_CAR, Flag.GREEN,
    ]  # fmt: skip


def test_one_car_that_comes_home_late_is_no_red_flag() -> None:
    laps = [*laps_of("1", 1, 2), *laps_of("2", 1, 2), *laps_of("3", 1, 2), *laps_of("4", 1, 60 * MINUTE)]
    assert order.red_flags(laps) == []
    assert order.red_flags([]) == []


@pytest.mark.parametrize(
    ("duration", "kind"),
    [
        (38 * MINUTE, StopType.RED_FLAG),
        (2 * MINUTE, StopType.GARAGE),
        (90 * MINUTE, StopType.GARAGE),
        (None, StopType.GARAGE),
    ],
)
def test_a_stop_as_long_as_the_red_flag_that_it_spans_is_named_so(duration: int | None, kind: StopType) -> None:
    laps = laps_of("1", MINUTE, 41 * MINUTE, 42 * MINUTE)
    stops = [PitStop("1", 1, duration_ms=duration, stop_type=StopType.GARAGE)]
    before = [*laps_of("2", MINUTE, 41 * MINUTE)]
    assert order.name_red_flag_stops(stops, [*laps, *before])[0].stop_type is kind
    assert order.name_red_flag_stops(stops, laps_of("1", 1, 2)) == stops
