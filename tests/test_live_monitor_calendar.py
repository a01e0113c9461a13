"""The monitor's calendars: packaged facts, what users put beside them, what is doubtful, and the real lap files."""

import csv
import gzip
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.live.clock import SystemClock
from racelab.runs.monitor.agenda import make_agenda, read_series
from racelab.runs.monitor.almanac import Almanac
from racelab.runs.monitor.feeds import make_feed
from racelab.runs.monitor.parts import Parts
from racelab.settings import get_settings
from racelab.sources.calendar import rounds
from racelab.sources.usercalendar import endurance, formula1

HEAD = "season,round,name,circuit,dates,start_utc,hours,code,aliases"
F1_HEAD = "season,round,name,country,location,date,sessions"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calendars").mkdir()
    return tmp_path / "calendars"


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def races(folder: Path, series: str = "f1,wec,imsa"):
    return {str(one.key): one for one in make_agenda(folder, read_series(series)).planned}


def test_the_season_as_it_was_changed(folder):
    held = races(folder)
    assert held["wec/2026/7/R"].live.event.name == "6 Hours of Barcelona"
    assert held["wec/2026/8/R"].live.event.name == "6 Hours of Monza"
    assert held["wec/2026/8/R"].day == date(2026, 11, 8)
    assert not any(
        "Qatar" in one.name or "Bahrain" in one.name for key, one in held.items() if key.startswith("wec/2026")
    )


@pytest.mark.parametrize(
    ("key", "start", "verified"),
    [
        ("wec/2024/4/R", "2024-06-15T14:00", True), ("wec/2024/1/R", "2024-03-02T08:00", False),
        ("wec/2026/3/R", "2026-06-13T14:00", True), ("imsa/2026/1/R", "2026-01-24T18:40", True),
        ("imsa/2025/10/R", "2025-09-21T15:40", True), ("imsa/2024/1/R", "2024-01-27T18:40", False),
        ("f1/2026/21/R", "2026-11-29T16:00", True), ("f1/2026/2/S", "2026-03-14T03:00", True),
        ("wec/2026/6/R", None, False), ("imsa/2025/8/R", None, False),
    ],
)  # fmt: skip
def test_what_a_start_rests_on_decides_whether_it_is_trusted(folder, key, start, verified):
    held = races(folder)[key]
    assert held.start == (datetime.fromisoformat(start).replace(tzinfo=UTC) if start else None)
    assert held.is_verified is verified
    assert (held.notice() is None) is verified


def test_every_round_from_2024_on_says_where_its_facts_come_from():
    for series in (Series.WEC, Series.IMSA):
        held = [one for one in rounds(series) if one.season >= 2024]
        assert len(held) == {Series.WEC: 24, Series.IMSA: 33}[series]
        for one in held:
            assert one.source
            assert one.status in ("held", "scheduled")
            assert (one.start_by is None) == (one.start_utc is None), one
            assert one.start_by is None or one.start_by in ("laps", "recording", "timetable", "stamp")
            assert one.start_by not in (None, "stamp") or one.start_note, "what is doubtful is explained"


def test_notices_are_of_the_next_two_weeks(folder):
    agenda = make_agenda(folder, [Series.WEC])
    assert agenda.notices(datetime(2026, 10, 1, tzinfo=UTC)) == []
    (line,) = agenda.notices(datetime(2026, 10, 10, tzinfo=UTC))
    assert line.startswith("WEC 2026 6 Hours of Barcelona, Race on 2026-10-18: no verified start")
    assert "data/calendars/wec.csv" in line


def test_a_user_gives_a_start_and_adds_a_race_at_a_circuit_of_his_own(folder):
    write(folder, "circuits.csv", "circuit,name,country,timezone,lap_length_m,aliases",
          "silverstone,Silverstone Circuit,United Kingdom,Europe/London,5891,silverstone")  # fmt: skip
    write(folder, "wec.csv", HEAD, "2026,8,6 Hours of Monza,monza,2026-11-08,2026-11-08T11:30Z,6,R,",
          "2027,3,6 Hours of Silverstone,silverstone,2027-04-25,2027-04-25T11:00Z,6,R,")  # fmt: skip
    told = endurance(Series.WEC, folder)
    assert told.problems == ()
    held = races(folder, "wec")
    monza, silverstone = held["wec/2026/8/R"], held["wec/2027/3/R"]
    assert (monza.start, monza.is_verified) == (datetime(2026, 11, 8, 11, 30, tzinfo=UTC), True)
    assert silverstone.live.session.lap_length_m == 5891.0
    assert silverstone.live.event.timezone == "Europe/London"
    assert len(told.rounds) == len(rounds(Series.WEC)) + 1


def test_a_race_can_be_called_off(folder):
    write(folder, "wec.csv", HEAD + ",status", "2026,8,6 Hours of Monza,monza,2026-11-08,,6,R,,cancelled")
    assert "wec/2026/8/R" not in races(folder, "wec")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2026,8,Monza,nowhere,2026-11-08,,6,R,", "circuit 'nowhere' is in neither"),
        ("2026,8,Monza,monza,8 November,,6,R,", "'8' in dates is no day: write it as 2026-11-08"),
        ("2026,8,Monza,monza,2026-11-08,11:30,6,R,", "start_utc '11:30' is no instant: write it as 2026-11-08T10:30Z"),
        ("2026,8,Monza,monza,2026-11-08,2026-11-08T11:30,6,R,", "is no instant"),
        ("2026,8,Monza,monza,2026-11-08,,600,R,", "hours 600 is no length"),
        ("2026,8,Monza,monza,2026-11-08,,6,RX,", "no session code 'RX'"),
        ("2026,x,Monza,monza,2026-11-08,,6,R,", "round 'x' is no number"),
        ("2026,800,Monza,monza,2026-11-08,,6,R,", "no such session"),
        ("2026,8,,monza,2026-11-08,,6,R,", "name is empty"),
        ("2026,8,Monza,monza,,,6,R,", "dates is empty"),
        ("2026,8,Monza", "circuit '' is in neither"),
    ],
)
def test_a_bad_row_is_one_line_with_file_and_line_and_the_rest_counts(folder, row, why):
    write(folder, "wec.csv", HEAD, "2026,7,Six Hours of Barcelona,barcelona,2026-10-18,2026-10-18T10:00Z,6,R,", row)
    agenda = make_agenda(folder, [Series.WEC])
    (line,) = agenda.problems
    assert line.startswith(f"{folder / 'wec.csv'}, line 3: ")
    assert why in line
    assert line.endswith("the row is left out")
    held = {str(one.key): one for one in agenda.planned}
    assert held["wec/2026/7/R"].live.event.name == "Six Hours of Barcelona"
    assert held["wec/2026/8/R"].live.event.name == "6 Hours of Monza", "the packaged row stays"


@pytest.mark.parametrize("start", ["2026-11-08T10:30Z", "2026-11-08T10:30:00Z", "2026-11-08T11:30+01:00"])
def test_a_start_may_be_written_in_any_form_that_names_an_instant(folder, start):
    write(folder, "wec.csv", HEAD, f"2026,8,Monza,monza,2026-11-08,{start},6,R,")
    assert races(folder, "wec")["wec/2026/8/R"].live.session.start_utc == datetime(2026, 11, 8, 10, 30, tzinfo=UTC)


def test_a_file_without_its_columns_is_left_out_as_a_whole(folder):
    write(folder, "imsa.csv", "season,round", "2026,1")
    (line,) = endurance(Series.IMSA, folder).problems
    assert "imsa.csv, line 1: without the columns name, circuit" in line


def test_formula_1s_user_rows_win_over_fastf1(folder):
    write(folder, "f1.csv", F1_HEAD, "2026,21,Night Race,Qatar,Lusail,2026-11-29,R@2026-11-29T17:00Z",
          "2026,22,Abu Dhabi,UAE,Yas,2026-12-06,R@2026-12-06T13:00")  # fmt: skip
    told = formula1(folder)
    assert told.own == {(2026, 21)}
    assert "line 3: session 'R@2026-12-06T13:00' has no time zone" in told.problems[0]
    published = list(make_agenda(folder.parent / "none", [Series.F1]).planned)
    agenda = make_agenda(folder, [Series.F1], published)
    held = {str(one.key): one for one in agenda.planned}
    assert held["f1/2026/21/R"].start == datetime(2026, 11, 29, 17, tzinfo=UTC)
    assert held["f1/2026/22/R"].start == datetime(2026, 12, 6, 13, tzinfo=UTC)


def test_an_unknown_series_is_told_by_the_name_of_its_setting():
    with pytest.raises(BadInput, match="RACELAB_MONITOR_SERIES: no series 'nascar'"):
        read_series("wec,nascar")


def test_without_fastf1_the_packaged_calendar_counts_and_the_log_says_so(store, monkeypatch, caplog):
    import asyncio

    caplog.set_level(logging.INFO, "racelab")
    monkeypatch.setenv("RACELAB_F1_MIRROR", "http://127.0.0.1:9")
    get_settings.cache_clear()
    almanac = Almanac(get_settings().model_copy(update={"f1_tries": 1, "f1_connect_s": 0.2}))
    parts = Parts(store, SystemClock())
    now = datetime(2026, 11, 21, tzinfo=UTC)
    asyncio.run(almanac.refresh(now, parts))
    upcoming = almanac.agenda.next(now)
    assert upcoming is not None
    assert upcoming.key == SessionKey(Series.F1, 2026, 20, "R")
    assert "Formula 1's calendar is the packaged one" in caplog.text
    assert any("no race of WEC is known after 2026-11-21" in line for line in almanac.notices(now))
    assert parts.held["calendar"].health == "warning"


@pytest.mark.parametrize(
    ("key", "setting", "protocol"),
    [("f1/2026/21/R", {}, "f1live"), ("wec/2026/8/R", {}, "griiip"), ("imsa/2026/1/R", {}, "imsa_scoring"),
     ("imsa/2026/1/R", {"imsa_feed": "ddp"}, "alkamel_ddp")],
)  # fmt: skip
def test_each_series_has_its_feed(tmp_path, key, setting, protocol):
    settings = get_settings().model_copy(update=setting)
    feed = make_feed(races(tmp_path)[key].live, settings, SystemClock())
    assert feed.protocol == protocol
    assert feed.health.state == "connecting"


def test_a_series_without_live_timing_is_told(tmp_path):
    with pytest.raises(NotFound, match="no live timing is known for GR Cup"):
        make_feed(next(iter(make_agenda(tmp_path, [Series.GRCUP]).planned)).live, get_settings(), SystemClock())


def _clock_zero(path: Path) -> timedelta:
    """HOUR less ELAPSED on the first lap of the first car: the time of day at which the race clock began."""
    with gzip.open(path, "rt", encoding="utf-8-sig") as file:
        sign = ";" if ";" in file.readline() else ","
        file.seek(0)
        for row in csv.DictReader(file, delimiter=sign):
            plain = {str(name).strip(): str(value).strip() for name, value in row.items()}
            if plain["LAP_NUMBER"] == "1":
                return _since_midnight(plain["HOUR"]) - _since_midnight(plain["ELAPSED"])
    raise AssertionError(path)


def _since_midnight(text: str) -> timedelta:
    parts = [float(part) for part in text.split(":")]
    return timedelta(seconds=sum(value * 60**place for place, value in enumerate(reversed(parts))))


@pytest.mark.data
def test_the_starts_agree_with_the_clocks_of_the_lap_files(data):
    """Where a lap file is there its clock began at the scheduled start or up to two minutes after it."""
    checked = 0
    for series in (Series.WEC, Series.IMSA):
        held = {(one.season, one.round): one for one in rounds(series)}
        with (data / "calendars" / f"{series}.csv").open(encoding="utf-8") as file:
            told = [row for row in csv.DictReader(file) if row["lap_file"] and (data / row["lap_file"]).is_file()]
        for row in told:
            one = held[int(row["season"]), int(row["round"])]
            assert one.start_utc is not None
            local = one.start_utc.astimezone(ZoneInfo(one.circuit.timezone))
            began = _clock_zero(data / row["lap_file"])
            off = began - timedelta(hours=local.hour, minutes=local.minute)
            assert timedelta(seconds=-60) <= off <= timedelta(minutes=2), (one.name, off)
            assert one.start_by == "laps"
            checked += 1
    assert checked >= 10
