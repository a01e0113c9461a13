"""GR Cup loggers, and the two cars that the lap files both call 3."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import pytest

from racelab.domain.laps import Result, ResultKind
from racelab.domain.records import SessionData
from racelab.errors import BadInput
from racelab.sources import grcup
from racelab.sources.alkamel import find_sessions
from racelab.sources.grcup import LoggerLap
from racelab.sources.hints import Hints
from racelab.sources.textfile import TextTable, open_text, read_raw, read_table

WITH_VALUE = (
    '"meta_source","meta_time","meta_event","meta_session","timestamp","vehicle_id","outing","lap","value","expire_at"\n'
    '"kafka","x","I_R02_2025-04-27","R1","2025-04-26T20:54:54.445Z","GR86-002-2",0,1,394717,\n'
    '"kafka","x","I_R02_2025-04-27","R1","2025-04-26T20:48:19.686Z","GR86-002-2",0,32768,2048484,'
)
WITHOUT_VALUE = (
    "expire_at,lap,meta_event,meta_session,meta_source,meta_time,original_vehicle_id,outing,timestamp,vehicle_id,vehicle_number\n"
    ",2,I_R06_2025-09-07,R1,kafka,x,GR86-002-000,0,2025-09-06T18:40:41.775Z,GR86-002-000,0\n"
)


def table(text: str) -> TextTable:
    return read_table(Path("R1_lap_time.csv"), text, whole_lines=False)


def test_both_layouts_give_the_same_laps() -> None:
    found = grcup.read_logger(table(WITH_VALUE))
    assert (found.round, found.last_day) == (2, date(2025, 4, 27))
    moment = datetime(2025, 4, 26, 20, 54, 54, 445_000, tzinfo=UTC)
    assert found.laps == [LoggerLap("GR86-002-2", 1, moment, 394_717)]
    other = grcup.read_logger(table(WITHOUT_VALUE))
    assert (other.round, other.laps[0].lap_number, other.laps[0].lap_time_ms) == (6, 2, None)


def test_an_unset_lap_counter_is_left_out_by_name() -> None:
    (repair,) = grcup.read_logger(table(WITH_VALUE)).repairs
    assert (repair.rule, repair.record, repair.before, repair.after) == (
        "unset_lap_counter", "GR86-002-2 in R1_lap_time.csv", "32768", None,
    )  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [(",2,", ",x,"), ("18:40:41", "25:40:41")])
def test_a_damaged_row_names_file_and_line(old: str, new: str) -> None:
    with pytest.raises(BadInput, match=r"R1_lap_time\.csv, line 2: "):
        grcup.read_logger(table(WITHOUT_VALUE.replace(old, new, 1)))


Sessions = Callable[[str], list[SessionData]]


@pytest.fixture
def sessions(data: Path) -> Sessions:
    return lambda name: [found.read() for found in find_sessions(data / "grcup" / name, Hints())]


def of_kind(data: SessionData, kind: ResultKind) -> list[Result]:
    return sorted((r for r in data.results if r.kind is kind), key=lambda r: r.position or 0)


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "round_", "cars", "laps", "kinds"),
    [
        ("barber", 6, 22, (579, 602), ({"official", "provisional", "road"}, {"official", "provisional", "road"})),
        ("COTA", 2, 31, (486, 508), ({"official", "provisional", "road"}, {"provisional", "road"})),
        ("indianapolis", 7, 29, (669, 617), ({"official", "provisional", "road"}, {"official", "provisional", "road"})),
        ("Sonoma", 1, 31, (669, 650), ({"official", "road"}, {"official", "provisional", "road"})),
    ],
)
def test_every_race(sessions: Sessions, folder: str, round_: int, cars: int, laps: tuple[int, int], kinds: tuple[set[str], set[str]]) -> None:  # fmt: skip
    both = sessions(folder)
    assert [str(data.session.key) for data in both] == [f"grcup/2025/{round_}/R1", f"grcup/2025/{round_}/R2"]
    for data, count, known in zip(both, laps, kinds, strict=True):
        assert (len(data.entries), len(data.laps)) == (cars, count)
        assert {str(result.kind) for result in data.results} == known
        last = {lap.car_number: lap for lap in data.laps}
        for result in data.results:
            lap = last[result.car_number]
            assert (result.laps, result.total_time_ms) == (lap.lap_number, (lap.end_ms or 0) + (result.penalty_ms or 0))
        assert ("weather" in data.missing) == (data.session.key.round == 1 and data.session.key.code == "R2")


@pytest.mark.data
def test_indianapolis_keeps_the_order_on_the_road_and_the_official_one(sessions: Sessions) -> None:
    race = sessions("indianapolis")[0]
    road, official = of_kind(race, ResultKind.ROAD), of_kind(race, ResultKind.OFFICIAL)
    assert (road[0].car_number, official[0].car_number, official[7].car_number) == ("22", "55", "22")
    assert official[7].penalty_ms == 5000
    assert race.entries[0].car_number == "021"
    assert next(e for e in race.entries if e.car_number == "03").drivers[0].name == "Karl Forman"


@pytest.mark.data
def test_official_places_differ_from_provisional_ones_and_both_are_kept(sessions: Sessions) -> None:
    first, second = sessions("Sonoma")[1], sessions("COTA")[0]
    assert [of_kind(first, kind)[2].car_number for kind in (ResultKind.PROVISIONAL, ResultKind.OFFICIAL)] == [
        "71",
        "13",
    ]
    place = {r.kind: r.position for r in second.results if r.car_number == "03"}
    assert place == {ResultKind.ROAD: 19, ResultKind.PROVISIONAL: 19, ResultKind.OFFICIAL: 18}


@pytest.mark.data
@pytest.mark.parametrize("folder", ["COTA", "Sonoma"])
def test_the_two_cars_called_3_are_03_and_3(sessions: Sessions, folder: str) -> None:
    for data in sessions(folder):
        (repair,) = [r for r in data.repairs if r.rule == "shared_number"]
        assert (repair.before, repair.after) == ("3", "03")
        groups = {entry.car_number: entry.group for entry in data.entries}
        assert (groups["03"], groups["3"]) in ((None, "Legends"), (None, None))
        both = [lap.car_number for lap in data.laps if lap.car_number in ("03", "3")]
        assert both == sorted(both)


@pytest.mark.data
@pytest.mark.parametrize("race", [1, 2])
def test_loggers_at_sonoma_tell_the_two_cars_apart(data: Path, sessions: Sessions, race: int) -> None:
    """By the ends of laps, chassis 040 is the first 3 of the file, so 03, and chassis 037 the second."""
    found = sessions("Sonoma")[race - 1]
    path = data / "grcup" / "Sonoma" / f"Race {race}" / f"sonoma_lap_end_time_R{race}.csv"
    logger = grcup.read_logger(read_table(path, open_text(path, read_raw(path)), whole_lines=False))
    assert found.session.start_utc is not None
    off: dict[tuple[str, str], float] = {}
    for vehicle in ("GR86-037-003", "GR86-040-003"):
        seen = [(lap.time_utc - found.session.start_utc).total_seconds() * 1000 for lap in logger.laps if lap.vehicle_id == vehicle]  # fmt: skip
        for number in ("03", "3"):
            ends = [lap.end_ms or 0 for lap in found.laps if lap.car_number == number]
            off[vehicle, number] = median(min(abs(moment - end) for moment in seen) for end in ends)
    assert off["GR86-040-003", "03"] < 300 < off["GR86-040-003", "3"]
    assert off["GR86-037-003", "3"] < 300 < off["GR86-037-003", "03"]


@pytest.mark.data
def test_barbers_track_sensor_says_nothing(sessions: Sessions) -> None:
    for data in sessions("barber"):
        assert {reading.track_c for reading in data.weather} == {None}
        assert "stuck_sensor" in {repair.rule for repair in data.repairs}
        assert data.weather[0].pressure_hpa == pytest.approx(993, abs=3)
