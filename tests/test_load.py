"""load_*: frames with a declared schema, joined to their session, class, team and driver."""

import pandas as pd
import pandera.errors
import pytest
from builders import KEY, session_data

import racelab as rl
from racelab import load
from racelab.domain.vocabulary import COLUMNS
from racelab.errors import NotFound
from racelab.store.schemas import frame_schema
from racelab.store.sql import SqlStore

LOADERS = {
    "entries": rl.load_entries, "drivers": rl.load_drivers, "laps": rl.load_laps, "pit_stops": rl.load_pit_stops,
    "results": rl.load_results, "weather": rl.load_weather, "track_status": rl.load_track_status,
    "session_status": rl.load_session_status, "race_control": rl.load_race_control, "repairs": rl.load_repairs,
    "predictions": rl.load_predictions, "simulations": rl.load_simulations, "incidents": rl.load_incidents,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _filled(store: SqlStore) -> None:
    store.write_session(session_data())


@pytest.mark.parametrize("table", LOADERS)
def test_every_frame_has_its_declared_schema_and_names_its_session(table: str) -> None:
    frame = LOADERS[table]("wec/2024/4/R")
    frame_schema(table).validate(frame)
    assert list(frame.columns[:4]) == ["series", "season", "round", "session"]
    assert frame["season"].eq(2024).all()
    assert frame["session"].eq("R").all()


def test_laps_carry_driver_class_and_team() -> None:
    laps = rl.load_laps("wec/2024/4/R", car_number="007")
    assert laps["driver"].tolist() == ["Ann Alpha"] * 3
    assert laps["team"].tolist() == ["Aston"] * 3
    assert laps["lap_time_ms"].dtype == "Int64"


def test_results_name_the_whole_crew() -> None:
    results = rl.load_results(KEY.session_id, kind="official")
    assert results["car_number"].tolist() == ["007", "7"]
    assert results["driver"].iloc[0] == "Ann Alpha / Bo Beta"


def test_the_schema_says_units_and_refuses_what_is_impossible() -> None:
    schema = frame_schema("laps")
    assert schema.columns["lap_time_ms"].metadata["unit"] == "ms"
    assert schema.columns["top_speed_kph"].metadata["unit"] == "km/h"
    frame = rl.load_laps("wec/2024/4/R")
    with pytest.raises(pandera.errors.SchemaError):
        schema.validate(frame.assign(lap_time_ms=pd.array([-1] * len(frame), dtype="Int64")))
    with pytest.raises(pandera.errors.SchemaError):
        schema.validate(frame.drop(columns="lap_time_ms"))


def test_an_unknown_session_is_one_clear_line() -> None:
    with pytest.raises(NotFound, match="racelab sessions"):
        rl.load_laps("f1/2025/1/R")


def test_sessions_are_listed() -> None:
    assert rl.load_sessions()["id"].tolist() == [KEY.session_id]


def test_every_loader_is_on_the_surface_and_documented() -> None:
    loaders = [name for name in dir(load) if name.startswith("load_")]
    assert set(loaders) <= set(rl.__all__)
    assert all(getattr(rl, name).__doc__ for name in loaders)


def test_telemetry_of_one_lap(store: SqlStore) -> None:
    data = session_data(digest="two")
    times = list(range(0, 600_000, 1000))
    data.telemetry = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": times, "speed_kph": 200.0, "gear": 8})
    store.write_session(data)
    frame = rl.load_telemetry("wec/2024/4/R", "7", lap=2)
    assert (frame["time_ms"].min(), frame["time_ms"].max(), len(frame)) == (211_000, 421_000, 211)
    assert len(rl.load_telemetry("wec/2024/4/R", "7")) == 600
    assert rl.load_telemetry("wec/2024/4/R", "7", lap=99).empty
    assert frame["x_m"].isna().all()


def test_every_column_of_every_schema_is_in_the_vocabulary() -> None:
    for table in LOADERS:
        assert set(frame_schema(table).columns) <= set(COLUMNS)
