"""Values that cannot be never reach the store: damage is refused, odd readings are left out by name."""

from dataclasses import replace

import pandas as pd
import pytest
from builders import KEY, session_data

from racelab import load
from racelab.domain.checks import check, is_note
from racelab.domain.checks.limits import impossible
from racelab.domain.entries import Driver
from racelab.domain.laps import Quality
from racelab.domain.records import SessionData
from racelab.runs.ingest import ingest
from racelab.store.sql import SqlStore


def odd_session() -> SessionData:
    data = session_data()
    data.laps[0].top_speed_kph = -5.0
    data.laps[1].lap_number = 20_000
    data.weather[0] = replace(data.weather[0], humidity_pct=140.0)
    data.results[1] = replace(data.results[1], best_lap_ms=-1)
    data.entries[0] = replace(data.entries[0], drivers=(*data.entries[0].drivers, Driver(0, "Nobody")))
    data.telemetry = pd.DataFrame(
        {"car_number": "7", "kind": "car", "time_ms": [0, 100, 10**10], "speed_kph": [100.0, 900.0, 120.0], "rpm": [1, 2, 3]}
    )  # fmt: skip
    return data


def test_what_can_be_is_left_alone() -> None:
    data = session_data()
    check(data)
    data.checks.clear()
    assert data == session_data()


def test_what_cannot_be_becomes_null_with_a_repair_and_a_row_of_an_impossible_key_goes() -> None:
    data = odd_session()
    check(data)
    rows = [repair for repair in data.repairs if not is_note(repair)]
    assert {(r.table, r.column, r.before) for r in rows} == {
        ("laps", "top_speed_kph", "-5.0"), ("weather", "humidity_pct", "140.0"),
        ("results", "best_lap_ms", "-1"), ("drivers", "seat", "0"), ("telemetry", "speed_kph", "900.0"),
        ("telemetry", "time_ms", "10000000000"),
    }  # fmt: skip
    assert {repair.rule for repair in rows} == {"impossible_value"}
    (kept_out,) = data.quarantine
    assert (kept_out.rule, kept_out.record) == ("impossible_value", "007 lap 20000")
    assert len(data.laps) == 5
    assert (data.laps[0].top_speed_kph, data.laps[0].quality) == (None, Quality.REPAIRED)
    assert data.weather[0].humidity_pct is None
    assert [driver.name for driver in data.entries[0].drivers] == ["Ann Alpha", "Bo Beta"]
    assert data.telemetry is not None
    assert data.telemetry["time_ms"].tolist() == [0, 100]
    assert data.telemetry["speed_kph"].isna().tolist() == [False, True]


def test_an_impossible_time_is_named() -> None:
    lap = session_data().laps[0]
    lap.lap_time_ms = -1
    assert list(impossible(lap)) == [("lap_time_ms", -1)]


@pytest.mark.parametrize("table", ["laps", "weather", "results", "drivers", "repairs", "pit_stops"])
def test_frames_of_an_odd_session_hold_their_schema(store: SqlStore, table: str) -> None:
    class Found:
        label = "odd"

        def read(self) -> SessionData:
            return odd_session()

    (outcome,) = ingest([Found()], store)
    assert outcome["change"] == "added"
    assert len(getattr(load, f"load_{table}")(str(KEY), db=store.url))
