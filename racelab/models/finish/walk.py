"""Walk-forward by event: every race is predicted by a model that learned from the events before it alone."""

import logging

import numpy as np
import pandas as pd

from racelab.models.finish.distribution import draw_orders, place_matrix
from racelab.models.finish.model import LEAN, LEAST_RACES, SPREAD, FinishModel, Recipe, leaning
from racelab.models.finish.scores import scores

log = logging.getLogger("racelab")
_SPREADS = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
_RECENT = 40  # orders on which the spread is judged
_LEANS = (0.0, 0.25, 0.5, 0.75, 1.0)
_DRAWS = 400


def walk(
    rows: pd.DataFrame, recipe: Recipe, events: list[int], draws: int = 2000, richer: Recipe | None = None
) -> pd.DataFrame:
    """The prediction of every race of the events.

    Args:
        rows: with the recipe's features, ``race`` (an order: of an event, or of a class in it), ``event`` (in the
            order of time), ``place`` and ``out``.
        recipe: what to learn.
        events: the events to predict, in order; spread and lean of each are chosen on the ones predicted before it.
        draws: races to draw of each.
        richer: what to learn for events whose rows have ``richer_known`` 1, from all that is known of them.

    Returns:
        The rows of those events with the columns of `FinishModel.predict`; events with too little before them to
        learn from are left out.
    """
    done: list[pd.DataFrame] = []
    spread, lean = SPREAD, LEAN
    for number, event in enumerate(events):
        before = rows[(rows["event"] < event) & rows["place"].notna()]
        if before["race"].nunique() < LEAST_RACES:
            continue
        spread = best_spread(done) or spread
        lean = best_lean(done, recipe.naive)
        now = rows[rows["event"] == event]
        more = richer is not None and bool(now["richer_known"].eq(1).all())
        model = FinishModel.fit(before, richer if more and richer else recipe).tuned(spread, lean)
        done.append(now.join(model.predict(now, draws).rename(columns={"place": "expected"})))
        if number % 20 == 19:
            log.info("finishing order: %d of %d events predicted", number + 1, len(events))
    return pd.concat(done) if done else rows.iloc[:0]


def best_spread(done: list[pd.DataFrame]) -> float | None:
    """The spread with the least ranked probability score (E. S. Epstein, 1969) on the latest predictions.

    Returns:
        Places, or None while fewer than eight orders have been predicted.
    """
    if not done:
        return None
    latest = pd.concat(done[-_RECENT:])
    orders = [part for _, part in latest.groupby("race", sort=False)][-_RECENT:]
    if len(orders) < LEAST_RACES:
        return None
    return min(_SPREADS, key=lambda spread: float(np.mean([_ranked_score(part, spread) for part in orders])))


def best_lean(done: list[pd.DataFrame], naive: str) -> float:
    """The weight of the naive order with which the orders predicted so far would have been told best.

    Args:
        done: predicted events, with what came.
        naive: the column of the naive order's place; empty: there is none.

    Returns:
        From 0 to 1; a half while fewer than eight orders have been predicted.
    """
    past = pd.concat(done) if done and naive else pd.DataFrame({"race": []})
    if past["race"].nunique() < LEAST_RACES:
        return LEAN
    plain = past[["race", "place"]]

    def told(lean: float) -> float:
        return scores(plain.assign(expected=leaning(past["blend"], past[naive], past["race"], lean)))["spearman"] or 0.0

    return max(_LEANS, key=told)


def _ranked_score(part: pd.DataFrame, spread: float) -> float:
    first, order, risk = (part[name].to_numpy(dtype="float64") for name in ("first", "order", "p_retires"))
    matrix = place_matrix(draw_orders(first, order, np.full(len(part), spread), risk, _DRAWS))
    came = part["place"].to_numpy()[:, None] <= np.arange(1, len(part) + 1)
    return float(((matrix.cumsum(axis=1) - came) ** 2).sum(axis=1).mean())
