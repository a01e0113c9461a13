"""A run that is interrupted, and run again, ends with the store of one that was not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from racelab.cli import main
from racelab.runs.identify import identify
from racelab.runs.ingest import ingest
from racelab.runs.logs import log_path
from racelab.settings import Settings
from racelab.sources.sample import generate
from racelab.store.sql import SqlStore
from racelab.store.tables import TABLES, WRITTEN


def content(store: SqlStore) -> dict[str, str]:
    """Every table as text, less the instants of writing."""
    frames = {name: store.read(name).drop(columns=list(WRITTEN), errors="ignore") for name in TABLES}
    return {name: frame.to_csv() for name, frame in frames.items()}


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, str]:
    with SqlStore("sqlite://") as store:
        list(ingest(generate(1), store))
        identify(store)
        return content(store)


def start(folder: Path) -> subprocess.Popen[str]:
    """`racelab ingest sample` in a process of its own, as far as the third of its six sessions."""
    environment = {**os.environ, "RACELAB_DATA": str(folder)}
    command = [sys.executable, "-m", "racelab", "ingest", "sample"]
    # Whoever runs the tests in the background ignores Ctrl-C, and so would their children.
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=folder,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "ingest 3/6" in line:
            return process
    raise AssertionError("it ended before the third session")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_it_goes_on_where_it_was(how, tmp_path, uninterrupted, capsys, monkeypatch):
    with start(tmp_path) as process:
        process.send_signal(how)
        assert process.stderr is not None
        said = process.stderr.read().splitlines()
        status = process.wait(timeout=30)
    log = log_path(Settings(data=tmp_path)).read_text(encoding="utf-8")
    if how is signal.SIGKILL:
        assert status == -signal.SIGKILL
    else:
        assert status == 1
        assert said[-1].startswith("racelab: interrupted after ")
        assert said[-1].endswith("; what was complete is stored, run the same command again to go on")
        assert "Traceback" not in " ".join(said)
        assert "ingest interrupted after" in log
    with SqlStore(f"sqlite:///{tmp_path}/racelab.db") as store:
        stored = len(store.sessions())
    assert 2 <= stored < 6
    monkeypatch.setenv("RACELAB_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        main(["ingest", "sample"])
    assert not stopped.value.code
    assert f"{stored} unchanged" in capsys.readouterr().out
    with SqlStore(f"sqlite:///{tmp_path}/racelab.db") as store:
        assert content(store) == uninterrupted
