"""The race model finds the truth of the sample season again; the compiled kernel follows the plain rules."""

import json
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest

import racelab as rl
from racelab.cli import main
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.sources.sample import generate, ground_truth
from racelab.store.sql import SqlStore
from racelab.strategy.draws import draw, mix, normal, uniform
from racelab.strategy.model import RaceModel
from racelab.strategy.reference import run_reference
from racelab.strategy.simulate import fit_session, simulate, summarise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("numba")


def _model(season: SqlStore, name: str, from_lap: int = 0) -> RaceModel:
    return fit_session(season, SessionKey.read(name), from_lap=from_lap)


@pytest.mark.parametrize(("name", "from_lap"), [("f1/2099/1/R", 0), ("wec/2099/1/R", 40), ("grcup/2099/1/R2", 5)])
def test_the_kernel_follows_the_plain_rules(season: SqlStore, folder: Path, name: str, from_lap: int) -> None:
    model = _model(season, name, from_lap)
    simulate(model, races=1, seed=1, cache=folder)
    from racelab.strategy.kernel import run_races

    most = model.most_laps
    compiled = run_races(model.arrays, 40, 5, most)
    plain = run_reference(model.arrays, 40, 5, most)
    assert np.mean(compiled == plain) > 0.999  # a last bit of a cosine may decide a tie
    assert all(sorted(race) == list(range(len(model.numbers))) for race in compiled)


def test_the_answer_is_the_same_on_any_number_of_threads(season: SqlStore, folder: Path) -> None:
    model, before = _model(season, "f1/2099/1/R"), numba.get_num_threads()
    answers = []
    for threads in (1, before):
        numba.set_num_threads(threads)
        answers.append(simulate(model, races=64, seed=3, cache=folder))
    pd.testing.assert_frame_equal(*answers)
    other = simulate(model, races=64, seed=4, cache=folder)
    assert not other["probability"].equals(answers[0]["probability"])


def test_chances_are_chances(season: SqlStore, folder: Path) -> None:
    frame = simulate(_model(season, "wec/2099/1/R"), races=100, seed=1, cache=folder)
    np.testing.assert_allclose(frame.groupby("car_number")["probability"].sum(), 1.0)
    np.testing.assert_allclose(frame.groupby("position")["probability"].sum(), 1.0)
    winners = frame[frame["position"] == 1].groupby("car_class")["class_probability"].sum()
    np.testing.assert_allclose(winners, 1.0)
    table = summarise(frame)
    assert table["expected_position"].is_monotonic_increasing
    assert table["win"].sum() == pytest.approx(1.0)
    assert (table["class_win"] >= table["win"]).all()


def test_the_fit_finds_the_truth_again(season: SqlStore) -> None:
    for truth in ground_truth(2)["races"][:2]:
        model = _model(season, truth["session"])
        pace = {car["car_number"]: car["pace_ms"][0] for car in truth["cars"]}
        found = dict(zip(model.numbers, model.arrays.base, strict=True))
        assert np.corrcoef([pace[number] for number in found], list(found.values()))[0, 1] > 0.9
        assert model.arrays.trend == pytest.approx(truth["fuel_ms_per_lap"], abs=25)
        stopped = model.arrays.pit_in[0] + model.arrays.pit_out[0]
        assert stopped == pytest.approx(truth["pit_loss_ms"], abs=2_500)
        for name, wear in zip(model.compounds, model.arrays.wear, strict=True):
            assert wear == pytest.approx(truth["wear_ms_per_lap"][name], abs=35)


def test_from_a_lap_on_only_what_was_known_counts(season: SqlStore) -> None:
    key = SessionKey.read("f1/2099/2/R")
    laps = season.read("laps", key)
    now = int(laps.loc[laps["lap_number"] == 20, "end_ms"].min())
    model = fit_session(season, key, from_lap=20)
    assert model.arrays.clock.max() <= now + model.arrays.pit_out.max()
    assert model.arrays.done.max() == 20
    assert "1 to 20" in model.fitted_from
    assert "hindsight" in fit_session(season, key).fitted_from


def test_a_series_without_stops_has_none(season: SqlStore) -> None:
    assert (_model(season, "grcup/2099/1/R1").arrays.stint_mean > 1e6).all()


def test_a_race_almost_over_is_almost_decided(season: SqlStore, folder: Path) -> None:
    frame = simulate(_model(season, "f1/2099/2/R", from_lap=48), races=200, seed=1, cache=folder)
    results = season.read("results", SessionKey.read("f1/2099/2/R")).set_index("car_number")["position"]
    best = summarise(frame).iloc[0]
    assert results[best["car_number"]] <= 2
    assert best["win"] > 0.5


def test_draws_are_uniform_normal_and_their_own(season: SqlStore) -> None:
    count = np.arange(100_000, dtype=np.uint64)
    state = mix(np.full_like(count, 1), np.full_like(count, 9))
    bits = draw(state, count, np.full_like(count, 2))
    assert abs(uniform(bits).mean() - 0.5) < 0.005
    assert 0 < uniform(bits).min() < uniform(bits).max() < 1
    assert abs(normal(bits).mean()) < 0.02
    assert abs(normal(bits).std() - 1) < 0.01
    other = draw(state, count, np.full_like(count, 3))
    assert abs(np.corrcoef(uniform(bits), uniform(other))[0, 1]) < 0.01


def test_what_cannot_be_simulated_is_said_in_one_line(season: SqlStore) -> None:
    with pytest.raises(BadInput, match="is no race"):
        _model(season, "f1/2099/1/Q")
    with pytest.raises(BadInput, match="nobody completed lap 99: the race has 52 laps"):
        _model(season, "f1/2099/1/R", from_lap=99)
    with pytest.raises(BadInput, match="at least one race"):
        simulate(_model(season, "f1/2099/1/R"), races=0)
    with pytest.raises(NotFound):
        rl.simulate("f1/2099/9/R")


def test_the_command_prints_and_keeps_the_chances(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(generate(1)[4].read())
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "grcup/2099/1/R1", "--races", "50", "--json"])
    assert ended.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["races"] == 50
    assert sum(car["win"] for car in document["cars"]) == pytest.approx(1.0)
    kept = rl.load_simulations("grcup/2099/1/R1")
    assert kept.groupby("car_number")["probability"].sum().to_numpy() == pytest.approx(np.ones(25))
    assert set(kept["run_id"]) == {document["run_id"]}
    again = rl.simulate("grcup/2099/1/R1", races=50)
    assert again.attrs["run_id"] == document["run_id"]
