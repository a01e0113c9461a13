"""The lap-time model knows nothing that had not ended, scores by event, and says how far off it is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.errors import BadInput, NotFound
from racelab.models.features import in_ms, lap_features, matrix, names, next_lap_features, race_laps, target, weights
from racelab.models.features.prepared import prepare
from racelab.models.features.reference import paces, with_reference
from racelab.models.laptime.conformal import coverage, width
from racelab.models.laptime.horizon import predict_ahead
from racelab.models.laptime.model import LapTimeModel
from racelab.models.laptime.report import document
from racelab.models.laptime.walkforward import folds
from racelab.store.sql import SqlStore

FIRST, SECOND = "f1/2099/1/R", "f1/2099/2/R"


@pytest.fixture(scope="module")
def laps(season: SqlStore) -> pd.DataFrame:
    return race_laps(season, season.find(FIRST))


@pytest.fixture(scope="module")
def rows(laps: pd.DataFrame) -> pd.DataFrame:
    return lap_features(laps)


def test_live_features_from_what_had_ended_are_those_of_the_backtest(laps: pd.DataFrame, rows: pd.DataFrame) -> None:
    columns = [*names(rows), "base_ms", "naive_ms", "recent_ms", "scale"]
    for place in range(150, len(rows), len(rows) // 12):
        row = rows.iloc[place]
        live = next_lap_features(laps[laps["end_ms"] <= row["start_ms"]])
        same = live[live["car_number"] == row["car_number"]].iloc[0]
        assert same["lap_number"] == row["lap_number"]
        np.testing.assert_allclose(same[columns].astype(float), row[columns].astype(float), rtol=1e-9)


def test_a_changed_future_changes_no_feature_and_a_changed_past_does(laps: pd.DataFrame, rows: pd.DataFrame) -> None:
    now = int(laps["end_ms"].median())
    changed = laps.assign(lap_time_ms=laps["lap_time_ms"].where(laps["end_ms"] <= now, laps["lap_time_ms"] + 700))
    keys = ["car_number", "lap_number"]
    before, after = (each.set_index(keys, drop=False) for each in (rows, lap_features(changed)))
    features = list(names(rows))
    known = before.index[before["start_ms"] <= now].intersection(after.index)
    later = before.index[before["start_ms"] > now + 200_000].intersection(after.index)
    assert len(known) > 200
    pd.testing.assert_frame_equal(before.loc[known, features], after.loc[known, features])
    assert (before.loc[later, "base_ms"] < after.loc[later, "base_ms"]).mean() > 0.9


def test_the_naive_answer_is_the_last_clean_lap_and_the_base_is_better(laps: pd.DataFrame, rows: pd.DataFrame) -> None:
    scored = rows[rows["follows"].astype(bool)].sort_values(["car_number", "lap_number"])
    times = laps.set_index(["car_number", "lap_number"])["lap_time_ms"]
    before = [times[car, lap - 1] for car, lap in zip(scored["car_number"], scored["lap_number"], strict=True)]
    assert len(scored) > 500
    np.testing.assert_allclose(scored["naive_ms"], np.array(before, dtype=float))
    naive, base = ((scored[name] - scored["lap_time_ms"]).abs().mean() for name in ("naive_ms", "base_ms"))
    assert base < naive


def test_the_target_takes_back_to_the_lap_and_weighs_by_ms(rows: pd.DataFrame) -> None:
    np.testing.assert_allclose(in_ms(rows, target(rows)), rows["lap_time_ms"])
    assert weights(rows).mean() == pytest.approx(1.0)
    assert matrix(rows).shape == (len(rows), len(names(rows)))


def test_a_lap_counts_where_accuracy_is_told_only_if_accurate_and_green(laps: pd.DataFrame) -> None:
    told = laps.assign(accurate=True)
    told.loc[told["lap_number"] == 5, "accurate"] = False
    ready = prepare(told).set_index("lap_number")
    assert not ready.loc[5, "clean"].any()
    assert not ready.loc[6, "follows"].any()
    assert ready.loc[7, "follows"].any()
    assert not ready.loc[1, "clean"].any()
    assert not ready[ready["flag"].ne("green").fillna(True)]["clean"].any()


def test_the_race_before_at_a_circuit_tells_what_to_expect_of_the_first_clean_lap(laps: pd.DataFrame) -> None:
    known = paces(laps)
    start = with_reference(laps[laps["lap_number"] == 1], known)
    first = next_lap_features(start)
    assert len(first) > 10
    assert first["naive_ms"].isna().all()
    assert np.abs(first["base_ms"] / next(iter(known.values())) - 1).max() < 0.06
    assert next_lap_features(start.assign(reference_ms=pd.NA)).empty


def test_nobody_to_go_by_is_an_empty_answer(laps: pd.DataFrame) -> None:
    assert lap_features(laps.head(0)).empty
    assert next_lap_features(laps.head(0)).empty
    assert lap_features(laps.assign(flag="safety_car")).empty
    alone = laps[laps["car_number"] == laps["car_number"].iloc[0]]
    assert len(lap_features(alone)) > 10


def test_folds_learn_from_earlier_races_alone() -> None:
    order = list(range(30))
    found = list(folds(order, order[12:]))
    assert [each for fold in found for each in fold.scored] == order[12:]
    assert all(max(fold.taught) < min(fold.scored) for fold in found)
    assert 3 < len(found) < 18
    assert [fold.taught for fold in folds([1, 2], [1, 2])] == [(), (1,)]


@pytest.fixture(scope="module")
def model(rows: pd.DataFrame) -> LapTimeModel:
    return LapTimeModel.fit(rows, "ridge")


def test_a_model_beats_the_last_lap_on_a_race_that_it_has_not_seen(season: SqlStore, model: LapTimeModel) -> None:
    other = lap_features(race_laps(season, season.find(SECOND)))
    other = other[other["follows"].astype(bool)]
    found = other.join(model.predict(other))
    errors = {name: (found[name] - found["lap_time_ms"]).abs().mean() for name in ("value", "naive_ms")}
    assert errors["value"] < errors["naive_ms"]
    assert (found["low_90"] <= found["low_80"]).all()
    assert 0.75 < coverage(found, 90) <= 1.0
    said = document(
        found.assign(
            season=2099,
            circuit="x",
            session=SECOND,
            model="ridge",
            last_lap=found["naive_ms"],
            median_of_five=found["recent_ms"],
        ),
        None,
        (),
    )
    assert list(said) == ["target", "series", "from", "to", "n", "score", "baselines", "by"]
    assert said["n"] == len(other) == sum(each["n"] for each in said["by"] if "phase" in each)


def test_shuffled_targets_teach_nothing(season: SqlStore, rows: pd.DataFrame) -> None:
    other = lap_features(race_laps(season, season.find(SECOND)))
    other = other[other["follows"].astype(bool)]
    mixed = np.random.default_rng(0).permutation(target(rows))
    wrong = LapTimeModel.fit(rows.assign(lap_time_ms=in_ms(rows, mixed)), "ridge").predict(other)["value"]
    base = (other["base_ms"] - other["lap_time_ms"]).abs().mean()
    assert (wrong - other["lap_time_ms"]).abs().mean() > 0.98 * base


def test_a_model_comes_apart_and_together_again(rows: pd.DataFrame, model: LapTimeModel) -> None:
    again = LapTimeModel.of_parts(model.parts())
    pd.testing.assert_frame_equal(again.predict(rows), model.predict(rows))
    with pytest.raises(BadInput, match="train it again"):
        LapTimeModel.of_parts({"meta": {}})
    with pytest.raises(BadInput, match="no lap-time model"):
        LapTimeModel.fit(rows, "oracle")
    with pytest.raises(NotFound, match="not enough"):
        LapTimeModel.fit(rows.head(20), "ridge")


def test_a_race_less_predictable_than_others_widens_the_intervals_and_leaves_the_model(
    rows: pd.DataFrame, model: LapTimeModel
) -> None:
    wild = rows.assign(lap_time_ms=in_ms(rows, target(rows) + np.random.default_rng(1).normal(0, 9, len(rows))))
    wider = model.updated(wild)
    assert wider.stretch > 1.5
    assert model.stretch == 1.0
    pd.testing.assert_series_equal(wider.predict(rows)["value"], model.predict(rows)["value"])
    assert model.updated(rows.head(0)) is model


def test_laps_further_ahead_are_less_sure(laps: pd.DataFrame, model: LapTimeModel) -> None:
    now = laps[laps["end_ms"] <= laps["end_ms"].median()]
    found = predict_ahead(model, now, 5)
    spread = (found["high_90"] - found["low_90"]).groupby(found["ahead"]).mean()
    assert found["ahead"].max() == 5
    assert spread.is_monotonic_increasing
    first = found[found["ahead"] == 1].reset_index(drop=True)
    np.testing.assert_allclose(first["value"], model.predict(next_lap_features(now))["value"])


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=60), st.sampled_from([80, 90]))
def test_the_interval_holds_its_share_of_the_errors_it_was_made_from(errors: list[float], level: int) -> None:
    half = width(np.array(errors), level)
    assert np.mean(np.abs(errors) <= half) >= level / 100
