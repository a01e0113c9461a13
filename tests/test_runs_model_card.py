"""A model's card as a report: the answer first, every number from the card and its rows, a clear line without a model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plotly.graph_objects import Figure

from racelab.models import registry
from racelab.models.explain import gains
from racelab.runs import model_card as report
from racelab.runs import model_card_data as data
from racelab.runs.notebooks import find_notebook
from racelab.runs.scope import find_scope
from racelab.settings import get_settings
from racelab.store.sql import SqlStore
from racelab.views.axes import alt_text
from racelab.views.model_figures import calibration_figure, coverage_figure, cut_figure, importance_figure, wilson

SEASONS = (2023, 2024)


def lap_rows(n: int = 200) -> pd.DataFrame:
    """Laps whose prediction is off by 300 ms, and by 400 where the last lap is taken; one is 9 s off."""
    rng = np.random.default_rng(5)
    came = rng.integers(80_000, 90_000, n).astype(float)
    side = np.where(np.arange(n) % 2 == 0, 1, -1)
    said = came + 300 * side
    said[7] = came[7] - 9_000
    half = np.where(np.arange(n) % 10 == 0, 200, 9_500)
    return pd.DataFrame({
        "session_id": np.where(np.arange(n) < n // 2, 120230113, 120240113), "car_number": [str(1 + i % 20) for i in range(n)],
        "lap_number": np.arange(n) % 50 + 2, "lap_time_ms": came, "predicted": said, "last_lap": came + 400,
        "low_80": said - half, "high_80": said + half, "low_90": said - 9_500, "high_90": said + 9_500,
        "compound": np.where(np.arange(n) % 2 == 0, "soft", "hard"), "speed": came / 1000, "noise": rng.normal(size=n),
    })  # fmt: skip


def document(**more: Any) -> dict[str, Any]:
    return {
        "target": "laptime", "series": "f1", "from": 2023, "to": 2024, "n": 200,
        "score": {"mae_ms": 343.5, "median_ae_ms": 300.0, "coverage_80": 0.9, "coverage_90": 1.0},
        "baselines": {"last_lap": {"mae_ms": 400.0, "median_ae_ms": 400.0}, "mean": {"mae_ms": 900.0}},
        "by": [*({"season": season, "n": 100, "mae_ms": mae} for season, mae in zip(SEASONS, (387.0, 300.0), strict=True)),
               {"circuit": "Spa", "n": 9, "mae_ms": 500.0}],
        **more,
    }  # fmt: skip


def card(told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "target": told["target"], "series": told["series"], "model": "ridge", "features": ["speed", "noise"], "seeds": [7],
        "data": {"sessions": ["f1/2023/1/R"], "first": "f1/2023/1/R", "last": "f1/2023/1/R", "n": 1234}, "backtest": told,
        "passed": True, "why": "it beats the last lap", "scope": "Laps in the dry.", "limits": ["no wet laps", "no first laps"],
        **more,
    }  # fmt: skip


def keep(told: dict[str, Any], rows: pd.DataFrame | None, parts: dict[str, Any] | None = None, **more: Any) -> Path:
    folder = get_settings().data / "models"
    return registry.save(folder, told["target"], told["series"], parts or {"plain": {"a": 1}}, card(told, **more), rows)


@pytest.fixture
def laptime() -> data.ModelCard:
    keep(document(), lap_rows())
    return report.load_card("laptime", "f1")


def test_a_target_that_is_not_trained_is_one_clear_line() -> None:
    model = report.load_card("finish", "imsa")
    title, line = report.head(model).data.split("\n\n")
    assert title == "# Finishing order before the race, IMSA: model card"
    assert line.startswith("**Not trained: no finish model for imsa in ")
    assert "`racelab train finish" in line
    parts = [
        report.key_facts,
        report.scores,
        report.coverage,
        report.features,
        report.about,
        report.scope,
        report.kinds,
    ]
    assert [part(model).data for part in parts] == [""] * len(parts)
    assert report.heading(model, "Scores").data == report.method(model).data == ""
    assert report.by_cuts(model, "season").data == report.chances(model, "p_win").data == ""


def test_the_answer_comes_first_with_its_baseline_and_n(laptime: data.ModelCard) -> None:
    words = report.head(laptime).data.split("\n\n")
    assert words[0] == "# Lap time, F1: model card"
    assert (
        "Mean absolute error 343.5 ms on 200 rows of 2023 to 2024, better than the best naive answer, last lap: 400.0 ms (0.86 of it)"
        in words[1]
    )
    assert words[2] == "It passed its backtest: It beats the last lap."
    facts = report.key_facts(laptime).data
    assert "1,234" in facts
    assert "rows of 1 sessions, f1/2023/1/R to f1/2023/1/R" in facts
    table = report.scores(laptime).data
    assert "n = 200" in table
    assert all(word in table for word in ("the model", "last lap", "0.859", "2.250", "MAE, ms"))


def test_a_model_that_did_not_pass_says_which_is_used(laptime: data.ModelCard) -> None:
    older = registry.newest_path(get_settings().data / "models", "laptime", "f1")
    keep(document(score={"mae_ms": 500.0}), lap_rows(), passed=False, why="the last lap is better")
    words = report.head(report.load_card("laptime", "f1")).data
    assert "no better than the best naive answer" in words
    assert "It did not pass its backtest, and is not used" in words
    assert older.name in words.replace("\\", "")


def test_scores_by_season_stand_beside_the_naive_answer_of_the_same_rows(laptime: data.ModelCard) -> None:
    cuts = data.cut_scores(laptime)
    assert list(cuts) == ["season"], "a circuit alone makes no figure"
    assert cuts["season"]["naive"].tolist() == [400.0, 400.0]
    assert cuts["season"]["model"].tolist() == [387.0, 300.0]
    figure = report.by_cuts(laptime, "season")
    assert isinstance(figure, Figure)
    assert "better in 2 of 2" in figure.layout.meta["caption"]
    assert [list(trace.x) for trace in figure.data if trace.name] == [[400.0, 400.0], [387.0, 300.0]]
    assert report.by_cuts(laptime, "phase").data == ""


def test_phases_stand_in_the_order_of_the_race_and_a_nameless_class_nowhere(laptime: data.ModelCard) -> None:
    thirds = [
        {"phase": f"{name} third", "n": 5, "mae_ms": 1.0, "last_lap_mae_ms": 2.0}
        for name in ("first", "last", "second")
    ]
    nameless = [{"class": "", "n": 5, "mae_ms": 1.0}, {"class": "", "n": 6, "mae_ms": 1.0}]
    model = data.ModelCard("laptime", "f1", card(document(by=[*thirds, *nameless])), laptime.rows)
    figure = report.by_cuts(model, "phase")
    assert isinstance(figure, Figure)
    assert [label.split()[0] for label in figure.data[-1].y] == ["first", "second", "last"]
    assert list(figure.data[-2].x) == [2.0] * 3
    assert list(data.cut_scores(model)) == ["phase"]


def test_coverage_counts_what_came_inside(laptime: data.ModelCard) -> None:
    frame = data.coverages(laptime).set_index(["cut", "name", "level"])["share"]
    assert frame["all", "all", 80] == pytest.approx(0.9)
    assert frame["all", "all", 90] == 1.0
    assert frame["tyre", "soft", 80] == pytest.approx(0.8)
    assert frame["tyre", "hard", 80] == 1.0
    assert frame["season", "2024", 90] == 1.0
    figure = report.coverage(laptime)
    assert "80" in alt_text(figure)
    told = [
        {"phase": "late", "n": 7, "coverage_80": 0.7, "coverage_90": None},
        {"phase": "early", "n": 9, "coverage_80": 0.8},
    ]
    bare = data.ModelCard("laptime", "f1", card(document(by=told)))
    frame = data.coverages(bare).set_index(["cut", "name", "level"])
    assert frame.loc["phase", "late", 80].tolist() == [7, 0.7]
    assert frame.loc["all", "all", 90].tolist() == [200, 1.0]
    assert len(frame) == 4


def test_the_worst_miss_comes_first(laptime: data.ModelCard) -> None:
    worst = data.misses(laptime.rows, 3)
    assert worst.iloc[0]["off"] == 9_000
    assert len(worst) == 3
    table = report.worst(laptime).data
    assert table.index("+9.000 s") < table.index("0.300 s")
    assert "f1/2023/1/R" in table


def test_features_are_weighed_by_shapley_values_of_the_rows() -> None:
    from xgboost import XGBRegressor

    rows = lap_rows()
    model = XGBRegressor(n_estimators=5, max_depth=2, n_jobs=1).fit(
        rows[["speed", "noise"]].to_numpy(), rows["lap_time_ms"]
    )
    keep(document(), rows, {"trees": model})
    loaded = report.load_card("laptime", "f1")
    shares, how = data.importance(loaded)
    assert shares.index[0] == "speed"
    assert shares.sum() == pytest.approx(1)
    assert shares["speed"] > 0.9
    assert "Shapley" in how
    bare = data.ModelCard("laptime", "f1", loaded.card, pd.DataFrame(), loaded.parts)
    assert data.importance(bare)[1] == "the trees' total gain, of the part trees"
    assert data.importance(bare)[0].index[0] == "speed"


def test_rows_with_a_moment_s_own_share_and_the_scored_one_make_one_column() -> None:
    """A report of the order during a race ended at its table of the worst misses."""
    rows = lap_rows().rename(columns={"lap_time_ms": "final"}).assign(share=0.26, mark=0.25)
    keep(document(target="inrace"), rows)
    loaded = report.load_card("inrace", "f1")
    assert loaded.rows["share"].tolist() == [0.25] * len(rows)
    assert "Share of the distance" in report.worst(loaded).data


def test_a_finishing_order_stands_beside_the_grid_and_its_misses_name_their_races() -> None:
    """A ridge regression is no naive answer, and a driver's worst race is one of several."""
    seasons = [{"season": season, "n": 100, "spearman": 0.7, "naive_spearman": 0.6} for season in SEASONS]
    told = document(target="finish", score={"spearman": 0.7}, baselines={"grid": {"spearman": 0.6}, "ridge": {"spearman": 0.69}}, by=seasons)  # fmt: skip
    rows = pd.DataFrame({"series": "f1", "season": [2023, 2024], "round": [5, 6], "car_number": "4", "place": [9, 20], "median": [1, 2]})  # fmt: skip
    keep(told, rows)
    loaded = report.load_card("finish", "f1")
    assert data.best_baseline(loaded) == "grid"
    assert data.cut_scores(loaded)["season"]["naive"].tolist() == [0.6, 0.6]
    assert data.misses(loaded.rows, 10)["session_name"].tolist() == ["f1/2024/6", "f1/2023/5"]


def test_scores_that_are_wider_than_the_page_stand_below_one_another() -> None:
    many = dict.fromkeys(list(report.SCORES)[4:13], 0.5)
    keep(document(score=many, baselines={"last_lap": many}), None)
    words = report.scores(report.load_card("laptime", "f1")).data
    assert words.count("<tr") == 1 + len(many) + 1, "a row a score, and the ratio to the best naive answer"
    assert "last lap" in words


def test_trees_of_other_features_than_the_card_lists_are_not_taken_for_them() -> None:
    from xgboost import XGBRegressor

    rows = lap_rows()
    trees = XGBRegressor(n_estimators=2, n_jobs=1)
    trees.fit(rows[["speed"]].to_numpy(), rows["lap_time_ms"])
    keep(document(), rows, {"trees": trees})
    assert data.importance(report.load_card("laptime", "f1"))[0].empty
    keep(document(), rows, {"trees": trees}, importance=gains(trees, ["speed"]))
    shares, how = data.importance(report.load_card("laptime", "f1"))
    assert (shares.to_dict(), how) == ({"speed": 1.0}, "as the card tells")


def test_what_it_is_and_its_limits_are_told(laptime: data.ModelCard) -> None:
    about = report.about(laptime).data
    assert report.heading(laptime, "Scores").data == "## Scores"
    assert "nothing was split at random" in report.method(laptime).data
    assert all(words in about for words in ("Model: ridge", "speed, noise", "Seeds: 7", "racelab"))
    scope = report.scope(laptime).data
    assert all(words in scope for words in ("Laps in the dry.", "No wet laps.", "No first laps."))
    assert "no trees" in report.features(laptime).data


def test_chances_of_an_order_are_calibrated_against_what_came() -> None:
    places = np.tile(np.arange(1, 11), 30)
    rows = pd.DataFrame({
        "race": np.repeat(range(30), 10), "session_id": 120230113, "car_number": places.astype(str), "final": places,
        "model_expected": places + 0.5, "model_p_win": np.where(places == 1, 0.9, 0.1 / 9), "mark": 50, "retired": False,
    })  # fmt: skip
    told = document(target="inrace", score={"spearman": 0.9, "brier_win": 0.01}, baselines={"order_now": {"spearman": 0.8}}, by=[])  # fmt: skip
    keep(told, rows)
    model = report.load_card("inrace", "f1")
    figure = report.chances(model, "p_win")
    assert isinstance(figure, Figure)
    assert f"Brier score {0.1 * 0.1**2 + 0.9 * (0.1 / 9) ** 2:.4f} over 300 rows" in figure.layout.meta["caption"]
    assert list(figure.data[1].y)[-1] == 100.0
    assert report.chances(model, "p_podium").data == ""
    assert "better than the best naive answer, order now" in report.head(model).data


def test_real_anomalies_stand_above_generated_ones_and_kinds_follow() -> None:
    rows = [
        {"source": source, "series": "f1", "n": 1_000, "answer": answer, "precision": value, "recall": value, "delay_laps": 0.5}
        for source, value in (("real", 0.3), ("generated", 0.9)) for answer in ("the model", "four_sd")
    ]  # fmt: skip
    rows.append({"source": "real", "series": "f1", "answer": "the model", "label": "late_stop", "n": 12, "recall": 0.4})
    told = document(target="anomaly", score={"precision": 0.3, "recall": 0.3}, baselines={"four_sd": {"precision": 0.2}}, by=rows)  # fmt: skip
    keep(told, None)
    model = report.load_card("anomaly", "f1")
    table = report.real_and_generated(model).data
    assert table.index("<td>real</td>") < table.index("<td>generated</td>")
    assert all(words in table for words in ("four sd", "0.300", "0.900", "1,000"))
    assert "late stop" in report.kinds(model).data
    assert "no interval" in report.coverage(model).data
    assert "by kind of event" in report.worst(model).data


def test_the_report_is_filed_under_models(store: SqlStore) -> None:
    notebook = find_notebook("reports/model_card")
    scope = find_scope(store, notebook, {"target": "laptime", "series": "f1"})
    assert scope.folder.as_posix() == "models/laptime_f1"
    assert not notebook.cached, "models change outside the store"


def test_figures_say_what_is_missing_and_draw_on_both_grounds() -> None:
    nothing = pd.DataFrame()
    empty = [cut_figure(nothing, "t", "x", "n"), coverage_figure(nothing), calibration_figure(nothing, "winning")]
    empty.append(importance_figure(pd.Series(dtype=float), "gain"))
    assert all(alt_text(figure).endswith(".") and not figure.data for figure in empty)
    shares = pd.Series({"a": 0.75, "b": 0.25})
    grounds = {
        importance_figure(shares, "gain", dark=dark).layout.template.layout.paper_bgcolor for dark in (True, False)
    }
    assert len(grounds) == 2


def test_the_interval_of_a_share_is_wilson_s() -> None:
    low, high = wilson(np.array([0.0, 0.5, 1.0]), np.array([10.0, 10.0, 10.0]))
    assert low == pytest.approx([0.0, 0.2693, 0.7870], abs=1e-3)
    assert high == pytest.approx([0.2130, 0.7307, 1.0], abs=1e-3)
