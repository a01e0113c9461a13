"""Driver metrics find what was put into laps, leave out what too few laps tell, and know how sure they are."""

from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import racelab as rl
from racelab.analysis.metrics import METRICS, NAMES, STANDARD_ERROR, driver_metrics
from racelab.analysis.metrics.definitions import CONSISTENT_WITHIN
from racelab.sources.sample import generate
from racelab.store.frames import typed
from racelab.store.sql import SqlStore

ROOT = Path(__file__).parents[1]
CARS, LAPS, PACE = 8, 45, 100_000.0
AGE = np.tile(np.arange(15), 3)  # three stints
STINT = np.repeat([1, 2, 3], 15)


def field(change: Any = None, seed: int = 1, scatter: float = 100.0, **columns: Any) -> pd.DataFrame:
    """Laps of eight cars in three stints: scatter in ms, fuel that burns off, tyres that wear; ``change`` adds to car 1's."""
    rng = np.random.default_rng(seed)
    frames = []
    for car in range(1, CARS + 1):
        times = PACE + 60 * (LAPS - np.arange(LAPS)) + 50 * AGE + rng.normal(0, scatter, LAPS)
        if car == 1 and change is not None:
            times = times + change
        times = np.round(times)
        # Cars are 5 s apart at the start, so that nobody is close to anybody.
        end = 5_000 * car + np.cumsum(times)
        frames.append(pd.DataFrame({
            "session_id": 1, "car_number": str(car), "lap_number": range(1, LAPS + 1), "seat": 1, "stint": STINT,
            "lap_time_ms": times, "s1_ms": np.floor(times / 4), "s2_ms": np.floor(times / 4), "start_ms": end - times,
            "end_ms": end, "pit_in": False, "pit_out": False, "compound": "medium", "tyre_age": AGE + 1, "flag": "green",
            "car_class": "A",
        }))  # fmt: skip
    laps = pd.concat(frames, ignore_index=True)
    laps["s3_ms"] = laps["lap_time_ms"] - laps["s1_ms"] - laps["s2_ms"]
    return typed(laps.assign(**columns))


def table(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """Values, a row a driver (car, seat) and a column a metric."""
    return driver_metrics(laps, weather).pivot(index=["car_number", "seat"], columns="metric", values="value")


def test_a_field_of_equals_has_no_strengths_and_errors_that_say_so() -> None:
    values = table(field())
    assert values["consistency_index"].tolist() == [1.0] * CARS
    assert values["pace_stability"].to_numpy() == pytest.approx(np.full(CARS, 0.999), abs=0.0006)
    for name in ("sector_strength_s1", "fatigue_dropoff", "tyre_management"):
        far = values[name] / values[name + STANDARD_ERROR]
        assert far.abs().max() < 3, name
        assert far.std() > 0.3, name
    assert not {"wet_pace", "traffic_pace", "fatigue_dropoff_double", "aggression_score"} & set(values.columns)


def test_a_slow_sector_is_found_in_the_right_place_and_size() -> None:
    laps = field()
    slow = (laps["car_number"] == "1").to_numpy()
    laps.loc[slow, "s2_ms"] += 250
    values = table(laps)
    assert values.loc[("1", 1), "sector_strength_s2"] == pytest.approx(-0.01, abs=0.001)
    assert values.loc[("1", 1), "sector_strength_s1"] == pytest.approx(0, abs=0.001)


def test_the_class_s_fuel_and_tyres_are_not_the_driver_s_drop_off() -> None:
    losing = np.tile(np.linspace(0, 900, 15), 3)
    values = table(field(losing))
    assert values.loc[("1", 1), "fatigue_dropoff"] == pytest.approx(0.006, abs=0.0015)
    assert values["fatigue_dropoff"].drop(("1", 1)).abs().max() < 0.0025
    assert values.loc[("1", 1), "tyre_management"] == pytest.approx(-losing[1] / PACE, rel=0.25)
    gaining = table(field(-losing))
    assert gaining.loc[("1", 1), "fatigue_dropoff"] < -0.004
    assert gaining.loc[("1", 1), "tyre_management"] > 0.0004


def test_scatter_lowers_stability_and_consistency() -> None:
    wild = np.random.default_rng(3).normal(0, 1_500, LAPS)
    values = table(field(wild))
    others = values.drop(("1", 1))
    assert values.loc[("1", 1), "pace_stability"] < others["pace_stability"].min() - 0.005
    assert values.loc[("1", 1), "consistency_index"] < others["consistency_index"].min()
    beyond = np.abs(wild - wild[1:].mean())[1:] > CONSISTENT_WITHIN * PACE
    assert values.loc[("1", 1), "consistency_index"] == pytest.approx(1 - beyond.mean(), abs=0.12)


def test_a_second_stint_in_the_car_is_set_against_the_first() -> None:
    seats = np.tile(np.where(STINT == 3, 2, 1), CARS)
    slower = np.where(STINT == 2, 700.0, 0.0)
    values = table(field(slower, seat=seats))
    own = values.loc[("1", 1)]
    # The class's mean holds an eighth of it.
    assert own["fatigue_dropoff_double"] == pytest.approx(0.007 * 7 / 8, abs=0.0015)
    assert own["fatigue_dropoff_double" + STANDARD_ERROR] > 0
    assert values.xs(2, level="seat")["fatigue_dropoff_double"].isna().all()


def test_wet_laps_are_told_by_tyres_else_by_rain() -> None:
    wet = np.tile((np.arange(LAPS) >= 20) & (np.arange(LAPS) < 32), CARS)
    rain = np.where((np.arange(LAPS) >= 20) & (np.arange(LAPS) < 32), 1_000.0, 0.0)
    on_wets = field(rain, compound=np.where(wet, "intermediate", "medium"))
    assert table(on_wets).loc[("1", 1), "wet_pace"] == pytest.approx(-0.01, abs=0.002)
    bare = field(rain).assign(compound=pd.NA)
    times = np.arange(0, 5_000_000, 30_000)
    fell = (times > 2_130_000) & (times < 3_300_000)
    weather = pd.DataFrame({"session_id": 1, "time_ms": times, "rain": pd.array(fell, dtype="boolean")})
    assert table(bare, weather).loc[("1", 1), "wet_pace"] == pytest.approx(-0.01, abs=0.002)
    assert "wet_pace" not in table(bare)
    assert "wet_pace" not in table(bare, weather.assign(rain=pd.array([None] * len(times), dtype="boolean")))
    assert "wet_pace" not in table(field(rain), weather), "tyres that are known to be dry speak louder than rain"


def test_traffic_costs_what_laps_close_behind_lose() -> None:
    laps = field()
    close = laps["car_number"].eq("2") & laps["lap_number"].between(5, 24)
    laps.loc[close.to_numpy(), "lap_time_ms"] += 800
    # Another class laps a second in front of car 2 at these lines.
    ahead = laps[close.to_numpy()].assign(car_number="99", car_class="B", lap_number=range(105, 125))
    ahead["end_ms"] = ahead["start_ms"] - 1_000
    found = driver_metrics(pd.concat([laps, ahead], ignore_index=True))
    own = found[(found["car_number"] == "2") & (found["metric"] == "traffic_pace")]
    assert own["value"].item() == pytest.approx(0.008, abs=0.0015)
    assert own["n"].item() == 20


def test_aggression_is_made_of_attacks_defence_and_time_close_behind() -> None:
    lap, rows = 100_000, []
    for number in range(1, 22):
        # Car 2 begins each lap 0.5 s behind car 1; every fourth time it is ahead at the end, and drops back after.
        passed = number % 4 == 0
        for car, behind in (("1", 0), ("2", 500)):
            start = (number - 1) * lap + behind
            rows.append((car, number, start, number * lap + (behind if not passed else 500 - behind)))
    frame = pd.DataFrame(rows, columns=["car_number", "lap_number", "start_ms", "end_ms"])
    laps = typed(frame.assign(session_id=1, seat=1, stint=1, lap_time_ms=frame["end_ms"] - frame["start_ms"], s1_ms=pd.NA, s2_ms=pd.NA, s3_ms=pd.NA, pit_in=False, pit_out=False, compound=pd.NA, flag="green", car_class="A"))  # fmt: skip
    values = table(laps)
    assert values.loc[("2", 1), "attack_success"] == 0.25
    assert values.loc[("1", 1), "defence_success"] == 0.75
    assert values.loc[("2", 1), "close_share"] == 1.0
    assert "aggression_score" not in values.columns, "neither car has both attacked and been attacked"
    both = table(pd.concat([laps, _third(laps)], ignore_index=True)).loc["2"].iloc[0]
    assert both["aggression_score"] == pytest.approx(np.mean([0.25, both["defence_success"], 1.0]))


def _third(laps: pd.DataFrame) -> pd.DataFrame:
    """A car that follows car 2 all the race and never passes."""
    second = laps[laps["car_number"] == "2"]
    return second.assign(car_number="3", start_ms=second["start_ms"] + 400, end_ms=second["end_ms"] + 900)


@pytest.mark.parametrize("laps", [0, 1, 5])
def test_what_too_few_laps_tell_is_missing(laps: int) -> None:
    full = field()
    found = driver_metrics(full[full["lap_number"] <= laps])
    assert found.empty
    assert list(found.columns) == ["session_id", "car_number", "seat", "metric", "value", "n"]


def test_one_car_alone_has_no_strength_but_its_own_steadiness() -> None:
    laps = field()
    values = table(laps[laps["car_number"] == "3"])
    assert values.loc[("3", 1), "sector_strength_s1"] == 0
    assert 0.99 < values.loc[("3", 1), "pace_stability"] <= 1


def test_every_value_has_its_error_and_classes_do_not_mix() -> None:
    laps = field(car_class=np.repeat(["A", "B"], CARS * LAPS // 2))
    laps.loc[(laps["car_class"] == "B").to_numpy(), "s1_ms"] += 3_000
    found = driver_metrics(laps)
    named = set(found.loc[~found["metric"].str.endswith(STANDARD_ERROR), "metric"])
    assert named <= set(NAMES)
    assert set(found["metric"]) == named | {name + STANDARD_ERROR for name in named}
    assert found["value"].notna().all()
    assert found.loc[found["metric"].str.endswith(STANDARD_ERROR), "value"].ge(0).all()
    assert found.loc[found["metric"] == "sector_strength_s1", "value"].abs().max() < 0.003


def test_standard_errors_are_as_wide_as_repeated_races_differ() -> None:
    races = [table(field(seed=seed)) for seed in range(8)]
    for name in ("sector_strength_s1", "fatigue_dropoff", "tyre_management"):
        values = pd.concat([race[name] for race in races], axis=1)
        errors = pd.concat([race[name + STANDARD_ERROR] for race in races], axis=1)
        assert float(values.std(axis=1).mean() / errors.mean().mean()) == pytest.approx(1, abs=0.4), name


@pytest.mark.parametrize("index", [1, 3, 4])
def test_metrics_of_a_generated_race_follow_their_schema(store: SqlStore, index: int) -> None:
    found = generate(2)[index]
    store.write_session(found.read())
    metrics = rl.load_driver_metrics(str(found.key))
    shares = metrics[metrics["metric"].isin(["consistency_index", "attack_success", "defence_success", "close_share"])]
    assert shares["value"].between(0, 1).all()
    assert {"sector_strength_s1", "pace_stability", "fatigue_dropoff"} <= set(metrics["metric"])
    assert set(metrics["metric"]) <= {name + end for name in NAMES for end in ("", STANDARD_ERROR)}


def test_every_metric_is_told_in_full() -> None:
    assert len(set(NAMES)) == len(METRICS)
    for metric in METRICS:
        assert all((metric.meaning, metric.formula, metric.unit, metric.better, metric.least)), metric.name


def test_the_document_tells_the_definitions_of_the_code() -> None:
    spec = util.spec_from_file_location("metrics_docs", ROOT / "scripts" / "metrics_docs.py")
    assert spec is not None
    assert spec.loader is not None
    docs = util.module_from_spec(spec)
    spec.loader.exec_module(docs)
    text = docs.FILE.read_text(encoding="utf-8")
    assert text.startswith(docs.definitions())
    assert docs.BY_HAND in text
    reliability = text.split("### Odd races against even ones")[1]
    assert all(f"| `{name}` |" in reliability for name in NAMES)
