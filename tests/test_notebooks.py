"""The notebooks of the house: they run on the sample season, carry no outputs, and hold calls and pictures only."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from racelab.commands.sessions import summarise
from racelab.runs.ingest import ingest
from racelab.runs.notebooks import find_notebook, list_notebooks, notebooks_folder
from racelab.runs.parameters import _SECRET_NAME, complete
from racelab.runs.run import run_notebook
from racelab.settings import get_settings
from racelab.sources import sample
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.relative_to(ROOT / "notebooks").as_posix() for path in (ROOT / "notebooks").rglob("*.ipynb"))
# pyzmq and jupyter_client leave sockets and loops to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
LOGIC = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda)


def cells(name, tag=None):
    held = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
    code = [cell for cell in held if cell.cell_type == "code"]
    return [cell for cell in code if tag is None or tag in cell.metadata.get("tags", [])]


@pytest.fixture(scope="session")
def season(tmp_path_factory):
    """The environment of a store that holds the sample season."""
    folder = tmp_path_factory.mktemp("season")
    url = f"sqlite:///{(folder / 'season.db').as_posix()}"
    with SqlStore(url) as store:
        outcomes = list(ingest(sample.generate(1), store))
    assert {outcome["change"] for outcome in outcomes} == {"added"}
    return {"RACELAB_DB": url, "RACELAB_DATA": str(folder / "data"), "RACELAB_REPORTS": str(folder / "reports")}


def run(arguments, season, **rest):
    environment = {**os.environ, **season, "PLOTLY_RENDERER": "plotly_mimetype"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, **rest
    )


def test_there_are_the_notebooks_that_the_house_promises():
    promised = [
        "pipeline/ingest",
        "pipeline/train",
        "pipeline/strategy",
        "pipeline/export",
        "reports/race",
        "reports/data_quality",
        "reports/model_card",
    ]
    names = [notebook.name for notebook in list_notebooks()]
    assert set(promised) <= set(names)
    assert {name.split("/")[1].split("_")[0] for name in names if name.startswith("explore/")} == {
        "f1",
        "wec",
        "imsa",
        "grcup",
        "lap",
    }
    assert notebooks_folder() == ROOT / "notebooks"


@pytest.mark.parametrize("folder", sorted({name.split("/")[0] for name in NOTEBOOKS}))
def test_notebooks_pass_on_the_sample_season(season, folder):
    options = [
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout=300",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
        "-W",
        "ignore",
    ]
    done = run(["pytest", *options, f"notebooks/{folder}"], season, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_git_holds_no_outputs(name):
    for cell in cells(name):
        assert cell.outputs == []
        assert cell.execution_count is None
    held = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
    assert "widgets" not in held["metadata"]
    assert "papermill" not in held["metadata"]
    assert str(ROOT) not in json.dumps(held)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_hold_no_logic(name):
    for cell in cells(name):
        strange = [type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, LOGIC)]
        assert strange == [], cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_sidecar_says_what_the_parameters_cell_holds(name):
    (notebook,) = (found for found in list_notebooks() if f"{found.name}.ipynb" == name)
    (cell,) = cells(name, "parameters")
    assigned = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.Assign)
    }
    assert assigned == notebook.defaults
    assert complete(notebook, {}) == notebook.defaults
    assert len(notebook.title) > 3
    assert notebook.description.endswith(".")
    assert notebook.tags
    for parameter, schema in notebook.parameters.items():
        assert schema["description"], parameter
        assert "type" in schema
        assert not _SECRET_NAME.search(parameter)


def test_the_race_report_of_a_sample_race_names_its_winner(season, monkeypatch):
    for name, value in season.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    page = report("wec/2099/1/R")
    with SqlStore(season["RACELAB_DB"]) as store:
        winner = summarise(store, store.find("wec/2099/1/R"))["winner"]
    assert f"<dd>#{winner['car_number']}<small>" in page
    assert f"won after {winner['laps']} laps" in page
    assert page.count('class="plot"') == 4
    assert "://" not in page.split('<script id="figures"')[0]


REAL = [
    ("wec/2024/le_mans_24h.csv.gz", "wec/2024/4/R", "#50 Ferrari AF Corse won after 311 laps, 14.221", "3:28.562", "24:01:55"),
    ("imsa/2023/07-sebring-international-raceway", "imsa/2023/2/R", "#31 Whelen Engineering Racing Cadillac won after 322 laps, 2.940", "1:48.311", "12:00:53"),
    ("grcup/barber", "grcup/2025/6/R1", "#13 won after 27 laps, 2.740", "1:37.428", "0:45:15"),
]  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize(("path", "session", "first", "fastest", "time"), REAL)
def test_the_report_of_a_real_race_holds_real_values(data, path, session, first, fastest, time):
    from racelab.sources import alkamel

    settings = get_settings()
    with SqlStore(settings.store_url) as store:
        list(ingest(alkamel.find_sessions(data / path, Hints()), store))
    page = report(session)
    for words in (first, f"<dd>{fastest}<small>", f"<dd>{time}<small>"):
        assert words in page


@pytest.mark.data
def test_the_report_of_a_real_grand_prix_holds_real_values(data, tmp_path):
    from racelab.sources import f1

    tool = data.parent / "tools" / "f1_mirror.py"
    with subprocess.Popen([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True) as mirror:
        settings = get_settings().model_copy(
            update={"f1_mirror": mirror.stdout.readline().strip(), "f1_cache": tmp_path / "f1"}
        )
        try:
            with SqlStore(settings.store_url) as store:
                list(ingest(f1.find_sessions(2018, "4", ["R"], telemetry=False, settings=settings), store))
        finally:
            mirror.terminate()
    page = report("f1/2018/4/R")
    for words in (
        "#44 Lewis Hamilton (Mercedes) won after 51 laps, 2.460",
        "<dd>1:45.149<small>#77 Valtteri Bottas, lap 37",
        "<dd>1:43:44<small>51 laps",
    ):
        assert words in page


def report(session):
    """The page of the race report on the store that the settings name."""
    run = run_notebook(find_notebook("reports/race", ROOT / "notebooks"), {"session": session})
    assert run.record.error is None
    return run.html.read_text(encoding="utf-8")
