"""A kept model as its report needs it: the card, the backtest's rows under common names, and what the features weigh."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import BadInput, NotFound
from racelab.models import registry
from racelab.models.backtests import LESS_IS_BETTER, NAIVE
from racelab.models.explain import tree_contributions

CUTS = {
    "season": "season", "circuit": "circuit", "class": "class", "phase": "phase", "share": "share of the distance",
    "session": "session", "tyre": "tyre", "compound": "tyre", "label": "kind of event", "horizon": "laps ahead",
}  # fmt: skip
# The rows' own names for what came and what was predicted, the first that is there.
_CAME = {"laptime": ("lap_time_ms",), "finish": ("place", "final"), "inrace": ("final", "place")}
_SAID = ("value", "predicted", "median", "expected")
_COMMON = {"car_class": "class", "compound": "tyre", "mark": "share"}
_COVERED = ("class", "tyre", "phase", "share", "season")
LEVELS = (80, 90)
_SAMPLE = 2_000  # rows behind mean absolute Shapley values


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card, its scored rows (``came``, ``said``, intervals, chances, cuts), its parts; without a card, why."""

    target: str
    series: str
    card: dict[str, Any] | None = None
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: dict[str, Any] = field(default_factory=dict)
    missing: str = ""
    used: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The backtest's document; empty without a card."""
        return self.card["backtest"] if self.card else {}

    @property
    def first_score(self) -> str:
        """The score by which the model is judged: the document's first that is known of it and of another answer."""
        score, others = self.document["score"], self.document["baselines"].values()
        told = (
            name for name in score if score[name] is not None and any(each.get(name) is not None for each in others)
        )
        return str(next(told, next(iter(score))))


def read_model(folder: Path, target: str, series: str) -> ModelCard:
    """The newest model of a target and series, whether or not it passed, with the rows of its backtest.

    A target that is not trained gives a card-less one whose ``missing`` says so.

    Raises:
        BadInput: the rows' file is broken.
    """
    try:
        saved = registry.newest(folder, target, series, passed=False)
    except NotFound as error:
        return ModelCard(target, series, missing=f"{error}.".replace("..", "."))
    try:
        rows = registry.rows(saved.path)
    except NotFound:
        rows = pd.DataFrame()
    return ModelCard(target, series, saved.card, common(rows, target), saved.parts, used=_in_use(folder, saved))


def _in_use(folder: Path, saved: registry.Saved) -> str:
    """Which model predictions come from while this one did not pass."""
    if saved.card["passed"]:
        return ""
    try:
        path = registry.newest_path(folder, saved.card["target"], saved.card["series"])
    except NotFound:
        return "No model of this target and series is in use."
    return f"The one in use is {path.name}, the newest that passed."


def common(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    """A backtest's rows under common names.

    ``model_`` before a column's name is left out; ``came`` and ``said`` are the outcome and the prediction, ``class``
    and ``tyre`` the car's; ``season`` and ``session_name`` follow from the session's id where it is there.
    """
    if rows.empty:
        return rows
    plain = {name: name.removeprefix("model_") for name in rows.columns if name.startswith("model_")}
    rows = rows.rename(columns={old: new for old, new in plain.items() if new not in rows.columns})
    for name, choices in (("came", _CAME.get(target, ())), ("said", _SAID)):
        found = next((each for each in choices if each in rows.columns), None)
        if found:
            rows = rows.assign(**{name: rows[found].astype("float64")})
    named = {old: new for old, new in _COMMON.items() if old in rows.columns}
    # A race's share at a moment stands beside the one it is scored under: of two columns the common one stays.
    rows = rows.drop(columns=[new for new in named.values() if new in rows.columns]).rename(columns=named)
    if "session_id" in rows.columns:
        ids = rows["session_id"].astype("int64")
        keys = {each: SessionKey.of_id(int(each)) for each in ids.unique()}
        rows = rows.assign(session_name=ids.map({each: str(key) for each, key in keys.items()}))
        if "season" not in rows.columns:
            rows = rows.assign(season=ids.map({each: key.season for each, key in keys.items()}))
    elif {"series", "season", "round"} <= set(rows.columns):
        rows = rows.assign(
            session_name=rows["series"] + "/" + rows["season"].astype(str) + "/" + rows["round"].astype(str)
        )
    return rows


def cut_scores(model: ModelCard) -> dict[str, pd.DataFrame]:
    """The first score by each cut alone: ``name, n, model, naive``, naive being the best baseline's where it is known."""
    found: dict[str, list[dict[str, Any]]] = {}
    score = model.first_score
    for row in model.document["by"]:
        cuts = _cuts_of(row)
        if len(cuts) != 1 or row.get(score) is None or row.get("answer", "the model") != "the model":
            continue
        naive = _naive(model, row, cuts[0], score)
        found.setdefault(cuts[0], []).append({"name": str(row[cuts[0]]), "n": row.get("n"), "model": row[score], "naive": naive})  # fmt: skip
    return {cut: pd.DataFrame(rows) for cut, rows in found.items() if len(rows) > 1}


def _cuts_of(row: dict[str, Any]) -> list[str]:
    """The cuts that a row of the document names; a series of one class has no class's name."""
    return [name for name in CUTS if row.get(name) not in (None, "")]


def best_baseline(model: ModelCard) -> str | None:
    """The naive answer with the best first score: the least error, or the most of what is better high."""
    held = {name: each.get(model.first_score) for name, each in model.document["baselines"].items()}
    naive = NAIVE.get(model.target, tuple(held))
    known = {name: value for name, value in held.items() if value is not None and name in naive}
    pick = min if model.first_score in LESS_IS_BETTER else max
    return pick(known, key=lambda name: known[name]) if known else None


def _naive(model: ModelCard, row: dict[str, Any], cut: str, score: str) -> float | None:
    """The best baseline's score of a cut: from the document's row where it tells, else from the rows."""
    best = best_baseline(model)
    nested = row.get("baselines", {}).get(best, {}) if best else {}
    for told in (
        nested.get(score),
        row.get(f"now_{score}"),
        row.get(f"naive_{score}"),
        row.get(f"{best}_{score}"),
        row.get(f"baseline_{score}"),
    ):
        if told is not None:
            return float(told)
    rows = model.rows
    column = "session_name" if cut == "session" else cut
    if score != "mae_ms" or best not in rows.columns or column not in rows.columns:
        return None
    own = rows[rows[column].astype(str) == str(row[cut])]
    return float((own[best] - own["came"]).abs().mean()) if len(own) else None


def coverages(model: ModelCard) -> pd.DataFrame:
    """The share of outcomes inside their interval, over all and by class, tyre, phase and season.

    It is what the backtest's document tells; cuts that it does not tell are counted in the rows.

    Returns:
        ``cut, name, n, level, share``; empty where there are no intervals.
    """
    told = [("all", "all", model.document.get("n"), model.document.get("score", {}))]
    for row in model.document.get("by", []):
        cuts = _cuts_of(row)
        if len(cuts) == 1 and cuts[0] in _COVERED and row.get("answer", "the model") == "the model":
            told.append((CUTS[cuts[0]], str(row[cuts[0]]), row.get("n"), row))
    found = [
        (cut, name, n, level, float(scores[f"coverage_{level}"]))
        for cut, name, n, scores in told for level in LEVELS if scores.get(f"coverage_{level}") is not None
    ]  # fmt: skip
    known = {cut for cut, *_ in found}
    return pd.DataFrame([*found, *_counted(model.rows, known)], columns=["cut", "name", "n", "level", "share"])


def _counted(rows: pd.DataFrame, known: set[str]) -> Iterator[tuple[str, str, int, int, float]]:
    """Coverage by the cuts that are not known yet, from rows with intervals."""
    for level in LEVELS:
        if not {f"low_{level}", f"high_{level}", "came"} <= set(rows.columns):
            continue
        held = rows[rows[f"low_{level}"].notna()]
        inside = held["came"].between(held[f"low_{level}"], held[f"high_{level}"])
        if "all" not in known and len(inside):
            yield "all", "all", len(inside), level, float(inside.mean())
        for cut in _COVERED:
            if CUTS[cut] not in known and cut in held.columns:
                for name, own in inside.groupby(held[cut].replace("", None)):
                    yield CUTS[cut], str(name), len(own), level, float(own.mean())


def misses(rows: pd.DataFrame, first: int) -> pd.DataFrame:
    """The rows whose prediction was farthest off, the worst first, one a car and session."""
    if not {"came", "said"} <= set(rows.columns):
        return pd.DataFrame()
    frame = rows.assign(off=rows["came"] - rows["said"]).dropna(subset=["off"])
    frame = frame.loc[frame["off"].abs().sort_values(ascending=False, kind="stable").index]
    keys = [name for name in ("session_name", "race", "car_number") if name in frame.columns]
    return (frame.drop_duplicates(keys) if "car_number" in keys else frame).head(first)


def importance(model: ModelCard) -> tuple[pd.Series, str]:
    """What each feature weighs, as shares that add up to 1, the heaviest first; and in words how that was found.

    Mean absolute Shapley values where a part is boosted trees and the rows hold its features, else the trees' total
    gain, else what the card itself says under ``importance``.
    """
    told = (model.card or {}).get("importance")
    if isinstance(told, dict) and told:
        return _shares(pd.Series(told, dtype="float64")), "as the card tells"
    features = (model.card or {}).get("features")
    for name, part in model.parts.items():
        booster = _booster(part)
        if booster is None or not isinstance(features, list):
            continue
        names = booster.feature_names or features
        if len(names) != booster.num_features():
            continue  # a part of fewer or other features than the card lists: they cannot be told apart
        if set(names) <= set(model.rows.columns):
            x = model.rows[names].sample(min(_SAMPLE, len(model.rows)), random_state=0)
            values = np.abs(tree_contributions(booster, x.to_numpy(dtype="float64", na_value=np.nan))[:, :-1])
            return _shares(pd.Series(values.mean(axis=0), index=names)), f"mean absolute Shapley values of {len(x):,} backtest rows, of the part {name}"  # fmt: skip
        gain = booster.get_score(importance_type="total_gain")
        by_place = {f"f{place}": each for place, each in enumerate(features)}
        found = pd.Series({by_place.get(each, each): float(value) for each, value in gain.items()}, dtype="float64")
        if len(found):
            return _shares(found), f"the trees' total gain, of the part {name}"
    return pd.Series(dtype="float64"), ""


def _booster(part: Any) -> Any:
    if type(part).__name__ == "Booster":
        return part
    try:
        return part.get_booster() if hasattr(part, "get_booster") else None
    except (AttributeError, BadInput):
        return None


def _shares(values: "pd.Series[float]") -> "pd.Series[float]":
    values = values.abs()
    total = float(values.sum())
    return (values / total if total else values).sort_values(ascending=False)
