"""The walk-forward backtest of the finishing order before the race, beside the naive order."""

from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models.backtests import Backtest
from racelab.models.finish.fields import Fields, fields
from racelab.models.finish.scores import calibration, coverage, naive_chances, scores
from racelab.models.finish.walk import walk
from racelab.store.protocol import Store

_SEASONS = 7  # scored where nobody says from when on
_WARM = 40  # events before the first scored one, predicted only so that the spread can be chosen
_CUTS = {"car_class": "class"}
_RANDOM = 20  # random orders of the retired cars


def backtest(store: Store, series: Series | None = None, first: int | None = None, last: int | None = None) -> Backtest:
    """Predict every race of the seasons by a model of what was over before it, and score that.

    Formula 1 is predicted from the grid as it stood at the start (who starts from the pit lane counts as last), cars
    that did not start left out; endurance races class by class from the order after the first lap.

    Args:
        store: with the history of Formula 1, or races of other series.
        series: one series, or all that the store holds.
        first: the first season that is scored; none: the last seven seasons.
        last: the last season that is scored.

    Returns:
        The document of ``racelab backtest finish --json`` and a row for each car with its chances. Beside the scores
        of `scores.scores` there are ``coverage_80`` and ``coverage_90``, ``brier_retires`` and ``ceiling_spearman``
        (what the true order of those that finish would score if who retires were drawn at random).

    Raises:
        NotFound: nothing could be scored.
        BadInput: nothing is predicted for the series.
    """
    parts = [part for each in fields(store, series) if len(part := predicted(each, first, last))]
    if not parts:
        raise NotFound("no race in these seasons with races enough before it to learn from: choose other seasons, or ingest more")  # fmt: skip
    rows = pd.concat([_known(part) for part in parts], ignore_index=True)
    return Backtest(document(rows, series), rows)


def predicted(held: Fields, first: int | None, last: int | None) -> pd.DataFrame:
    """The rows of the scored seasons with their predictions, those of the naive order and of the ridge regression."""
    own = held.own
    last = int(own["season"].max()) if last is None and len(own) else last or 0
    first = last - _SEASONS + 1 if first is None else first
    events = sorted(own.loc[own["season"].between(first, last), "event"].unique())
    if not events:
        return own.iloc[:0]
    warm = sorted(own.loc[own["event"] < events[0], "event"].unique())[-_WARM:]
    taught = held.rows[held.rows["cars"] > 1]
    done = walk(taught, held.recipe, [int(each) for each in [*warm, *events]], richer=held.richer)
    done = done[done["event"].isin(events)] if len(done) else done
    return done.assign(naive=done[held.order], naive_name=held.naive, cuts="/".join(held.cuts)) if len(done) else done


def document(rows: pd.DataFrame, series: Series | None) -> dict[str, Any]:
    """The scores of predicted rows, of the naive order and of the ridge alone, by season, circuit or class."""
    names = sorted(rows["naive_name"].unique())
    baselines = {" and ".join(names): _answer(rows, "naive"), "ridge": _answer(rows, "ridge")}
    cuts = [name for name in ("season", "circuit", "car_class") if rows["cuts"].str.contains(name).any()]
    by = [_by(cut, value, part) for cut in cuts for value, part in rows[rows["cuts"].str.contains(cut)].groupby(cut)]
    by += [{"series": name, "n": len(part), **_score(part)} for name, part in rows.groupby("series")] if rows["series"].nunique() > 1 else []  # fmt: skip
    return {
        "target": "finish",
        "series": series.value if series else None,
        "from": int(rows["season"].min()),
        "to": int(rows["season"].max()),
        "n": len(rows),
        "score": {**_score(rows), **_ceiling(rows)},
        "baselines": baselines,
        "by": [*by, *_curve(rows)],
    }


def _known(part: pd.DataFrame) -> pd.DataFrame:
    return part.assign(order_key=part["series"] + "/" + part["race"].astype(str))


def _score(rows: pd.DataFrame) -> dict[str, float | None]:
    found = scores(rows, ("order_key",))
    shares = {f"coverage_{level}": coverage(rows, level) for level in (80, 90)}
    misses = float(((rows["p_retires"] - rows["out"]) ** 2).mean())
    return {
        **found,
        "races": rows["order_key"].nunique(),
        **{name: None if share is None else round(share, 4) for name, share in shares.items()},
        "brier_retires": round(misses, 5),
    }


def _answer(rows: pd.DataFrame, column: str) -> dict[str, float | None]:
    plain = rows[["order_key", "place"]].assign(expected=rows[column], p_win=np.nan)
    chance = naive_chances(plain.assign(order=rows[column]), "order", ("order_key",))
    found = scores(plain.drop(columns="p_win"), ("order_key",))
    return {**found, "brier_win": scores(plain.assign(p_win=chance), ("order_key",))["brier_win"]}


def _by(cut: str, value: object, part: pd.DataFrame) -> dict[str, Any]:
    naive = _answer(part, "naive")
    named = value.item() if isinstance(value, np.generic) else value
    beside = {f"naive_{name}": naive[name] for name in ("spearman", "place_mae", "winner_hit")}
    return {_CUTS.get(cut, cut): named, "n": len(part), **_score(part), **beside}


def _curve(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The calibration curves of the chances to win, to be on the podium, to score points and to retire."""
    paid = np.where(rows["series"].eq("f1"), 10, 3)
    came = {"p_win": rows["place"].le(1), "p_podium": rows["place"].le(3), "p_points": rows["place"].le(paid), "p_retires": rows["out"]}  # fmt: skip
    return [
        {"chance": f"{name} {each['low']:.3f} to {each['high']:.3f}", "n": int(each["n"]),
         "predicted": round(each["predicted"], 4), "happened": round(each["happened"], 4)}
        for name, happened in came.items() for each in calibration(rows[name], happened).to_dict("records")
    ]  # fmt: skip


def _ceiling(rows: pd.DataFrame) -> dict[str, float | None]:
    """The scores of the true order of the cars that finish, in which those that retire are put at random places."""
    random = np.random.default_rng(1)
    found = []
    for _ in range(_RANDOM):
        chance = random.uniform(0.5, rows["cars"] + 0.5)
        expected = rows["place"].where(rows["out"].eq(0), chance)
        expected = expected.groupby(rows["order_key"]).rank()
        found.append(scores(rows[["order_key", "place"]].assign(expected=expected), ("order_key",)))
    means = pd.DataFrame(found)[["spearman", "place_mae"]].mean()
    return {f"ceiling_{name}": round(float(value), 4) for name, value in means.items()}
