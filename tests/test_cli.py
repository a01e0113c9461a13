"""The command line: JSON that programs read, one line for errors, exit status 0, 1 or 2."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import KEY, session_data

from racelab.cli import main
from racelab.commands.ingest import read_hints, read_seasons
from racelab.domain.checks import check
from racelab.errors import BadInput
from racelab.store.sql import SqlStore


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    status, out, err = run(capsys, *arguments)
    assert status == 0, err
    return json.loads(out)


def test_sessions_as_json(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(session_data())
    assert as_json(capsys, "sessions", "--json") == [
        {
            "id": KEY.session_id, "series": "wec", "season": 2024, "round": 4, "event": "24 Hours of Le Mans",
            "session": "R", "entries": 2, "laps": 6, "status": "finished",
        }
    ]  # fmt: skip


def test_sessions_of_an_empty_store_say_how_to_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sessions")
    assert status == 0
    assert "racelab ingest" in out
    assert as_json(capsys, "--json", "sessions") == []


def test_show_as_json(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(session_data())
    shown = as_json(capsys, "show", "wec/2024/4/R", "--json")
    assert shown["winner"] == {"car_number": "007", "laps": 3}
    assert shown["fastest_lap"] == {"car_number": "007", "lap_number": 2, "lap_time_ms": 210_000}
    assert (shown["entries"], shown["laps"], shown["pit_stops"]) == (2, 6, 1)
    assert shown["provenance"]["source"] == "test"
    assert shown["repairs"] == []


def test_show_for_people(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(session_data())
    _, out, _ = run(capsys, "show", str(KEY.session_id))
    assert "Winner        #007, 3 laps" in out
    assert "3:30.000" in out


def test_show_prints_the_tally_of_checks(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    data = session_data()
    data.laps[2].lap_number, data.laps[4].s1_ms, data.laps[5].seat = 32_768, 1, 9
    check(data)
    store.write_session(data)
    _, out, _ = run(capsys, "show", str(KEY))
    assert "of them without a finding; 2 noted, 1 repaired, 1 quarantined" in out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith("  ") and line.split()}
    assert lines["sector_sum"] == ["5", "4", "0", "1", "0"]
    assert lines["impossible_value"][-1] == "1"
    assert "best_lap" not in lines
    shown = as_json(capsys, "show", str(KEY), "--json")
    assert shown["quarantine"] == 1
    tally = {row["rule"]: row for row in shown["checks"]}
    assert tally["unknown_seat"] == {
        "rule": "unknown_seat", "checked": 5, "accepted": 5, "noted": 1, "repaired": 0, "quarantined": 0,
    }  # fmt: skip
    assert tally["exact_duplicate"]["noted"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "wec/2024/9/R"), "racelab sessions"),
        (("--db", "oracle://x", "sessions"), "no store of kind 'oracle'"),
        (("ingest", "alkamel", "no/such/file.csv"), "there is no file or folder no/such/file.csv"),
        (("ingest", "f1", "twenty", "1"), "write 2024, 2021-2024 or 2021,2023"),
        (("ingest", "alkamel", ".", "--start", "2024-06-15T16:00"), "has no zone"),
        (("ingest", "f1", "2017", "3"), "FastF1 has timing data from 2018 on"),
        (("ingest", "alkamel", ".", "--series", "dtm"), "no series 'dtm'"),
    ],
)
def test_bad_input_is_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 1
    assert out == ""
    assert err.startswith("racelab: ")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:s3cret@host:port/x", "me:s3cret@host", "postgresql+psycopg://me:s3c@ret/x@host/x",
        "foo://me:s3cret@host/x", "postgresql+psycopg://127.0.0.1:1/x?user=me&password=s3cret",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [("sessions",), ("db", "upgrade")])
def test_no_part_of_a_password_in_the_stores_url_is_shown(
    capsys: pytest.CaptureFixture[str], url: str, command: tuple[str, ...]
) -> None:
    status, out, err = run(capsys, "--db", url, *command)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "unexpected" not in err
    assert not any(part in err for part in ("s3c", "ret"))


def test_a_wrong_setting_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RACELAB_CHUNK_ROWS", "many")
    status, _, err = run(capsys, "sessions")
    assert status == 1
    assert err.startswith("racelab: RACELAB_CHUNK_ROWS cannot be used (")


@pytest.mark.parametrize(
    ("name", "value"),
    [("GRIIIP_URL", "insights.griiip.com"), ("F1_LIVE_URL", "wss://x/hub"), ("IMSA_URL", ""), ("ALKAMEL_DDP_URL", "x"), ("GRIIIP_HEADERS", "s3cret")],
)  # fmt: skip
def test_the_wrong_address_of_a_live_service_is_named_before_anything_is_followed(monkeypatch, capsys, name, value):
    monkeypatch.setenv(f"RACELAB_{name}", value)
    status, _, err = run(capsys, "monitor", "--once")
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(f"racelab: RACELAB_{name} cannot be used (")
    assert "s3cret" not in err


def test_names_from_files_are_shown_as_text_not_as_markup(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    data = session_data()
    data.event = replace(data.event, name="[/nope] \x1b[31mRed")
    data.results[0] = replace(data.results[0], car_number="[/x]")
    store.write_session(data)
    status, out, _ = run(capsys, "sessions")
    assert status == 0
    assert "[/nope] \ufffd[31mRed" in out
    assert "#[/x], 3 laps" in run(capsys, "show", str(KEY))[1]


@pytest.mark.parametrize("arguments", [("nonsense",), ("show",), ("sessions", "--nope"), ("ingest", "f1", "2024")])
def test_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(capsys, *arguments)[0] == 2


def test_an_unexpected_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("racelab.commands.sessions.open_store", lambda: 1 / 0)
    status, _, err = run(capsys, "sessions")
    assert status == 1
    assert "unexpected ZeroDivisionError" in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr("racelab.commands.sessions.open_store", (tmp_path / "taken" / "below").mkdir)
    status, _, err = run(capsys, "sessions")
    assert status == 1
    assert (
        err
        == f"racelab: {tmp_path}/taken/below: Not a directory: check the path, its rights and the space on its disk\n"
    )


def test_bench_refuses_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "bench", "ingest", "--file", "no/such.csv")
    assert status == 1
    assert "no/such.csv: there is no such file" in err


def test_the_module_and_the_command_are_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "racelab", "--db", f"sqlite:///{tmp_path / 'x.db'}", "sessions", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == []


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    from racelab.cli import COMMANDS, assemble

    group = typer.main.get_command(assemble([]))

    assert {*COMMANDS} == {*group.commands}

    def walk(command: Any, path: list[str]) -> None:
        assert command.help, path
        for name, child in getattr(command, "commands", {}).items():
            walk(child, [*path, name])

    walk(group, [])
    assert "ingest" in run(capsys, "--help")[1]


@pytest.mark.parametrize(
    ("text", "years"), [("2024", [2024]), ("2021-2023", [2021, 2022, 2023]), ("2021, 2023", [2021, 2023])]
)
def test_seasons_are_read(text: str, years: list[int]) -> None:
    assert read_seasons(text) == years


@pytest.mark.parametrize("text", ["", "2024-", "-", "2024-2021", "2O24", "2024,"])
def test_seasons_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        read_seasons(text)


def test_hints_keep_the_zone_of_the_start() -> None:
    hints = read_hints("WEC", 2024, None, None, "2024-06-15T16:00:00+02:00")
    assert hints.start is not None
    assert hints.start.isoformat() == "2024-06-15T16:00:00+02:00"


LAPS = (
    "NUMBER;DRIVER_NUMBER;LAP_NUMBER;LAP_TIME;CROSSING_FINISH_LINE_IN_PIT;ELAPSED;CLASS\n"
    "7;1;1;1:40.000;;1:40.000;HYPERCAR\n7;1;2;1:39.000;;3:19.000;HYPERCAR\n"
)


def test_ingest_as_json_has_the_documents_keys_and_says_why_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for name, text in (("2024_imola_a", LAPS), ("2024_imola_b", "<html>"), ("2024_imola_c", LAPS[:-9])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "2024_wec_imola_23_Analysis_Race.csv").write_text(text)
    status, out, err = run(capsys, "--json", "ingest", "alkamel", str(tmp_path))
    assert status == 1
    documents = json.loads(out)["sessions"]
    keys = {"id", "series", "season", "round", "event", "session", "change", "rows"}
    assert [set(document) for document in documents] == [keys] * 3
    assert [document["change"] for document in documents] == ["added", "failed", "failed"]
    assert "this is a web page" in err
    assert "1 more failed" in err
    assert "failed: " in caplog.text
    assert "line 3" in caplog.text


def test_a_race_of_another_series_is_not_stored_as_a_gr_cup_race(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], store: SqlStore
) -> None:
    (tmp_path / "2024_imola_23_Analysis_Race.csv").write_text(LAPS)
    status, _, err = run(capsys, "ingest", "grcup", str(tmp_path))
    assert status == 1
    assert "its classes are of wec, not of the GR Cup: use `racelab ingest alkamel`" in err
    assert store.sessions().empty


@pytest.mark.parametrize("name", ["db", "show", "replay"])
def test_a_data_folder_may_be_called_like_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = run(capsys, "--data", name, "sessions", "--json")
    assert (status, json.loads(out)) == (0, [])
    assert (tmp_path / name / "racelab.db").exists()
