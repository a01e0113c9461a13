"""Every real WEC and IMSA file against its results: winners, laps, times, penalties, flags, stops."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from racelab.domain.flags import Flag
from racelab.domain.laps import ResultKind, StopType
from racelab.domain.records import SessionData
from racelab.sources.alkamel import find_sessions
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

pytestmark = pytest.mark.data

# Key, car, seconds: where the result's total time is more than the sum of the laps.
PENALTIES = {
    ("imsa/2021/5/R", "48", 35), ("imsa/2021/12/R", "52", 37), ("imsa/2022/5/R", "74", 29), ("imsa/2022/9/R", "79", 23),
    ("imsa/2022/12/R", "5", 97), ("imsa/2023/6/R", "24", 28), ("imsa/2023/6/R", "96", 28), ("imsa/2023/7/R", "91", 28),
    ("imsa/2024/2/R", "77", 35), ("imsa/2024/4/R", "78", 30), ("imsa/2024/6/R", "70", 35),
}  # fmt: skip
WEC = {
    "wec/2020/6/R": ("7", 143, 3_883, 29), "wec/2021/4/R": ("7", 371, 17_771, 61), "wec/2023/4/R": ("51", 342, 15_030, 62),
    "wec/2024/4/R": ("50", 311, 15_593, 62), "wec/2024/7/R": ("6", 213, 7_042, 36), "wec/2024/8/R": ("8", 235, 7_486, 36),
    "wec/2025/1/R": ("50", 318, 9_696, 36), "wec/2025/2/R": ("51", 212, 7_044, 36), "wec/2025/3/R": ("51", 150, 4_630, 36),
    "wec/2025/7/R": ("35", 202, 6_683, 36),
}  # fmt: skip


@cache
def read_all(folder: Path) -> dict[str, SessionData]:
    sessions = [found.read() for found in find_sessions(folder, Hints())]
    named = {str(data.session.key): data for data in sessions}
    assert len(named) == len(sessions)
    return named


@pytest.fixture
def wec(data: Path) -> dict[str, SessionData]:
    return read_all(data / "wec")


@pytest.fixture
def imsa(data: Path) -> dict[str, SessionData]:
    return read_all(data / "imsa")


def with_laps(sessions: dict[str, SessionData]) -> Iterator[SessionData]:
    return (data for data in sessions.values() if data.laps)


def test_every_wec_race_has_its_winner(wec: dict[str, SessionData]) -> None:
    found = {}
    for key, data in wec.items():
        winner = data.results[0]
        found[key] = (winner.car_number, winner.laps, len(data.laps), len(data.entries))
    assert found == WEC


def test_imsa_is_43_races_with_laps_and_four_without(imsa: dict[str, SessionData]) -> None:
    assert len(list(with_laps(imsa))) == 43
    without = {key: data for key, data in imsa.items() if not data.laps}
    assert set(without) == {f"imsa/{season}/1/R" for season in (2021, 2022, 2023, 2024)}
    assert all(data.missing == ["laps", "flags"] for data in without.values())
    assert [without[key].results[0].car_number for key in sorted(without)] == ["10", "60", "60", "7"]
    rounds = Counter(data.session.key.season for data in imsa.values() if data.session.key.round)
    assert rounds == {2021: 11, 2022: 12, 2023: 11, 2024: 11}
    assert {key for key in imsa if key.endswith("QR")} == {"imsa/2021/0/QR", "imsa/2022/0/QR"}


def test_every_car_of_imsa_has_the_laps_and_the_time_of_its_result(imsa: dict[str, SessionData]) -> None:
    cars, found = 0, set()
    for data in with_laps(imsa):
        last = {lap.car_number: lap for lap in data.laps}
        official = [r for r in data.results if r.kind is ResultKind.OFFICIAL]
        assert {r.car_number for r in official if r.laps} == set(last)
        for result in official:
            if not result.laps:
                continue
            lap = last[result.car_number]
            cars += 1
            assert (result.laps, result.total_time_ms) == (lap.lap_number, (lap.end_ms or 0) + (result.penalty_ms or 0))
            if result.penalty_ms:
                found.add((str(data.session.key), result.car_number, result.penalty_ms // 1000))
    assert cars == 1541
    assert found == PENALTIES


def test_the_winner_on_the_road_won_every_imsa_race(imsa: dict[str, SessionData]) -> None:
    for data in with_laps(imsa):
        first = {r.kind: r.car_number for r in data.results if r.position == 1}
        assert first[ResultKind.ROAD] == first[ResultKind.OFFICIAL], data.session.key


def test_places_at_the_end_of_the_last_lap_are_those_of_the_road(wec: dict[str, SessionData], imsa: dict[str, SessionData]) -> None:  # fmt: skip
    for data in with_laps({**wec, **imsa}):
        leader = data.results[0]
        same = [r for r in data.results if r.kind is ResultKind.ROAD and r.laps == leader.laps]
        final = {lap.car_number: lap for lap in data.laps if lap.lap_number == leader.laps}
        assert [final[r.car_number].position for r in same] == [r.position for r in same]


def test_the_sums_hold_on_every_lap_of_every_file(wec: dict[str, SessionData], imsa: dict[str, SessionData]) -> None:
    rules = Counter(repair.rule for data in {**wec, **imsa}.values() for repair in data.repairs)
    assert rules == {"two_pit_times": 32, "stuck_sensor": 1}
    assert sum(len(data.laps) for data in {**wec, **imsa}.values()) > 300_000


def test_every_in_lap_is_a_stop_and_every_pit_time_belongs_to_one(wec: dict[str, SessionData]) -> None:
    race = wec["wec/2024/4/R"]
    flagged = {(lap.car_number, lap.lap_number) for lap in race.laps if lap.pit_in and lap.flag is not Flag.CHEQUERED}
    assert {(stop.car_number, stop.lap_number) for stop in race.pit_stops} == flagged
    times = {
        (lap.car_number, lap.lap_number): lap.pit_time_ms for lap in race.laps if lap.pit_time_ms and lap.lap_number > 1
    }
    assert {(s.car_number, s.lap_number + 1): s.duration_ms for s in race.pit_stops if s.duration_ms} == times
    for stop in race.pit_stops:
        if stop.stop_type is StopType.DRIVER_CHANGE:
            assert stop.seat_in != stop.seat_out


def test_the_le_mans_winner_of_2024(wec: dict[str, SessionData]) -> None:
    race = wec["wec/2024/4/R"]
    laps = [lap for lap in race.laps if lap.car_number == "50"]
    assert (laps[-1].position, laps[-1].class_position, laps[-1].flag) == (1, 1, Flag.CHEQUERED)
    names = [driver.name for entry in race.entries if entry.car_number == "50" for driver in entry.drivers]
    assert names == ["Antonio FUOCO", "Miguel MOLINA", "Nicklas NIELSEN"]
    assert race.session.lap_length_m == 13_626
    assert sum(status.flag is Flag.SAFETY_CAR for status in race.track_status) == 3


def test_starts_are_within_minutes_of_the_calendar_and_the_first_weather_reading(imsa: dict[str, SessionData]) -> None:
    for data in with_laps(imsa):
        if data.weather:
            assert -200_000 < data.weather[0].time_ms < 300_000, data.session.key
            assert -30 < (data.weather[0].air_c or 0) < 45
            assert 900 < (data.weather[0].pressure_hpa or 0) < 1060


def test_red_flags_are_found_where_the_field_stood(imsa: dict[str, SessionData], wec: dict[str, SessionData]) -> None:
    red = {key for key, data in {**imsa, **wec}.items() if any(s.flag is Flag.RED for s in data.track_status)}
    assert red == {"imsa/2021/6/R", "imsa/2022/7/R", "imsa/2024/6/R"}
    stops = Counter(stop.stop_type for stop in imsa["imsa/2022/7/R"].pit_stops)
    assert stops[StopType.RED_FLAG] == 40


def test_lap_lengths_are_those_of_the_circuits(imsa: dict[str, SessionData], wec: dict[str, SessionData]) -> None:
    lengths = {data.event.circuit: data.session.lap_length_m for data in {**imsa, **wec}.values()}
    assert lengths["Circuit de la Sarthe"] == 13_626
    assert lengths["Sebring International Raceway"] == 6019
    assert lengths["Daytona International Speedway"] == 5729
    assert lengths["Circuit de Spa-Francorchamps"] == 7004


def test_the_race_of_third_parties_metadata_agrees(data: Path, wec: dict[str, SessionData]) -> None:
    for path in (data / "wec").glob("202[45]/*.json"):
        told = json.loads(path.read_text(encoding="utf-8"))
        (race,) = [r for r in wec.values() if Path(r.provenance.location).name.startswith(f"{path.stem}.csv") and r.session.key.season == told["season"]]  # fmt: skip
        assert race.results[0].laps == told["race"]["lapTotal"]
        assert race.session.start_utc is not None
        local = race.session.start_utc.astimezone(ZoneInfo(race.event.timezone or "UTC"))
        assert local.strftime("%H:%M:%S.%f")[:-3] == told["race"]["startedAt"]


def test_every_session_fits_the_store(imsa: dict[str, SessionData], store: SqlStore) -> None:
    for key in ("imsa/2021/0/QR", "imsa/2021/1/R", "imsa/2022/7/R", "imsa/2023/3/R"):
        assert store.write_session(imsa[key]).change == "added"
        assert store.write_session(imsa[key]).change == "unchanged"
    laps = store.read("laps", imsa["imsa/2022/7/R"].session.key)
    assert len(laps) == 6698
