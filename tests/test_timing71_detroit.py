"""The whole IMSA race at Detroit 2026, as Timing71 recorded it."""

from collections import Counter

import pytest

from racelab.domain.flags import Flag
from racelab.domain.laps import StopType
from racelab.sources.hints import Hints
from racelab.sources.timing71 import Recording, find_sessions, sniff

pytestmark = pytest.mark.data
ORDER = [
    "31",
    "25",
    "10",
    "93",
    "7",
    "40",
    "60",
    "6",
    "24",
    "23",
    "5",
    "3",
    "9",
    "65",
    "1",
    "64",
    "14",
    "4",
    "59",
    "77",
    "15",
]
LAPS = [82] * 10 + [80] + [79] * 8 + [78] * 2
GAPS_MS = [None, 6_023, 6_758, 7_341, 8_269, 9_871, 10_215, 10_735, 11_418, 12_558] + [None] * 11


@pytest.fixture(scope="module")
def path():
    from conftest import DATA

    return DATA / "live" / "timing71_recordings" / "Detroit-2026-Race.zip"


@pytest.fixture(scope="module")
def race(path):
    return find_sessions(path, Hints())[0].read()


def test_all_frames_are_read(path):
    recording = Recording(path)
    frames = list(recording.frames())
    assert sniff(path)
    assert len(frames) == len(recording) == 5_658
    assert recording.skipped == []
    assert {len(frame.payload["cars"]) for frame in frames} == {21}


def test_the_session_is_the_fifth_of_imsa_2026(race):
    assert str(race.session.key) == "imsa/2026/5/R"
    assert race.event.name == "Chevrolet Detroit Sports Car Classic"
    assert race.session.start_utc.isoformat(timespec="seconds") == "2026-05-30T20:09:51+00:00"
    assert race.session.scheduled_ms == 6_000_000
    assert race.session.status == "finished"
    assert race.missing == []
    assert race.repairs == []


def test_the_classification_is_the_recordings(race):
    assert [result.car_number for result in race.results] == ORDER
    assert [result.laps for result in race.results] == LAPS
    assert [result.gap_ms for result in race.results] == GAPS_MS
    assert [result.gap_laps for result in race.results[10:]] == [2] + [3] * 8 + [4] * 2
    assert race.results[0].total_time_ms == 6_037_110


def test_the_running_sum_of_lap_times_gives_every_gap(race):
    ends = {lap.car_number: lap.end_ms for lap in race.laps}
    totals = {result.car_number: result.total_time_ms for result in race.results}
    assert ends == totals
    assert [totals[number] - totals["31"] for number in ORDER[1:10]] == GAPS_MS[1:10]


def test_every_lap_of_every_car_is_there_and_its_sectors_sum(race):
    counts = Counter(lap.car_number for lap in race.laps)
    assert [counts[number] for number in ORDER] == LAPS
    assert len(race.laps) == 1_688
    timed = [lap for lap in race.laps if lap.lap_time_ms is not None]
    sectored = [lap for lap in timed if None not in (lap.s1_ms, lap.s2_ms, lap.s3_ms)]
    agreeing = [lap for lap in sectored if abs(lap.s1_ms + lap.s2_ms + lap.s3_ms - lap.lap_time_ms) <= 1]
    assert (len(timed), len(sectored), len(agreeing)) == (1_688, 1_688, 1_688)


def test_the_fastest_lap_is_that_of_31(race):
    best = min(race.laps, key=lambda lap: lap.lap_time_ms)
    assert (best.car_number, best.lap_number, best.lap_time_ms) == ("31", 20, 66_234)


def test_stops_are_the_recordings(race, path):
    *_, last = Recording(path).frames()
    shown = {row[0]: int(row[16]) for row in last.payload["cars"]}
    counted = Counter(stop.car_number for stop in race.pit_stops)
    # Car 15 came in once more after it had finished; that is no stop of the race.
    assert (sum(shown.values()), len(race.pit_stops)) == (40, 39)
    assert {number: shown[number] - counted[number] for number in ORDER if shown[number] != counted[number]} == {
        "15": 1
    }
    assert Counter(stop.stop_type for stop in race.pit_stops) == {
        StopType.DRIVER_CHANGE: 22, StopType.REGULAR: 9, StopType.DRIVE_THROUGH: 7, StopType.PENALTY: 1,
    }  # fmt: skip
    stop = next(stop for stop in race.pit_stops if stop.car_number == "31")
    assert (stop.lap_number, stop.in_ms, stop.out_ms, stop.duration_ms) == (27, 1_996_679, 2_031_717, 35_000)
    assert all(abs(stop.out_ms - stop.in_ms - stop.duration_ms) < 2_000 for stop in race.pit_stops)
    in_laps = {(lap.car_number, lap.lap_number) for lap in race.laps if lap.pit_in}
    assert in_laps == {(stop.car_number, stop.lap_number) for stop in race.pit_stops}


def test_drivers_laps_add_up(race):
    crews = {entry.car_number: [driver.name for driver in entry.drivers] for entry in race.entries}
    assert crews["31"] == ["Earl BAMBER", "Jack AITKEN"]
    seats = Counter(lap.seat for lap in race.laps if lap.car_number == "31")
    assert seats == {1: 27, 2: 55}
    assert all(len(crew) == 2 for crew in crews.values())


def test_flags_and_messages(race):
    assert [status.flag for status in race.track_status] == [
        Flag.GREEN, Flag.FCY, Flag.GREEN, Flag.FCY, Flag.GREEN, Flag.FCY, Flag.GREEN, Flag.CHEQUERED,
    ]  # fmt: skip
    assert [round(status.time_ms / 1000) for status in race.track_status] == [1, 209, 585, 4812, 5239, 5324, 5627, 6039]
    assert len(race.race_control) == 71
    assert sum(message.time_ms < 0 for message in race.race_control) == 2
    assert "DRIVE THROUGH" in next(message.text for message in race.race_control if message.car_number == "23")
    assert all(-5 <= reading.air_c <= 40 and reading.wind_kph < 60 for reading in race.weather)
