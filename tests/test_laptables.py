"""Lap tables in FastF1's columns: sessions, values, and every way in which a file can be wrong."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from racelab.domain.checks import check
from racelab.domain.flags import Flag
from racelab.domain.laps import Quality, StopType
from racelab.domain.tyres import Compound
from racelab.errors import BadInput
from racelab.sources.hints import Hints
from racelab.sources.laptables import find_sessions, sniff
from racelab.sources.laptables.file import spans

HEADER = (
    "Time,Driver,DriverNumber,LapTime,LapNumber,Stint,PitOutTime,PitInTime,Compound,TyreLife,FreshTyre,Team,"
    "TrackStatus,Position,IsAccurate,RoundNumber,EventName,CompoundName"
)


def span(seconds: float) -> str:
    return f"0 days {int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:09.6f}"


def row(car: str, number: int, end: float, time: str, round_: int = 1, **more: str) -> str:
    cells = {
        "PitOutTime": "", "PitInTime": "", "Compound": "SOFT", "TyreLife": f"{number}.0", "TrackStatus": "1",
        "Position": "1.0", "CompoundName": "C3", "Stint": "1.0", **more,
    }  # fmt: skip
    return ",".join(
        [span(3600 + end), f"D{car}", car, time, f"{number}.0", cells["Stint"], cells["PitOutTime"], cells["PitInTime"],
         cells["Compound"], cells["TyreLife"], "True", "Team", cells["TrackStatus"], cells["Position"], "False",
         str(round_), "Bahrain Grand Prix", cells["CompoundName"]]
    )  # fmt: skip


ROWS = [
    row("44", 1, 100.0, "99.8", PitOutTime=span(1200)),
    row("44", 2, 195.0, "95.0", PitInTime=span(3793), TrackStatus="2.0"),
    row("44", 3, 310.5, "115.5", PitOutTime=span(3815.5), Compound="HARD", TyreLife="1.0", Stint="2.0"),
    row("7", 1, 101.0, "100.8", Compound="SOFT", CompoundName="ULTRASOFT", Position="2.0"),
    row("7", 2, 250.0, "", Position="", TrackStatus=""),
    row("44", 1, 90.0, "89.8", round_=2),
]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    def write(lines: list[str] = ROWS, name: str = "grand_prix_laps_2023.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        text = "\n".join([header, *lines]) + "\n"
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text, encoding="utf-8")
        return path

    return write


def read(path: Path, index: int = 0, hints: Hints | None = None):
    return find_sessions(path, hints or Hints())[index].read()


@bounds(deadline=None)
@given(st.lists(st.one_of(st.floats(), st.integers(0, 10**7), st.sampled_from(["", "nan", "x"])), max_size=6))
def test_seconds_are_read_to_the_millisecond_and_nothing_else_is(values):
    found = spans(pd.Series([str(value) for value in values], dtype=object))
    for value, read_as in zip(values, found, strict=True):
        if isinstance(value, str) or not abs(value) < 1_000_000:
            assert read_as is pd.NaT
        else:
            assert abs(read_as.total_seconds() - value) <= 0.000501


@pytest.mark.parametrize("name", ["laps_2023.csv", "laps_2023.csv.gz"])
def test_a_table_is_one_session_a_round(name, table):
    path = table(name=name)
    assert sniff(path)
    found = find_sessions(path, Hints())
    assert [str(session.key) for session in found] == ["f1/2023/1/R", "f1/2023/2/R"]
    assert found[0].label == "2023 Bahrain Grand Prix, Race"
    assert [len(session.read().laps) for session in found] == [5, 1]


def test_values(table):
    laps = {(lap.car_number, lap.lap_number): lap for lap in read(table()).laps}
    first, second, third = (laps["44", number] for number in (1, 2, 3))
    # Lap 1's end less its time is the start, for both cars 0.2 s after 1:00:00.
    assert (first.start_ms, first.end_ms, first.lap_time_ms, first.pit_out) == (0, 99_800, 99_800, False)
    assert (second.start_ms, second.end_ms, second.pit_in_ms, second.flag) == (99_800, 194_800, 192_800, Flag.YELLOW)
    assert (third.pit_out_ms, third.pit_time_ms, third.compound, third.tyre_age) == (215_300, 22_500, Compound.HARD, 1)
    assert (third.stint, third.fresh_tyre, third.accurate, third.deleted, third.s1_ms) == (2, True, False, None, None)
    assert laps["7", 1].compound is Compound.ULTRASOFT
    assert (laps["7", 2].quality, laps["7", 2].flag) == (Quality.REPAIRED, None)


def test_stops_results_and_entries(table):
    data = read(table())
    (stop,) = data.pit_stops
    assert (stop.car_number, stop.lap_number, stop.duration_ms, stop.stop_type) == ("44", 2, 22_500, StopType.REGULAR)
    assert [(r.kind.value, r.car_number, r.laps, r.total_time_ms, r.gap_laps) for r in data.results] == [
        ("road", "44", 3, 310_300, 0), ("road", "7", 1, 100_800, 2),
    ]  # fmt: skip
    assert {entry.car_number: entry.drivers[0].code for entry in data.entries} == {"44": "D44", "7": "D7"}
    assert {"official results", "start time", "sectors", "speeds"} <= set(data.missing)
    assert "session start" not in data.missing


def test_without_a_first_lap_time_the_start_is_an_estimate_and_says_so(table):
    data = read(
        table([row("44", 1, 100.0, ""), row("44", 2, 195.0, "95.0"), row("7", 1, 101.0, "")], "sprint_2023.csv")
    )
    assert str(data.session.key) == "f1/2023/1/S"
    assert [(lap.start_ms, lap.end_ms) for lap in data.laps if lap.car_number == "44"] == [
        (0, 95_000),
        (95_000, 190_000),
    ]
    assert [repair.rule for repair in data.repairs] == ["start_from_second_lap"]
    assert "session start" in data.missing


def test_session_and_season_from_columns(table):
    rows = [f"{line},2021,{code}" for line, code in zip(ROWS[:3], ("Race", "SPRINT", "R"), strict=True)]
    found = find_sessions(table(rows, "laps.csv", f"{HEADER},Season,Session"), Hints())
    assert [(str(session.key), len(session.rows)) for session in found] == [("f1/2021/1/R", 2), ("f1/2021/1/S", 1)]


def test_hints_win(table):
    (first, _) = find_sessions(table(name="laps.csv"), Hints(season=2019, event="Somewhere"))
    assert (first.key.season, first.event) == (2019, "Somewhere")


def test_parquet_is_read_as_csv_is(table, tmp_path):
    path = table()
    frame = pd.read_csv(path)
    for name in ("Time", "PitInTime", "PitOutTime"):
        frame[name] = pd.to_timedelta(frame[name])
    frame["LapTime"] = pd.to_timedelta(frame["LapTime"], unit="s")
    parquet = tmp_path / "laps_2023.parquet"
    frame.to_parquet(parquet)
    assert sniff(parquet)
    assert read(parquet).laps == read(path).laps
    parquet.write_bytes(parquet.read_bytes()[:-20])
    assert not sniff(parquet)
    with pytest.raises(BadInput, match="damaged Parquet"):
        find_sessions(parquet, Hints())


def test_a_folder(table, tmp_path):
    table(name="laps_2023.csv")
    table(name="sprint_laps_2022.csv.gz")
    (tmp_path / "readme.txt").write_text("no table")
    assert sorted(str(session.key) for session in find_sessions(tmp_path, Hints())) == [
        "f1/2022/1/S", "f1/2022/2/S", "f1/2023/1/R", "f1/2023/2/R",
    ]  # fmt: skip
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadInput, match="holds no lap table"):
        find_sessions(empty, Hints())


def test_the_digest_is_of_the_session_alone(table):
    before = [session.read().provenance.digest for session in find_sessions(table(), Hints())]
    assert before == [session.read().provenance.digest for session in find_sessions(table(), Hints())]
    changed = table([ROWS[0].replace("99.8", "99.7"), *ROWS[1:]])
    after = [session.read().provenance.digest for session in find_sessions(changed, Hints())]
    assert (after[0] != before[0], after[1]) == (True, before[1])


def fault(path: Path) -> str:
    with pytest.raises(BadInput) as error:
        find_sessions(path, Hints())
    text = str(error.value)
    assert str(path) in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ROWS[0].replace("99.8", "fast"), "line 3: LapTime is 'fast'"),
        (ROWS[0].replace("99.8", "-1"), "line 3: LapTime is '-1'"),
        (ROWS[0].replace(span(3700.0), "noon"), "line 3: Time is 'noon'"),
        (ROWS[0].replace(",1.0,1.0,", ",1.5,1.0,"), "line 3: LapNumber is '1.5'"),
        (ROWS[0].replace(",44,", ",,"), "line 3: DriverNumber has none"),
        (ROWS[0].replace(",1,Bahrain", ",x,Bahrain"), "line 3: RoundNumber is 'x'"),
        (ROWS[0].replace(",1,Bahrain", ",100,Bahrain"), "line 3"),
        (ROWS[0][:60], "line 3 has 7 fields where the header has 18"),
        (ROWS[0] + ",more", "line 3 has 19 fields where the header has 18"),
    ],
)
def test_a_bad_line_is_named(line, said, table):
    assert said in fault(table([ROWS[0], line]))


def test_files_that_are_no_lap_tables(table, tmp_path):
    assert "holds no" not in fault(table([], header=HEADER))
    assert "line 1 is no lap table" in fault(table(["1,2"], header="a,b"))
    path = tmp_path / "laps_2023.csv"
    path.write_bytes(b"")
    assert "line 1 is empty" in fault(path)
    assert not sniff(path)
    path.write_bytes(b"\xff\xfe\x00binary")
    assert "UTF-8" in fault(path)
    path.write_bytes(gzip.compress(b"x" * 10_000)[:-12])
    assert "cut off gzip" in fault(path)
    assert not sniff(path)
    assert "does not tell its season" in fault(table(name="laps.csv"))
    assert "line 1 names Driver twice" in fault(table([f"{ROWS[0]},VER"], header=f"{HEADER},Driver"))
    assert "no session code 'Party'" in fault(table([f"{ROWS[0]},Party"], header=f"{HEADER},Session"))
    assert not sniff(tmp_path / "gone.csv")
    with pytest.raises(BadInput, match="cannot be opened"):
        find_sessions(tmp_path / "gone.csv", Hints())


FILES = {
    "grand_prix_laps_2018": (21, 22_321), "grand_prix_laps_2019": (21, 23_675), "grand_prix_laps_2020": (17, 18_337),
    "grand_prix_laps_2021": (22, 23_748), "grand_prix_laps_2022": (22, 23_568), "grand_prix_laps_2023": (22, 24_431),
    "grand_prix_laps_2024_r1-18": (18, 20_265), "sprint_laps_2021": (3, 1_162), "sprint_laps_2022": (3, 1_305),
    "sprint_laps_2023": (6, 2_176), "sprint_laps_2024": (6, 2_418),
}  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize("name", FILES)
def test_every_lap_of_the_real_tables(name, data):
    path = data / "f1" / "laps" / f"{name}.csv.gz"
    assert sniff(path)
    read_sessions = [session.read() for session in find_sessions(path, Hints())]
    assert (len(read_sessions), sum(len(session.laps) for session in read_sessions)) == FILES[name]
    assert {session.session.key.code for session in read_sessions} == {"S" if "sprint" in name else "R"}
    for session in read_sessions:
        assert len({(lap.car_number, lap.lap_number) for lap in session.laps}) == len(session.laps)
        assert all(lap.end_ms is None or lap.end_ms > 40_000 for lap in session.laps if lap.lap_number)


@pytest.mark.data
def test_the_winners_of_2023(data):
    found = find_sessions(data / "f1" / "laps" / "grand_prix_laps_2023.csv.gz", Hints())
    winners = [session.read().results[0] for session in found]
    # The 19 wins of Verstappen, Perez in rounds 2 and 4, Sainz in round 15.
    assert [winner.car_number for winner in winners] == ["1", "11", "1", "11", *["1"] * 10, "55", *["1"] * 7]
    assert (winners[0].laps, winners[0].total_time_ms) == (57, 5_636_736)


def test_two_drivers_with_one_number_are_refused(table):
    lines = [*ROWS, *(line.replace(",D7,7,", ",D7,44,") for line in ROWS if ",D7,7," in line)]
    with pytest.raises(BadInput, match=r"laps_2023\.csv, f1/2023/1/R: car 44 has laps of D44 and D7: two cars"):
        read(table(lines))


def test_a_second_row_of_a_lap_is_a_repair_where_it_is_alike_and_kept_out_whole_where_it_is_not(table):
    data = read(table([*ROWS, ROWS[1], ROWS[2].replace("115.5", "116.5")]))
    assert [lap.lap_time_ms for lap in data.laps if lap.car_number == "44"] == [99_800, 95_000, 115_500]
    assert [r.record for r in data.repairs if r.rule == "second_row_of_a_lap"] == ["44/2"]
    (kept_out,) = data.quarantine
    assert (kept_out.rule, kept_out.table, kept_out.record) == ("contradicting_duplicate", "laps", "44 lap 3")
    assert json.loads(kept_out.content)["LapTime"] == "0 days 00:01:56.500000"


@pytest.mark.parametrize("word", ["nan", "None", "UNKNOWN", "BANANA"])
def test_a_compound_that_is_none_is_left_out_by_name(table, word):
    lines = [ROWS[0].replace("SOFT", word), ROWS[1].replace("SOFT", ""), *ROWS[2:]]
    data = read(table(lines))
    assert [lap.compound for lap in data.laps if lap.car_number == "44"] == [None, None, Compound.HARD]
    (repair,) = [r for r in data.repairs if r.rule == "unknown_compound"]
    assert (repair.record, repair.column, repair.before, repair.after) == ("44 lap 1", "compound", word, None)
    check(data)
    assert {row.rule: row.repaired for row in data.checks}["unknown_compound"] == 1
