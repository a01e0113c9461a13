"""Folders of timing files and of anything else: what is a session is read, what is none is named, nothing stops."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from racelab.cli import main
from racelab.domain.series import Series
from racelab.errors import BadInput
from racelab.runs.finding import expand
from racelab.runs.logs import log_path
from racelab.settings import get_settings
from racelab.sources import alkamel, laptables
from racelab.sources.folder import PassedOver, files_below
from racelab.sources.hints import Hints
from tests.test_alkamel_sessions import lap_text
from tests.test_laptables import HEADER, ROWS


def ingest(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any], str]:
    with pytest.raises(SystemExit) as stopped:
        main(["--json", "ingest", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), json.loads(out or "{}"), err


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder as people have them: two races, and everything else that lies about."""
    root = tmp_path / "timing"
    put(root / "wec" / "2024" / "le_mans_24h.csv.gz", gzip.compress(lap_text().encode()))
    put(root / "wec" / "2024" / "fuji_6h.csv", lap_text(laps=5))
    put(root / "wec" / "2024" / "spa_6h.csv", lap_text()[:-40])
    put(root / "imsa" / "results.pdf", b"%PDF-1.4 \0\1\2")
    put(root / "notes.txt", "to do")
    put(root / "empty.csv", "")
    put(root / "other.csv", "a,b\n1,2\n")
    put(root / "weather" / "26_Weather.csv", "TIME_UTC_SECONDS;TIME_UTC_STR;AIR_TEMP;TRACK_TEMP;HUMIDITY;PRESSURE;WIND_SPEED;WIND_DIRECTION;RAIN;\r\n")  # fmt: skip
    put(root / "photo.csv.gz", bytes(range(256)) * 40)
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "gone.csv").symlink_to(root / "nowhere.csv")
    os.mkfifo(root / "pipe.csv")
    return root


def test_a_tree_is_read_race_by_race_and_the_rest_is_named(tree, store, capsys):
    status, said, err = ingest(capsys, "alkamel", tree)
    assert status == 1
    assert [(s["series"], s["season"], s["round"], s["change"]) for s in said["sessions"]] == [
        ("wec", 2024, 7, "added"), ("wec", 2024, 4, "added"), (None, None, None, "failed"),
    ]  # fmt: skip
    assert "spa_6h.csv, line 13: " in err.splitlines()[-1]
    over = {Path(each["file"]).relative_to(tree).as_posix(): each["reason"] for each in said["summary"]["passed_over"]}
    assert over == {
        "loop": "a link to a folder: give the folder itself",
        "gone.csv": "no plain file, or a link that leads nowhere",
        "pipe.csv": "no plain file, or a link that leads nowhere",
        "empty.csv": "it is empty",
        "notes.txt": "its name ends in none of .csv, .csv.gz (.txt)",
        "other.csv": "its first line is not that of an Al Kamel file",
        "photo.csv.gz": "its first line is not that of an Al Kamel file",
        "imsa/results.pdf": "its name ends in none of .csv, .csv.gz (.pdf)",
        "weather/26_Weather.csv": "a weather file with no lap or results file beside it",
    }
    assert said["summary"]["sessions"] == {"added": 2, "failed": 1}
    assert said["summary"]["rows"]["laps"] == 27 == len(store.read("laps"))
    assert store.read("refusals")["label"].tolist() == [str(tree / "wec/2024/spa_6h.csv")]


def test_the_log_has_what_was_read_what_changed_and_why_not(tree, store, capsys):
    ingest(capsys, "alkamel", tree)
    text = log_path(get_settings()).read_text(encoding="utf-8")
    assert f"read from alkamel {tree}/wec/2024/fuji_6h.csv: wec/2024/7/R, 0 repairs, 0 quarantined" in text
    assert "ERROR" in text
    assert "wec/2024/spa_6h.csv failed, 0 rows" in text
    assert f"passed over {tree}/empty.csv: it is empty" in text
    assert "ingest ended: 3 sessions: 2 added, 1 failed" in text


def test_the_second_run_reads_only_what_is_new_or_was_refused(tree, store, capsys, monkeypatch):
    ingest(capsys, "alkamel", tree)
    before = store.read("ingest_runs")
    put(tree / "wec" / "2024" / "spa_6h.csv", lap_text(laps=6))
    read: list[str] = []
    whole = alkamel.FoundSession.read
    monkeypatch.setattr(alkamel.FoundSession, "read", lambda self: read.append(self.label) or whole(self))
    status, said, _ = ingest(capsys, "alkamel", tree)
    assert status == 0
    assert [session["change"] for session in said["sessions"]] == ["unchanged", "unchanged", "added"]
    assert read == ["wec/2024/spa_6h.csv"]
    assert store.read("refusals").empty
    after = store.read("ingest_runs")
    assert after[after["session_id"].isin(before["session_id"])].reset_index(drop=True).equals(before)


def test_one_folder_without_sessions_does_not_stop_the_next(tree, store, capsys):
    status, said, err = ingest(capsys, "alkamel", tree / "imsa", tree / "wec" / "2024" / "fuji_6h.csv")
    assert status == 1
    assert [session["change"] for session in said["sessions"]] == ["failed", "added"]
    assert "there is no Al Kamel lap or results file in it" in err


@pytest.fixture
def laps(tmp_path: Path) -> Path:
    folder = tmp_path / "laps"
    table = "\n".join([HEADER, *ROWS]) + "\n"
    put(folder / "a" / "laps_2022.csv", table)
    put(folder / "a" / "laps_2023.csv.gz", gzip.compress(table.encode()))
    put(folder / "b" / "laps_2024.csv", table + "cut\n")
    put(folder / "b" / "laps_of_which_year.csv", table)
    put(folder / "readme.md", "laps")
    return folder


def test_lap_tables_of_a_folder_one_file_after_the_other(laps, store, capsys, caplog):
    status, said, err = ingest(capsys, "laps", laps)
    assert status == 1
    changes = [(session["season"], session["change"]) for session in said["sessions"]]
    assert [change for change in changes if change[1] == "added"] == [(2022, "added")] * 2 + [(2023, "added")] * 2
    assert [change for change in changes if change[1] != "added"] == [(None, "failed")] * 2
    assert "laps_2024.csv line 8 has 1 fields where the header has 18" in err
    assert err.rstrip().endswith("1 more failed")
    assert "laps_of_which_year.csv does not tell its season" in caplog.text
    assert [Path(each["file"]).name for each in said["summary"]["passed_over"]] == ["readme.md"]


def test_lap_tables_by_a_pattern(laps, store, capsys):
    status, said, _ = ingest(capsys, "laps", laps / "*" / "*202[23].csv*")
    assert (status, len(said["sessions"])) == (0, 4)


def test_patterns_and_names_that_match_nothing(laps):
    for name in ("*.parquet", "none.csv"):
        with pytest.raises(BadInput, match="there is no file or folder"):
            expand([laps / name])
    odd = put(laps / "[1].csv", "a file may have such a name")
    assert expand([odd, odd]) == [odd]


def test_a_folder_without_any_session(tmp_path, store, capsys):
    put(tmp_path / "x" / "readme.md", "")
    status, said, err = ingest(capsys, "laps", tmp_path / "x")
    assert (status, said) == (1, {})
    assert "nothing to ingest" in err


def test_what_a_reader_stumbles_over_is_the_files_fault_and_stops_no_other(tree, store, capsys, monkeypatch):
    whole = alkamel.read_session

    def stumbling(files: Any, hints: Hints) -> Any:
        if files.main.name.startswith("fuji"):
            raise KeyError("a column that nobody thought of")
        return whole(files, hints)

    monkeypatch.setattr(alkamel, "read_session", stumbling)
    _, said, err = ingest(capsys, "alkamel", tree)
    assert [session["change"] for session in said["sessions"]] == ["failed", "added", "failed"]
    assert "fuji_6h.csv: its content is not laid out as its reader expects (KeyError: 'a column" in err
    assert "Traceback" in log_path(get_settings()).read_text(encoding="utf-8")
    assert "Traceback" not in err


def test_a_lap_table_that_cannot_be_converted_is_the_files_fault(laps, monkeypatch):
    from racelab.sources.laptables import session

    monkeypatch.setattr(session, "make_entries", lambda rows: {}["x"])
    with pytest.raises(BadInput, match=r"laps_2022\.csv: its content is not laid out"):
        laptables.find_sessions(laps / "a" / "laps_2022.csv", Hints())[0].read()


def test_files_below_are_in_order_and_a_file_is_itself(tmp_path):
    for name in ("b/2", "a/9", "a/10", "c"):
        put(tmp_path / name, "")
    assert [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path)] == ["c", "a/10", "a/9", "b/2"]
    assert list(files_below(tmp_path / "c")) == [tmp_path / "c"]


def test_a_folder_that_cannot_be_entered_is_named(tmp_path, monkeypatch):
    put(tmp_path / "open" / "1", "")
    closed = tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def refused(path: Any) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(closed))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    over: list[PassedOver] = []
    assert list(files_below(tmp_path, over)) == [tmp_path / "open" / "1"]
    assert over == [PassedOver(closed, "cannot be opened (Permission denied)")]


def test_the_series_of_a_gr_cup_tree_is_given_by_its_command(tmp_path):
    assert alkamel.FoundSession("x", alkamel.files.SessionFiles(put(tmp_path / "a.csv", "x")), Hints(Series.GRCUP), {}).origin()  # fmt: skip
    named = Hints(event="Le Mans")
    assert alkamel.FoundSession("x", alkamel.files.SessionFiles(tmp_path / "a.csv"), named, {}).origin() is None


def all_and_again(store, capsys, *folders: Path) -> dict[str, int]:
    """Races with laps by series; the second run must read nothing and change nothing."""
    status, said, err = ingest(capsys, "alkamel", *folders)
    assert status == 0, err
    number = len(said["sessions"])
    assert said["summary"]["sessions"] == {"added": number}
    before = store.read("ingest_runs")
    status, again, _ = ingest(capsys, "alkamel", *folders)
    assert (status, again["summary"]["sessions"], again["summary"]["rows"]) == (0, {"unchanged": number}, {})
    assert again["summary"]["seconds"]["reading"] == 0
    assert store.read("ingest_runs").equals(before)
    return dict(Counter(session["series"] for session in said["sessions"] if session["rows"].get("laps")))


@pytest.mark.data
def test_a_season_of_the_gr_cup_and_again(data, store, capsys):
    assert all_and_again(store, capsys, data / "grcup") == {"grcup": 8}


@pytest.mark.data
@pytest.mark.soak
def test_every_endurance_race_and_again(data, store, capsys):
    """All of IMSA, WEC and the GR Cup as they lie there; four Daytonas of IMSA have no laps."""
    folders = [data / name for name in ("wec", "imsa", "grcup")]
    assert all_and_again(store, capsys, *folders) == {"imsa": 43, "wec": 10, "grcup": 8}
    assert len(store.sessions()) == 65
