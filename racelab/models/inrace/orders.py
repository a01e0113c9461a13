"""The scores of every single order: a class of a race at a moment, by the model and by the naive answers."""

from typing import Any

import pandas as pd

from racelab.models.finish.scores import coverage, scores
from racelab.models.inrace.naive import BASELINES

ORDER = ["race", "car_class", "mark"]  # what names one order to predict
MODEL = "model"
NAIVE_SCORES = ("spearman", "place_mae", "order_mae", "winner_hit", "podium_hit", "brier_win")
MODEL_SCORES = (*NAIVE_SCORES, "coverage_80", "coverage_90", "brier_retires")
_BY_CAR = ("brier_win", "coverage_80", "coverage_90", "brier_retires")  # means over cars; the others over orders
_NAMES = ["series", "season", "session", *ORDER]


def orders_of(rows: pd.DataFrame) -> pd.DataFrame:
    """A row an order: its names, ``cars``, and each score under the answer's name and its own, such as model_spearman.

    The median place is what ``place_mae`` of the model counts, for it has the least expected error; it is in the order of
    the mean place. The naive answers' chances to win are how often a car at this place, at this share of the distance, had
    won in the races before.
    """
    naive = {name: _scorable(rows, column).assign(p_win=rows[f"{name}_p_win"]) for name, column in BASELINES.items()}
    known = _model(rows)
    found = []
    for names, part in rows.groupby(_NAMES, sort=False):
        held = {f"{MODEL}_{score}": value for score, value in _model_scores(known.loc[part.index]).items()}
        for name, frame in naive.items():
            held |= {f"{name}_{score}": value for score, value in scores(frame.loc[part.index], ORDER).items()}
        found.append({**dict(zip(_NAMES, names, strict=True)), "cars": len(part), **held})
    return pd.DataFrame(found)


def mean_scores(orders: pd.DataFrame, answer: str) -> dict[str, float | None]:
    """The means of an answer's scores over orders; those that count cars, over cars. None where nothing was scored."""
    found: dict[str, float | None] = {}
    for score in MODEL_SCORES if answer == MODEL else NAIVE_SCORES:
        known = orders.dropna(subset=[f"{answer}_{score}"])
        weight = known["cars"] if score in _BY_CAR else known["cars"] * 0 + 1
        values = known[f"{answer}_{score}"].astype("float64")
        found[score] = round(float((values * weight).sum() / weight.sum()), 5) if len(known) else None
    return found


def _model_scores(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        **scores(frame, ORDER),
        "coverage_80": coverage(frame, 80),
        "coverage_90": coverage(frame, 90),
        "brier_retires": float(((frame["p_retires"] - frame["retired"]) ** 2).mean()),
    }


def _model(rows: pd.DataFrame) -> pd.DataFrame:
    ends = ("low_80", "high_80", "low_90", "high_90")
    columns = {name: rows[f"model_{name}"] for name in ("p_win", "p_podium", "p_retires", "median", *ends)}
    return _scorable(rows, "model_expected").assign(**columns, retired=rows["retired"])


def _scorable(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[[*ORDER]].assign(place=rows["final"], expected=rows[column].astype("float64"))
