"""FastF1's frames into domain records: values, clocks, what is missing, the digest."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from racelab.domain.flags import Flag
from racelab.domain.laps import Quality, ResultKind, StopType
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.domain.tyres import Compound
from racelab.errors import SourceUnavailable
from racelab.sources.f1.columns import car_numbers, durations, numbers, plain, texts, truths, wholes
from racelab.sources.f1.connection import Connection
from racelab.sources.f1.digest import digest_frames
from racelab.sources.f1.laps import worst_flag
from racelab.sources.f1.limits import Answers
from racelab.sources.f1.reader import read_session
from tests.f1_frames import (
    T0,
    FakeSession,
    at,
    car_data,
    full_session,
    lap,
    positions,
    race_control,
    race_laps,
    race_results,
    session_status,
    span,
)

RACE = SessionKey(Series.F1, 2024, 1, "R")
START_UTC = datetime(2024, 3, 2, 15, 0, tzinfo=UTC)


def read(session, key=RACE, telemetry=False):
    return read_session(session, key, Connection("http://mirror", Answers()), telemetry=telemetry)


@pytest.fixture
def data():
    return read(full_session())


def of_car(records, number):
    return [record for record in records if record.car_number == number]


def test_session_time_counts_from_the_start(data):
    first, second, *_ = of_car(data.laps, "44")
    assert (first.start_ms, first.end_ms, first.lap_time_ms) == (0, 100_000, 99_800)
    assert (second.start_ms, second.end_ms) == (100_000, 195_000)
    assert [status.time_ms for status in data.session_status] == [-3_595_000, 0, 406_000, 500_000]
    assert [reading.time_ms for reading in data.weather] == [-60_000, 0]


def test_every_column_of_a_lap(data):
    out = of_car(data.laps, "44")[2]
    assert (out.lap_number, out.seat, out.stint, out.tyre_age, out.position, out.class_position) == (3, 1, 2, 1, 1, 1)
    assert (out.s1_ms, out.s2_ms, out.s3_ms) == (None, 30_001, 31_250)  # Half a millisecond is rounded up.
    assert (out.top_speed_kph, out.speed_i1_kph, out.speed_i2_kph, out.speed_fl_kph) == (301.0, 250.0, None, 280.0)
    assert (out.compound, out.fresh_tyre, out.deleted, out.accurate) == (Compound.HARD, True, False, True)
    assert (out.pit_in, out.pit_out, out.pit_out_ms, out.pit_time_ms) == (False, True, 215_500, 22_500)


def test_unknown_tyres_are_null(data):
    first = of_car(data.laps, "16")[0]
    assert (first.compound, first.tyre_age, first.fresh_tyre) == (None, None, None)


def test_the_way_to_the_grid_is_no_out_lap(data):
    first = of_car(data.laps, "44")[0]
    assert (first.pit_out, first.pit_out_ms) == (False, None)


def test_a_lap_that_fastf1_made_up_is_marked(data):
    made = of_car(data.laps, "7")[2]
    assert made.quality is Quality.REPAIRED
    assert [(repair.rule, repair.record, repair.after) for repair in data.repairs] == [
        ("unknown_compound", "16 lap 1", None),
        ("lap_of_a_retirement", "7/3", "347000"),
    ]


@pytest.mark.parametrize(
    ("codes", "flag"),
    [("1", Flag.GREEN), ("12", Flag.YELLOW), ("671", Flag.VSC), ("1254", Flag.RED), ("24", Flag.SAFETY_CAR),
     ("2.0", Flag.YELLOW), ("67.0", Flag.VSC), ("", None), (None, None), ("3", None)],
)  # fmt: skip
def test_the_worst_flag_of_a_lap(codes, flag):
    assert worst_flag(codes) is flag


def test_pit_stops(data):
    (stop,) = of_car(data.pit_stops, "44")
    assert (stop.lap_number, stop.in_ms, stop.out_ms, stop.duration_ms) == (2, 193_000, 215_500, 22_500)
    assert (stop.stop_type, stop.compound, stop.flag) == (StopType.REGULAR, Compound.HARD, Flag.SAFETY_CAR)
    (retired,) = of_car(data.pit_stops, "16")
    assert (retired.stop_type, retired.out_ms, retired.duration_ms) == (StopType.GARAGE, None, None)
    assert len(data.pit_stops) == 2


def test_a_stop_on_the_same_tyres_and_one_under_red():
    laps = race_laps()
    laps.loc[2, ["Compound", "TyreLife"]] = ["SOFT", 3.0]
    assert of_car(read(full_session(laps=laps)).pit_stops, "44")[0].stop_type is StopType.UNKNOWN
    red = pd.DataFrame({"Time": [at(200.0)], "Status": ["5"], "Message": ["Red"]})
    assert of_car(read(full_session(track_status=red)).pit_stops, "44")[0].stop_type is StopType.RED_FLAG


def test_cars_that_pit_after_the_race_make_no_stop():
    laps = race_laps()
    laps.loc[[3, 12], "PitInTime"] = [at(399.0), at(404.0)]
    assert [(stop.car_number, stop.lap_number) for stop in read(full_session(laps=laps)).pit_stops] == [
        ("16", 2), ("44", 2),
    ]  # fmt: skip


def test_official_results_and_gaps(data):
    official = [result for result in data.results if result.kind is ResultKind.OFFICIAL]
    assert [(r.car_number, r.position, r.grid_position, r.points, r.status, r.laps) for r in official] == [
        ("44", 1, 2, 25.0, "Finished", 4), ("63", 2, 1, 18.0, "Finished", 4), ("7", 3, 0, 0.0, "Engine", 2),
        ("16", 4, None, 0.0, "Retired", 1),
    ]  # fmt: skip
    assert [(r.total_time_ms, r.gap_ms, r.gap_laps) for r in official] == [
        (399_800, 0, 0), (410_300, 10_500, 0), (None, None, 2), (None, None, 3),
    ]  # fmt: skip
    assert (official[0].best_lap_number, official[0].best_lap_ms) == (4, 90_000)
    assert official[1].best_lap_ms == 97_000  # The faster one was deleted.


def test_total_times_for_all_are_read_as_such():
    results = race_results()
    results["Time"] = [span(399.8), span(410.3), pd.NaT, pd.NaT]
    second = read(full_session(results=results)).results[1]
    assert (second.total_time_ms, second.gap_ms) == (410_300, 10_500)


def test_road_order(data):
    road = [result for result in data.results if result.kind is ResultKind.ROAD]
    assert [(r.car_number, r.position, r.laps, r.total_time_ms, r.gap_ms, r.gap_laps) for r in road] == [
        ("44", 1, 4, 400_000, 0, 0), ("63", 2, 4, 405_500, 5_500, 0), ("7", 3, 2, 197_000, None, 2),
        ("16", 4, 1, 102_000, None, 3),
    ]  # fmt: skip


def test_penalties_are_whole_seconds_beyond_the_fields_usual_difference():
    cars = [(str(n), 400.0 + n) for n in range(1, 8)]
    extras = [0, 5.04, 0, 0.5, 10.0, 0, 0]
    laps = pd.DataFrame([lap(car, 1, end, end - 0.2) for car, end in cars])
    results = pd.concat([race_results().iloc[[0]]] * 7, ignore_index=True)
    results["DriverNumber"], results["Laps"] = [car for car, _ in cars], 1.0
    results["Position"] = [float(place) for place in range(1, 8)]
    results["Time"] = [span(end - 0.2 + extra) for (_, end), extra in zip(cars, extras, strict=True)]
    official = read(full_session(laps=laps, results=results)).results[:7]
    assert [result.penalty_ms for result in official] == [None, 5000, None, None, 10_000, None, None]


def test_entries(data):
    first, _, third, fourth = data.entries
    assert (first.car_number, first.car_class, first.team, first.colour) == ("44", "F1", "A", "#00d2be")
    driver = first.drivers[0]
    assert (driver.seat, driver.name, driver.code, driver.nationality, driver.provider_id) == (
        1, "Lewis Hamilton", "HAM", "GBR", "hamilton",
    )  # fmt: skip
    assert (third.colour, third.drivers[0].nationality, fourth.team, fourth.colour) == (None, None, None, None)


def test_weather_is_in_our_units_and_zeros_that_cannot_be_are_null(data):
    first, second = data.weather
    assert (first.wind_kph, first.air_c, first.pressure_hpa, first.rain) == (9.36, 20.5, 1010.1, False)
    assert (second.humidity_pct, second.pressure_hpa, second.wind_kph, second.rain) == (None, None, 0.0, True)
    assert second.time_utc == START_UTC


def test_track_status_keeps_the_last_of_a_moment_and_drops_unknown_codes(data):
    assert [(status.time_ms, status.flag) for status in data.track_status] == [
        (-3_600_000, Flag.GREEN), (180_000, Flag.SAFETY_CAR), (300_000, Flag.GREEN),
    ]  # fmt: skip


def test_race_control(data):
    deleted = data.race_control[2]
    assert (deleted.sequence, deleted.text, deleted.car_number, deleted.sector, deleted.lap_number) == (
        3, "CAR 44 TIME DELETED", "44", 3, 2,
    )  # fmt: skip
    assert (deleted.time_ms, deleted.time_utc) == (190_000, START_UTC + timedelta(seconds=190))


def test_the_start_is_found_from_events_on_both_clocks(data):
    assert data.session.start_utc == START_UTC
    assert data.session.end_utc == START_UTC + timedelta(seconds=406)
    assert "start time" not in data.missing


def test_the_telemetrys_start_wins():
    data = read(full_session(t0_date=T0 + pd.Timedelta(milliseconds=250)), telemetry=True)
    assert data.session.start_utc == START_UTC + timedelta(milliseconds=250)


def test_the_finish_is_the_second_choice_and_the_schedule_the_last():
    finish = race_control().iloc[[0, 2, 3]]
    data = read(full_session(race_control_messages=finish))
    assert data.session.start_utc == START_UTC - timedelta(seconds=6)
    messages = race_control().iloc[[0, 2]]
    data = read(full_session(race_control_messages=messages))
    assert data.session.start_utc == START_UTC  # The scheduled one.
    assert data.missing == ["start time"]
    assert (data.session.end_utc, data.race_control[0].time_ms, data.weather[0].time_utc) == (None, None, None)


def test_telemetry():
    session = full_session(car_data=car_data(), pos_data=positions(), t0_date=T0)
    frame = read(session, telemetry=True).telemetry
    assert session.asked["telemetry"] is True
    assert frame[["kind", "time_ms"]].to_numpy().tolist() == [
        ["car", 60], ["car", 180], ["position", 70], ["position", 300],
    ]  # fmt: skip
    car = frame[frame["kind"] == "car"]
    assert car["brake_pct"].tolist() == [100.0, 0.0]
    assert (car["speed_kph"].tolist(), car["rpm"].tolist(), car["drs"].tolist()) == (
        [0.0, 121.0],
        [9000, 9000],
        [0, 12],
    )
    place = frame[frame["kind"] == "position"].iloc[0]
    assert (place["x_m"], place["y_m"], place["z_m"], place["status"]) == (-104.6, -147.6, 8.6, "OnTrack")
    assert frame["y_m"].isna().tolist() == [True, True, False, True]


def test_missing_telemetry_is_named_only_where_it_was_asked_for():
    assert read(full_session()).missing == []
    assert read(full_session(car_data=car_data()), telemetry=True).missing == ["telemetry (pos_data)"]


@pytest.mark.parametrize(
    ("part", "name"),
    [("laps", "laps"), ("weather_data", "weather"), ("track_status", "track_status")],
)
def test_a_part_that_is_missing_is_named_and_the_rest_is_read(part, name):
    session = full_session()
    delattr(session, part)
    data = read(session)
    assert name in data.missing
    assert data.entries
    assert data.results


def test_without_a_status_the_streams_own_zero_is_used_and_named():
    session = full_session()
    del session.session_status
    data = read(session)
    assert of_car(data.laps, "44")[1].end_ms == 3_600_000 + 195_000
    assert {"session_status", "start time", "session start"} <= set(data.missing)


def test_computed_orders_are_not_official():
    results = race_results().assign(DriverId="", Points=float("nan"), Status="")
    data = read(full_session(results=results))
    assert {result.kind for result in data.results} == {ResultKind.ROAD}
    assert data.missing == ["official results"]


def test_qualifying_and_practice():
    results = race_results().assign(
        Q1=span(90.0), Q2=[span(89.0), span(89.5), pd.NaT, pd.NaT], GridPosition=float("nan")
    )
    data = read(full_session(results=results), SessionKey(Series.F1, 2024, 1, "Q"))
    assert [(r.kind, r.position, r.q1_ms, r.q2_ms, r.total_time_ms, r.gap_laps) for r in data.results][:3] == [
        (ResultKind.OFFICIAL, 1, 90_000, 89_000, None, None), (ResultKind.OFFICIAL, 2, 90_000, 89_500, None, None),
        (ResultKind.OFFICIAL, 3, 90_000, None, None, None),
    ]  # fmt: skip
    assert data.pit_stops == []
    practice = read(full_session(), SessionKey(Series.F1, 2024, 1, "FP1"))
    assert {result.kind for result in practice.results} == {ResultKind.ROAD}
    assert practice.missing == []


def test_nothing_usable_is_one_clear_line():
    with pytest.raises(
        SourceUnavailable, match="no laps, results, weather or messages of f1/2024/1/R at http://mirror"
    ):
        read(FakeSession())
    # The entry list of another session (FastF1 takes the race's for a practice) is not enough.
    with pytest.raises(SourceUnavailable):
        read(FakeSession(results=race_results().assign(Position=float("nan"))), SessionKey(Series.F1, 2024, 1, "FP1"))


def test_rows_that_name_no_lap_are_left_out_with_a_repair():
    laps = race_laps()
    odd = pd.DataFrame(
        [
            laps[laps["DriverNumber"] == "44"].iloc[1].to_dict(),
            lap("44", 3, 999.0),
            lap("44", float("nan"), 5.0),
            lap("nan", 3, 5.0),
        ]
    )
    data = read(full_session(laps=pd.concat([laps, odd], ignore_index=True)))
    assert len(data.laps) == len(laps)
    assert of_car(data.laps, "44")[1].end_ms == 195_000
    rules = sorted(repair.rule for repair in data.repairs)
    assert rules == [
        "lap_of_a_retirement", "no_car_or_lap_number", "no_car_or_lap_number", "second_row_of_a_lap", "unknown_compound",
    ]  # fmt: skip
    (kept_out,) = data.quarantine
    assert (kept_out.rule, kept_out.record) == ("contradicting_duplicate", "44 lap 3")


def test_the_digest_is_the_same_for_the_same_data_and_another_for_other_data():
    digest = read(full_session()).provenance.digest
    assert digest == read(full_session()).provenance.digest
    shuffled = race_laps().sample(frac=1.0, random_state=1)
    assert digest == read(full_session(laps=shuffled)).provenance.digest
    changed = race_laps()
    changed.loc[4, "LapTime"] += pd.Timedelta(milliseconds=1)
    assert digest != read(full_session(laps=changed)).provenance.digest
    status = session_status()
    status.loc[3, "Status"] = "Ends"
    assert digest != read(full_session(session_status=status)).provenance.digest


def test_the_version_names_fastf1(data):
    assert data.provenance.version.startswith("fastf1 3.")
    assert data.provenance.location == "http://mirror/static/2024/race/"


@bounds(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3)), max_size=6))
def test_the_digest_tells_lists_apart_and_takes_every_missing_value_for_one(values):
    series = pd.Series(values, dtype=object)
    blank = series.where(series.notna(), None)
    assert digest_frames({"a": series.to_frame("x")}) == digest_frames({"a": blank.to_frame("x")})
    assert digest_frames({"a": series.to_frame("x")}) != digest_frames({"b": series.to_frame("x")})


@bounds(deadline=None)
@given(st.lists(st.integers(min_value=-(10**15), max_value=10**15), max_size=8))
def test_durations_are_rounded_to_the_millisecond(nanos):
    found = plain(durations(pd.Series(pd.to_timedelta(nanos, unit="ns"))))
    assert all(abs(ms * 1_000_000 - value) <= 500_000 for ms, value in zip(found, nanos, strict=True))


@bounds(deadline=None)
@given(st.lists(st.one_of(st.floats(), st.none(), st.sampled_from(["nan", "None", "", "12", "x"])), max_size=8))
def test_columns_never_give_nan(values):
    series = pd.Series(values, dtype=object)
    for found in (plain(numbers(series)), plain(wholes(series)), texts(series), truths(series), car_numbers(series)):
        assert len(found) == len(values)
        assert all(value is None or value == value for value in found)
