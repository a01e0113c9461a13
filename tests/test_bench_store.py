"""`racelab bench store` on a few rows: what it compares, and that every way stores the same rows."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from racelab.errors import StoreError
from racelab.runs import bench_store
from racelab.runs.bench_load import bulk_save_objects, copy_rows, executemany, ours, prepared, to_sql
from racelab.runs.bench_rows import KEY, empty_session, laps_frame, telemetry_frame
from racelab.settings import get_settings
from racelab.store.frames import typed
from racelab.store.open import open_store

FRAMES = {"telemetry": telemetry_frame(400), "laps": laps_frame(60)}


def test_the_generated_telemetry_is_a_race_of_twenty_cars() -> None:
    frame = telemetry_frame(4_000)
    assert frame.groupby(["car_number", "kind"]).size().tolist() == [100] * 40
    assert frame["speed_kph"].isna().sum() == frame["x_m"].notna().sum() == 2_000
    steps = frame.groupby(["car_number", "kind"])["time_ms"].diff().dropna()
    assert steps.between(200, 300).all()


@pytest.mark.parametrize("table", sorted(FRAMES))
def test_every_way_stores_the_same_rows(backend_url: str, table: str) -> None:
    if backend_url.startswith("json"):
        pytest.skip("a folder has no driver to compare with")
    frame = FRAMES[table]
    ways = [ours, executemany, to_sql, bulk_save_objects, *([copy_rows] if backend_url.startswith("postgres") else [])]
    with open_store(backend_url) as store:
        store.write_session(empty_session())
        stored = []
        for open_way in [*ways, lambda url, name: prepared(url, name, frame)]:
            store.delete(table, session_id=KEY.session_id)
            with open_way(backend_url, table) as load:
                load(frame)
            stored.append(store.read(table, KEY))
    for found in stored:
        pd.testing.assert_frame_equal(found, stored[0])
    key = ["car_number", "kind", "time_ms"] if table == "telemetry" else ["car_number", "lap_number"]
    given = typed(frame.sort_values(key, ignore_index=True))
    for name in frame.columns:
        pd.testing.assert_series_equal(stored[0][name], given[name])


@pytest.mark.postgres
def test_the_figures_name_table_database_way_and_ratio() -> None:
    figures = {figure.name: figure for figure in bench_store.measure_store(200, 40, 1)}
    for database in ("sqlite", "postgresql"):
        for table, rows in (("telemetry", 200), ("laps", 40)):
            label = f"store {table}/{database}"
            own = figures[f"{label}: racelab ({rows} rows)"]
            assert own.ratio_to is not None
            assert own.ratio == pytest.approx(own.median / figures[own.ratio_to].median)
            assert own.ratio_to.startswith(f"{label}: {'executemany' if database == 'sqlite' else 'copy'}")
            assert 0 < figures[f"{label}: racelab, memory above the frame"].median < 300


def test_without_a_server_the_figures_of_postgresql_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACELAB_TEST_POSTGRES", raising=False)
    monkeypatch.setattr(bench_store, "is_installed", lambda: False)
    names = [figure.name for figure in bench_store.measure_store(40, 20, 1)]
    assert names
    assert not any("postgresql" in name for name in names)


def test_a_way_that_loses_rows_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def lazy(_url: str, _table: str) -> Iterator[object]:
        yield lambda _frame: None

    monkeypatch.setattr(bench_store, "to_sql", lazy)
    with pytest.raises(StoreError, match="0 of 40 rows of telemetry"):
        bench_store.measure_store(40, 20, 1)


def test_memory_stays_within_the_pieces_of_a_load(backend_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What grows with the rows is the numbers of their order: a row made of Python objects would take 150 bytes and more."""
    if backend_url.startswith("json"):
        pytest.skip("a folder of JSON files is written whole")
    monkeypatch.setenv("RACELAB_CHUNK_ROWS", "5000")
    get_settings.cache_clear()
    peaks = []
    for rows in (20_000, 60_000):
        frame = pd.DataFrame({"car_number": "7", "kind": "car", "time_ms": np.arange(rows), "speed_kph": 1.5})
        with open_store(backend_url) as store:
            store.write_session(empty_session())
            data = empty_session()
            data.telemetry = frame
            tracemalloc.start()
            store.write_session(data, force=True)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] - peaks[0] < 40_000 * 80
