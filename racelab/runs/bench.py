"""Benchmarks: every figure of time that the README names, measured side by side in one run."""

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from racelab.domain.records import SessionData
from racelab.errors import BadInput
from racelab.exports.files import write_race
from racelab.runs.bench_figure import Figure
from racelab.runs.bench_live import F1_RACE, TIMING71_RACE, measure_live
from racelab.runs.bench_models import measure_models
from racelab.runs.bench_season import measure_season
from racelab.runs.bench_store import measure_store
from racelab.runs.bench_telemetry import lap_times_ms
from racelab.runs.ingest import ingest
from racelab.settings import get_settings
from racelab.store.rows import session_columns
from racelab.store.sql import SqlStore
from racelab.store.tables import SA_TABLES

RUNS = 5


def measure(read: Callable[[], SessionData], names: list[str]) -> list[Figure]:
    """Time reading, ingesting and exporting one race, and writing its rows by the bare driver beside it; and `store`.

    Raises:
        BadInput: a name is no benchmark.
    """
    known = {
        "ingest": _ingest,
        "export": _export,
        "store": _store,
        "telemetry": _telemetry,
        "season": _season,
        "live": _live,
        "models": _models,
    }
    if strange := set(names) - set(known):
        raise BadInput(f"no benchmark is named {', '.join(sorted(strange))}: use {', '.join(known)}")
    return [figure for name in names or known for figure in known[name](read)]


def write_results(figures: list[Figure], path: Path) -> None:
    """Write the figures as JSON beside the benchmarks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Race:
    """A race as `ingest` takes it."""

    read: Callable[[], SessionData]
    label: str = "bench"


def _ingest(read: Callable[[], SessionData]) -> list[Figure]:
    whole, reading, driver = [], [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        data = read()
        reading.append(time.perf_counter() - start)
        driver.append(_bare_driver(data))
        with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{folder}/bench.db") as store:
            start = time.perf_counter()
            list(ingest([_Race(read)], store))
            whole.append(time.perf_counter() - start)
    total, bare, alone = map(statistics.median, (whole, driver, reading))
    return [
        Figure("ingest", total, "s", RUNS, "ingest: laps by the bare driver", total / bare),
        Figure("ingest: reading", alone, "s", RUNS, "ingest", alone / total),
        Figure("ingest: laps by the bare driver", bare, "s", RUNS),
    ]


def _bare_driver(data: SessionData) -> float:
    """Seconds that sqlite3's own executemany takes for the same laps into a table of the same form."""
    columns = session_columns(data)["laps"]
    rows = list(
        zip(*([str(v) if isinstance(v, Enum) else v for v in values] for values in columns.values()), strict=True)
    )
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(f"{folder}/bare.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(str(CreateTable(SA_TABLES["laps"]).compile(dialect=sqlite.dialect())))
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        start = time.perf_counter()
        with connection:
            connection.executemany(f"INSERT INTO laps ({names}) VALUES ({marks})", rows)  # noqa: S608  # own names
        return time.perf_counter() - start


def _export(read: Callable[[], SessionData]) -> list[Figure]:
    data, times = read(), []
    with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{folder}/bench.db") as store:
        store.write_session(data)
        for _ in range(RUNS):
            start = time.perf_counter()
            write_race(store, data.session.key, Path(folder))
            times.append(time.perf_counter() - start)
    return [Figure("export", statistics.median(times), "s", RUNS)]


def _telemetry(_: Callable[[], SessionData]) -> list[Figure]:
    found = lap_times_ms()
    return [Figure(f"telemetry: a lap from the {place}", time, "ms", runs) for place, (time, runs) in found.items()]


def _season(_: Callable[[], SessionData]) -> list[Figure]:
    return measure_season(get_settings())


def _live(_: Callable[[], SessionData]) -> list[Figure]:
    recordings = get_settings().test_data
    return measure_live(recordings / F1_RACE, recordings / TIMING71_RACE)


def _models(_: Callable[[], SessionData]) -> list[Figure]:
    return measure_models(get_settings().test_data)


def _store(_read: Callable[[], SessionData]) -> list[Figure]:
    return measure_store()
