"""Walk-forward backtests: every lap is predicted by a model that saw only what was over before it began."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.models.features import matrix, target
from racelab.models.laptime.candidates import CANDIDATES, Regressor

_LEAST_ROWS = 60  # fewer laps than this teach nothing: five a feature
_TESTED = 8  # the last so many sessions are scored; the ones before only teach


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows to be scored, as positions; ``session_id`` is that of the scored rows."""

    session_id: int
    train: np.ndarray
    test: np.ndarray


def folds(rows: pd.DataFrame, blocks: int) -> Iterator[Fold]:
    """Race by race, and within a race block by block of time.

    A block is learned from all sessions before it and from the laps of its own that ended before it begins;
    where the sessions before are too few to learn from, the race's first block is only learned from.

    Args:
        rows: of `lap_features`, sessions in the order in which they were driven.
        blocks: blocks a race.
    """
    session = rows["session_id"].to_numpy(dtype=np.int64)
    start, end = rows["start_ms"].to_numpy(dtype=np.int64), rows["end_ms"].to_numpy(dtype=np.int64)
    order = list(dict.fromkeys(session.tolist()))
    for place, session_id in enumerate(order):
        if place < len(order) - _TESTED:
            continue
        own, earlier = session == session_id, np.isin(session, order[:place])
        cuts = np.quantile(start[own], np.linspace(0, 1, blocks + 1))
        for low, high in zip(cuts, [*cuts[1:-1], np.inf], strict=False):
            train = np.flatnonzero(earlier | (own & (end <= low)))
            test = np.flatnonzero(own & (start >= low) & (start < high))
            if len(train) >= _LEAST_ROWS and len(test):
                yield Fold(session_id, train, test)


def predict_folds(rows: pd.DataFrame, parts: list[Fold]) -> pd.DataFrame:
    """Every candidate's and baseline's prediction in ms of the scored rows, one column each, and the fold."""
    x, y = matrix(rows), target(rows)
    recent = rows["recent_ms"].to_numpy(dtype="float64")
    found = []
    for number, fold in enumerate(parts):
        scored = rows.iloc[fold.test].assign(fold=number)
        scored = scored.assign(last_lap=scored["naive_ms"], median_of_five=scored["recent_ms"])
        for name, make in CANDIDATES.items():
            share = _fitted(make, x[fold.train], y[fold.train]).predict(x[fold.test])
            scored[name] = recent[fold.test] * (1 + np.asarray(share, dtype="float64"))
        found.append(scored)
    return pd.concat(found, ignore_index=True)


def _fitted(make: Callable[[], Regressor], x: np.ndarray, y: np.ndarray) -> Regressor:
    model = make()
    model.fit(x, y)
    return model
