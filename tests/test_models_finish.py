"""Finishing orders before the race: scores, distributions, learners, form, and that nothing of the race leaks into them."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.models import finish, registry
from racelab.models.finish import endurance, f1, fields, trees
from racelab.models.finish.distribution import chances, draw_orders, draw_places, place_matrix, simulation_rows
from racelab.models.finish.form import Memory, decayed
from racelab.models.finish.linear import Linear, logistic, ridge
from racelab.models.finish.model import FinishModel, leaning
from racelab.models.finish.paces import gap_to_best, lap_pace, race_pace
from racelab.models.finish.plackett import expected_places, plackett_luce
from racelab.models.finish.scores import calibration, coverage, naive_chances, scores
from racelab.models.finish.walk import best_lean, best_spread, walk
from racelab.store.sql import SqlStore

# A car's result as history tells it: race by race, 12 cars in 6 teams whose strength is their number.
_CARS = 12


def _history(races: int, seed: int = 1) -> pd.DataFrame:
    """Starters of made-up races, as `history.starters` gives them: car 0 is quick, car 11 slow, one in ten retires."""
    random = np.random.default_rng(seed)
    frames = []
    for number in range(races):
        pace = np.arange(_CARS) * 0.2
        qualifying = pace + random.normal(0, 0.3, _CARS)
        out = random.random(_CARS) < 0.1
        result = np.where(out, 50.0, 0.0) + pace + random.normal(0, 0.4, _CARS)
        place = result.argsort().argsort() + 1.0
        frames.append(
            pd.DataFrame(
                {"race": (2010 + number // 10) * 100 + number % 10 + 1, "season": 2010 + number // 10,
                 "round": number % 10 + 1, "circuit": f"c{number % 4}", "driver": [f"d{car}" for car in range(_CARS)],
                 "constructor": [f"t{car // 2}" for car in range(_CARS)], "team": [f"t{car // 2}" for car in range(_CARS)],
                 "car_number": [str(car) for car in range(_CARS)], "cars": _CARS, "place": place, "out": out * 1.0,
                 "grid": qualifying.argsort().argsort() + 1.0, "pit_lane": 0.0,
                 "qualifying": qualifying.argsort().argsort() + 1.0, "qualifying_gap": qualifying - np.median(qualifying),
                 "best_gap": qualifying - np.median(qualifying), "fastest": pace - np.median(pace), "points": 13 - place,
                 "laps": 50.0, "total_time_ms": 5e6 * (1 + result / 100), "lap_pace": np.nan, "sprint": np.nan}
            )
        )  # fmt: skip
    return race_pace(pd.concat(frames, ignore_index=True))


def _rows(races: int) -> pd.DataFrame:
    rows = f1.features(_history(races))
    return rows.assign(event=rows["race"], richer_known=0.0)


def test_scores_of_a_perfect_and_of_a_reversed_order() -> None:
    rows = pd.DataFrame({"race": [1] * 5 + [2] * 5, "place": [1, 2, 3, 4, 5] * 2})
    perfect = scores(rows.assign(expected=rows["place"], p_win=rows["place"].eq(1) * 1.0))
    assert perfect == {
        "spearman": 1.0, "place_mae": 0.0, "order_mae": 0.0, "winner_hit": 1.0, "podium_hit": 1.0, "brier_win": 0.0,
    }  # fmt: skip
    worst = scores(rows.assign(expected=-rows["place"]))
    assert (worst["spearman"], worst["order_mae"], worst["winner_hit"], worst["brier_win"]) == (-1.0, 2.4, 0.0, None)
    assert worst["podium_hit"] == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.data
def test_the_grid_of_a_real_season_scores_as_counted_by_hand(data: Path) -> None:
    with ZipFile(data / "f1" / "ergast-csv.zip") as packed:
        races, results = (pd.read_csv(packed.open(f"{name}.csv"), na_values="\\N") for name in ("races", "results"))
    rows = results[results["raceId"].isin(races.loc[races["year"] == 2023, "raceId"])]
    rows = rows.rename(columns={"raceId": "race", "positionOrder": "place"})
    rows = rows[~rows["positionText"].isin(["W", "F", "E"])].assign(expected=rows["grid"].replace(0, 99))
    by_hand = [part["expected"].corr(part["place"], method="spearman") for _, part in rows.groupby("race")]
    found = scores(rows[["race", "place", "expected"]])
    assert len(by_hand) == 22
    assert found["spearman"] == pytest.approx(np.mean(by_hand), abs=1e-4)
    assert found["spearman"] == pytest.approx(0.592, abs=0.005)
    assert found["winner_hit"] == pytest.approx(14 / 22, abs=1e-4)


def test_equal_predictions_are_not_put_in_the_order_of_the_result() -> None:
    rows = pd.DataFrame({"race": np.repeat(np.arange(40), 10), "place": np.tile(np.arange(1, 11), 40), "expected": 5.5})
    found = scores(rows)
    assert found["spearman"] is None
    assert found["order_mae"] == 2.5
    assert found["winner_hit"] is not None
    assert found["winner_hit"] < 1


def test_the_naive_chance_of_a_race_does_not_know_its_own_winner() -> None:
    rows = pd.DataFrame({"race": [1, 1, 2, 2, 3, 3], "grid": [1, 2] * 3, "place": [1, 2, 2, 1, 1, 2]})
    assert naive_chances(rows, "grid").tolist() == [0.5, 0.5, 1.0, 0.0, 0.5, 0.5]


def test_a_calibration_curve_and_coverage_count_what_came() -> None:
    curve = calibration(pd.Series([0.1] * 10 + [0.9] * 10), pd.Series([0] * 9 + [1] + [1] * 9 + [0]), bins=2)
    assert curve["happened"].tolist() == [0.1, 0.9]
    assert curve["n"].tolist() == [10, 10]
    rows = pd.DataFrame({"place": [1, 5], "low_80": [1, 1], "high_80": [2, 4]})
    assert coverage(rows, 80) == 0.5
    assert coverage(rows.assign(low_80=np.nan), 80) is None


def test_winners_without_retirement_follow_the_softmax_of_their_strengths() -> None:
    strength = np.array([2.0, 1.0, 0.0])
    wanted = np.exp(strength) / np.exp(strength).sum()
    for places in (
        draw_places(strength, np.zeros(3), 20_000),
        draw_orders(strength, np.arange(3.0), np.ones(3), np.zeros(3), 20_000),
    ):
        np.testing.assert_allclose(place_matrix(places)[:, 0], wanted, atol=0.015)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=24), st.floats(0, 1))
@settings(max_examples=25)
def test_a_matrix_of_places_is_doubly_stochastic(strength: list[float], risk: float) -> None:
    cars = len(strength)
    matrix = place_matrix(draw_orders(np.array(strength), -np.array(strength), np.ones(cars), np.full(cars, risk), 200))
    np.testing.assert_allclose(matrix.sum(axis=0), 1)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    found = chances(matrix)
    assert (found["low_90"] <= found["low_80"]).all()
    assert (found["high_80"] <= found["high_90"]).all()
    assert found["place"].between(1, cars).all()
    assert found["p_win"].le(found["p_podium"] + 1e-9).all()


def test_a_car_that_is_sure_to_retire_is_last_and_never_wins_unless_drawn_first() -> None:
    matrix = place_matrix(draw_places(np.array([5.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])))
    assert matrix[0].tolist() == [0.0, 0.0, 1.0]


def test_stored_simulations_have_no_rows_for_what_never_came() -> None:
    rows = list(simulation_rows(7, "finish", ["1", "2"], np.array([[1.0, 0.0], [0.0, 1.0]]), "m"))
    assert [(row["car_number"], row["position"], row["probability"]) for row in rows] == [("1", 1, 1.0), ("2", 2, 1.0)]


def test_form_is_of_races_before_and_older_ones_count_less() -> None:
    rows = pd.DataFrame({"race": [1, 2, 3, 4], "season": [1, 1, 1, 2], "key": "a", "value": [4.0, 0.0, np.nan, 9.0]})
    found = decayed(rows, "key", "value", Memory(1, 2.0, 1.0))
    np.testing.assert_allclose(found, [2.0, (2 + 4) / 2, (2 + 2) / (1 + 0.5 + 1), (2 + 1) / (1 + 0.25 + 0.5)])
    assert decayed(rows, "key", "value", Memory(1, 2.0, 1.0, season=0.0))[3] == 2.0


def test_features_know_nothing_of_their_own_race_or_later_ones() -> None:
    rows = _history(14)
    told = rows["race"] >= rows["race"].unique()[9]
    changed = rows.copy()
    for name in (
        "place",
        "out",
        "points",
        "pace",
        "finish",
        "ended",
        "gain",
        "fastest",
        "finish_to_mate",
        "order_held",
    ):
        changed.loc[told, name] = rows.loc[told, name].sample(frac=1, random_state=3).to_numpy()
    before, after = (f1.features(each)[list(f1.FEATURES)] for each in (rows, changed))
    seen = rows["race"] <= rows["race"].unique()[9]
    pd.testing.assert_frame_equal(before[seen], after[seen])
    assert not before[~seen].equals(after[~seen])


def test_gaps_and_paces() -> None:
    lists = pd.DataFrame({"race": [1, 1, 2], "q1_ms": [100.0, 101.0, 0.0]})
    assert gap_to_best(lists, "q1_ms").round(6).fillna(-1).tolist() == [0.0, 1.0, -1.0]
    laps = pd.DataFrame(
        {"car_number": np.repeat(["1", "2", "3"], 12), "lap_number": np.tile(np.arange(1, 13), 3), "flag": "green",
         "accurate": True, "pit_in": False, "pit_out": False, "lap_time_ms": np.repeat([99_000, 100_000, 102_000], 12)}
    )  # fmt: skip
    assert lap_pace(laps).set_index("car_number")["lap_pace"].to_dict() == pytest.approx(
        {"1": -1.0, "2": 0.0, "3": 2.0}
    )
    assert lap_pace(laps[laps["lap_number"] < 9]).empty


def test_linear_learners_find_what_made_the_data() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(3000, 2))
    ones = np.ones(len(x))
    found = ridge(x, 3 + 2 * x[:, 0], ones, 0.01)
    np.testing.assert_allclose(found(np.array([[1.0, 0.0], [np.nan, 0.0]])), [5.0, 3 + 2 * x[:, 0].mean()], atol=0.01)
    assert Linear.of(found.plain())(x[:2]).tolist() == found(x[:2]).tolist()
    came = random.random(3000) < 1 / (1 + np.exp(1 - 2 * x[:, 1]))
    odds = logistic(x, came.astype("float64"), ones, 0.1)
    np.testing.assert_allclose(odds(np.array([[0.0, 0.0], [0.0, 1.0]])), [-1.0, 1.0], atol=0.3)


def test_plackett_luce_finds_the_strengths_that_made_the_orders() -> None:
    random = np.random.default_rng(0)
    race = np.repeat(np.arange(400), 6)
    x = random.normal(size=(2400, 2))
    value = 1.5 * x[:, 0] - 0.5 * x[:, 1] + random.gumbel(size=2400)
    place = pd.Series(-value).groupby(race).rank().to_numpy()
    for places in (None, 1):
        found = plackett_luce(x, place, race, np.ones(2400), 1.0, places)
        np.testing.assert_allclose(found.weights / found.scale.spread, [1.5, -0.5], atol=0.2)


def test_expected_places_add_up_and_a_retiring_car_falls_behind() -> None:
    found = expected_places(np.zeros(4), np.array([0.0, 0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, [2.0, 2.0, 2.0, 4.0])
    assert expected_places(np.array([3.0, 0.0, 1.0]), np.full(3, 0.2)).sum() == pytest.approx(6.0)


def test_walking_forward_learns_only_from_earlier_races_and_beats_shuffled_results() -> None:
    rows = _rows(22)
    events = rows["event"].unique()[14:20].tolist()
    recipe = replace(f1.RECIPE, blend=("ridge", "plackett"))
    found = walk(rows, recipe, events[:2], draws=200)
    later = rows["event"] > events[1]
    changed = rows.assign(place=rows["place"].where(~later, 13 - rows["place"]))
    pd.testing.assert_frame_equal(found, walk(changed, recipe, events[:2], draws=200))
    honest = scores(walk(rows, recipe, events, draws=200))["spearman"]
    random = np.random.default_rng(4)
    blind = rows.assign(place=rows.groupby("race")["place"].transform(random.permutation))
    shuffled = walk(blind, recipe, events, draws=200)
    learned = scores(shuffled.assign(place=rows.loc[shuffled.index, "place"]))["spearman"]
    assert honest is not None
    assert learned is not None
    assert honest > 0.4
    assert learned < honest - 0.2


def test_too_little_before_a_race_predicts_nothing() -> None:
    rows = _rows(6)
    assert walk(rows, f1.RECIPE, rows["event"].unique().tolist()).empty
    assert best_spread([]) is None


def test_a_model_is_the_same_after_it_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(trees._SETTINGS, "n_estimators", 10)
    rows = _rows(16)
    model = FinishModel.fit(rows, f1.RECIPE).tuned(2.5, 0.5)
    card: dict[str, Any] = dict.fromkeys(("model", "why", "scope", "limits"), "")
    card |= {"data": {}, "features": [], "seeds": {}, "backtest": {}}
    saved = registry.load(registry.save(tmp_path, "finish", "f1", model.parts(), {**card, "passed": True}))
    again = FinishModel.of_parts(saved.parts)
    race = rows[rows["event"] == rows["event"].max()]
    pd.testing.assert_frame_equal(model.predict(race, 300), again.predict(race, 300))


def test_a_car_of_which_nothing_is_known_has_a_wider_interval() -> None:
    rows = _rows(16)
    model = FinishModel.fit(rows, replace(f1.RECIPE, blend=("ridge", "plackett")))
    race = rows[rows["event"] == rows["event"].max()]
    known, unknown = (model.predict(race.assign(unknown=value)) for value in (0.0, 1.0))
    assert (unknown["high_90"] - unknown["low_90"]).mean() > (known["high_90"] - known["low_90"]).mean()


def test_who_leans_on_a_naive_order_lies_between_it_and_the_expected_places() -> None:
    rows = pd.DataFrame({"race": 1, "blend": [2.0, 3.0, 4.0], "lap1": [3.0, 1.0, 5.0]})
    told = {lean: leaning(rows["blend"], rows["lap1"], rows["race"], lean).tolist() for lean in (0.0, 0.5, 1.0)}
    assert told == {0.0: [2.0, 3.0, 4.0], 0.5: [2.5, 2.5, 4.0], 1.0: [3.0, 2.0, 4.0]}


def test_the_lean_is_what_would_have_told_the_orders_so_far_best() -> None:
    order = np.tile(np.arange(1.0, 6.0), 9)
    past = pd.DataFrame({"race": np.repeat(np.arange(9), 5), "place": order, "blend": 6 - order, "lap1": order})
    assert best_lean([past], "lap1") > 0.5
    assert best_lean([past.assign(blend=order, lap1=6 - order)], "lap1") == 0.0
    assert best_lean([past[past["race"] < 7]], "lap1") == best_lean([past], "") == 0.5


def test_without_a_model_of_the_winner_the_draws_decide_and_the_place_is_the_order() -> None:
    rows = _rows(16)
    model = FinishModel.fit(rows, replace(f1.RECIPE, blend=("ridge",), winner_penalty=None))
    found = model.predict(rows[rows["event"] == rows["event"].max()], 400)
    assert found["first"].isna().all()
    assert found["place"].tolist() == found["order"].tolist()
    assert found["p_win"].sum() == pytest.approx(1.0)
    assert found["p_win"].corr(found["place"]) < 0


def test_endurance_features_know_the_first_lap_and_no_more(season: SqlStore) -> None:
    every = endurance.every_starter(season)
    rows = endurance.ordered(every, Series.WEC)
    own = rows["series"].eq("wec")
    assert own.any()
    assert (rows.loc[own, "event"].min() < rows.loc[~own, "event"]).all()
    last = rows["event"] == rows["event"].max()
    changed = rows.assign(
        place=rows["place"].where(~last, rows["cars"] + 1 - rows["place"]), out=rows["out"].where(~last, 1.0)
    )
    names = list(endurance.FEATURES)
    pd.testing.assert_frame_equal(endurance.features(rows)[names], endurance.features(changed)[names])
    assert endurance.features(rows).groupby("race")["lap1_place"].min().eq(1).all()


def test_what_cannot_be_predicted_is_said_in_one_line(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="racelab ingest ergast"):
        finish.backtest(store, Series.F1)
    with pytest.raises(NotFound, match="no race of IMSA"):
        finish.train(store, tmp_path, Series.IMSA)
    with pytest.raises(BadInput, match="no finishing order is predicted for local"):
        finish.backtest(store, Series.LOCAL)
    with pytest.raises(NotFound, match="model"):
        finish.predict(store, SessionKey.read("f1/2024/1/R"), tmp_path)


def test_training_keeps_a_model_with_an_honest_card(
    season: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "f1_fields", lambda store, coming=None: _made_fields())
    card = finish.train(season, tmp_path, Series.F1)[0]
    assert card["data"]["n"] == 15 * _CARS
    scored = card["backtest"]
    assert scored["n"] == sum(row["n"] for row in scored["by"] if "season" in row)
    better = scored["score"]["spearman"] > scored["baselines"]["grid"]["spearman"]
    assert card["passed"] <= better
    assert scored["score"]["spearman"] < scored["score"]["ceiling_spearman"]
    assert registry.newest(tmp_path, "finish", "f1", passed=False).parts["model"]["recipe"]["paid"] == 10


def _made_fields() -> fields.Fields:
    rows = _rows(15).assign(series="f1", car_class="", unknown=0.0, grid_place=lambda made: made["grid"] * _CARS + 0.5)
    recipe = replace(f1.RECIPE, blend=("ridge", "plackett"))
    return fields.Fields(Series.F1, rows[rows["season"] > 2009], recipe, "grid", "grid_place", ("season", "circuit"))
