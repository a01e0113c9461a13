"""How long a season takes to ingest, and how much of that is FastF1's own."""

import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from racelab.errors import NotFound, RacelabError, RunFailed
from racelab.runs.bench_figure import Figure
from racelab.runs.ingest import Found, ingest
from racelab.settings import Settings
from racelab.store.sql import SqlStore

SEASON = 2024
log = logging.getLogger("racelab")


def measure_season(settings: Settings, season: int = SEASON) -> list[Figure]:
    """Seconds of ingesting a season's races without telemetry into a new SQLite store, and of doing so again.

    FastF1's cache must hold the season (RACELAB_F1_CACHE; RACELAB_F1_MIRROR where there is no network): where it does
    not, or a race cannot be read, the figures are left out, and the log says why.
    """
    try:
        return _measured(settings, season)
    except RacelabError as error:
        log.warning("no figures of the season %d: %s", season, error)
        return []


def _measured(settings: Settings, season: int) -> list[Figure]:
    from racelab.sources.f1 import find_sessions

    if not (settings.cache_folder / str(season)).is_dir():
        raise NotFound(f"FastF1's cache {settings.cache_folder} does not hold it: set RACELAB_F1_CACHE")
    found = find_sessions(season, "all", ("R",), telemetry=False, settings=settings)
    with tempfile.TemporaryDirectory() as folder, SqlStore(f"sqlite:///{Path(folder) / 'season.db'}") as store:
        return [*_figures("season", found, store, "added"), *_figures("season again", found, store, "unchanged")]


def _figures(name: str, found: Sequence[Found], store: SqlStore, change: str) -> list[Figure]:
    start = time.perf_counter()
    outcomes = list(ingest(found, store))
    total = time.perf_counter() - start
    for outcome in outcomes:
        if outcome["change"] != change:
            raise RunFailed(f"{outcome['event']} is {outcome['change']} and not {change}: {outcome['error']}")
    own = sum(outcome["seconds"]["source"] for outcome in outcomes)
    whole = f"{name}: {len(outcomes)} races"
    return [Figure(whole, total, "s", 1), Figure(f"{name}: FastF1's own", own, "s", 1, whole, own / total)]
