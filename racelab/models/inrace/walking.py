"""Walking forward: every event is predicted by a model of the events that were over before it began."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from racelab.models.inrace.leaning import evidence, leaned, leans_of
from racelab.models.inrace.model import OrderModel, distributions, fit
from racelab.models.inrace.naive import BASELINES, win_rates
from racelab.models.inrace.table import SHARES

LEAST_RACES = 4  # with fewer races to learn from there is no model, and the order stays as it is
_GROWTH = 1.2  # learned anew when there are so many times the races of the last time
log = logging.getLogger("racelab")


@dataclass(frozen=True, slots=True)
class Walked:
    """The predicted rows, and what the predictions of all events were worth, from which leans are chosen."""

    rows: pd.DataFrame
    evidence: pd.DataFrame


def walk(rows: pd.DataFrame, wanted: "pd.Series[bool]", trees: int | None = None) -> Walked:
    """Predictions of the wanted rows, each event's from events before it.

    What the model is worth, and so how far it may leave the order as it is, is learned on the way from its own earlier
    predictions of the events before; so those are made too.

    Args:
        rows: of `table.table`.
        wanted: which rows to predict, of the scored shares.
        trees: of `model.fit`.

    Returns:
        The wanted rows with the columns of `model.distributions` under names that begin with ``model_``, ``learned`` (races
        learned from; with 0 the order is told as it is) and the naive chances to win. No rows where none is wanted.
    """
    scored = rows["mark"].isin(SHARES)
    chances = {f"{name}_p_win": win_rates(rows, column) for name, column in BASELINES.items()}
    turns = sorted(rows.loc[wanted & scored, "turn"].unique())
    races_before = rows.drop_duplicates("race").groupby("turn").size().cumsum().shift(fill_value=0)
    model: OrderModel | None = None
    learned, known, found = 0, pd.DataFrame(), []
    for turn in [each for each in sorted(rows["turn"].unique()) if turns and each <= turns[-1]]:
        before = int(races_before[turn])
        if before >= LEAST_RACES and (model is None or before >= learned * _GROWTH):
            model, learned = fit(rows[rows["turn"] < turn].reset_index(drop=True), trees), before
        part = rows[scored & (rows["turn"] == turn)]
        if part.empty:
            continue
        predicted = model.predict(part) if model else unlearned(part)
        chosen = part[wanted.loc[part.index]]
        if len(chosen):
            told = _told(chosen, predicted.loc[chosen.index], known)
            found.append(chosen.assign(learned=learned, **{name: each.loc[chosen.index] for name, each in chances.items()}).join(told))  # fmt: skip
            log.info("predicted %s from %d races", part["race"].iloc[0], learned)
        if model:
            known = pd.concat([known, evidence(part, predicted)], ignore_index=True)
    return Walked(pd.concat(found, ignore_index=True) if found else rows.head(0), known)


def _told(rows: pd.DataFrame, predicted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    parts = [
        leaned(part, predicted.loc[part.index], leans_of(known, str(series)))
        for series, part in rows.groupby("series", sort=False)
    ]
    return distributions(rows, pd.concat(parts).reindex(rows.index)).add_prefix("model_")


def unlearned(rows: pd.DataFrame) -> pd.DataFrame:
    """What is said where there is no model: the order as it is, the stopped last, and wide chances.

    Returns:
        ``expected`` (drawn to the middle of the class as far as the race has still to go) and ``p_retires``.
    """
    place, size = rows["place"].to_numpy(dtype="float64"), rows["class_cars"].to_numpy(dtype="float64")
    left = rows["left"].to_numpy(dtype="float64")
    middle = (size + 1) / 2
    expected = middle + (place - middle) * (1 - 0.6 * left)
    out = np.where(rows["stopped"].to_numpy() > 0, 0.9, 0.15 * left)
    return pd.DataFrame({"expected": expected, "p_retires": out}, index=rows.index)
