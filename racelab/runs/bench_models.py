"""How long models take: training on five seasons, and beside a race, predicting its next laps and learning it."""

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models import registry
from racelab.runs.bench_figure import Figure
from racelab.runs.ingest import ingest
from racelab.sources import alkamel, laptables
from racelab.sources.hints import Hints
from racelab.store.sql import SqlStore

RUNS = 5
F1_LAPS, LE_MANS = "f1/laps", "wec/2024/le_mans_24h.csv.gz"
_SEASONS = range(2019, 2024)
_LATE = 0.9  # of the race, when most laps are stored
_UNITS = {"ms": 1000.0, "s": 1.0}
_CARD = {
    "model": "xgboost", "data": {"n": 0}, "features": [], "seeds": [0], "backtest": {}, "passed": True, "why": "for the benchmark",
    "scope": "", "limits": "",
}  # fmt: skip
log = logging.getLogger("racelab")


def measure_models(data: Path, runs: int = RUNS) -> list[Figure]:
    """Figures of training on Formula 1's seasons 2019 to 2023, and of Le Mans 2024 late in the race as if it were live.

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
        return [
            Figure(f"training: {len(found)} races, {len(rows):,} laps", time.perf_counter() - start, "s", 1, aim=180.0)
        ]


def _live(file: Path, runs: int) -> list[Figure]:
    """Milliseconds of a prediction for all cars, and seconds of learning the race, late in Le Mans."""
    data = up_to(alkamel.find_sessions(file, Hints())[0].read(), _LATE)
    with tempfile.TemporaryDirectory() as place, SqlStore(f"sqlite:///{place}/bench.db") as store:
        store.write_session(data)
        return _late_in_the_race(store, data.session.key, Path(place), runs)


def _late_in_the_race(store: SqlStore, key: SessionKey, place: Path, runs: int) -> list[Figure]:
    from racelab.models.features import lap_features, next_lap_features, race_laps
    from racelab.models.laptime.endurance_model import learn
    from racelab.runs.monitor.predicting import predict_next_laps
    from racelab.runs.monitor.training import retrain

    laps, weather = race_laps(store, key), store.read("weather", key)
    rows = lap_features(laps, weather).assign(series=key.series.value)
    model = learn(rows, key.series.value)
    registry.save(place, "laptime", key.series.value, model.parts(), _CARD)
    told = f"of {laps['car_number'].nunique()} cars, {len(laps):,} laps"
    whole = f"live prediction: {told}, from laps to values"
    work: list[tuple[str, Callable[[], object], str, float | None]] = [
        (whole, lambda: model.predict(next_lap_features(laps, weather)), "ms", 100.0),
        ("live prediction: the store's read apart", lambda: (race_laps(store, key), store.read("weather", key)), "ms", None),
        ("live prediction: from the store and back", lambda: predict_next_laps(store, key, place), "ms", None),
        (f"live retrain: the model alone, {len(rows):,} clean laps", lambda: model.updated(rows), "s", 5.0),
        ("live retrain: from the store to the model that is kept", lambda: retrain(store, key, place), "s", 5.0),
    ]  # fmt: skip
    return [Figure(name, _UNITS[unit] * _median(each, runs), unit, runs, aim=aim) for name, each, unit, aim in work]


def up_to(data: SessionData, share: float) -> SessionData:
    """A race as far as it was at a share of the time of its laps."""
    now = int(max(lap.end_ms for lap in data.laps if lap.end_ms is not None) * share)
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
