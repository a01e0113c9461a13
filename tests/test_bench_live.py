"""`racelab bench live` runs on small recordings and names what it measured."""

import json

import pytest
from f1live_text import race, write
from timing71_zip import small_race, write_zip

from racelab.cli import main
from racelab.runs.bench_delay import _matched
from racelab.runs.bench_live import F1_RACE, TIMING71_RACE, _percentiles, measure_live


def test_bench_live_measures_rates_delays_and_rewinds(tmp_path):
    f1, endurance = tmp_path / F1_RACE, tmp_path / TIMING71_RACE
    for path in (f1, endurance):
        path.parent.mkdir(parents=True)
    write(f1, race())
    write_zip(endurance, small_race())
    figures = {figure.name: figure for figure in measure_live(f1, endurance, runs=1, speed=2_000, span_s=120)}
    assert {name.split(",")[0]: figure.unit for name, figure in figures.items()} == {
        "live f1: parser and reducers": "messages/s",
        "live f1: parser alone": "messages/s",
        "live f1: reading and decoding the recording": "messages/s",
        "live f1: frame in to row committed": "ms",
        "live f1: frame in to diff out": "ms",
        "live timing71: parser and reducers": "states/s",
        "live timing71: parser alone": "states/s",
        "live timing71: reading and decoding the recording": "states/s",
        "live timing71: rewind to any time": "ms",
        "live timing71: replay from the start to the end": "ms",
        "live timing71: memory of what is kept for rewinding": "MB",
    }
    assert all(figure.median > 0 for figure in figures.values())
    assert all(figure.ratio_to is None or figure.ratio_to in figures for figure in figures.values())
    # A diff goes out after its rows are committed.
    for share in ("p50", "p95", "p99"):
        out = figures[f"live f1: frame in to diff out, 2000 times real, {share}"].median
        assert out >= figures[f"live f1: frame in to row committed, 2000 times real, {share}"].median


def test_without_recordings_there_are_no_figures(tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACELAB_TEST_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        main(["bench", "live", "--json"])
    assert not stopped.value.code
    assert json.loads(capsys.readouterr().out) == []
    assert "2018-azerbaijan-race.txt.gz: it is not there" in caplog.text


def test_a_frame_belongs_to_the_first_batch_that_holds_it():
    to_store, to_reader = _matched([0.0, 0.01, 0.02], [2, 3], [0.05, 0.09], [0.06, 0.10])
    assert to_store == pytest.approx([50, 40, 70])
    assert to_reader == pytest.approx([60, 50, 80])


def test_percentiles():
    assert _percentiles([float(number) for number in range(100)]) == pytest.approx((50, 95, 99), abs=1)
    assert _percentiles([3.0]) == (3, 3, 3)
