"""The backtest of the lap time: every lap of the scored seasons, by a model of the races that were over before."""

import logging
from collections.abc import Sequence

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models.backtests import Backtest
from racelab.models.laptime.candidates import CANDIDATES
from racelab.models.laptime.endurance_walk import endurance_rows
from racelab.models.laptime.endurance_walk import walk as walk_endurance
from racelab.models.laptime.history import history, races
from racelab.models.laptime.report import document
from racelab.models.laptime.walkforward import walk
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
TARGET = "lap_time_ms"
# The model of each series, chosen on seasons before 2024 by the same walk-forward.
CHOSEN = {Series.F1: "blend", Series.WEC: "xgboost", Series.IMSA: "xgboost", Series.GRCUP: "xgboost"}
_SPRINTS = ("S",)  # they teach; what is scored are grands prix


def backtest(store: Store, series: Series | None = None, first: int | None = None, last: int | None = None) -> Backtest:
    """Score the chosen model of each series, the other candidates and the naive answers on laps not learned from.

    Every clean lap that follows a clean one is scored, in every race but sprints. A race is predicted by models that
    learned from races over before it; a first race of a series, by the filter that nothing taught.

    Args:
        store: where the laps are.
        series: one series, or all that the store holds.
        first: the first season that is scored; earlier ones teach. None: the first that has seasons before it, or the
            only one.
        last: the last season that is scored, or the newest.

    Raises:
        NotFound: the store has no race with enough clean laps in those seasons.
    """
    wanted = [series] if series else list(Series)
    found = [rows for each in wanted if (rows := score_series(store, each, first, last)) is not None]
    if not found:
        raise NotFound(f"no race{_of(series, first, last)} with enough clean laps in the store: see `racelab sessions`, and fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    rows = pd.concat(found, ignore_index=True)
    return Backtest(document(rows, series, tuple(CANDIDATES)), rows)


def _of(series: Series | None, first: int | None, last: int | None) -> str:
    """The series and seasons that were asked for, in words."""
    told = ((" of {}", series and series.value), (" from {}", first), (" to {}", last))
    return "".join(word.format(value) for word, value in told if value is not None)


def score_series(
    store: Store, series: Series, first: int | None, last: int | None, others: Sequence[str] | None = None
) -> pd.DataFrame | None:
    """The scored laps of one series with every answer; None where it has none."""
    if series is not Series.F1:
        return _endurance(store, series, first, last)
    rows = history(store, series, last)
    scored = scored_races(store, series, rows, first, last)
    if not scored:
        return None
    log.info("%s: %d races are scored", series.value, len(scored))
    found = walk(rows, scored, CHOSEN[series], tuple(CANDIDATES) if others is None else others)
    return found.assign(series=series.value) if len(found) else None


def _endurance(store: Store, series: Series, first: int | None, last: int | None) -> pd.DataFrame | None:
    """Races of every endurance series that were over before teach; the laps of the one series are scored."""
    rows = endurance_rows(store)
    if rows.empty:
        return None
    found = walk_endurance(rows, series, first, last)
    return found.rename(columns={"predicted": "value"}).assign(model=CHOSEN[series]) if len(found) else None


def scored_races(store: Store, series: Series, rows: pd.DataFrame, first: int | None, last: int | None) -> list[int]:
    """Ids of the races to be scored; without a first season, all seasons that have one before them, or the only one."""
    held = races(store, series, last)
    held = held[held["id"].isin(rows["session_id"].unique()) & ~held["session"].isin(_SPRINTS)]
    if held.empty:
        return []
    seasons = sorted(held["season"].unique())
    start = first if first is not None else seasons[min(1, len(seasons) - 1)]
    return [int(each) for each in held.loc[held["season"] >= start, "id"]]
