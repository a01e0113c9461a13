"""Models learn nothing that was not known, are scored on laps that they have not seen, and say how wide they miss."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import racelab as rl
from racelab.cli import main
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.models import anomaly, laptime
from racelab.models.features import FEATURES, lap_features, matrix
from racelab.models.laptime.conformal import coverage, intervals, width
from racelab.models.laptime.walkforward import folds
from racelab.models.registry import flat as registry
from racelab.sources.sample import generate, ground_truth
from racelab.store.sql import SqlStore


def _laps(season: SqlStore, name: str) -> pd.DataFrame:
    key = season.find(name)
    classes = season.read("entries", key)[["car_number", "car_class"]]
    return season.read("laps", key).merge(classes, on="car_number")


def test_features_know_nothing_of_what_comes_after(season: SqlStore) -> None:
    laps = _laps(season, "f1/2099/1/R")
    now = int(laps["end_ms"].median())
    changed = laps.assign(lap_time_ms=laps["lap_time_ms"].where(laps["end_ms"] <= now, laps["lap_time_ms"] + 700))
    keys = ["car_number", "lap_number"]
    before, after = (lap_features(frame).set_index(keys, drop=False) for frame in (laps, changed))
    shared = before.index[before["start_ms"] <= now].intersection(after.index)
    assert len(shared) > 200
    pd.testing.assert_frame_equal(before.loc[shared, list(FEATURES[:-2])], after.loc[shared, list(FEATURES[:-2])])


def test_the_naive_answer_is_the_last_clean_lap(season: SqlStore) -> None:
    rows = lap_features(_laps(season, "grcup/2099/1/R1")).sort_values(["car_number", "lap_number"])
    follows = rows["lap_number"].diff().eq(1) & rows["car_number"].eq(rows["car_number"].shift())
    assert follows.sum() > 100
    assert (rows["naive_ms"] == rows["lap_time_ms"].shift())[follows].all()
    assert matrix(rows).shape == (len(rows), len(FEATURES))


def test_folds_learn_only_from_what_was_over(season: SqlStore) -> None:
    names = ("f1/2099/1/R", "f1/2099/2/R")
    rows = pd.concat([lap_features(_laps(season, name)) for name in names], ignore_index=True)
    parts = list(folds(rows, 4))
    assert len(parts) == 7
    scored = np.concatenate([part.test for part in parts])
    assert len(scored) == len(set(scored))
    for part in parts:
        learned, tested = rows.iloc[part.train], rows.iloc[part.test]
        assert set(tested["session_id"]) == {part.session_id}
        same = learned[learned["session_id"] == part.session_id]
        assert (learned["session_id"] <= part.session_id).all()
        assert same.empty or same["end_ms"].max() <= tested["start_ms"].min()


def test_training_chooses_scores_saves_and_predicts(season: SqlStore, tmp_path: Path) -> None:
    done = laptime.train(season, tmp_path, Series.F1)
    assert [document["series"] for document in done] == ["f1"]
    document = done[0]
    assert document["score"]["mae_ms"] == min(
        document["baselines"][name]["mae_ms"] for name in ("ridge", "forest", "xgboost")
    )
    assert document["score"]["mae_ms"] < document["baselines"]["last_lap"]["mae_ms"]
    assert 0.7 < document["score"]["coverage_80"] < 0.9 < document["score"]["coverage_90"] + 0.05
    assert sum(each["n"] for each in document["by"]) == document["n"]
    model, meta = registry.load(tmp_path, "laptime_f1")
    assert meta["sessions"] == ["f1/2099/1/R", "f1/2099/2/R"]
    assert meta["versions"]["racelab"] == rl.__version__
    assert not list(tmp_path.glob("*.pkl"))
    share = model.predict(matrix(lap_features(_laps(season, "f1/2099/1/R"))))
    assert np.abs(share).max() < 0.07
    kept = season.read("predictions", season.find("f1/2099/2/R"), target="lap_time_ms")
    assert (kept["quality"] == "predicted").all()
    assert (kept["low_90"] <= kept["low_80"]).all()
    error = kept.merge(_laps(season, "f1/2099/2/R"), on=["car_number", "lap_number"])
    by = next(each for each in document["by"] if each["session"] == "f1/2099/2/R")
    assert (error["value"] - error["lap_time_ms"]).abs().mean() == pytest.approx(by["mae_ms"], abs=0.1)


def test_saved_models_of_both_kinds_predict_as_before(tmp_path: Path) -> None:
    from racelab.models.laptime.candidates import CANDIDATES

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, len(FEATURES)))
    x[::7, 3] = np.nan
    for name, make in CANDIDATES.items():
        model = make()
        model.fit(x, x[:, 0] / 100)
        registry.save(tmp_path, f"laptime_{name}", model, {})
        again, meta = registry.load(tmp_path, f"laptime_{name}")
        assert meta["file"].endswith((".skops", ".xgboost.json"))
        np.testing.assert_allclose(again.predict(x), model.predict(x))


def test_a_model_file_with_foreign_types_is_refused(tmp_path: Path) -> None:
    from functools import partial

    registry.save(tmp_path, "laptime_f1", partial(print), {})
    with pytest.raises((BadInput, TypeError)):
        registry.load(tmp_path, "laptime_f1")
    with pytest.raises(NotFound, match="run `racelab train laptime`"):
        registry.load(tmp_path, "laptime_wec")


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=60), st.sampled_from([80, 90]))
def test_the_interval_holds_its_share_of_the_errors_it_was_made_from(errors: list[float], level: int) -> None:
    half = width(np.array(errors), level)
    assert np.mean(np.abs(errors) <= half) >= level / 100


def test_coverage_counts_only_folds_that_could_have_an_interval() -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"fold": np.repeat([0, 1, 2], 3000), "recent_ms": 90_000.0, "p": 90_000.0})
    rows["lap_time_ms"] = 90_000 + rng.normal(0, 400, len(rows))
    scored = intervals(rows, "p")
    assert scored.loc[scored["fold"] == 0, "low_80"].isna().all()
    assert coverage(scored, 80) == pytest.approx(0.8, abs=0.04)
    assert coverage(scored, 90) == pytest.approx(0.9, abs=0.03)
    assert coverage(scored[scored["fold"] == 0], 80) is None


def test_anomalies_are_the_mishaps_of_the_season(season: SqlStore, tmp_path: Path) -> None:
    document = anomaly.backtest(season, ground_truth(2)["races"])
    assert document["score"]["precision"] > 0.5
    assert document["score"]["recall"] > 0.25
    assert document["score"]["delay_laps"] >= 0
    done = anomaly.train(season, tmp_path, Series.WEC)
    kept = season.read("predictions", season.find("wec/2099/1/R"), target="anomaly_score")
    assert len(kept) == done[0]["n"]
    assert int((kept["value"] > 0).sum()) == done[0]["flagged"]
    registry.load(tmp_path, "anomaly_wec")


def test_an_empty_store_is_one_clear_line(store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for call in (laptime.train, anomaly.train):
        with pytest.raises(NotFound, match="racelab ingest sample"):
            call(store, tmp_path)
    for arguments, words in (
        (["train", "all"], "racelab ingest"), (["train", "finish"], "racelab simulate"), (["train", "x"], "use laptime"),
        (["backtest", "x"], "use laptime or anomaly"), (["backtest", "anomaly"], "racelab ingest sample"),
        (["train", "laptime", "--series", "nascar"], "no series"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 1
        assert words in capsys.readouterr().err.splitlines()[-1]


def test_the_commands_print_the_documents(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.write_session(generate(1)[4].read())
    store.write_session(generate(1)[5].read())
    with pytest.raises(SystemExit):
        main(["backtest", "laptime", "--series", "grcup", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["target", "series", "from", "to", "n", "score", "baselines", "by"]
    assert (document["target"], document["series"], document["from"], document["to"]) == (
        "laptime",
        "grcup",
        2099,
        2099,
    )
    assert set(document["score"]) == {"mae_ms", "median_ae_ms", "coverage_80", "coverage_90"}
    with pytest.raises(SystemExit):
        main(["train", "race", "--json"])
    model = json.loads(capsys.readouterr().out)["models"][0]
    figures = json.loads(Path(model["path"]).read_text())["figures"]
    assert len(figures["base"]) == 25
