"""The backtest of the order predicted during the race, beside the order at that moment."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models.backtests import Backtest
from racelab.models.finish.scores import coverage, naive_chances, scores
from racelab.models.inrace.table import table, taught_by
from racelab.models.inrace.walking import LEAST_RACES, walk
from racelab.store.protocol import Store

ORDER = ["race", "car_class", "mark"]  # what names one order to predict
# The naive answers: columns of the state.
BASELINES = {"order_now": "order", "order_now_stopped_last": "place"}
STRONGEST = "order_now_stopped_last"
_CUTS = (("season", "mark"), ("mark",), ("season",), ("session",), ("car_class",))
log = logging.getLogger("racelab")


def backtest(store: Store, series: Series | None, first: int | None, last: int | None) -> Backtest:
    """Score the order predicted after 25, 50 and 75 % of each race against the order at that moment.

    Every starter counts. The distance is laps of the leader in Formula 1 and the scheduled time elsewhere; a race that
    never came to a share is not scored there, nor is one before which fewer than eight races are in the store.

    Args:
        store: where the races are; all that was over before an event teaches, whichever season it is of.
        series: one series, or all; WEC, IMSA and GR Cup learn from one another.
        first: the first season that is scored.
        last: the last one.

    Returns:
        The document's ``by`` cuts by season and share, share, season, session and class (``share`` is that of the
        distance), each row with the scores of the order at that moment beside the model's (``now_...``, the stopped
        last); rows have the state, the prediction (``model_...``) and the outcome (``final``, ``retired``).

    Raises:
        NotFound: no race could be scored.
    """
    walked = [_walked(store, teachers, series, first, last) for teachers in _pools(series)]
    rows = pd.concat([each for each in walked if len(each)], ignore_index=True) if any(map(len, walked)) else None
    if rows is None:
        raise NotFound(
            f"no race to score: at least {LEAST_RACES} races must be over before one; fill the store with `racelab ingest`"
        )
    return scored(rows, series)


def scored(rows: pd.DataFrame, series: Series | None) -> Backtest:
    """The scores of walked rows."""
    document = {
        "target": "inrace", "series": series.value if series else None, "from": int(rows["season"].min()),
        "to": int(rows["season"].max()), "n": len(rows), "score": _model(rows),
        "baselines": {name: _naive(rows, column) for name, column in BASELINES.items()}, "by": list(_by(rows)),
    }  # fmt: skip
    return Backtest(document, rows)


def is_better(document: dict[str, Any]) -> bool:
    """Whether the model beats every naive answer in the correlation of orders and in the error of places."""
    own = document["score"]
    return all(
        own["spearman"] > naive["spearman"] and own["place_mae"] < naive["place_mae"]
        for naive in document["baselines"].values()
    )


def _pools(series: Series | None) -> list[tuple[Series, ...]]:
    every = [series] if series else list(Series)
    return list(dict.fromkeys(taught_by(each) for each in every))


def _walked(
    store: Store, teachers: Sequence[Series], series: Series | None, first: int | None, last: int | None
) -> pd.DataFrame:
    rows, _ = table(store, teachers)
    if rows.empty:
        return rows
    return walk(rows, _wanted(rows, series, first, last))


def _wanted(rows: pd.DataFrame, series: Series | None, first: int | None, last: int | None) -> "pd.Series[bool]":
    wanted = rows["season"].between(first or 0, last or 9999)
    return wanted & rows["series"].eq(series.value) if series else wanted


def _model(rows: pd.DataFrame) -> dict[str, Any]:
    frame = _scorable(rows, "model_expected").assign(
        p_win=rows["model_p_win"], p_podium=rows["model_p_podium"],
        **{f"{end}_{level}": rows[f"model_{end}_{level}"] for end in ("low", "high") for level in (80, 90)},
    )  # fmt: skip
    found: dict[str, Any] = scores(frame, ORDER)
    # The place with the least expected error is the median; the order goes by the mean.
    found["place_mae"] = scores(_scorable(rows, "model_median"), ORDER)["place_mae"]
    held = {f"coverage_{level}": _rounded(coverage(frame, level)) for level in (80, 90)}
    brier = float(((rows["model_p_retires"] - rows["retired"]) ** 2).mean())
    return {**found, **held, "brier_retires": round(brier, 5)}


def _naive(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    frame = _scorable(rows, column)
    return scores(frame.assign(p_win=_chances(frame)), ORDER)


def _chances(frame: pd.DataFrame) -> "pd.Series[float]":
    """How often a car at this place of its class has won from there, share by share."""
    parts = [naive_chances(part, "expected", ORDER) for _, part in frame.groupby("mark", sort=False)]
    return pd.concat(parts).reindex(frame.index)


def _scorable(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[[*ORDER]].assign(place=rows["final"], expected=rows[column].astype("float64"))


def _by(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for cut in _CUTS:
        for values, part in rows.groupby(["series", *cut], sort=True):
            named = {
                "share" if name == "mark" else name: _plain(value)
                for name, value in zip(["series", *cut], values, strict=True)
            }
            named = {"class" if name == "car_class" else name: value for name, value in named.items()}
            naive = _naive(part, BASELINES[STRONGEST])
            now = {
                f"now_{name}": naive[name]
                for name in ("spearman", "place_mae", "winner_hit", "podium_hit", "brier_win")
            }
            yield {**named, "races": int(part["race"].nunique()), "n": len(part), **_model(part), **now}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
