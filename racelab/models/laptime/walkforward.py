"""Walk-forward by event: every race is predicted by a model that learned from races over before it began."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.errors import NotFound
from racelab.models.features import in_ms, matrix, target, weights
from racelab.models.laptime.candidates import CANDIDATES, predicted
from racelab.models.laptime.model import FILTER, LapTimeModel, learnable, worth_teaching

log = logging.getLogger("racelab")
_SEASONS = 7  # the last so many seasons teach; older cars and tyres teach little
_GROWTH = 12  # a new model is taught when the races have grown by a twelfth since the last one


@dataclass(frozen=True, slots=True)
class Fold:
    """Races to be scored in a row, by one model, which learns from those of ``taught``."""

    taught: tuple[int, ...]
    scored: tuple[int, ...]


def folds(order: Sequence[int], scored: Sequence[int]) -> Iterator[Fold]:
    """Folds over races in the order of driving; a model is taught anew when the races have grown by a twelfth.

    Args:
        order: ids of all races.
        scored: ids of those to be scored.
    """
    wanted, begun = set(scored), 0
    since: list[int] = []
    for place, session_id in enumerate(order):
        if session_id not in wanted:
            continue
        if since and place - begun >= max(1, begun // _GROWTH):
            yield Fold(tuple(order[:begun]), tuple(since))
            since = []
        if not since:
            begun = place
        since.append(session_id)
    if since:
        yield Fold(tuple(order[:begun]), tuple(since))


def walk(rows: pd.DataFrame, scored: Sequence[int], kind: str, others: Sequence[str] = ()) -> pd.DataFrame:
    """Predict the scored races fold by fold.

    Args:
        rows: of `history.history`.
        scored: ids of the races to be predicted.
        kind: of the model whose intervals are given too; the filter where too few laps were known to teach it.
        others: candidates that are compared with it.

    Returns:
        The rows that follow a clean lap, with ``value`` and the intervals' ends, a column a candidate and
        ``filter``, ``last_lap`` and ``median_of_five``, all in ms, ``fold`` and ``model``, the kind that told ``value``.
    """
    order = list(dict.fromkeys(rows["session_id"].tolist()))
    found = []
    for number, fold in enumerate(folds(order, scored)):
        test = rows[rows["session_id"].isin(fold.scored) & rows["follows"].astype(bool)]
        if test.empty:
            continue
        learned = rows[rows["session_id"].isin(fold.taught)]
        learned = learned[learned["season"] > test["season"].max() - _SEASONS]
        log.info("fold %d: %d laps of %d races teach, %d races are predicted", number + 1, len(learned), learned["session_id"].nunique(), len(fold.scored))  # fmt: skip
        found.append(_predicted(learned, test, kind, others).assign(fold=number))
    return pd.concat(found, ignore_index=True) if found else rows.head(0)


def _predicted(learned: pd.DataFrame, test: pd.DataFrame, kind: str, others: Sequence[str]) -> pd.DataFrame:
    try:
        model = LapTimeModel.fit(learned, worth_teaching(learned, kind))
    except NotFound:
        model = untaught(test)
    answers = {"last_lap": test["naive_ms"], "median_of_five": test["recent_ms"], FILTER: test["base_ms"]}
    own = model.predict(test)
    for name in others:
        answers[name] = own["value"] if name == model.kind else _answer(learned, test, name)
    return test.assign(**answers, **own, model=model.kind)


def untaught(rows: pd.DataFrame) -> LapTimeModel:
    """The model of a series of which no race is known: the filter alone, with wide intervals."""
    from racelab.models.features import names

    return LapTimeModel(FILTER, names(rows))


def _answer(learned: pd.DataFrame, test: pd.DataFrame, name: str) -> np.ndarray:
    rows = learnable(learned)
    if len(rows) < 60:
        return np.asarray(test["base_ms"], dtype="float64")
    members = CANDIDATES[name](matrix(rows), target(rows), weights(rows))
    return in_ms(test, predicted(members, matrix(test)))
