"""The calls of the flat surface that have to do with models: what is kept, how good it is, what it predicts and why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import BadInput
from racelab.models import registry
from racelab.models.backtests import MODEL, Backtest, check_seasons
from racelab.models.targets import package
from racelab.settings import get_settings
from racelab.store.open import open_store

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from racelab.models.by_hand import LapTimes


@dataclass(frozen=True, slots=True)
class Scores(Backtest):
    """A backtest with its figure."""

    def figure(self, *, dark: bool = False) -> "go.Figure":
        """Bars of the first score, the model's beside each naive answer's."""
        from racelab.views.backtest_figure import score_figure

        document = self.document
        score = next((name for name, value in document["score"].items() if value is not None), None)
        answers = {MODEL: document["score"], **document["baselines"]}
        found = [(name, each[score]) for name, each in answers.items() if each.get(score) is not None] if score else []
        title = f"{document['target']}, {document['from']} to {document['to']}, n {document['n']:,}"
        return score_figure(found, score or "", title, dark=dark)


def load_models() -> pd.DataFrame:
    """Every trained model that is kept, newest first within target and series.

    Returns:
        ``target, series, model, trained_utc, passed, why, first, last, n, scored, score, path``; ``why`` says why it
        passed its backtest or did not, and of a broken one what is wrong.
    """
    return registry.listing(get_settings().data / "models")


def load_anomalies(session: str | int, *, db: str | None = None) -> pd.DataFrame:
    """A stored session's anomalies, the worst first: those that were written with its predictions, else found now.

    Returns:
        ``session_id, car_number, car_class, first_lap, last_lap, severity, loss_ms, reason`` and ``score``.

    Raises:
        NotFound: the store lacks the session, or there are too few laps to tell what is usual.
    """
    from racelab.models.anomaly.loading import session_anomalies

    with open_store(db) as store:
        return session_anomalies(store, store.find(session), get_settings().data / "models")


def backtest(
    target: str, *, series: str | None = None, first: int | None = None, last: int | None = None, db: str | None = None
) -> Scores:
    """Score a model walk-forward by event: what is predicted was never learned from, nor was anything after it.

    Args:
        target: laptime, anomaly, finish or inrace.
        series: f1, wec, imsa or grcup; default: all that the store holds.
        first: the first season that is scored; earlier ones only teach.
        last: the last season that is scored.
        db: the store's URL.

    Returns:
        ``document`` (as ``racelab backtest --json``), ``frame`` (the model's row, then each baseline's), ``by``,
        ``rows`` (all that was scored) and ``figure()``.

    Raises:
        BadInput: there is no such target or series, or the last season is before the first.
        NotFound: the store has too little to score.
    """
    scored, only = package(target), _series(series)
    check_seasons(first, last)
    with open_store(db) as store:
        found = scored.backtest(store, only, first, last)
    return Scores(found.document, found.rows)


def train_laptime(laps: pd.DataFrame, weather: pd.DataFrame | None = None) -> "LapTimes":
    """Train a lap-time model by hand, on a frame of laps of one series, and score it on later laps than it learned from.

    Args:
        laps: as `load_laps` gives them, of one session or of several, one below the other.
        weather: as `load_weather` gives it.

    Returns:
        A model with ``predict(laps)``, ``save(folder)``, ``load(path)`` and ``scores``, a backtest.

    Raises:
        BadInput: the frame lacks a column, or holds several series.
        NotFound: it has too few clean laps.
    """
    from racelab.models.by_hand import train

    return train(laps, weather)


def _series(text: str | None) -> Series | None:
    try:
        return Series.read(text) if text else None
    except ValueError as error:
        raise BadInput(str(error)) from error
