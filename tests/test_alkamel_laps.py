"""The row parser: in-laps, out-laps, stops, seats, flags and the sums that it checks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap, PitStop, Quality, StopType
from racelab.domain.records import Record, Repair
from racelab.domain.time import format_duration
from racelab.errors import BadInput
from racelab.sources.alkamel.laps import LapParser

HEADER = (
    "NUMBER", "DRIVER_NUMBER", "LAP_NUMBER", "LAP_TIME", "CROSSING_FINISH_LINE_IN_PIT", "ELAPSED", "S1_LARGE",
    "S2_LARGE", "S3_LARGE", "TOP_SPEED", "PIT_TIME", "FLAG_AT_FL",
)  # fmt: skip
PATH = Path("laps.csv")


def row(lap: int, time: str, elapsed: str, **more: str) -> list[str]:
    values = {"NUMBER": "007", "DRIVER_NUMBER": "1", "FLAG_AT_FL": "GF", **more}
    values |= {"LAP_NUMBER": str(lap), "LAP_TIME": time, "ELAPSED": elapsed}
    return [values.get(name, "") for name in HEADER]


def parse(*rows: list[str]) -> list[Record]:
    parser = LapParser(HEADER, PATH)
    records = [record for line, values in enumerate(rows, 2) for record in parser.process(values, line)]
    return [*records, *parser.finish()]


def of(kind: type, records: list[Record]) -> list:
    return [record for record in records if isinstance(record, kind)]


STINTS = [
    row(1, "1:40.000", "1:40.000", S1_LARGE="0:30.000", S2_LARGE="0:30.000", S3_LARGE="0:40.000", TOP_SPEED="301.5"),
    row(2, "1:50.000", "3:30.000", CROSSING_FINISH_LINE_IN_PIT="B", FLAG_AT_FL="FCY"),
    row(3, "2:30.000", "6:00.000", DRIVER_NUMBER="2", PIT_TIME="0:01:05.250"),
    row(4, "1:40.500", "7:40.500", DRIVER_NUMBER="2", FLAG_AT_FL="FF"),
]


def test_a_lap_has_times_in_milliseconds_and_its_number_as_text() -> None:
    first = of(Lap, parse(*STINTS))[0]
    assert first == Lap(
        "007", 1, seat=1, stint=1, lap_time_ms=100_000, s1_ms=30_000, s2_ms=30_000, s3_ms=40_000, start_ms=0,
        end_ms=100_000, flag=Flag.GREEN, top_speed_kph=301.5,
    )  # fmt: skip


def test_the_driver_changes_on_the_out_lap_which_begins_a_stint() -> None:
    laps = of(Lap, parse(*STINTS))
    assert [(lap.seat, lap.stint, lap.pit_in, lap.pit_out) for lap in laps] == [
        (1, 1, False, False), (1, 1, True, False), (2, 2, False, True), (2, 2, False, False),
    ]  # fmt: skip
    assert [lap.pit_time_ms for lap in laps] == [None, None, 65_250, None]


def test_a_stop_is_named_by_its_in_lap_and_has_the_time_of_its_out_lap() -> None:
    assert of(PitStop, parse(*STINTS)) == [
        PitStop("007", 2, duration_ms=65_250, stop_type=StopType.DRIVER_CHANGE, seat_in=1, seat_out=2, flag=Flag.FCY)
    ]


@pytest.mark.parametrize(
    ("time", "out_lap", "seat", "kind"),
    [
        ("0:01:05.250", "2:30.000", "1", StopType.REGULAR),
        ("1:12:30.000", "1:14:10.000", "2", StopType.GARAGE),
        ("0:00:40.000", "31:00.000", "1", StopType.GARAGE),
        ("", "2:10.000", "1", StopType.UNKNOWN),
        ("", "2:21:59.548", "1", StopType.GARAGE),
    ],
)
def test_the_type_of_a_stop_follows_from_times_and_seats(time: str, out_lap: str, seat: str, kind: StopType) -> None:
    rows = [*STINTS[:2], row(3, out_lap, "9:59:59.999", DRIVER_NUMBER=seat, PIT_TIME=time)]
    (stop,) = of(PitStop, parse(*rows))
    assert stop.stop_type is kind


def test_a_lap_of_hours_is_measured() -> None:
    laps = of(Lap, parse(row(1, "1:40.000", "1:40.000"), row(2, "3:00:00.000", "3:01:40.000")))
    assert laps[1].lap_time_ms == 3 * 3_600_000
    assert laps[1].quality is Quality.MEASURED


def test_a_car_that_stays_in_the_pits_has_a_stop_without_a_time() -> None:
    (stop,) = of(PitStop, parse(*STINTS[:2]))
    assert (stop.lap_number, stop.duration_ms, stop.stop_type) == (2, None, StopType.UNKNOWN)


def test_crossing_the_line_in_the_pits_at_the_chequered_flag_is_no_stop() -> None:
    assert of(PitStop, parse(STINTS[0], row(2, "1:50.000", "3:30.000", CROSSING_FINISH_LINE_IN_PIT="B", FLAG_AT_FL="FF"))) == []  # fmt: skip


def test_a_start_from_the_pit_lane_is_an_out_lap_and_no_stop() -> None:
    records = parse(row(1, "2:40.000", "2:40.000", PIT_TIME="0:00:35.000"))
    (lap,) = of(Lap, records)
    assert (lap.pit_out, lap.stint, lap.pit_time_ms) == (True, 1, 35_000)
    assert of(PitStop, records) == []


def test_under_a_red_flag_the_pit_time_stands_on_the_in_lap() -> None:
    rows = [
        STINTS[0],
        row(2, "49:00.000", "50:40.000", CROSSING_FINISH_LINE_IN_PIT="B", PIT_TIME="0:43:00.000"),
        row(3, "3:20.000", "54:00.000"),
    ]
    records = parse(*rows)
    (stop,) = of(PitStop, records)
    assert (stop.lap_number, stop.duration_ms, stop.stop_type) == (2, 2_580_000, StopType.GARAGE)
    assert [(lap.pit_in, lap.pit_out, lap.stint) for lap in of(Lap, records)][1:] == [(True, False, 1), (False, True, 2)]  # fmt: skip


def test_two_pit_times_of_one_stop_are_added_by_name() -> None:
    rows = [
        STINTS[0],
        row(2, "49:00.000", "50:40.000", CROSSING_FINISH_LINE_IN_PIT="B", PIT_TIME="0:43:00.000"),
        row(3, "3:20.000", "54:00.000", PIT_TIME="0:00:50.000"),
    ]
    records = parse(*rows)
    (stop,), (repair,) = of(PitStop, records), of(Repair, records)
    assert (stop.duration_ms, stop.quality) == (2_630_000, Quality.REPAIRED)
    assert (repair.rule, repair.record, repair.before, repair.after) == ("two_pit_times", "007 lap 2", "50000", "2630000")  # fmt: skip


def test_an_out_lap_without_an_in_lap_is_a_stop_of_its_own_lap() -> None:
    records = parse(STINTS[0], row(2, "3:00.000", "4:40.000", PIT_TIME="0:01:00.000"))
    (stop,) = of(PitStop, records)
    assert (stop.lap_number, stop.duration_ms, stop.stop_type) == (2, 60_000, StopType.REGULAR)


def test_sectors_that_do_not_add_up_are_left_out_by_name() -> None:
    records = parse(row(1, "1:40.000", "1:40.000", S1_LARGE="0:30.000", S2_LARGE="0:30.000", S3_LARGE="0:41.000"))
    (lap,), (repair,) = of(Lap, records), of(Repair, records)
    assert (lap.lap_time_ms, lap.s1_ms, lap.s2_ms, lap.s3_ms, lap.quality) == (100_000, None, None, None, Quality.REPAIRED)  # fmt: skip
    assert (repair.rule, repair.before, repair.after) == ("sector_sum", "30000, 30000, 41000", None)


def test_blank_sectors_are_missing_and_no_error() -> None:
    records = parse(row(1, "1:40.000", "1:40.000", S1_LARGE="0:30.000"))
    (lap,) = of(Lap, records)
    assert (lap.s1_ms, lap.s2_ms, lap.quality) == (30_000, None, Quality.MEASURED)


def test_elapsed_time_that_does_not_run_on_is_named() -> None:
    records = parse(STINTS[0], row(2, "1:40.000", "3:21.000"))
    (repair,) = of(Repair, records)
    assert (repair.rule, repair.column, repair.before, repair.after) == ("elapsed_sum", "start_ms", "100000", "101000")


def test_a_flag_that_is_not_known_is_left_out_by_name() -> None:
    records = parse(row(1, "1:40.000", "1:40.000", FLAG_AT_FL="XY"))
    (lap,), (repair,) = of(Lap, records), of(Repair, records)
    assert (lap.flag, repair.rule, repair.before, repair.after) == (None, "unknown_flag", "XY", None)


def test_a_missing_lap_breaks_no_sum() -> None:
    assert of(Repair, parse(STINTS[0], row(3, "1:40.000", "5:00.000"))) == []


def test_short_files_have_sectors_without_hours_only() -> None:
    parser = LapParser(
        ("NUMBER", "LAP_NUMBER", "LAP_TIME", "CROSSING_FINISH_LINE_IN_PIT", "S1", "S2", "S3", "ELAPSED"), PATH
    )
    (lap,) = parser.process(["7", "1", "1:40.0", "", "30.0", "30.0", "40.0", "1:40.0"], 2)
    assert isinstance(lap, Lap)
    assert (lap.s3_ms, lap.seat, lap.flag) == (40_000, None, None)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (row(1, "1:40.000", "1:4x.000"), "not a duration"),
        (row(1, "1:99.000", "1:40.000"), "not a duration"),
        (row(1, "1:40.000", ""), "elapsed time ''"),
        (row(1, "1:40.000", "1:40.000", NUMBER=""), "car number ''"),
        (row(1, "1:40.000", "1:40.000", DRIVER_NUMBER="x"), "invalid literal"),
        (row(1, "1:40.000", "1:40.000", TOP_SPEED="nan"), "no number"),
    ],
)
def test_a_damaged_value_names_file_and_line(values: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=r"laps\.csv, line 3: ") as error:
        list(LapParser(HEADER, PATH).process(values, 3))
    assert message in str(error.value)


def test_laps_out_of_order_are_refused() -> None:
    with pytest.raises(BadInput, match="line 3: lap 1 of car 007 comes after lap 2"):
        parse(STINTS[1], STINTS[0])


def test_a_header_without_what_makes_a_lap_is_refused() -> None:
    with pytest.raises(BadInput, match="lacks ELAPSED"):
        LapParser([name for name in HEADER if name != "ELAPSED"], PATH)


@st.composite
def races(draw: st.DrawFn) -> list[tuple[int, bool, int]]:
    """Laps of one car as time in ms, whether it ends in the pits, and the seat that drives."""
    times = draw(st.lists(st.integers(20_000, 9_000_000), min_size=1, max_size=40))
    stops = draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
    seats, seat = [], 1
    for before in [False, *stops[:-1]]:
        seat = draw(st.integers(1, 4)) if before else seat
        seats.append(seat)
    return list(zip(times, stops, seats, strict=True))


@given(races())
def test_whatever_the_race_the_laps_run_on_and_every_in_lap_is_a_stop(race: list[tuple[int, bool, int]]) -> None:
    rows, elapsed, pitted = [], 0, False
    for number, (time, stops, seat) in enumerate(race, 1):
        elapsed += time
        more = {"CROSSING_FINISH_LINE_IN_PIT": "B" if stops else "", "PIT_TIME": "0:00:19.500" if pitted else ""}
        rows.append(row(number, format_duration(time), format_duration(elapsed), DRIVER_NUMBER=str(seat), **more))
        pitted = stops
    records = parse(*rows)
    laps, pit_stops = of(Lap, records), of(PitStop, records)
    assert [lap.lap_time_ms for lap in laps] == [time for time, _, _ in race]
    assert [lap.start_ms for lap in laps[1:]] == [lap.end_ms for lap in laps[:-1]]
    assert of(Repair, records) == []
    assert [stop.lap_number for stop in pit_stops] == [lap.lap_number for lap in laps if lap.pit_in]
    assert laps[-1].stint == 1 + sum(stops for _, stops, _ in race[:-1])
    for stop in pit_stops[:-1]:
        assert (stop.seat_in, stop.seat_out) == (laps[stop.lap_number - 1].seat, laps[stop.lap_number].seat)


@given(st.lists(st.text(max_size=12), min_size=len(HEADER), max_size=len(HEADER)))
def test_any_row_gives_records_or_a_clear_line(values: list[str]) -> None:
    parser = LapParser(HEADER, PATH)
    try:
        records = list(parser.process(values, 9))
    except BadInput as error:
        records, told = [], str(error)
    assert len(of(Lap, records)) == 1 or told.startswith("laps.csv, line 9: ")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("LAP_TIME", "-1:40.000"), ("LAP_TIME", "100:00:00.000"), ("ELAPSED", "-1:40.000"), ("ELAPSED", "500:00:00.000"),
        ("ELAPSED", "99999999999999999999:00:00"), ("S1_LARGE", "-0:30.000"), ("PIT_TIME", "-0:30.000"),
        ("LAP_NUMBER", "20000"),
    ],
)  # fmt: skip
def test_a_time_or_count_that_cannot_be_is_refused_with_its_line(column: str, value: str) -> None:
    values = row(1, "1:40.000", "1:40.000")
    values[HEADER.index(column)] = value
    with pytest.raises(BadInput, match=r"laps\.csv, line 2: .* cannot be: the file is damaged"):
        parse(values)


def test_a_header_that_names_a_column_twice_is_refused() -> None:
    with pytest.raises(BadInput, match=r"laps\.csv, line 1: the header names LAP_TIME twice"):
        LapParser((*HEADER, "LAP_TIME"), PATH)


def test_a_row_that_stands_twice_is_one_lap_by_name() -> None:
    once, twice = parse(*STINTS), parse(STINTS[0], STINTS[0], STINTS[1], STINTS[1], *STINTS[2:])
    assert [repair.record for repair in of(Repair, twice)] == ["007 lap 1", "007 lap 2"]
    assert {repair.rule for repair in of(Repair, twice)} == {"second_row_of_a_lap"}
    assert [record for record in twice if not isinstance(record, Repair)] == once


def test_a_second_row_that_says_something_else_is_refused() -> None:
    with pytest.raises(BadInput, match="line 3: lap 1 of car 007 comes after lap 1"):
        parse(STINTS[0], row(1, "1:41.000", "1:41.000"))


def test_a_lap_time_that_sectors_and_clock_contradict_is_theirs_by_name() -> None:
    sectors = {"S1_LARGE": "0:30.000", "S2_LARGE": "0:30.000", "S3_LARGE": "0:40.000"}
    records = parse(STINTS[0], row(2, "1:30:00.000", "3:20.000", **sectors))
    lap, (repair,) = of(Lap, records)[1], of(Repair, records)
    assert (lap.lap_time_ms, lap.start_ms, lap.end_ms, lap.s3_ms) == (100_000, 100_000, 200_000, 40_000)
    assert (repair.rule, repair.column, repair.before, repair.after) == (
        "sector_sum", "lap_time_ms", "5400000", "100000",
    )  # fmt: skip
