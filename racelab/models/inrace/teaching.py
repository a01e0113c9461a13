"""Training the order during the race, and keeping it with its card."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.backtests import Backtest
from racelab.models.explain import gains
from racelab.models.inrace.features import CAR_FEATURES, RACE_FEATURES
from racelab.models.inrace.leaning import leans_of, part_of
from racelab.models.inrace.model import RETIRE_FEATURES, SEED, OrderModel, fit
from racelab.models.inrace.pairs import PAIR_FEATURES
from racelab.models.inrace.scoring import is_better, pools, scored
from racelab.models.inrace.table import table
from racelab.models.inrace.walking import LEAST_RACES, walk
from racelab.store.protocol import Store

TARGET = "inrace"
NAME = "pairs of cars, leaned to the order now"
_SCOPE = "the order in class at the end of a race, from any moment of it after the first laps"
_LIMITS = (
    "a car that was never seen before goes by its place and pace alone; penalties that are not served and disqualifications "
    "are not known; chances are too even rather than too sure in small classes; of a race "
    "that it learned from it has seen the end, which no race of its backtest had"
)


def train(store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
    """Learn from every race of the store and keep a model for each series, with the scores of its walk-forward backtest.

    Returns:
        The cards of the models.

    Raises:
        NotFound: no series has four races to learn from.
        StoreError: the store cannot be read or the folder written.
    """
    cards = [card for pool in pools(series) for card in _train(store, folder, pool, series)]
    if not cards:
        raise NotFound(
            f"at least {LEAST_RACES} races are needed to learn the order during a race: fill the store with `racelab ingest`"
        )
    return cards


def _train(store: Store, folder: Path, pool: Sequence[Series], only: Series | None) -> Iterator[dict[str, Any]]:
    """One reading, one walk and one model of the series that learn together; a card for each, with its own leans."""
    rows, form = table(store, pool)
    if rows.empty or rows["race"].nunique() < LEAST_RACES:
        return
    named = [each for each in pool if only in (None, each) and each.value in set(rows["series"])]
    walked = walk(rows, rows["series"].isin([each.value for each in named]))
    model = fit(rows)
    shared, weights = {**model.parts(), "form": form.part()}, importance(model)
    for each in named:
        own = walked.rows[walked.rows["series"] == each.value].reset_index(drop=True)
        test = scored(own, each) if len(own) and own["learned"].any() else None
        parts = {**shared, "leans": part_of(leans_of(walked.evidence, each.value))}
        path = registry.save(
            folder,
            TARGET,
            each.value,
            parts,
            {**_card(rows, test), "importance": weights},
            test.rows if test else None,
        )
        yield {**registry.load(path).card, "path": str(path)}


def importance(model: OrderModel) -> dict[str, float]:
    """What the trees of the order look at: features of the two cars and of their difference count together."""
    sides = ("_difference", "_ahead", "_behind")
    names = [name.removesuffix(next((side for side in sides if name.endswith(side)), "")) for name in PAIR_FEATURES]
    return gains(model.trees, names)


def _card(rows: pd.DataFrame, test: Backtest | None) -> dict[str, Any]:
    passed = test is not None and is_better(test.document)
    races = rows.drop_duplicates("race")["race"].tolist()
    return {
        "model": NAME,
        "data": {"sessions": races, "first": races[0], "last": races[-1], "n": len(rows)},
        "features": [*CAR_FEATURES, *RACE_FEATURES, *sorted(set(RETIRE_FEATURES) - {*CAR_FEATURES, *RACE_FEATURES})],
        "seeds": {"trees": SEED, "linear": SEED, "draws": 1},
        "backtest": test.document if test else {},
        "passed": passed,
        "why": _why(test, passed),
        "scope": _SCOPE,
        "limits": _LIMITS,
    }


def _why(test: Backtest | None, passed: bool) -> str:
    if test is None:
        return "no race of the series came after enough others to be scored"
    own, naive = test.document["score"], test.document["baselines"]["order_now_stopped_last"]
    verb = "beats" if passed else "does not beat"
    return (
        f"{verb} the order at that moment walked forward: Spearman {own['spearman']} against {naive['spearman']}, "
        f"{own['place_mae']} places off against {naive['place_mae']}, {test.document['n']} rows"
    )
