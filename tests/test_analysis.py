"""Stints, clean laps and passes, against values worked out by hand."""

import pandas as pd
import pytest

import racelab as rl
from racelab.analysis.metrics import passes
from racelab.analysis.pace import clean_laps, robust_sd
from racelab.analysis.stints import stints
from racelab.sources.sample import generate
from racelab.store.frames import typed
from racelab.store.sql import SqlStore


def _laps(*cars: tuple[str, list[int]], **columns: list) -> pd.DataFrame:
    rows = []
    for number, times in cars:
        elapsed = 0
        for lap, time in enumerate(times, 1):
            rows.append({
                "session_id": 1, "car_number": number, "lap_number": lap, "seat": 1, "stint": None, "lap_time_ms": time,
                "s1_ms": time // 4, "s2_ms": time // 4, "s3_ms": time - 2 * (time // 4), "start_ms": elapsed,
                "end_ms": elapsed + time, "pit_in": False, "pit_out": False, "compound": None, "flag": "green",
                "car_class": "A",
            })  # fmt: skip
            elapsed += time
    return typed(pd.DataFrame(rows).assign(**columns))


def test_clean_laps_leave_out_what_is_no_pace() -> None:
    laps = _laps(
        ("1", [120_000, 100_000, 100_500, 107_001, 100_200, 130_000, 99_999 + 1, 100_100]),
        flag=["green", "green", "yellow", "green", None, "green", "green", "green"],
        pit_in=[False] * 6 + [True, False], pit_out=[False] * 7 + [True],
    )  # fmt: skip
    assert clean_laps(laps)["lap_number"].tolist() == [2, 5]
    assert clean_laps(laps.iloc[:0]).empty


def test_clean_laps_are_measured_by_their_own_class() -> None:
    laps = _laps(("1", [100_000] * 3), ("9", [120_000] * 3), car_class=["A"] * 3 + ["B"] * 3)
    assert len(clean_laps(laps)) == 4
    assert len(clean_laps(laps.drop(columns="car_class"))) == 2


def test_stints_begin_behind_stops_where_the_source_does_not_number_them() -> None:
    laps = _laps(
        ("1", [105_000, 100_000, 101_000, 104_000, 120_000, 99_000]),
        pit_in=[False, False, False, True, False, False], pit_out=[False, False, False, False, True, False],
        compound=["soft"] * 4 + ["hard"] * 2,
    )  # fmt: skip
    frame = stints(laps)
    assert frame[["stint", "first_lap", "last_lap", "laps", "clean_laps"]].values.tolist() == [
        [1, 1, 4, 4, 2],
        [2, 5, 6, 2, 1],
    ]
    assert frame["compound"].tolist() == ["soft", "hard"]
    assert frame["median_ms"].tolist() == [100_500, 99_000]
    assert frame["best_ms"].tolist() == [100_000, 99_000]
    assert stints(laps.iloc[:0]).empty


def test_a_pass_is_a_lap_begun_close_behind_and_ended_ahead() -> None:
    laps = _laps(("1", [100_000, 100_000, 101_000]), ("2", [100_500, 100_000, 100_400]))
    frame = passes(laps)
    assert frame[["car_number", "lap_number", "rival", "passed"]].values.tolist() == [
        ["2", 2, "1", False],
        ["2", 3, "1", True],
    ]


def test_robust_sd_is_that_of_a_normal_distribution_and_nan_of_nothing() -> None:
    assert robust_sd(pd.Series([1.0, 2.0, 3.0, 4.0, 100.0])) == pytest.approx(1.4826)
    assert pd.isna(robust_sd(pd.Series([], dtype=float)))


@pytest.mark.parametrize("index", [1, 3, 4])
def test_frames_of_a_race_follow_their_schema(store: SqlStore, index: int) -> None:
    found = generate(2)[index]
    store.write_session(found.read())
    laps, frame = rl.load_laps(str(found.key)), rl.load_stints(str(found.key))
    assert frame["laps"].sum() == len(laps)
    assert frame["driver"].notna().all()
