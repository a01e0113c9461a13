"""Train the finishing-order model of each series, with its backtest, and keep it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.explain import gains
from racelab.models.finish.backtest import document, predicted
from racelab.models.finish.fields import Fields, fields
from racelab.models.finish.model import LEAST_RACES, FinishModel
from racelab.models.finish.walk import best_lean, best_spread
from racelab.store.protocol import Store

_SCORED = 3  # seasons of the card's backtest
_BETTER = {"spearman": 1, "place_mae": -1, "brier_win": -1}


def train(store: Store, folder: Path, series: Series | None = None) -> list[dict[str, Any]]:
    """Fit each series' model to all its races, score the last three seasons walk-forward, and keep both.

    Returns:
        The cards, each with the ``path`` where its model lies.

    Raises:
        NotFound: the store has no series with eight orders to learn from and one more to score.
        BadInput: nothing is predicted for the series.
    """
    cards = [card for each in fields(store, series) if (card := _train(each, folder)) is not None]
    if not cards:
        raise NotFound(f"no series with more than {LEAST_RACES} orders to learn a finishing order from: ingest more races")  # fmt: skip
    return cards


def _train(held: Fields, folder: Path) -> dict[str, Any] | None:
    own = held.own
    held = replace(held, richer=None)  # what is kept must do without practice: nobody tells it of a race to come
    done = predicted(held, int(own["season"].max()) - _SCORED + 1, None) if len(own) else own
    if done.empty:
        return None
    taught = held.rows[held.rows["place"].notna() & (held.rows["cars"] > 1)]
    model = FinishModel.fit(taught, held.recipe)
    latest = [part for _, part in done.groupby("event", sort=True)]
    model = model.tuned(best_spread(latest) or model.spread, best_lean(latest, held.recipe.naive))
    rows = done.assign(order_key=done["series"] + "/" + done["race"].astype(str))
    card = _card(held, taught, document(rows, held.series))
    if model.trees is not None:
        card["importance"] = gains(model.trees, held.recipe.trees)
    path = registry.save(folder, "finish", held.series.value, model.parts(), card, _kept(rows))
    return {**card, "target": "finish", "series": held.series.value, "path": str(path)}


def _card(held: Fields, taught: pd.DataFrame, scored: dict[str, Any]) -> dict[str, Any]:
    naive = scored["baselines"][held.naive]
    better = [name for name, way in _BETTER.items() if _is_better(scored["score"][name], naive[name], way)]
    passed = len(better) == len(_BETTER)
    tail = "" if passed else f"; better only in {', '.join(better) or 'nothing'}"
    own = held.own.sort_values("event")
    ends = [f"{held.series.value}/{row['season']}/{row['round']}" for row in (own.iloc[0], own.iloc[-1])]
    return {
        "model": "mean of " + ", ".join(held.recipe.blend) + "; winner by conditional logit; retirement by logistic",
        "data": {"sessions": int(own["event"].nunique()), "first": ends[0], "last": ends[1], "n": len(taught)},
        "features": list(held.recipe.features),
        "seeds": {"draws": 1, "trees": 1},
        "backtest": scored,
        "passed": passed,
        "why": f"correlation {scored['score']['spearman']} against {naive['spearman']} of the order {held.naive}, place error {scored['score']['place_mae']} against {naive['place_mae']}{tail}",
        "scope": f"{held.series.label}, before the race" + ("" if held.series is Series.F1 else ", after its first lap, by class"),
        "limits": "no weather forecast, no practice pace; who retires is close to chance; of a race that it learned from it has seen the result, which no race of its backtest had",
    }  # fmt: skip


def _is_better(own: float | None, naive: float | None, way: int) -> bool:
    return own is not None and naive is not None and way * (own - naive) > 0


def _kept(rows: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in ("session_id", "series", "season", "round", "car_class", "car_number", "driver", "place", "out",
             "naive", "expected", "median", "p_win", "p_podium", "p_points", "p_retires", "low_80", "high_80",
             "low_90", "high_90") if name in rows]  # fmt: skip
    return rows[names].reset_index(drop=True)
