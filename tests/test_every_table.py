"""One real race of each series in one store: every table holds real rows, read by value."""

from pathlib import Path

import pandas as pd
import pytest

import racelab as rl
from racelab.domain.sessions import SessionKey
from racelab.runs.ingest import ingest
from racelab.sources import alkamel
from racelab.sources.hints import Hints
from racelab.store.schemas import frame_schema
from racelab.store.sql import SqlStore

pytestmark = pytest.mark.data
RACES = {
    "wec/2024/4/R": "wec/2024/le_mans_24h.csv.gz",
    "imsa/2024/11/R": "imsa/2024/19-road-atlanta",
    "grcup/2025/7/R1": "grcup/indianapolis",
}


@pytest.fixture
def filled(store: SqlStore, data: Path) -> SqlStore:
    for path in RACES.values():
        outcomes = list(ingest(alkamel.find_sessions(data / path, Hints()), store))
        assert {outcome["change"] for outcome in outcomes} == {"added"}
    return store


def test_three_series_in_one_store(filled: SqlStore) -> None:
    laps = {name: rl.load_laps(name) for name in RACES}
    assert {name: len(frame) for name, frame in laps.items()} == {
        "wec/2024/4/R": 15_593, "imsa/2024/11/R": 20_359, "grcup/2025/7/R1": 669,
    }  # fmt: skip
    together = pd.concat(laps.values())
    assert together["series"].unique().tolist() == ["wec", "imsa", "grcup"]
    sums = together["s1_ms"] + together["s2_ms"] + together["s3_ms"]
    whole = sums.notna() & together["lap_time_ms"].notna()
    assert (sums[whole] == together.loc[whole, "lap_time_ms"]).all()
    assert whole.mean() > 0.99


@pytest.mark.parametrize(
    ("name", "car", "laps", "total_ms"),
    [("wec/2024/4/R", "50", 311, None), ("imsa/2024/11/R", "01", 443, None), ("grcup/2025/7/R1", "55", 26, 2_801_553)],
)
def test_winners(filled: SqlStore, name: str, car: str, laps: int, total_ms: int | None) -> None:
    results = rl.load_results(name)
    kind = "official" if (results["kind"] == "official").any() else "road"
    first = results[(results["kind"] == kind) & (results["position"] == 1)].iloc[0]
    assert (first["car_number"], first["laps"]) == (car, laps)
    if total_ms is not None:
        assert first["total_time_ms"] == total_ms


def test_every_table_of_a_source_has_rows_of_some_race(filled: SqlStore) -> None:
    full = {"entries", "drivers", "laps", "pit_stops", "results", "weather", "track_status", "repairs"}
    full |= {"driver_metrics"}
    for table in full:
        frame = filled.read(table)
        assert len(frame) > 10, table
        for session_id in frame["session_id"].unique():
            key = SessionKey.of_id(int(session_id))
            loaded = getattr(rl, f"load_{table}")(str(key))
            frame_schema(table).validate(loaded)


def test_ingesting_again_changes_nothing(filled: SqlStore, data: Path) -> None:
    before = filled.read("laps")
    for path in RACES.values():
        outcomes = list(ingest(alkamel.find_sessions(data / path, Hints()), filled))
        assert {outcome["change"] for outcome in outcomes} == {"unchanged"}
    pd.testing.assert_frame_equal(before, filled.read("laps"))
