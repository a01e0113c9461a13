"""How long models take: training on five seasons, and beside a race, predicting its next laps and learning it."""

import logging
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.models import registry
from racelab.runs.bench_figure import Figure
from racelab.runs.ingest import ingest
from racelab.sources import alkamel, laptables
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

RUNS = 5
F1_LAPS, LE_MANS = "f1/laps", "wec/2024/le_mans_24h.csv.gz"
_SEASONS = range(2019, 2024)
_CARD = {
    "model": "xgboost", "data": {"n": 0}, "features": [], "seeds": [0], "backtest": {}, "passed": True, "why": "for the benchmark",
    "scope": "", "limits": "",
}  # fmt: skip
log = logging.getLogger("racelab")


def measure_models(data: Path, runs: int = RUNS) -> list[Figure]:
    """Figures of training on Formula 1's seasons 2019 to 2023, and of Le Mans 2024 half-way as if it were live.

    What the folder of real timing data lacks leaves its figures out, and the log says so.
    """
    figures: list[Figure] = []
    for path, measured in ((data / F1_LAPS, _training), (data / LE_MANS, _live)):
        if path.exists():
            figures += measured(path, runs)
        else:
            log.warning("no figures of %s: it is not there", path)
    return figures


def _training(folder: Path, _: int) -> list[Figure]:
    """Seconds of one training on five seasons: reading the laps, their features, the fit and its intervals."""
    from racelab.models.laptime import LapTimeModel
    from racelab.models.laptime.backtest import CHOSEN
    from racelab.models.laptime.history import history

    found = [
        each
        for each in laptables.find_sessions(folder, Hints())
        if each.key.season in _SEASONS and each.key.code == "R"
    ]
    with tempfile.TemporaryDirectory() as place, SqlStore(f"sqlite:///{place}/bench.db") as store:
        list(ingest(found, store))
        start = time.perf_counter()
        rows = history(store, Series.F1)
        LapTimeModel.fit(rows, CHOSEN[Series.F1])
        return [Figure(f"training: {len(found)} races, {len(rows):,} laps", time.perf_counter() - start, "s", 1)]


def _live(file: Path, runs: int) -> list[Figure]:
    """Milliseconds of a prediction for all cars, and seconds of a retrain, with the first half of Le Mans in the store."""
    from racelab.models.features import lap_features, next_lap_features, race_laps
    from racelab.models.laptime import LapTimeModel
    from racelab.runs.monitor.predicting import predict_next_laps
    from racelab.runs.monitor.training import retrain

    data = half(alkamel.find_sessions(file, Hints())[0].read())
    key, place = data.session.key, tempfile.mkdtemp()
    with SqlStore(f"sqlite:///{place}/bench.db") as store:
        store.write_session(data)
        laps = race_laps(store, key)
        model = LapTimeModel.fit(lap_features(laps), "xgboost")
        registry.save(Path(place), "laptime", key.series.value, model.parts(), _CARD)
        coming = next_lap_features(laps)
        told = f"of {laps['car_number'].nunique()} cars, {len(laps):,} laps"
        whole = 1000 * _median(lambda: predict_next_laps(store, key, Path(place)), runs)
        alone = 1000 * _median(lambda: model.predict(coming), runs)
        again = _median(lambda: retrain(store, key, Path(place)), runs)
    shutil.rmtree(place, ignore_errors=True)
    name = f"live prediction: {told}, from the store and back"
    return [
        Figure(name, whole, "ms", runs),
        Figure("live prediction: the model alone", alone, "ms", runs, name, alone / whole),
        Figure(f"live retrain: {told}", again, "s", runs),
    ]


def half(data: SessionData) -> SessionData:
    """A race as far as it was half-way through the time of its laps."""
    ends = sorted(lap.end_ms for lap in data.laps if lap.end_ms is not None)
    now = ends[-1] // 2
    data.laps = [lap for lap in data.laps if lap.end_ms is not None and lap.end_ms <= now]
    data.track_status = [each for each in data.track_status if each.time_ms <= now]
    return data


def _median(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
