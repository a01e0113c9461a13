"""Anomalies: what is judged, what is found, what is said of it, and how it is scored."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import racelab as rl
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.models import registry
from racelab.models.anomaly import KINDS, anomalies, backtest, train
from racelab.models.anomaly.events import COLUMNS, describe
from racelab.models.anomaly.expectation import expected, stretch
from racelab.models.anomaly.finding import complete
from racelab.models.anomaly.forest import Forest, fit
from racelab.models.anomaly.labels import merged, real_labels
from racelab.models.anomaly.lapmodels import known_rows, learn, paces
from racelab.models.anomaly.loading import session_anomalies
from racelab.models.anomaly.racing import left_out
from racelab.models.anomaly.residuals import residuals
from racelab.models.anomaly.scoring import by_kind, score
from racelab.models.anomaly.stewards import told_by_race_control
from racelab.models.anomaly.traffic import held_up_ms, lapped_ms
from racelab.models.laptime import endurance_model
from racelab.models.laptime.model import LapTimeModel
from racelab.runs.monitor.watching import watch
from racelab.sources.sample import generate
from racelab.store.sql import SqlStore

LAP = 90_000


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forests of few trees: what is tested is what goes in and comes out."""
    monkeypatch.setattr("racelab.models.anomaly.forest._TREES", 20)
    for settings in (endurance_model._CENTRE, endurance_model._SCALE):
        monkeypatch.setitem(settings, "n_estimators", 30)


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """A store that holds the generated races of F1 and GR Cup of seed 2."""
    with SqlStore(f"sqlite:///{tmp_path_factory.mktemp('season') / 'season.db'}") as held:
        for found in generate(2):
            if found.key.is_race and found.key.series in (Series.F1, Series.GRCUP):
                held.write_session(found.read())
        yield held


def race(cars: int = 8, laps: int = 30, noise: float = 300.0) -> pd.DataFrame:
    """Cars that start five seconds apart and drive about 90 s a lap, the same noise each time."""
    rng = np.random.default_rng(0)
    rows = []
    for car in range(cars):
        end = 5_000 * car
        for lap in range(1, laps + 1):
            time = LAP + round(rng.normal(0, noise))
            rows.append({"session_id": 1, "car_number": str(car), "lap_number": lap, "lap_time_ms": time, "start_ms": end,
                         "end_ms": end + time, "pit_in": False, "pit_out": False, "flag": "green", "car_class": "A"})  # fmt: skip
            end += time
    return complete(pd.DataFrame(rows))


def slowed(laps: pd.DataFrame, car: str, lap: int, by: int) -> pd.DataFrame:
    """The laps after a car lost so much on a lap."""
    own = laps["car_number"].eq(car)
    return laps.assign(
        lap_time_ms=laps["lap_time_ms"] + by * (own & laps["lap_number"].eq(lap)),
        start_ms=laps["start_ms"] + by * (own & laps["lap_number"].gt(lap)),
        end_ms=laps["end_ms"] + by * (own & laps["lap_number"].ge(lap)),
    )


def test_a_lap_that_loses_time_is_found_and_told() -> None:
    found = anomalies(slowed(race(), "3", 15, 6_000))
    worst = found.iloc[0]
    assert (worst["car_number"], worst["first_lap"], worst["last_lap"], worst["severity"]) == ("3", 15, 15, "major")
    assert worst["loss_ms"] == pytest.approx(6_000, abs=1_000)
    assert worst["reason"].startswith("Lost ")
    assert worst["reason"].endswith("on lap 15; next lap back to pace")
    assert worst["score"] > 0


def test_laps_in_a_row_are_one_event() -> None:
    laps = race()
    for lap in (15, 16, 17):
        laps = slowed(laps, "3", lap, 5_000)
    rows = residuals(laps)
    own = rows["car_number"].eq("3")
    rows.loc[own, "loss_ms"] = 5_000.0
    scores = pd.Series(np.where(own & rows["lap_number"].between(15, 17), 0.1, -0.1), index=rows.index)
    found = describe(rows, scores, laps)
    assert found[["first_lap", "last_lap", "severity", "loss_ms"]].to_numpy().tolist() == [[15, 17, "severe", 15_000]]
    assert found["reason"].iloc[0].startswith("5.0 s to 5.0 s slower than expected on each of laps 15 to 17")


def test_pit_laps_cautions_restarts_and_the_finish_are_not_judged() -> None:
    laps = race(laps=12)
    own = laps["car_number"].eq("2")
    laps.loc[own & laps["lap_number"].eq(3), "pit_in"] = True
    laps.loc[own & laps["lap_number"].eq(4), "pit_out"] = True
    laps.loc[laps["lap_number"].eq(7), "flag"] = "safety_car"
    laps.loc[laps["lap_number"].eq(12), "flag"] = "chequered"
    why = left_out(laps)[own].tolist()
    assert why == ["first", "", "pit", "pit", "", "", "caution", "restart", "", "", "", "finish"]
    status = pd.DataFrame({"time_ms": [0, 500_000, 505_000], "flag": ["green", "fcy", "green"]})
    under = laps[(laps["start_ms"] < 505_000) & (laps["end_ms"] > 500_000)]
    assert len(under)
    assert (left_out(laps, status)[under.index] != "").all()


def test_a_lap_on_which_a_yellow_came_out_is_judged_and_the_yellow_explains_a_little() -> None:
    laps = slowed(race(), "3", 15, 9_000)
    own = laps[laps["car_number"].eq("3") & laps["lap_number"].eq(15)].iloc[0]
    came = int(own["start_ms"]) + 60_000
    status = pd.DataFrame({"time_ms": [0, came, came + 60_000], "flag": ["green", "yellow", "green"]})
    why = left_out(laps, status)
    assert why[own.name] == ""
    assert why[laps.index[laps["car_number"].eq("3") & laps["lap_number"].eq(16)][0]] == "caution"
    plain, rows = (
        residuals(laps, each).set_index(["car_number", "lap_number"]).loc[("3", 15)] for each in (None, status)
    )
    assert plain["yellow_ms"] == 0
    assert rows["yellow_ms"] == pytest.approx(0.02 * rows["expected_ms"])
    assert 4 < rows["slower"] < plain["slower"]


def test_a_field_that_is_slow_is_under_caution_whatever_the_flag() -> None:
    laps = race()
    for car in range(8):
        laps = slowed(laps, str(car), 15, 12_000)
    assert (left_out(laps)[laps["lap_number"].eq(15)] == "caution").sum() >= 7


def with_sectors(laps: pd.DataFrame) -> pd.DataFrame:
    """The laps with sectors of 30, 40 and 30 % of the lap."""
    shares = (("s1_ms", 0.3), ("s2_ms", 0.4), ("s3_ms", 0.3))
    return laps.assign(**{name: (laps["lap_time_ms"] * share).round().astype("Int64") for name, share in shares})


def test_a_score_is_final_half_a_lap_after_its_lap() -> None:
    laps = with_sectors(slowed(race(), "3", 20, 6_000))
    for car in range(8):  # the field slows down on lap 15, under no flag
        laps = slowed(laps, str(car), 15, 12_000)
    whole = residuals(laps).set_index(["car_number", "lap_number"])
    forest = fit(whole.reset_index())
    turned = 0
    moments = laps[laps["lap_number"].isin([14, 15, 16, 21]) & laps["car_number"].isin(["0", "3", "6"])]["end_ms"]
    for now in moments:
        past = residuals(laps[laps["end_ms"] <= now]).set_index(["car_number", "lap_number"])
        final = past[past["end_ms"] <= now - LAP / 2 - 7_000]
        same = whole.loc[final.index]
        turned += len(past) - past.index.isin(whole.index).sum()
        assert len(final) > 50
        assert sorted(final.index) == sorted(whole.index[whole["end_ms"] <= now - LAP / 2 - 7_000])
        for name in ("expected_ms", "scale_ms", "held_ms", "lapped_ms", "slower", "sector"):
            np.testing.assert_allclose(final[name].astype(float), same[name].astype(float), err_msg=name)
        np.testing.assert_allclose(forest.score(final.reset_index()), forest.score(same.reset_index()))
    assert turned  # laps at the start of what slowed the field, known as such a little later


def test_who_is_not_slow_with_the_field_is_judged_when_the_lap_ends() -> None:
    laps = with_sectors(slowed(race(), "3", 20, 6_000))
    whole = residuals(laps).set_index(["car_number", "lap_number"])
    for now in np.quantile(laps["end_ms"], (0.3, 0.7)):
        past = residuals(laps[laps["end_ms"] <= now]).set_index(["car_number", "lap_number"])
        same = whole.loc[past.index]
        np.testing.assert_allclose(past["slower"], same["slower"])
        assert sorted(past.index) == sorted(whole.index[whole["end_ms"] <= now])


def test_an_outlier_does_not_move_what_is_expected() -> None:
    laps = slowed(race(), "3", 15, 9_000).sort_values(["car_number", "lap_number"], ignore_index=True)
    found = expected(laps, laps["lap_number"].gt(1), None)
    after = found.loc[laps["car_number"].eq("3") & laps["lap_number"].between(17, 20), "expected_ms"]
    assert after.between(LAP - 1_000, LAP + 1_500).all()


def test_a_race_that_is_less_predictable_stretches_its_own_class_alone() -> None:
    end = np.arange(1, 101) * 1000.0
    rows = pd.DataFrame({"car_class": ["A", "B"] * 50, "start_ms": end - 900, "end_ms": end})
    found = stretch(rows, pd.Series(np.where(rows["car_class"].eq("A"), 4.0, 1 / 1.4826)))
    assert found.iloc[0] == 1.0
    assert found.iloc[98] == pytest.approx((1.4826 * 4 * 49 + 40) / 89)
    assert found.iloc[99] == pytest.approx(1.0)


def test_a_race_is_judged_by_a_lap_time_model_of_races_before_it(season: SqlStore) -> None:
    rows = known_rows(season, Series.GRCUP)
    assert learn(rows, Series.GRCUP) is None  # two races are fewer than teach
    whole = pd.concat([rows.assign(session_id=rows["session_id"] + 100 * turn) for turn in range(2)], ignore_index=True)
    model = learn(whole, Series.GRCUP)
    assert model is not None
    laps = season.read("laps", season.find("grcup/2099/1/R1")).assign(car_class="Cup")
    judged = residuals(complete(laps), None, model)
    assert (judged["loss_ms"].median() / judged["expected_ms"].median()) == pytest.approx(0, abs=0.003)
    kept = Forest.of_parts(fit(judged, model).parts())
    assert kept.pace is not None
    np.testing.assert_allclose(residuals(complete(laps), None, kept.pace)["expected_ms"], judged["expected_ms"])


def test_lap_time_models_are_taught_anew_as_races_grow_by_half(
    season: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [season.find("grcup/2099/1/R1")] * 8
    taught: list[int] = []
    monkeypatch.setattr("racelab.models.anomaly.lapmodels.learn", lambda rows, series: taught.append(len(rows)))
    features = pd.DataFrame({"session_id": [keys[0].session_id]})
    assert [place for place, _ in paces(keys, features, 1)] == list(range(1, 8))
    assert len(taught) == 2  # before the races at 3 and 5


def test_a_car_in_front_and_letting_leaders_by_explain_lost_time() -> None:
    laps = race(2, 3, noise=0)
    rows = laps[laps["car_number"].eq("1") & laps["lap_number"].eq(3)].assign(expected_ms=float(LAP - 6_000))
    ahead = float(laps.loc[laps["car_number"].eq("0") & laps["lap_number"].eq(3), "end_ms"].iloc[0])
    rows = rows.assign(end_ms=ahead + 900)
    assert held_up_ms(laps, rows).iloc[0] == ahead + 300 - (float(rows["start_ms"].iloc[0]) + LAP - 6_000)
    leader = (
        laps[laps["lap_number"].eq(3)]
        .tail(1)
        .assign(
            car_number="9", lap_number=5, start_ms=rows["start_ms"].iloc[0] + 10, end_ms=rows["end_ms"].iloc[0] - 10
        )
    )
    assert lapped_ms(pd.concat([laps, leader]), rows).iloc[0] == pytest.approx(0.02 * (LAP - 6_000))


def test_labels_are_read_from_messages_retirements_and_stops() -> None:
    laps = race(laps=30)
    laps = laps[~(laps["car_number"].eq("5") & laps["lap_number"].gt(20))]
    messages = pd.DataFrame([
        {"session_id": 1, "sequence": 1, "text": "CAR 3 (ABC) SPUN AND CONTINUED AT TURN 7", "time_ms": 5 * LAP, "lap_number": 5},
        {"session_id": 1, "sequence": 2, "text": "CAR 4 (ABC) TIME 1:23.893 DELETED - TRACK LIMITS AT TURN 9", "time_ms": 5 * LAP, "lap_number": 5},
        {"session_id": 1, "sequence": 3, "text": "TURN 2 INCIDENT INVOLVING CARS 1 (AAA) AND 2 (BBB) NOTED - CAUSING A COLLISION", "time_ms": 9 * LAP, "lap_number": 9},
        {"session_id": 1, "sequence": 4, "text": "10 SECOND TIME PENALTY FOR CAR 1 (AAA) - CAUSING A COLLISION", "time_ms": 12 * LAP, "lap_number": 12},
    ])  # fmt: skip
    told = told_by_race_control(messages, laps, "f1")
    assert [(row[1], row[2]) for row in told] == [("3", "spun"), ("1", "contact"), ("2", "contact")]
    stops = pd.DataFrame({"session_id": [1] * 4, "car_number": ["0", "1", "2", "6"], "lap_number": [9, 9, 9, 9],
                          "duration_ms": [20_000, 21_000, 20_500, 200_000], "flag": ["green"] * 4})  # fmt: skip
    repairs = pd.DataFrame({"session_id": [1], "rule": ["long_lap"], "record": ["7 lap 12"]})
    found = real_labels(laps, stops, messages, repairs, "f1").set_index("kind")
    assert set(found.index) == {"spun", "contact", "retirement", "long_stop", "repair"} <= set(KINDS)
    assert found.loc["retirement", ["car_number", "first_lap", "last_lap"]].tolist() == ["5", 18, 20]
    assert found.loc["long_stop", ["car_number", "first_lap", "last_lap", "at_lap"]].tolist() == ["6", 7, 8, 9]
    assert found.loc["repair", ["car_number", "first_lap"]].tolist() == ["7", 12]


def test_scores_count_events_and_say_what_is_left_out() -> None:
    rows = pd.DataFrame({"session_id": 1, "car_number": "1", "lap_number": [2, 3, 4, 5, 6, 7, 9, 10]})
    labels = merged(pd.DataFrame({
        "session_id": 1, "car_number": "1", "kind": ["spin", "spin", "off", "spin"], "first_lap": [3, 4, 7, 10],
        "last_lap": [3, 4, 8, 10], "at_lap": [3, 4, 8, 10],
    }))  # fmt: skip
    flagged = rows["lap_number"].isin([4, 5, 9])
    one = score(rows, flagged, labels)
    assert (one["events"], one["labels"], one["left_out"]) == (2, 2, 1)
    assert (one["precision"], one["recall"], one["delay_laps"]) == (0.5, 0.5, 1.0)
    assert {each["label"]: each["recall"] for each in by_kind(rows, flagged, labels)} == {"off": None, "spin": 0.5}
    assert score(rows, flagged & False, labels.head(0))["precision"] is None


def test_the_generated_season_is_scored_beside_the_real_row(season: SqlStore, tmp_path: Path) -> None:
    document = backtest(season, Series.F1).document
    assert document["score"]["recall"] >= 0.9
    assert document["score"]["precision"] >= 0.8
    pair = [(row["source"], row["answer"], row["n"] > 0) for row in document["by"][:4]]
    assert pair == [("real", "the model", False), ("real", "four_sd", False), ("generated", "the model", True), ("generated", "four_sd", True)]  # fmt: skip


def test_training_keeps_a_forest_writes_events_and_serves_the_live_path(season: SqlStore, tmp_path: Path) -> None:
    key = season.find("grcup/2099/1/R1")
    before = session_anomalies(season, key, tmp_path)
    card = train(season, tmp_path, Series.GRCUP)[0]
    saved = registry.load(Path(card["path"]))
    assert Forest.of_parts(saved.parts).threshold == saved.parts["threshold"]["threshold"]
    kept = season.read("predictions", key, target="anomaly_score")
    after = session_anomalies(season, key, tmp_path)
    assert list(after.columns) == list(before.columns)
    assert len(after) == int(kept["detail"].notna().sum())
    laps, events, name = watch(season, key, tmp_path)
    assert laps > 100
    assert events <= len(after)
    assert name.startswith("live/anomaly/grcup/")


def test_a_stored_session_is_judged_by_its_own_laps_where_no_model_is_kept(
    season: SqlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(LapTimeModel, "fit", None)  # nothing is taught for it
    monkeypatch.setattr(endurance_model, "fit", None)
    with caplog.at_level("INFO", logger="racelab"):
        found = rl.load_anomalies("f1/2099/2/R", db=season.url)
    assert list(found.columns) == COLUMNS
    assert len(found)
    assert found["score"].is_monotonic_decreasing
    assert (found["score"] > 0).all()
    assert "f1/2099/2/R is judged by its own laps; `racelab train anomaly` makes one" in caplog.text


def test_what_cannot_be_judged_is_one_clear_line(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="not enough data"):
        anomalies(race().head(0))
    with pytest.raises(NotFound, match="not enough data"):
        anomalies(race(cars=1, laps=20))
    with pytest.raises(NotFound, match="not enough data"):
        anomalies(race().assign(flag="red"))
    with pytest.raises(BadInput, match="lack pit_in"):
        anomalies(race().drop(columns="pit_in"))
    assert isinstance(anomalies(race(cars=1, laps=160)), pd.DataFrame)
    for call in (lambda: backtest(store, None), lambda: train(store, tmp_path)):
        with pytest.raises(NotFound, match="racelab ingest"):
            call()
