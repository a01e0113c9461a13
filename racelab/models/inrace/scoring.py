"""The backtest of the order predicted during the race, beside the order at that moment."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models.backtests import Backtest
from racelab.models.inrace.naive import BASELINES
from racelab.models.inrace.orders import MODEL, NAIVE_SCORES, mean_scores, orders_of
from racelab.models.inrace.table import table, taught_by
from racelab.models.inrace.walking import LEAST_RACES, walk
from racelab.store.protocol import Store

STRONGEST = "order_now_stopped_last"
_SHOWN = {"mark": "share", "car_class": "class"}
_CUTS = (("season", "mark"), ("mark",), ("season",), ("session",), ("car_class",))
log = logging.getLogger("racelab")


def backtest(store: Store, series: Series | None, first: int | None, last: int | None) -> Backtest:
    """Score the order predicted after 25, 50 and 75 % of each race against the order at that moment.

    Every starter counts. The distance is laps of the leader in Formula 1 and the scheduled time elsewhere; a race that
    never came to a share is not scored there. Before four races are over the order is told as it is.

    Args:
        store: where the races are; all that was over before an event teaches, whichever season it is of.
        series: one series, or all; WEC and IMSA learn from one another.
        first: the first season that is scored.
        last: the last one.

    Returns:
        The document's ``by`` cuts by season and share, share, season, session and class (``share`` is that of the
        distance), each row with the scores of the order at that moment beside the model's (``now_...``, the stopped
        last); rows have the state, the prediction (``model_...``) and the outcome (``final``, ``retired``).

    Raises:
        NotFound: no race could be scored.
    """
    walked = [_walked(store, teachers, series, first, last) for teachers in pools(series)]
    rows = pd.concat([each for each in walked if len(each)], ignore_index=True) if any(map(len, walked)) else None
    if rows is None:
        raise NotFound(
            f"no race to score: at least {LEAST_RACES} races must be over before one; fill the store with `racelab ingest`"
        )
    return scored(rows, series)


def scored(rows: pd.DataFrame, series: Series | None) -> Backtest:
    """The scores of walked rows."""
    orders = orders_of(rows)
    document = {
        "target": "inrace", "series": series.value if series else None, "from": int(rows["season"].min()),
        "to": int(rows["season"].max()), "n": len(rows), "score": mean_scores(orders, MODEL),
        "baselines": {name: mean_scores(orders, name) for name in BASELINES}, "by": list(_by(orders)),
    }  # fmt: skip
    return Backtest(document, rows)


def is_better(document: dict[str, Any]) -> bool:
    """Whether the model beats every naive answer in the correlation of orders and in the error of places."""
    own = document["score"]
    return all(
        own["spearman"] > naive["spearman"] and own["place_mae"] < naive["place_mae"]
        for naive in document["baselines"].values()
    )


def pools(series: Series | None) -> list[tuple[Series, ...]]:
    """The series that learn together, of one or of all."""
    every = [series] if series else list(Series)
    return list(dict.fromkeys(taught_by(each) for each in every))


def _walked(
    store: Store, teachers: Sequence[Series], series: Series | None, first: int | None, last: int | None
) -> pd.DataFrame:
    rows, _ = table(store, teachers)
    if rows.empty:
        return rows
    walked = walk(rows, _wanted(rows, series, first, last)).rows
    return walked if len(walked) and walked["learned"].any() else rows.head(0)


def _wanted(rows: pd.DataFrame, series: Series | None, first: int | None, last: int | None) -> "pd.Series[bool]":
    wanted = rows["season"].between(first or 0, last or 9999)
    return wanted & rows["series"].eq(series.value) if series else wanted


def _by(orders: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for cut in _CUTS:
        for values, part in orders.groupby(["series", *cut], sort=True):
            named = {
                _SHOWN.get(name, name): _plain(value) for name, value in zip(["series", *cut], values, strict=True)
            }
            naive = mean_scores(part, STRONGEST)
            beside = {f"now_{name}": naive[name] for name in NAIVE_SCORES}
            counts = {"races": int(part["race"].nunique()), "n": int(part["cars"].sum())}
            yield {**named, **counts, **mean_scores(part, MODEL), **beside}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
