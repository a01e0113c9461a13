"""The log file: it turns over, is shared by processes, hides secrets, and never stops the work."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.runs.logs import log_path, log_to_file, mask_secrets, record, secrets_of
from racelab.settings import Settings


def lines(settings: Settings) -> list[str]:
    files = sorted(log_path(settings).parent.glob("racelab.log*"), reverse=True)
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_lines_of_all_levels_with_time_and_process(tmp_path):
    settings = Settings(data=tmp_path)
    with log_to_file(settings):
        record.info("read %d rows", 5)
        record.warning("odd")
        logging.getLogger("racelab").error("said\nto people")
    record.info("after the end")
    levels = [line.split()[1] for line in lines(settings)]
    assert levels == ["INFO", "WARNING", "ERROR"]
    assert lines(settings)[0].endswith("] read 5 rows")
    assert lines(settings)[2].endswith("said to people")
    assert lines(settings)[0][10] == "T"
    assert lines(settings)[0].split()[0].endswith("Z")


def test_it_turns_over_and_keeps_so_many_files(tmp_path):
    settings = Settings(data=tmp_path, log_bytes=1000, log_files=3)
    with log_to_file(settings):
        for number in range(200):
            record.info("line %03d", number)
    names = sorted(path.name for path in log_path(settings).parent.glob("racelab.log*"))
    assert names == ["racelab.log", "racelab.log.1", "racelab.log.2"]
    assert all(path.stat().st_size <= 1000 for path in log_path(settings).parent.glob("racelab.log*"))
    kept = [int(line[-3:]) for line in lines(settings)]
    assert kept == list(range(kept[0], 200))


def test_processes_that_write_at_once_lose_no_line(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom racelab.runs.logs import log_to_file, record\n"
        "from racelab.settings import Settings\n"
        "with log_to_file(Settings(data=Path(sys.argv[1]), log_bytes=4000, log_files=60)):\n"
        "    for n in range(150): record.info('%s-%d', sys.argv[2], n)\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], stderr=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    assert [process.communicate(timeout=60)[1] for process in started] == ["", "", ""]
    said = {line.split("] ")[1] for line in lines(Settings(data=tmp_path))}
    assert said == {f"{name}-{number}" for name in "abc" for number in range(150)}


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path, caplog):
    (tmp_path / "logs").write_text("a file where the folder should be")
    with log_to_file(Settings(data=tmp_path)):
        record.info("lost")
        record.info("lost")
    assert [entry.getMessage() for entry in caplog.records if entry.name == "racelab"] == [
        f"no log is written to {tmp_path}/logs/racelab.log (File exists)"
    ]


def test_a_log_that_fails_later_is_one_warning(tmp_path, caplog):
    settings = Settings(data=tmp_path)
    with log_to_file(settings):
        record.info("good")
        log_path(settings).unlink()
        log_path(settings).mkdir()
        record.info("lost")
        record.info("lost")
    assert [e.getMessage() for e in caplog.records if "cannot be written" in e.getMessage()] == [
        f"the log {log_path(settings)} cannot be written: check its rights and the space on its disk"
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at postgresql+psycopg://me:s3cret@host:5432/db today", "at postgresql+psycopg://me:***@host:5432/db today"),
        ("http://u:a@b/c@host/x", "http://u:***@host/x"),
        ("password=abc&x=1", "password=***&x=1"),
        ("DB_PASS: abc", "DB_PASS: ***"),
        ("http://host:80/x?y=1", "http://host:80/x?y=1"),
        ("lap 5 passed over", "lap 5 passed over"),
    ],
)
def test_secrets_in_a_text_are_hidden(text, masked):
    assert mask_secrets(text) == masked


def test_the_secrets_of_the_settings_are_hidden_wherever_they_stand(tmp_path, monkeypatch):
    monkeypatch.setenv("F1_PASSWORD", "hunter22")
    settings = Settings(data=tmp_path, db="postgresql+psycopg://me:p%40ss-word@host/db", f1_mirror="http://a:mirr0r@h")
    assert set(secrets_of(settings)) >= {"hunter22", "p%40ss-word", "p@ss-word", "mirr0r"}
    with log_to_file(settings):
        record.error("login with hunter22 and p@ss-word failed at %s", settings.db)
        try:
            raise ValueError("mirr0r")
        except ValueError:
            record.exception("a traceback")
    text = " ".join(lines(settings))
    assert all(secret not in text for secret in secrets_of(settings))
    assert "ValueError: ***" in text


@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=4, max_size=20))
def test_no_password_of_a_url_comes_through(password):
    written = mask_secrets(f"opening postgresql://me:{password}@host/db")
    assert written == "opening postgresql://me:***@host/db"


def test_a_log_is_no_reason_to_make_a_folder_elsewhere(tmp_path):
    with log_to_file(Settings(data=tmp_path / "data")):
        pass
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_dir()} == {
        Path("data"), Path("data/logs"),
    }  # fmt: skip
