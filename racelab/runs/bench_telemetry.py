"""The benchmark of telemetry: a car's lap out of a whole race's samples, from the table and from the archive."""

import statistics
import tempfile
import time
from collections.abc import Callable

from racelab.domain.laps import Lap
from racelab.load import load_telemetry
from racelab.runs.bench_rows import CARS, KEY, empty_session, telemetry_frame
from racelab.store.archive import archive_telemetry
from racelab.store.sql import SqlStore

ROWS = 1_000_000
_LAPS, _LAP_MS = 57, 90_000


def lap_times_ms(rows: int = ROWS) -> dict[str, tuple[float, int]]:
    """Median milliseconds in which `load_telemetry` gives a lap, the opening of the store included, and the runs.

    Keys: table, archive. The store is SQLite, of so many rows of 20 cars.
    """
    data = empty_session()
    data.telemetry = telemetry_frame(rows)
    data.laps = [
        Lap(car, lap, start_ms=(lap - 1) * _LAP_MS, end_ms=lap * _LAP_MS) for car in CARS for lap in range(1, _LAPS + 1)
    ]
    with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{folder}/bench.db") as store:
        store.write_session(data)
        table = _median(lambda car, lap: load_telemetry(str(KEY), car, lap=lap, db=store.url))
        archive_telemetry(store, KEY)
        archive = _median(lambda car, lap: load_telemetry(str(KEY), car, lap=lap, db=store.url))
    return {"table": table, "archive": archive}


def _median(load: Callable[[str, int], object]) -> tuple[float, int]:
    """Of a lap of every car; the first call, which imports what it needs, is not counted."""
    times = []
    for number, car in enumerate((CARS[0], *CARS)):
        start = time.perf_counter()
        load(car, 1 + number * 2)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:]), len(times) - 1
