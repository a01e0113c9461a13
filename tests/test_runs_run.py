"""Runs of small notebooks: what they write, when they are repeated, how they fail."""

import json
import re
import time
from pathlib import Path

import nbformat
import pytest
from run_notebooks import write_notebook
from small_race import KEY, small_race

from racelab.cli import main
from racelab.errors import BadInput, NotFound, StoreError
from racelab.runs import run as runner
from racelab.runs.notebooks import find_notebook
from racelab.runs.run import run_notebook

# pyzmq and jupyter_client leave sockets and loops to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
BY_SESSION = """\
title: Of a race
description: A race's laps.
parameters:
  session: {type: string, default: wec/2024/4/R}
"""


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A working folder with notebooks, whose reports folder is `reports`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small(house, cells, name="some/small", **rest):
    write_notebook(house / "notebooks", name, cells, **rest)
    return find_notebook(name)


def test_a_run_writes_notebook_page_record_and_index(store, house):
    notebook = small(house, ["# Sum", "number * 10", "import os, sys; (sys.executable, os.environ['PLOTLY_RENDERER'])"])
    seen = []
    run = run_notebook(
        notebook, {"number": 4, "car_number": "007"}, on_cell=lambda cell, total: seen.append((cell, total))
    )
    folder = house / "reports" / "some"
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "small.html", "small.ipynb"]
    record = json.loads((folder / "run.json").read_text())
    assert record["parameters"] == {"number": 4, "car_number": "007", "kind": "plain"}
    assert (record["outcome"], record["error"], record["session"]) == ("succeeded", None, None)
    assert record["duration_ms"] > 0
    assert record["started"] <= record["ended"]
    assert re.fullmatch(r"0\.1\.0\+[0-9a-f]{12}", record["code_version"])
    outputs = [cell.outputs for cell in nbformat.read(folder / "small.ipynb", 4).cells if cell.cell_type == "code"]
    assert outputs[2][0].data["text/plain"] == "40"
    import sys

    assert sys.executable in outputs[3][0].data["text/plain"]
    assert "plotly_mimetype" in outputs[3][0].data["text/plain"]
    assert "<h1>Sum</h1>" in run.html.read_text()
    assert "some/small.html" in (house / "reports" / "index.html").read_text()
    assert str(house) not in (folder / "small.ipynb").read_text()
    assert seen == [(number, 5) for number in range(1, 6)]


def test_a_run_of_a_session_is_repeated_when_something_has_changed(store, house, capsys):
    store.write_session(small_race())
    cell = "import racelab as rl\nlen(rl.load_laps(session))"
    small(house, [cell], "reports/laps", sidecar=BY_SESSION, parameters="session = 'wec/2024/4/R'")

    def go(*options):
        with pytest.raises(SystemExit, match="0"):
            main(["--json", "run", "reports/laps", *options])
        return json.loads(capsys.readouterr().out)

    first = go()
    folder = house / "reports/wec/2024/4/R"
    assert (
        first["files"]["html"] == str(Path("reports/wec/2024/4/R/laps.html").resolve())
        or (folder / "laps.html").is_file()
    )
    assert (first["cached"], first["session"], first["data_version"]) == (False, "wec/2024/4/R", "d1")
    assert "<pre>6</pre>" in (folder / "laps.html").read_text()
    assert go()["cached"] is True
    assert go("--force")["cached"] is False
    store.write_session(small_race(digest="d2"))
    again = go()
    assert (again["cached"], again["data_version"]) == (False, "d2")
    (folder / "laps.html").unlink()
    assert go("-p", "session", str(KEY.session_id))["cached"] is False


def test_a_failed_run_keeps_its_notebook_and_says_where(store, house, capsys):
    small(house, ["number", "# Next", "1 / 0", "'never'"])
    with pytest.raises(SystemExit, match="1"):
        main(["run", "some/small", "-p", "number", "3"])
    captured = capsys.readouterr()
    last = captured.err.strip().splitlines()[-1]
    assert last.startswith("racelab: some/small failed in cell 4: ZeroDivisionError: division by zero; see ")
    folder = house / "reports/some"
    record = json.loads((folder / "run.json").read_text())
    assert (record["outcome"], record["error"]) == ("failed", "cell 4: ZeroDivisionError: division by zero")
    kept = nbformat.read(folder / "small.ipynb", 4)
    assert [
        output.ename for cell in kept.cells for output in cell.get("outputs", []) if output.output_type == "error"
    ] == ["ZeroDivisionError"]
    assert any("papermill-error-cell-tag" in cell.metadata.get("tags", []) for cell in kept.cells)
    page = (folder / "small.html").read_text()
    assert "Failed here:" in page
    assert "never" not in page
    assert 'class="bad"' in (house / "reports/index.html").read_text()


def test_a_cell_that_takes_too_long_is_stopped_and_marked(store, house, monkeypatch):
    monkeypatch.setenv("RACELAB_RUN_TIMEOUT_S", "2")
    runner.get_settings.cache_clear()
    run = run_notebook(small(house, ["import time; time.sleep(60)"]), {})
    assert run.record.error == "cell 3: CellTimeoutError: it ran longer than 2 s (RACELAB_RUN_TIMEOUT_S)"
    assert "Failed here:" in run.html.read_text()


def test_runs_of_one_folder_stand_beside_each_other(store, house):
    first, second = small(house, ["1"], "some/a"), small(house, ["2"], "some/b")
    run_notebook(first, {})
    run_notebook(second, {})
    assert run_notebook(first, {}).cached
    record = json.loads((house / "reports/some/run.json").read_text())
    assert [record["notebook"], *(other["notebook"] for other in record["others"])] == ["some/b", "some/a"]


def test_nothing_runs_with_what_is_not_allowed(store, house, monkeypatch):
    notebook = small(house, ["1"])
    of_race = small(house, ["1"], "some/race", sidecar=BY_SESSION, parameters="session = 'x'")
    monkeypatch.setattr(runner, "execute", lambda *args, **rest: pytest.fail("it ran"))
    with pytest.raises(BadInput, match="has no parameter"):
        run_notebook(notebook, {"x": 1})
    with pytest.raises(NotFound, match="no session wec/2024/4/R"):
        run_notebook(of_race, {})
    assert not (house / "reports").exists()


def test_a_lock_that_was_left_over_does_not_hold_for_ever(house, monkeypatch):
    root = house / "reports"
    root.mkdir()
    (root / ".lock").touch()
    monkeypatch.setattr(runner, "_LOCK_S", 0.2)
    begun = time.monotonic()
    with runner._alone(root):
        assert (root / ".lock").exists()
    assert 0.1 < time.monotonic() - begun < 10
    assert not (root / ".lock").exists()


def test_a_reports_folder_that_is_a_file_is_one_line(house):
    (house / "reports").write_text("")
    with pytest.raises(StoreError, match="RACELAB_REPORTS"), runner._alone(house / "reports"):
        pass
