"""Endurance laps: which are clean, what is known of one before it is driven, live as in a backtest, and how it is predicted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from racelab.analysis.pace import follows_clean, is_green
from racelab.domain.sessions import SessionKey
from racelab.load import classed_laps
from racelab.models.features import lap_features, next_lap_features, race_laps
from racelab.models.features.conditions import CONDITIONS
from racelab.models.features.earlier import earlier, median, packed, quantile, rolled, weighted
from racelab.models.features.endurance import ENDURANCE_FEATURES, lap_rows
from racelab.models.features.race import race, reference
from racelab.models.features.slower_traffic import traffic
from racelab.models.laptime import endurance_model
from racelab.models.laptime.endurance_model import EnduranceModel, fit
from racelab.models.laptime.endurance_walk import endurance_rows, walk
from racelab.models.laptime.horizon import predict_ahead, said_before
from racelab.sources.alkamel import find_sessions
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

WEC = "wec/2099/1/R"
KEYS = ["car_number", "lap_number"]
SESSION = 220240413


def _laps(season: SqlStore, name: str = WEC) -> pd.DataFrame:
    return classed_laps(season, season.find(name))


def _made(times: dict[str, list[int]], classes: dict[str, str], **columns: object) -> pd.DataFrame:
    """Laps of cars that start together."""
    frames = []
    for car, laps in times.items():
        ends = np.cumsum(laps)
        frames.append(pd.DataFrame({
            "session_id": SESSION, "car_number": car, "car_class": classes[car], "lap_number": range(1, len(laps) + 1),
            "seat": 1, "tyre_age": None, "position": 1, "accurate": None, "pit_in_ms": None, "pit_out_ms": None, "lap_time_ms": laps, "start_ms": ends - laps, "end_ms": ends, "pit_in": False, "pit_out": False,
            "pit_time_ms": None, "flag": "green", "class_position": 1, "s1_ms": np.array(laps) // 3,
            "s2_ms": np.array(laps) // 3, "s3_ms": np.array(laps) // 3,
        }))  # fmt: skip
    whole = pd.concat(frames, ignore_index=True).assign(**columns)
    kinds = dict.fromkeys(("tyre_age", "position", "pit_in_ms", "pit_out_ms", "lap_time_ms", "start_ms", "end_ms", "pit_time_ms", "class_position", "s1_ms", "s2_ms", "s3_ms"), "Int64")  # fmt: skip
    return whole.astype(
        {
            **kinds,
            "pit_in": "boolean",
            "pit_out": "boolean",
            "accurate": "boolean",
            "flag": "string",
            "car_number": "string",
        }
    )


def test_a_lap_is_scored_when_it_and_the_one_before_are_green_by_flag_and_pace() -> None:
    laps = _made({"1": [120_000, 100_000, 101_000, 130_000, 100_500, 100_400, 100_300, 100_200]}, {"1": "GT"})
    laps.loc[laps["lap_number"] == 7, "pit_time_ms"] = 60_000  # an out-lap, whatever its time
    laps.loc[laps["lap_number"] == 8, "flag"] = "fcy"
    assert laps[is_green(laps)]["lap_number"].tolist() == [2, 3, 4, 5, 6]
    assert follows_clean(laps)["lap_number"].tolist() == [3, 6]


def test_earlier_values_are_those_known_at_the_moment_the_newest_first() -> None:
    values, groups, known = np.array([1.0, 2.0, 3.0, 9.0]), np.array([0, 0, 0, 1]), np.array([10, 20, 30, 5])
    found = earlier(values, groups, known, np.array([0, 1, 0]), np.array([20, 4, 99]), 2)
    np.testing.assert_array_equal(found, [[2, 1], [np.nan, np.nan], [3, 2]])
    (left,) = packed([np.array([[5.0, 6.0, 7.0]])], np.array([[False, True, True]]))
    np.testing.assert_array_equal(left, [[6, 7, np.nan]])
    np.testing.assert_array_equal(median(left), [6.5])
    np.testing.assert_array_equal(quantile(left, 0.0, least=3), [np.nan])
    np.testing.assert_allclose(weighted(left, 0.5), [(6 + 7 / 2) / 1.5])


def test_a_rolled_statistic_is_that_of_the_values_looked_up_one_by_one() -> None:
    draw = np.random.default_rng(3)
    values, groups = draw.integers(90_000, 99_000, 300).astype(float), draw.integers(0, 3, 300)
    known, asked, at = draw.permutation(300) * 10, draw.integers(0, 4, 80), draw.integers(-50, 3100, 80)
    looked = earlier(values, groups, known, asked, at, 20)
    found = rolled(values, groups, known, asked, at, lambda each: each.rolling(20, min_periods=3).median())
    np.testing.assert_array_equal(found, median(looked, least=3))
    low = rolled(values, groups, known, asked, at, lambda each: each.rolling(20, min_periods=1).quantile(0.1))
    np.testing.assert_allclose(low, quantile(looked, 0.1))
    assert np.isnan(found[asked == 3]).all()  # a group without values


def test_the_hour_the_weather_the_rating_and_the_speed_are_known_when_the_lap_begins() -> None:
    told = {"begins_h": 20.93, "driver_rating": 2.0, "top_speed_kph": [200.0] * 5 + [190.0, 200.0]}
    laps = _made({"1": [100_000] * 7}, {"1": "GT"}, **told)
    readings = {"session_id": SESSION, "time_ms": [0, 650_000], "air_c": [20.0, 18.0], "track_c": [30.0, 25.0], "rain": [False, True]}  # fmt: skip
    rows = lap_features(laps, pd.DataFrame(readings)).set_index("lap_number")
    assert rows["is_night"].tolist() == [0, 1, 1, 1, 1]  # lap 4 begins at 21:00:48; the first row is of lap 3
    assert rows["air_c"].tolist() == [
        20,
        20,
        20,
        20,
        20,
    ]  # the reading at 650 s comes after the last lap began at 600 s
    later = lap_features(laps, pd.DataFrame({**readings, "time_ms": [0, 600_000]})).set_index("lap_number")
    assert later.loc[7, ["air_c", "track_c", "is_wet", "driver_rating"]].tolist() == [18, 25, 1, 2]
    assert rows.loc[7, "top_speed_loss"] == pytest.approx(np.log(190 / 200))
    assert lap_features(laps.drop(columns=list(told)))[list(CONDITIONS)].isna().all(axis=None)


def test_what_was_told_laps_ahead_is_less_sure_and_needs_scored_laps_between() -> None:
    rows = pd.DataFrame({
        "session_id": SESSION, "car_number": "1", "lap_number": [4, 5, 6, 8, 9], "value": [100.0, 101, 102, 103, 104],
        "base_ms": [100.0, 101, 102, 103, 104], "last_lap": [90.0, 91, 92, 93, 94], "low_80": 95.0, "high_80": 110.0, "low_90": 90.0, "high_90": 120.0,
    })  # fmt: skip
    two = said_before(rows, 2)
    assert two["lap_number"].tolist() == [5, 6, 9]
    assert two["value"].tolist() == [100, 101, 103]
    assert two["last_lap"].tolist() == [90, 91, 93]
    assert (two["high_90"] > 120).all()
    pd.testing.assert_frame_equal(said_before(rows, 1), rows)
    assert said_before(rows, 3)["value"].tolist() == [100]
    held_up = said_before(rows.assign(base_ms=80.0), 2)["value"]
    np.testing.assert_allclose(held_up, [80 * (each / 80) ** 0.8 for each in (100, 101, 103)])  # a fifth of it is over


def test_the_best_pace_follows_rain_after_ten_laps_and_knows_only_ended_laps() -> None:
    the = race(_made({"1": [100_000] * 15 + [120_000] * 15}, {"1": "GT"}))
    at = np.array([100_000, 1_500_000, 2_100_000, 2_700_000])
    np.testing.assert_array_equal(reference(the, np.zeros(4, dtype=np.int64), at), [np.nan, 1e5, 1e5, 1.2e5])


def test_a_faster_car_meets_the_slower_one_that_it_will_catch_on_its_next_lap() -> None:
    # After 10 laps of 100 s the prototype starts lap 11 at 1000 s; the GT, at 111 s a lap, crossed the line at 999 s.
    laps = _made({"1": [100_000] * 11, "2": [111_000] * 9, "3": [105_000] * 9}, {"1": "LMP", "2": "GT", "3": "GT"})
    the = race(laps)
    rows = np.flatnonzero((the.car == 0) & (the.lap == 11))
    found = {name: values[0] for name, values in traffic(the, rows, np.array([100_000.0])).items()}
    assert (found["slower_met"], found["faster_met"], found["cars_ahead"]) == (1, 0, 1)
    assert found["gap_ahead"] == pytest.approx(1.0)
    assert found["class_ahead"] == 60
    assert found["pace_ahead"] == pytest.approx(np.log(1.11))


def test_features_are_the_same_live_and_in_a_backtest(season: SqlStore) -> None:
    laps, weather = race_laps(season, season.find(WEC)), season.read("weather", season.find(WEC))
    whole = lap_features(laps, weather).set_index(KEYS)
    shared = 0
    for now in laps["end_ms"].quantile([0.3, 0.6, 0.9]).astype(int):
        seen = weather[weather["time_ms"] <= now]
        coming = next_lap_features(laps[laps["end_ms"] <= now], seen).set_index(KEYS)
        both = coming.index.intersection(whole.index)
        shared += len(both)
        # A car that crosses the line between now and the lap's start is the one thing that live knows less of.
        last = laps[laps["end_ms"] <= now]["end_ms"].max()
        known = [key for key in both if whole.loc[key, "start_ms"] <= last]
        pd.testing.assert_frame_equal(
            coming.loc[known, list(ENDURANCE_FEATURES)], whole.loc[known, list(ENDURANCE_FEATURES)]
        )
        assert known
    assert shared > 10


def test_shifting_the_future_changes_no_feature(season: SqlStore) -> None:
    laps = _laps(season)
    now = int(laps["end_ms"].median())
    later = laps["end_ms"] > now
    changed = laps.assign(lap_time_ms=laps["lap_time_ms"].where(~later, laps["lap_time_ms"] - 3000))
    before, after = (lap_rows(race(frame)).set_index(KEYS) for frame in (laps, changed))
    known = before.index[before["start_ms"] <= now]
    assert len(known) > 100
    columns = [*ENDURANCE_FEATURES, "naive_ms", "recent_ms", "base_ms"]
    pd.testing.assert_frame_equal(before.loc[known, columns], after.loc[known, columns])


def test_one_car_a_new_driver_rain_and_no_laps_have_an_answer() -> None:
    alone = _made({"1": [110_000] + [100_000] * 12 + [118_000] * 14}, {"1": "GT"})
    alone.loc[alone["lap_number"] > 20, "seat"] = 2
    rows = lap_features(alone)
    assert np.isfinite(rows["base_ms"]).all()
    assert rows["lap_number"].max() == 27
    wet = rows[rows["lap_number"] == 27]["base_ms"].iloc[0]
    assert wet == pytest.approx(118_000)  # ten laps into the rain, dry laps count no more
    assert next_lap_features(alone)["naive_ms"].tolist() == [118_000]
    assert lap_features(alone.head(1)).empty
    assert next_lap_features(alone.head(0)).empty


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CENTRE", "_SCALE", "_RACE"):
        monkeypatch.setattr(endurance_model, name, {**getattr(endurance_model, name), "n_estimators": 12})


def _taught_rows(season: SqlStore) -> pd.DataFrame:
    return lap_features(_laps(season)).assign(series="wec")


@pytest.mark.usefixtures("_small")
def test_a_model_predicts_learns_the_race_and_comes_apart(season: SqlStore) -> None:
    rows = _taught_rows(season)
    model = fit(rows, "wec")
    assert model is not None
    assert fit(rows.head(50), "wec") is None
    found = model.with_widths(model.errors(rows[rows["is_scored"]])).predict(rows)
    assert (found["low_90"] <= found["low_80"]).all()
    assert (found["low_80"] < found["value"]).all()
    inside = rows["lap_time_ms"].between(found["low_80"], found["high_80"])[rows["is_scored"]].mean()
    assert inside == pytest.approx(0.8, abs=0.05)
    updated = model.updated(rows)
    assert not np.allclose(updated.predict(rows)["value"], found["value"])
    np.testing.assert_allclose(
        model.predict(rows)["value"], found["value"]
    )  # whoever predicts with the old is not disturbed
    again = EnduranceModel.of_parts(model.parts())
    np.testing.assert_allclose(again.predict(rows)["high_90"], model.predict(rows)["high_90"])
    ahead = predict_ahead(again, _laps(season), 5)
    spread = (ahead["high_90"] - ahead["low_90"]).groupby(ahead["ahead"]).mean()
    assert spread.is_monotonic_increasing
    unknown = model.predict(rows.head(3))
    assert (unknown["high_90"] - unknown["low_90"] > 0.03 * unknown["value"]).all()  # nothing is known of its errors


@pytest.mark.usefixtures("_small")
def test_the_walk_learns_nothing_of_the_lap_it_predicts(season: SqlStore) -> None:
    rows = endurance_rows(season)
    wec = next(key for key in map(SessionKey.of_id, rows["session_id"].unique()) if key.series.value == "wec")
    found = walk(rows, wec.series, None, None)
    assert len(found) == len(found[[*KEYS, "session_id"]].drop_duplicates())
    assert set(found["session_id"]) <= set(rows.loc[rows["series"] == "wec", "session_id"])
    last = rows[(rows["series"] == "wec")]["start_ms"].quantile(0.8)
    changed = rows.assign(lap_time_ms=rows["lap_time_ms"].where(rows["end_ms"] < last, rows["lap_time_ms"] * 1.01))
    both = found.merge(walk(changed, wec.series, None, None), on=["session_id", *KEYS], suffixes=("", "_changed"))
    same = both[(both["session_id"] == rows["session_id"].min()) & (both["end_ms"] < last)]
    if len(same):
        np.testing.assert_allclose(same["predicted"], same["predicted_changed"])


@pytest.mark.data
def test_a_real_race_has_its_clean_laps_and_live_features_as_in_a_backtest(data: Path, store: SqlStore) -> None:
    """Lime Rock 2023, whose laps are the shortest: two classes of cars, 3,042 laps."""
    found = find_sessions(data / "imsa" / "2023" / "14-lime-rock-park", Hints())
    for each in found:
        store.write_session(each.read())
    laps = classed_laps(store, store.find("imsa/2023/7/R"))
    rows = lap_features(laps)
    scored = rows[rows["is_scored"]]
    assert (len(laps), len(scored)) == (3042, 2471)
    assert (scored["naive_ms"] - scored["lap_time_ms"]).abs().mean() == pytest.approx(239.4, abs=0.1)
    now = int(laps["end_ms"].quantile(0.5))
    coming = next_lap_features(laps[laps["end_ms"] <= now]).set_index(KEYS)
    whole = rows.set_index(KEYS).loc[lambda frame: frame["start_ms"] <= laps.loc[laps["end_ms"] <= now, "end_ms"].max()]
    both = coming.index.intersection(whole.index)
    assert len(both) > 15
    columns = list(ENDURANCE_FEATURES)
    pd.testing.assert_frame_equal(coming.loc[both, columns], whole.loc[both, columns])
