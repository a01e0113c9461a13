"""Files and folders to sessions: finding them, naming them, and saying what is wrong with them."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racelab.domain.flags import SessionStatus
from racelab.domain.laps import ResultKind
from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.time import format_duration
from racelab.errors import BadInput
from racelab.sources.alkamel import find_sessions, read, sniff
from racelab.sources.hints import Hints

HEADER = (
    "NUMBER; DRIVER_NUMBER; LAP_NUMBER; LAP_TIME; LAP_IMPROVEMENT; CROSSING_FINISH_LINE_IN_PIT; S1; S2; S3; KPH; ELAPSED; "
    "HOUR;S1_LARGE;S2_LARGE;S3_LARGE;TOP_SPEED;DRIVER_NAME;PIT_TIME;CLASS;GROUP;TEAM;MANUFACTURER;FLAG_AT_FL;\r\n"
)
WEATHER = "TIME_UTC_SECONDS;TIME_UTC_STR;AIR_TEMP;TRACK_TEMP;HUMIDITY;PRESSURE;WIND_SPEED;WIND_DIRECTION;RAIN;\r\n"
CARS = (("007", "HYPERCAR", "Ferrari"), ("7", "HYPERCAR", "Toyota"), ("021", "LMGT3", "Porsche"))
ZERO_MS = (23 * 60 + 58) * 60_000


def lap_text(cars: tuple[tuple[str, str, str], ...] = CARS, laps: int = 4, zero_ms: int = ZERO_MS) -> str:
    """A lap file: every car laps in 100 s and a bit, pits on lap 2 and changes the driver; midnight passes."""
    rows = []
    for place, (number, car_class, maker) in enumerate(cars):
        elapsed = 0
        for lap in range(1, laps + 1):
            time = 100_000 + 10 * place + (60_000 if lap == 3 else 0)
            elapsed += time
            hour = format_duration((zero_ms + elapsed) % 86_400_000)
            clock = f"00:0{hour}" if hour.count(":") == 1 else hour
            seat, pit_in, pit_time = (
                ("2" if lap > 2 else "1"),
                ("B" if lap == 2 else ""),
                ("0:01:00.000" if lap == 3 else ""),
            )
            rows.append(
                f"{number};{seat};{lap};{format_duration(time)};0;{pit_in};;;;{3600 * 5000 / time:.1f};"
                f"{format_duration(elapsed)};{clock};;;;290.5;Driver {number}-{seat};{pit_time};{car_class};;Team {number};"
                f"{maker};{'FF' if lap == laps else 'GF'};\r\n"
            )
    return HEADER + "".join(rows)


def results_text(laps: int = 4) -> str:
    head = (
        "POSITION;NUMBER;STATUS;LAPS;TOTAL_TIME;GAP_FIRST;GAP_PREVIOUS;FL_LAPNUM;FL_TIME;FL_KPH;TEAM;CLASS;VEHICLE;\r\n"
    )
    rows = [
        f"{place};{number};Classified;{laps};{format_duration(laps * (100_000 + 10 * (place - 1)) + 60_000)};"
        f"{'-' if place == 1 else f'+0.0{4 * (place - 1)}'};;1;1:40.000;180.0;T;{car_class};Model {number};\r\n"
        for place, (number, car_class, _) in enumerate(CARS, 1)
    ]
    return head + "".join(rows)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = text.encode("utf-8-sig")
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def only(path: Path, **hints: object) -> SessionData:
    (data,) = read(path, Hints(**hints))
    return data


@pytest.fixture
def le_mans(tmp_path: Path) -> Path:
    return put(tmp_path / "wec" / "2024" / "le_mans_24h.csv.gz", lap_text())


def test_a_single_file_names_itself(le_mans: Path) -> None:
    data = only(le_mans)
    assert str(data.session.key) == "wec/2024/4/R"
    assert (data.event.name, data.event.circuit, data.event.timezone) == ("24 Hours of Le Mans", "Circuit de la Sarthe", "Europe/Paris")  # fmt: skip
    assert data.missing == ["results", "weather"]
    assert data.provenance.location == str(le_mans)
    assert data.provenance.digest == hashlib.sha256(le_mans.read_bytes()).hexdigest()


def test_the_start_is_the_race_clocks_zero_and_hours_wrap_at_midnight(le_mans: Path) -> None:
    session = only(le_mans).session
    assert session.start_utc == datetime(2024, 6, 15, 21, 58, tzinfo=UTC)
    assert session.end_utc == datetime(2024, 6, 15, 22, 5, 40, 80_000, tzinfo=UTC)
    assert (session.scheduled_ms, session.lap_length_m) == (86_400_000, 5000.0)


def test_what_a_session_holds(le_mans: Path) -> None:
    data = only(le_mans)
    first = data.entries[0]
    assert (first.car_number, first.car_class, first.team, first.manufacturer) == (
        "007",
        "HYPERCAR",
        "Team 007",
        "Ferrari",
    )
    assert [(d.seat, d.name) for d in data.entries[1].drivers] == [(1, "Driver 7-1"), (2, "Driver 7-2")]
    assert [(r.kind, r.position, r.car_number, r.class_position) for r in data.results] == [
        (ResultKind.ROAD, 1, "007", 1), (ResultKind.ROAD, 2, "7", 2), (ResultKind.ROAD, 3, "021", 1),
    ]  # fmt: skip
    assert [stop.car_number for stop in data.pit_stops] == ["007", "7", "021"]
    assert data.session_status == [SessionStatus(0, "started"), SessionStatus(460_000, "finished")]
    assert (len(data.laps), data.repairs) == (12, [])


def test_files_beside_a_lap_file_belong_to_it_by_their_stamp(tmp_path: Path) -> None:
    folder = tmp_path / "imsa" / "2024" / "08-weathertech-raceway-laguna-seca"
    laps = put(folder / "202405121210-race-laps.csv.gz", lap_text((("01", "GTP", "Cadillac"),), zero_ms=12 * 3_600_000))
    text = "POSITION;NUMBER;STATUS;LAPS;TOTAL_TIME;GAP_FIRST;GAP_PREVIOUS;FL_LAPNUM;FL_TIME;FL_KPH;\n1;01;Classified;4;7:45.000;-;-;1;1:40.000;180.0;\n"
    put(folder / "202405121210-race-results.csv.gz", text)
    put(folder / "202405121210-race-weather.csv.gz", "")
    put(folder / "202405131210-race-results.csv.gz", text)
    data = only(laps)
    assert str(data.session.key) == "imsa/2024/4/R"
    assert [(r.kind, r.penalty_ms) for r in data.results] == [(ResultKind.ROAD, None), (ResultKind.OFFICIAL, 5000)]
    assert data.session.start_utc == datetime(2024, 5, 12, 19, 0, tzinfo=UTC)
    assert data.missing == ["weather"]
    again = only(folder / "202405121210-race-results.csv.gz")
    assert (again.session.key, len(again.laps)) == (data.session.key, 4)


def test_results_without_laps_are_a_session(tmp_path: Path) -> None:
    folder = tmp_path / "imsa" / "2022" / "02-daytona-international-speedway"
    put(folder / "202201291340-race-results.csv.gz", results_text().replace("HYPERCAR", "DPi").replace("LMGT3", "GTD"))
    put(folder / "202201291340-race-weather.csv.gz", WEATHER + "1643481630;x;50;60;50;30.1;5;100;-1;\r\n")
    data = only(folder)
    assert str(data.session.key) == "imsa/2022/1/R"
    assert data.missing == ["laps", "drivers", "flags"]
    assert data.session.start_utc == datetime(2022, 1, 29, 18, 40, tzinfo=UTC)
    assert [(r.car_number, r.laps) for r in data.results] == [("007", 4), ("7", 4), ("021", 4)]
    assert data.weather[0].time_ms == 30_000


@pytest.mark.parametrize(
    ("path", "hints", "key"),
    [
        ("wec/2025/spa_6h.csv", {}, "wec/2025/3/R"),
        ("wec/2021/bahrain_8h.csv", {}, "wec/2021/6/R"),
        ("wec/2021/le_mans_24h__23_Analysis_Race_Hour 24.csv", {}, "wec/2021/4/R"),
        ("a/2024_fuji.csv", {}, "wec/2024/7/R"),
        ("x.csv", {"season": 2024, "event": "Imola"}, "wec/2024/2/R"),
        ("x.csv", {"start": datetime(2024, 4, 21, 11, tzinfo=UTC), "event": "6 Hours of Imola"}, "wec/2024/2/R"),
        ("wec/2024/le_mans_24h.csv", {"season": 2023}, "wec/2023/4/R"),
        ("wec/2024/le_mans_24h.csv", {"event": "Qatar"}, "wec/2024/1/R"),
        ("wec/2024/spa/23_Analysis_Free Practice 2.csv", {}, "wec/2024/3/FP2"),
        ("wec/2024/spa/23_Analysis_Qualifying.csv", {}, "wec/2024/3/Q"),
        ("wec/2012/03-interlagos/laps.csv", {}, "wec/2012/3/R"),
    ],
)
def test_names_come_from_files_folders_and_hints(tmp_path: Path, path: str, hints: dict[str, object], key: str) -> None:
    assert str(only(put(tmp_path / path, lap_text()), **hints).session.key) == key


def test_an_event_that_no_calendar_has_gets_a_free_round_from_its_name(tmp_path: Path) -> None:
    path = put(tmp_path / "wec" / "2024" / "x.csv", lap_text())
    keys = [only(path, event=name).session.key for name in ("Prologue", "prologue", "Test day")]
    assert keys[0] == keys[1] != keys[2]
    assert all(50 <= key.round <= 99 for key in keys)
    data = only(path, event="Prologue", circuit="Sebring")
    assert (data.event.name, data.event.timezone) == ("Prologue", "America/New_York")


@pytest.mark.parametrize(
    ("path", "text", "option"),
    [
        ("laps.csv", lap_text((("1", "Pro", "X"),)), "--series"),
        ("le_mans.csv", lap_text(), "--season"),
        ("wec/2024/x.csv", lap_text(), "--event"),
        ("wec/2021/bahrain.csv", lap_text(), "--event"),
    ],
)
def test_what_cannot_be_found_out_says_which_option_to_give(tmp_path: Path, path: str, text: str, option: str) -> None:
    with pytest.raises(BadInput) as error:
        only(put(tmp_path / path, text))
    assert option in str(error.value)
    assert Path(path).name in str(error.value)


def test_two_files_never_take_one_sessions_place(le_mans: Path) -> None:
    shutil.copy(le_mans, le_mans.with_name("lemans copy le mans.csv.gz"))
    first, second = find_sessions(le_mans.parent, Hints())
    assert first.read().session.key.round == 4
    assert len(first.read().laps) == 12
    with pytest.raises(BadInput, match=r"wec/2024/4/R is what .* holds too"):
        second.read()


def test_one_bad_session_does_not_stop_the_others(le_mans: Path) -> None:
    put(le_mans.with_name("23_Analysis_Race fuji.csv"), "<html>404</html>")
    put(le_mans.with_name("spa_6h.csv"), lap_text())
    put(le_mans.with_name("notes.csv"), "a;b\n")
    bad, *good = find_sessions(le_mans.parents[1], Hints())
    assert (bad.label, [found.label for found in good]) == (
        "2024/23_Analysis_Race fuji.csv", ["2024/le_mans_24h.csv.gz", "2024/spa_6h.csv"],
    )  # fmt: skip
    with pytest.raises(BadInput, match="web page"):
        bad.read()
    assert [found.read().session.key.round for found in good] == [4, 3]


def test_sniffing_looks_at_headers(le_mans: Path, tmp_path: Path) -> None:
    assert sniff(le_mans)
    assert sniff(tmp_path)
    assert not sniff(put(tmp_path / "other" / "laps.csv", "Time,Driver,LapTime\n1,2,3\n"))
    assert not sniff(put(tmp_path / "empty.csv", ""))
    assert not sniff(tmp_path / "other")
    assert not sniff(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<html><body>Not found</body></html>\n", "web page"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", "not UTF-8 text"),
        (b"Time,Driver\n1,2\n", "the header lacks CROSSING"),
        (HEADER.encode(), "no laps"),
        (lap_text().encode()[:1000], "line "),
        (gzip.compress(lap_text().encode(), mtime=0)[:300], "cut or damaged"),
        (lap_text().replace(";290.5;Driver 7-1", ";29x.5;Driver 7-1", 1).encode(), "line 6: "),
        ((lap_text() + lap_text().split("\r\n", 1)[1]).encode(), "more than one session"),
    ],
    ids=["empty", "html", "binary", "header", "no laps", "cut", "cut gzip", "value", "twice"],
)
def test_a_file_that_is_not_whole_says_what_and_where(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "2024" / "le_mans.csv"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BadInput) as error:
        only(path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def bare(text: str) -> str:
    """The same rows with LF and without a delimiter at the end."""
    return text.replace(";\r\n", "\n")


@pytest.mark.parametrize(
    "change",
    [
        bare,
        lambda text: text.replace(";", ","),
        lambda text: text.replace("; ", ";"),
        lambda text: text.replace("\r\n", "\n"),
    ],
    ids=["bare", "commas", "no spaces", "lf"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_variant_of_a_file_gives_the_same_laps(
    tmp_path: Path, change: Callable[[str], str], encoding: str
) -> None:
    path = tmp_path / "2024_le_mans.csv"
    path.write_bytes(lap_text().encode())
    told = only(path)
    path.write_bytes(change(lap_text()).encode(encoding))
    found = only(path)
    assert (found.laps, found.entries, found.pit_stops, found.results) == (told.laps, told.entries, told.pit_stops, told.results)  # fmt: skip


def test_columns_that_a_series_leaves_out_are_missing_and_no_error(tmp_path: Path) -> None:
    rows = [line.split(";") for line in lap_text().splitlines()]
    left_out = {"DRIVER_NAME", "TEAM", "FLAG_AT_FL", "TOP_SPEED"}
    kept = [index for index, name in enumerate(rows[0]) if name.strip() not in left_out]
    path = put(tmp_path / "2024_le_mans.csv", "".join(";".join(row[index] for index in kept) + "\r\n" for row in rows))
    data = only(path)
    assert data.missing == ["results", "weather", "drivers", "flags"]
    assert (data.entries[0].team, data.laps[0].flag, data.laps[0].seat, data.track_status) == (None, None, 1, [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    cut=st.floats(0, 1, exclude_max=True), zipped=st.booleans(), text=st.sampled_from([lap_text(), bare(lap_text())])
)
def test_a_file_cut_anywhere_is_refused_or_ends_at_a_row(tmp_path: Path, cut: float, zipped: bool, text: str) -> None:
    whole = text.encode()
    raw = gzip.compress(whole) if zipped else whole
    kept = raw[: int(cut * len(raw))]
    path = tmp_path / ("2024_le_mans.csv.gz" if zipped else "2024_le_mans.csv")
    path.write_bytes(kept)
    if not zipped and kept.endswith(b"\n") and kept.count(b"\n") > 1:
        assert len(only(path).laps) == kept.count(b"\n") - 1
        return
    with pytest.raises(BadInput):
        only(path)


def test_a_lap_file_cut_between_rows_is_found_out_by_its_results(tmp_path: Path) -> None:
    folder = tmp_path / "imsa" / "2024" / "13-canadian-tire-motorsport-park"
    text = lap_text().replace("HYPERCAR", "GTP").replace("LMGT3", "GTD")
    laps = put(folder / "202407141105-race-laps.csv", "\r\n".join(text.split("\r\n")[:-2]) + "\r\n")
    put(folder / "202407141105-race-results.csv", results_text().replace("HYPERCAR", "GTP").replace("LMGT3", "GTD"))
    with pytest.raises(BadInput, match="car 021 has 3 laps here and 4 in the results"):
        only(laps)


def test_a_path_without_sessions_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file or folder"):
        find_sessions(tmp_path / "none", Hints())
    with pytest.raises(BadInput, match="no Al Kamel lap or results file in it"):
        find_sessions(tmp_path, Hints())
    weather = put(tmp_path / "26_Weather_Race 1.csv", WEATHER)
    with pytest.raises(BadInput, match="weather file alone"):
        find_sessions(weather, Hints())


def test_hints_decide_and_change_the_digest_where_they_change_the_data(le_mans: Path) -> None:
    start = datetime(2024, 6, 15, 14, tzinfo=UTC)
    told = only(le_mans, start=start, series=Series.WEC)
    assert told.session.start_utc == start
    assert told.provenance.digest != only(le_mans).provenance.digest
    assert only(le_mans, season=2024).provenance.digest == only(le_mans).provenance.digest


def test_practice_has_no_places(tmp_path: Path) -> None:
    data = only(put(tmp_path / "wec" / "2024" / "imola" / "Free Practice 1.csv", lap_text()))
    assert (data.session.key.code, data.results, data.session.scheduled_ms) == ("FP1", [], None)
    assert {lap.position for lap in data.laps} == {None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.splitlines(keepends=True)[0], "line 1: the file has a header and no cars"),
        (lambda text: text + text.splitlines(keepends=True)[1], "line 5: car 007 stands here a second time"),
    ],
)
def test_results_without_cars_or_with_a_car_twice_are_refused(
    tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    stem = tmp_path / "2024" / "202406151600-race"
    put(stem.with_name(f"{stem.name}-laps.csv"), lap_text())
    put(stem.with_name(f"{stem.name}-results.csv"), change(results_text()))
    with pytest.raises(BadInput, match=f"202406151600-race-results.csv, {message}"):
        only(stem.parent, event="Le Mans")
