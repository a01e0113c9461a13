"""Contributions add up to the prediction, and go to the features that make it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelab.models.explain import sampled_contributions, table, tree_contributions

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 4))


def test_contributions_of_boosted_trees_add_up_to_what_they_predict():
    from xgboost import XGBRegressor

    y = 300 * X[:, 0] - 100 * X[:, 1] + 50 * X[:, 0] * X[:, 1]
    model = XGBRegressor(n_estimators=30, max_depth=3, n_jobs=1).fit(X, y)
    rows = X[:20].copy()
    rows[3, 1] = np.nan
    for each in (model, model.get_booster()):
        shares = tree_contributions(each, rows)
        assert shares.shape == (20, 5)
        np.testing.assert_allclose(shares.sum(axis=1), model.predict(rows), atol=0.05)
    mean = np.abs(shares[:, :4]).mean(axis=0)
    assert mean[0] > mean[1] > 5 * max(mean[2], mean[3])


def test_of_a_linear_model_each_feature_has_its_weight_times_its_distance():
    weights = np.array([3.0, -2.0, 0.0, 1.0])
    reference = np.median(X, axis=0)
    shares = sampled_contributions(lambda x: x @ weights + 7.0, X[:5], reference)
    np.testing.assert_allclose(shares[:, :4], weights * (X[:5] - reference), atol=1e-9)
    np.testing.assert_allclose(shares[:, 4], reference @ weights + 7.0)


@given(st.integers(0, 99), st.integers(0, 5))
def test_sampled_contributions_of_any_model_add_up(row, seed):
    def crooked(x):
        return np.where(x[:, 0] > 0, x[:, 1] * x[:, 2], np.sin(3 * x[:, 3])) * 100

    shares = sampled_contributions(crooked, X[row : row + 1], np.zeros(4), seed)
    np.testing.assert_allclose(shares.sum(), crooked(X[row : row + 1])[0], atol=1e-9)


def test_features_that_do_the_same_share_alike():
    shares = sampled_contributions(lambda x: x[:, 0] * x[:, 1], np.array([[2.0, 2.0, 9.0, 9.0]]), np.zeros(4))
    np.testing.assert_allclose(shares[0], [2.0, 2.0, 0.0, 0.0, 0.0], atol=1e-9)


def test_the_table_begins_with_its_base_and_goes_on_with_the_largest():
    made = table(["a", "b", "c"], np.array([1.0, 2.0, np.nan]), np.array([5.0, -80.0, 10.0, 90_000.0]), "usual pace")
    assert made["feature"].tolist() == ["usual pace", "b", "c", "a"]
    assert made["contribution_ms"].sum() == pytest.approx(89_935.0)
    assert made["value"].isna().tolist() == [True, False, True, False]
