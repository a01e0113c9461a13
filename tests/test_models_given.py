"""Frames from an analyst's hands, few laps, and what a model must hold to be used."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import racelab as rl
from racelab.errors import BadInput, NotFound
from racelab.models import by_hand
from racelab.models.features import lap_features, race_laps, target
from racelab.models.given import NEEDED, given_laps
from racelab.models.laptime.conformal import width
from racelab.models.laptime.model import LapTimeModel, worth_teaching
from racelab.models.laptime.training import holds
from racelab.models.laptime.walkforward import walk
from racelab.models.laptime.why import contributions
from racelab.store.sql import SqlStore

FIRST, SECOND = "f1/2099/1/R", "f1/2099/2/R"


@pytest.fixture(scope="module")
def laps(season: SqlStore) -> pd.DataFrame:
    return race_laps(season, season.find(FIRST)).drop(columns="reference_ms")


@pytest.fixture(scope="module")
def by_hand_model(laps: pd.DataFrame) -> by_hand.LapTimes:
    return by_hand.train(laps)


def test_a_frame_read_back_from_a_file_says_the_same(laps: pd.DataFrame, by_hand_model, tmp_path: Path) -> None:
    laps.to_csv(tmp_path / "laps.csv", index=False)
    again = by_hand.train(pd.read_csv(tmp_path / "laps.csv"))
    assert again.scores.document == by_hand_model.scores.document
    pd.testing.assert_frame_equal(again.predict(laps), by_hand_model.predict(laps))


def test_columns_that_no_source_must_give_are_missing(laps: pd.DataFrame) -> None:
    whole = given_laps(laps[list(NEEDED)])
    assert whole[["accurate", "compound", "tyre_age", "stint", "position", "car_class"]].isna().all().all()
    rows = lap_features(whole)
    assert len(rows) > 400
    assert np.isfinite(rows["base_ms"]).all()


def test_a_time_that_is_none_is_no_clean_lap_and_no_warning(laps: pd.DataFrame) -> None:
    wrong = laps.assign(lap_time_ms=laps["lap_time_ms"].where(laps["lap_number"] != 7, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = lap_features(given_laps(wrong))
    assert 7 not in set(rows["lap_number"])
    assert 8 in set(rows["lap_number"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda laps: [1, 2], "of the type list"),
        (lambda laps: laps.drop(columns=["flag", "pit_in"]), "lack pit_in, flag"),
        (lambda laps: laps.assign(session_id=FIRST), "no lap's"),
        (lambda laps: laps.assign(session_id=7), "no session has the id 7"),
        (lambda laps: laps.assign(lap_time_ms="fast"), "no lap's"),
        (lambda laps: pd.concat([laps, laps[["flag"]]], axis=1), "two columns of one name"),
    ],
)
def test_a_frame_that_is_none_of_laps_is_one_clear_line(laps: pd.DataFrame, change, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        given_laps(change(laps))
    assert "\n" not in str(caught.value)


def test_the_next_laps_are_of_one_session(laps: pd.DataFrame, by_hand_model, season: SqlStore) -> None:
    both = pd.concat([laps, race_laps(season, season.find(SECOND))])
    with pytest.raises(BadInput, match="several sessions"):
        by_hand_model.predict(both)


def test_laps_of_which_none_follows_a_clean_one_leave_nothing_to_score(laps: pd.DataFrame) -> None:
    with pytest.raises(NotFound, match="not enough data: no clean lap follows"):
        by_hand.train(laps[laps["lap_number"] % 2 == 0])


def test_a_few_races_teach_the_filter_and_no_trees(laps: pd.DataFrame, by_hand_model, season: SqlStore) -> None:
    assert by_hand_model.model.kind == "filter"
    first, second = (lap_features(race_laps(season, season.find(each))).assign(season=2099) for each in (FIRST, SECOND))
    assert worth_teaching(first, "ridge") == "filter"
    assert worth_teaching(pd.concat([first] * 8), "ridge") == "ridge"
    scored = walk(pd.concat([first, second], ignore_index=True), [second["session_id"].iloc[0]], "ridge", ("ridge",))
    assert set(scored["model"]) == {"filter"}
    np.testing.assert_allclose(scored["value"], scored["filter"])
    assert (scored["value"] - scored["ridge"]).abs().mean() > 1


@pytest.mark.parametrize(
    ("share", "races", "answer"),
    [(0.90, 100, True), (0.87, 100, False), (0.93, 100, False), (0.87, 8, True), (0.94, 8, True), (0.85, 8, False)],
)
def test_an_interval_must_hold_its_share_more_narrowly_the_more_races_tell(share, races, answer) -> None:
    assert holds(share, races) is answer


def test_seasons_the_wrong_way_round_are_one_clear_line(store: SqlStore) -> None:
    with pytest.raises(BadInput, match="no season is scored from 2024 to 2023"):
        rl.backtest("laptime", first=2024, last=2023)
    with pytest.raises(NotFound, match="no race of f1 from 2030 with enough clean laps"):
        rl.backtest("laptime", series="f1", first=2030)


def test_a_first_clean_lap_is_told_by_the_base_with_a_width_of_its_own(season: SqlStore) -> None:
    rows = lap_features(race_laps(season, season.find(SECOND)))
    model = LapTimeModel.fit(rows, "xgboost")
    start = rows[rows["naive_ms"].notna()].assign(naive_ms=np.nan)
    found = model.predict(start)
    np.testing.assert_allclose(found["value"], start["base_ms"])
    np.testing.assert_allclose(found["high_90"] - found["value"], 3.0 * start["scale"] * start["base_ms"])
    taught = LapTimeModel.fit(pd.concat([rows, start]), "xgboost")
    assert taught.first[90] == pytest.approx(width(target(start), 90))
    assert LapTimeModel.of_parts(taught.parts()).first == taught.first
    shares = contributions(model, start.head(1).reset_index(drop=True))["contribution_ms"]
    assert shares.iloc[0] == pytest.approx(start["base_ms"].iloc[0])
    assert not shares.iloc[1:].any()
