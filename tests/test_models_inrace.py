"""The order predicted during the race: its moment, its state, its places, what it says live."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import KEY, session_data

from racelab.domain.laps import Lap
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.inrace import predict_inrace, train, walking
from racelab.models.inrace import scoring as backtests
from racelab.models.inrace import teaching as trainings
from racelab.models.inrace.features import CAR_FEATURES, RACE_FEATURES, features
from racelab.models.inrace.finals import finals
from racelab.models.inrace.form import Form
from racelab.models.inrace.lengths import Length, done, moment
from racelab.models.inrace.model import OrderModel, fit
from racelab.models.inrace.pairs import PAIR_FEATURES, expected_places, pairs, swapped
from racelab.models.inrace.places import place_chances, strengths
from racelab.models.inrace.races import LAP_COLUMNS, Race, read_race
from racelab.models.inrace.state import state
from racelab.models.inrace.table import table
from racelab.models.inrace.walking import unlearned, walk
from racelab.runs.monitor.placing import predict_places
from racelab.sources.alkamel import find_sessions
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

F1 = SessionKey(Series.F1, 2099, 1, "R")
WEC = SessionKey(Series.WEC, 2099, 1, "R")
LIME_ROCK_HALF_MS = 4_800_000.0
LIME_ROCK_WINNERS = {"GTDPRO": "23", "GTD": "27"}
EVERY = [Series.F1, Series.WEC, Series.GRCUP]


def race_of(ends: Mapping[str, Sequence[float]], length: Length, classes: dict[str, str] | None = None) -> Race:
    """A race made of the times, in s, at which each car crossed the line."""
    cars = pd.DataFrame(
        {"car_number": list(ends), "car_class": [(classes or {}).get(car, "A") for car in ends], "team": ""}
    )
    rows = [
        {**dict.fromkeys(LAP_COLUMNS, np.nan), "car": float(index), "lap": float(number), "end_ms": end * 1000.0,
         "time_ms": (end - before) * 1000.0, "pit_in": 0.0, "pit_out": 0.0}
        for index, times in enumerate(ends.values())
        for number, (before, end) in enumerate(zip([0.0, *times], times, strict=False), start=1)
    ]  # fmt: skip
    laps = pd.DataFrame(rows, columns=list(LAP_COLUMNS), dtype="float64").sort_values(
        ["end_ms", "lap"], ignore_index=True
    )
    return Race(KEY, "", "somewhere", length, laps, cars.assign(crew=[()] * len(cars)))


@pytest.fixture(scope="module")
def rows(season: SqlStore) -> pd.DataFrame:
    return table(season, EVERY, (0.25, 0.5, 0.75))[0]


def test_by_laps_the_moment_is_when_the_leader_completes_the_share_rounded_up() -> None:
    race = race_of({"1": [100, 200, 300], "2": [101, 199, 305]}, Length(7, None, "schedule"))
    assert moment(race.length, race.laps, 0.25) == 199_000.0  # ceil(1.75) = 2 laps, which car 2 completed first
    assert moment(race.length, race.laps, 0.75) is None  # the race was stopped before its sixth lap
    assert done(race.length, race.laps, 250_000) == pytest.approx(2 / 7)


def test_by_time_the_moment_is_the_share_of_the_schedule_while_cars_still_run() -> None:
    race = race_of({"1": [100, 200, 300]}, Length(None, 400_000, "schedule"))
    assert moment(race.length, race.laps, 0.5) == 200_000.0
    assert moment(race.length, race.laps, 0.8) is None
    assert moment(race.length, race.laps.head(0), 0.25) is None


def test_the_order_goes_by_laps_then_time_and_whoever_stopped_is_behind() -> None:
    ends = {
        "1": [100, 200, 300, 400, 500, 600],
        "2": [102, 204, 306, 408, 510],
        "3": [90, 180, 270],
        "4": [110, 220, 330, 440],
    }
    now = state(race_of(ends, Length(None, 1_000_000, "schedule")), 605_000).cars.set_index("car_number")
    assert now["order"].to_dict() == {"1": 1, "2": 2, "4": 3, "3": 4}
    assert now["stopped"].to_dict() == {"1": False, "2": False, "3": True, "4": False}
    late = race_of({**ends, "3": [*ends["3"], 340, 350, 360]}, Length(None, 2_000_000, "schedule"))
    then = state(late, 605_000).cars.set_index("car_number")
    assert (then.loc["3", "order"], then.loc["3", "place"]) == (1, 1)  # six laps at 360 s, and 2.4 usual laps ago
    assert now.loc["2", "gap_ms"] == 10_000.0  # where both had done five laps


def test_each_class_has_its_own_order_and_leader() -> None:
    ends = {"1": [100, 200], "2": [120, 240], "3": [121, 243]}
    now = state(race_of(ends, Length(None, 400_000, "schedule"), {"2": "B", "3": "B"}), 250_000).cars
    assert now["place"].tolist() == [1, 1, 2]
    assert now["gap_ms"].tolist() == [0.0, 0.0, 3_000.0]


@pytest.mark.parametrize("key", [F1, WEC])
def test_nothing_that_ended_later_changes_the_features(season: SqlStore, key: SessionKey) -> None:
    race = read_race(season, key)
    at = moment(race.length, race.laps, 0.5)
    assert at is not None
    later = race.laps["end_ms"] > at
    changed = race.laps.assign(**{name: race.laps[name].mask(later, race.laps[name] * 1.3 + 1) for name in ("time_ms", "pit_in", "neutral", "seat", "tyre_age")})  # fmt: skip
    changed["end_ms"] = race.laps["end_ms"].mask(later, race.laps["end_ms"] + 1e6)
    before = features(race, at)
    for laps in (changed, race.laps[~later]):
        other = Race(race.key, race.start, race.circuit, race.length, laps.reset_index(drop=True), race.cars)
        pd.testing.assert_frame_equal(features(other, at), before)


def test_features_are_there_for_every_starter(rows: pd.DataFrame) -> None:
    assert set(CAR_FEATURES) | set(RACE_FEATURES) <= set(rows)
    assert rows.groupby(["race", "mark"]).size().loc[str(F1)].nunique() == 1
    assert rows["mark"].isin([0.25, 0.5, 0.75]).all()
    running = rows[rows["stopped"] == 0]
    assert running["pace_all"].notna().mean() > 0.9
    assert running["pace_all"].abs().max() < 0.07


def test_places_are_official_where_known_else_by_the_road(season: SqlStore, store: SqlStore) -> None:
    race = read_race(season, F1)
    found = finals(season, race)
    official = season.read("results", F1, kind="official").set_index("car_number")["position"]
    assert found["place"].tolist() == official.loc[race.cars["car_number"]].tolist()
    assert set(found["source"]) == {"official"}
    data = session_data()
    data.results.clear()
    store.write_session(data)
    road = finals(store, read_race(store, KEY))
    assert road["place"].tolist() == [1, 2]
    assert set(road["source"]) == {"road"}


def test_a_pair_has_the_car_ahead_first_and_expected_places_add_up() -> None:
    ends = {"1": [100, 200], "2": [90, 190], "3": [110, 230]}
    now = features(race_of(ends, Length(None, 400_000, "schedule")), 250_000)
    found = pairs(now)
    assert [(int(a), int(b)) for a, b in zip(found.ahead, found.behind, strict=True)] == [(1, 0), (1, 2), (0, 2)]
    assert found.x.shape == (3, len(PAIR_FEATURES))
    assert np.isfinite(found.linear).all()
    assert swapped(now.assign(final=[1, 2, 3]), found).tolist() == [1, 0, 0]
    assert expected_places(3, found, np.array([0.4, 0.1, 0.2])).tolist() == pytest.approx([1.8, 1.5, 2.7])


def test_strengths_bring_the_mean_places_to_the_expected_ones() -> None:
    expected = np.array([1.3, 2.2, 2.9, 3.6, 5.0])
    table_, matrix = place_chances(expected, np.zeros(5), draws=20_000)
    assert table_["place"].to_numpy() == pytest.approx(expected, abs=0.05)
    assert matrix.sum(axis=0) == pytest.approx(np.ones(5))
    assert matrix.sum(axis=1) == pytest.approx(np.ones(5))
    assert table_["p_win"].is_monotonic_decreasing
    retiring = strengths(expected, np.array([0.05, 0.1, 0.1, 0.1, 0.1]))
    assert (np.diff(retiring) < 0).all()


def test_a_car_alone_in_its_class_is_first() -> None:
    found, _ = place_chances(np.array([1.0]), np.array([0.3]))
    assert found.loc[0, ["p_win", "p_podium", "place", "low_90", "high_90"]].tolist() == [1, 1, 1, 1, 1]


def test_the_kept_model_says_what_the_learned_one_says(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows = rows[rows["series"] == "grcup"].reset_index(drop=True)
    model = fit(rows, trees=5)
    path = registry.save(tmp_path, "inrace", "f1", model.parts(), {"model": "m", "data": {}, "features": [], "seeds": {}, "backtest": {}, "passed": True, "why": "", "scope": "", "limits": ""})  # fmt: skip
    again = OrderModel.of_parts(registry.load(path).parts)
    pd.testing.assert_frame_equal(again.predict(rows), model.predict(rows))
    expected = model.predict(rows)["expected"]
    size = rows["class_cars"]
    assert expected.groupby([rows["race"], rows["mark"], rows["car_class"]]).sum().to_numpy() == pytest.approx(
        (size * (size + 1) / 2).groupby([rows["race"], rows["mark"], rows["car_class"]]).first().to_numpy()
    )


def test_the_weights_of_a_pair_s_features_count_for_the_car_s(rows: pd.DataFrame) -> None:
    from xgboost import XGBClassifier

    model = fit(rows[rows["series"] == "grcup"].reset_index(drop=True), trees=1)
    assert trainings.importance(model) == {}, "one small tree has nothing to look at"
    found = pairs(rows)
    trees = XGBClassifier(n_estimators=2, max_depth=2, n_jobs=1).fit(found.x, swapped(rows, found))
    weights = trainings.importance(replace(model, trees=trees))
    assert set(weights) <= {*CAR_FEATURES, *RACE_FEATURES}
    assert sum(weights.values()) == pytest.approx(1, abs=0.001)


def test_an_event_is_predicted_from_what_was_over_alone(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "LEAST_RACES", 1)
    wanted = pd.Series(True, index=rows.index)
    found = walk(rows, wanted, trees=5).rows
    first = found[found["turn"] == found["turn"].min()]
    assert first["learned"].eq(0).all()
    assert first["model_median"].tolist() == first["place"].tolist()
    last = int(rows["turn"].max())
    changed = rows.assign(final=rows["final"].where(rows["turn"] < last, rows["class_cars"] + 1 - rows["final"]))
    again = walk(changed, wanted, trees=5).rows
    columns = [name for name in found if name.startswith("model_")]
    pd.testing.assert_frame_equal(again[columns], found[columns])
    earlier = rows.assign(final=rows["final"].where(rows["turn"] >= last, rows["class_cars"] + 1 - rows["final"]))
    other = walk(earlier, wanted, trees=5).rows
    assert not np.allclose(other["model_expected"], found["model_expected"])
    assert not np.allclose(other["order_now_p_win"], found["order_now_p_win"])


def test_the_document_puts_the_order_now_beside_the_model(season: SqlStore, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(walking, "LEAST_RACES", 1)
    monkeypatch.setattr(walking, "fit", lambda rows, trees: fit(rows, trees=5))
    monkeypatch.setattr(backtests, "table", lambda store, teachers: (rows, Form()))
    found = backtests.backtest(season, Series.WEC, None, None)
    document = found.document
    assert list(document) == ["target", "series", "from", "to", "n", "score", "baselines", "by"]
    assert document["n"] == len(found.rows) == 3 * 30
    assert {"spearman", "place_mae", "winner_hit", "podium_hit", "brier_win"} <= set(document["score"])
    shares = [row for row in document["by"] if "season" in row and "share" in row]
    assert [row["share"] for row in shares] == [0.25, 0.5, 0.75]
    assert [row["n"] for row in shares] == [30, 30, 30]
    perfect = found.rows.assign(model_expected=found.rows["final"], model_median=found.rows["final"])
    best = backtests.scored(perfect, Series.WEC).document
    assert backtests.is_better(best)
    assert (best["score"]["spearman"], best["score"]["place_mae"]) == (1.0, 0.0)
    same = found.rows.assign(model_expected=found.rows["place"], model_median=found.rows["place"])
    assert not backtests.is_better(backtests.scored(same, Series.WEC).document)


def test_too_few_races_are_told_and_nothing_is_kept(season: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="at least 4 races"):
        backtests.backtest(season, Series.F1, None, None)
    with pytest.raises(NotFound, match="at least 4 races"):
        train(season, tmp_path, Series.F1)


def test_live_chances_come_from_the_kept_model(season: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(trainings, "LEAST_RACES", 1)
    monkeypatch.setattr(trainings, "table", lambda store, teachers: table(store, teachers, (0.5,)))
    monkeypatch.setattr(trainings, "fit", lambda rows: fit(rows, trees=5))
    cards = train(season, tmp_path, Series.WEC)
    assert [card["series"] for card in cards] == ["wec"]
    card = cards[0]
    assert card["passed"] is False
    saved = registry.newest(tmp_path, "inrace", "wec", passed=False)
    assert len(Form.of_part(saved.parts["form"]).sums) > 30
    found = predict_inrace(season, WEC, saved, at=5_400_000)
    assert len(found) == 30
    assert found.groupby("car_class")["p_win"].sum().to_numpy() == pytest.approx(np.ones(found["car_class"].nunique()))
    assert found["place"].between(found["low_90"], found["high_90"]).all()
    assert found.groupby("car_class")["expected"].apply(lambda places: places.is_monotonic_increasing).all()


def test_without_a_model_the_order_is_told_with_wide_chances(season: SqlStore, tmp_path: Path) -> None:
    cars, name = predict_places(season, F1, tmp_path)
    assert (cars, name) == (20, "live/order_now")
    kept = season.read("predictions", F1, model=name)
    assert sorted(kept["target"].unique()) == ["p_podium", "p_points", "p_retires", "p_win", "place"]
    places = kept[kept["target"] == "place"]
    assert (places["high_90"] >= places["low_90"]).all()
    assert len(places) == 20
    early = predict_inrace(season, F1, None, at=600_000)
    late = predict_inrace(season, F1, None)
    assert (early["high_90"] - early["low_90"]).mean() > (late["high_90"] - late["low_90"]).mean()
    assert unlearned(features(read_race(season, F1), 600_000))["expected"].between(1, 20).all()


def test_before_the_first_lap_there_is_nothing_to_go_by(store: SqlStore) -> None:
    store.write_session(session_data(laps=0))
    with pytest.raises(NotFound, match="no car has completed a lap"):
        predict_inrace(store, KEY, None)


def test_cars_on_their_first_lap_are_in_no_order_yet(season: SqlStore) -> None:
    """They stood in the order of their numbers, 19 of 20 taken to be out."""
    ends = read_race(season, F1).laps.groupby("lap")["end_ms"].min()
    with pytest.raises(NotFound, match="most cars of a class have not completed a lap"):
        predict_inrace(season, F1, None, at=ends[1])
    assert len(predict_inrace(season, F1, None, at=ends[2])) == 20


def test_a_race_whose_length_nothing_tells_is_not_taken_to_be_at_its_end(store: SqlStore) -> None:
    data = session_data(laps=12)
    store.write_session(replace(data, session=replace(data.session, scheduled_laps=None, scheduled_ms=None)))
    with pytest.raises(NotFound, match="nothing tells how many laps or how long"):
        predict_inrace(store, KEY, None)


def test_two_cars_left_of_a_class_and_one_alone_have_an_answer(store: SqlStore) -> None:
    data = session_data(laps=12)
    data.laps[:] = [lap for lap in data.laps if lap.car_number == "007" or lap.lap_number < 3]
    data.laps.append(Lap("99", 1, lap_time_ms=230_000, start_ms=0, end_ms=230_000))
    data.entries.append(type(data.entries[0])("99", "LMGT3"))
    store.write_session(data)
    found = predict_inrace(store, KEY, None).set_index("car_number")
    assert found.loc["99", ["p_win", "place"]].tolist() == [1.0, 1.0]
    assert found.loc["007", "p_win"] > 0.5 > found.loc["7", "p_win"] > 0
    assert found.loc["7", "p_retires"] > found.loc["007", "p_retires"]


@pytest.mark.data
def test_the_state_of_a_real_race_at_half_distance(data: Path, store: SqlStore) -> None:
    """Lime Rock 2023: two classes, 160 minutes; the order at 80 minutes is counted from the file's own elapsed times."""
    for found in find_sessions(data / "imsa" / "2023" / "14-lime-rock-park", Hints()):
        store.write_session(found.read())
    key = store.find("imsa/2023/7/R")
    race = read_race(store, key)
    at = moment(race.length, race.laps, 0.5)
    assert at == LIME_ROCK_HALF_MS
    laps = store.read("laps", key)
    laps = laps[laps["end_ms"] <= at]
    last = laps.groupby("car_number").agg(laps=("lap_number", "max"), end_ms=("end_ms", "max"))
    order = last.sort_values(["laps", "end_ms"], ascending=[False, True]).index
    cars = features(race, at).set_index("car_number")
    for _, part in cars[cars["stopped"] == 0].groupby("car_class"):
        assert part.sort_values("place").index.tolist() == [car for car in order if car in part.index]
    places = finals(store, race).assign(car=race.cars["car_number"], kind=race.cars["car_class"])
    assert places[places["place"] == 1].set_index("kind")["car"].to_dict() == LIME_ROCK_WINNERS
    told = predict_inrace(store, key, None, at)
    assert told["median"].tolist() == told["place_now"].tolist()
