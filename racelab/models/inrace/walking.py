"""Walking forward: every event is predicted by a model of the events that were over before it began."""

import logging

import numpy as np
import pandas as pd

from racelab.models.inrace.model import OrderModel, distributions, fit
from racelab.models.inrace.table import SHARES

LEAST_RACES = 8  # with fewer races to learn from there is no model, and the order stays as it is
_GROWTH = 1.06  # learned anew when there are so many times the races of the last time
log = logging.getLogger("racelab")


def walk(rows: pd.DataFrame, wanted: "pd.Series[bool]", trees: int | None = None) -> pd.DataFrame:
    """Predictions of the wanted rows, each event's from events before it.

    Args:
        rows: of `table.table`.
        wanted: which rows to predict, of the scored shares.
        trees: of `model.fit`.

    Returns:
        The wanted rows of events that at least `LEAST_RACES` races came before, with the columns of
        `model.distributions` under names that begin with ``model_``; no rows where there are none.
    """
    model: OrderModel | None = None
    learned = 0
    found = []
    races_before = rows.drop_duplicates("race").groupby("turn").size().cumsum().shift(fill_value=0)
    for turn in sorted(rows.loc[wanted & rows["mark"].isin(SHARES), "turn"].unique()):
        before = int(races_before[turn])
        if before < LEAST_RACES:
            continue
        if model is None or before >= learned * _GROWTH:
            model, learned = fit(rows[rows["turn"] < turn].reset_index(drop=True), trees), before
        part = rows[wanted & rows["mark"].isin(SHARES) & (rows["turn"] == turn)].reset_index(drop=True)
        table = distributions(part, model.predict(part)).add_prefix("model_")
        found.append(part.join(table))
        log.info("predicted %s from %d races", part["race"].iloc[0], learned)
    return pd.concat(found, ignore_index=True) if found else rows.head(0)


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
