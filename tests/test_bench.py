"""`racelab bench` measures what it says, on a generated race where there is no real one."""

import json
from pathlib import Path

import pytest

from racelab.cli import main
from racelab.commands.bench import _line
from racelab.errors import BadInput
from racelab.runs.bench import measure
from racelab.runs.bench_figure import Figure


def test_bench_prints_figures_with_ratios_and_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACELAB_TEST_DATA", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as stopped:
        main(["bench", "ingest", "--json"])
    assert not stopped.value.code
    figures = json.loads(capsys.readouterr().out)
    assert [figure["name"] for figure in figures] == ["ingest", "ingest: reading", "ingest: laps by the bare driver"]
    assert all(set(figure) == {"name", "median", "unit", "runs", "ratio_to", "ratio", "aim"} for figure in figures)
    assert all(figure["median"] > 0 for figure in figures)
    assert figures[0]["ratio"] == pytest.approx(figures[0]["median"] / figures[2]["median"])
    assert json.loads((tmp_path / "benchmarks" / "results.json").read_text(encoding="utf-8")) == figures


def test_an_unknown_benchmark_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="use ingest, export"):
        measure(lambda: pytest.fail("nothing is read"), ["speed"])


def test_the_table_is_narrow_enough_to_read() -> None:
    label = "store telemetry/postgresql"
    raw = f"{label}: copy, a tuple a row (1,000,000 rows)"
    line = _line(Figure(f"{label}: racelab (1,000,000 rows)", 165_587.4, "rows/s", 3, raw, 1.3671))
    assert (line["median"], line["ratio"], line["to"]) == ("165,587", "1.37", "copy, a tuple a row (1,000,000 rows)")
    assert sum(len(str(value)) + 2 for value in line.values()) < 150
    assert _line(Figure("export", 0.61234, "s", 5))["median"] == "0.612"
