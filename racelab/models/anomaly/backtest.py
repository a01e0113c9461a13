"""How much of what is known to have happened the forest finds, walked forward race by race."""

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.pace import robust_sd
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models.anomaly.forest import LEAST_ROWS, fit
from racelab.models.anomaly.generated import seed_of
from racelab.models.anomaly.lapmodels import known_rows, paces
from racelab.models.anomaly.races import Race, all_series, labels_of, race_keys, read_race
from racelab.models.anomaly.scoring import by_kind, curve, runs, score
from racelab.models.backtests import Backtest
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
REAL, GENERATED = "real", "generated"
_NAIVE_SD = 4.0
_TAUGHT_BY = 20  # races before the scored one that the forest and its threshold learn from
_RECALL_AT = "recall_at_80"


def backtest(store: Store, series: Series | None, first: int | None = None, last: int | None = None) -> Backtest:
    """Score the forest on every race of the seasons from first to last; everything earlier may teach, never a label.

    What is expected of a race's laps is said by a lap-time model of races of its kind (real or generated) before it, by
    the untaught filter while they are fewer than three. It is scored by a forest of the 20 races before it, whose laps
    were judged in the same way; the first one by a forest of its own laps. Real races are scored against `labels.KINDS`, generated ones against the mishaps that were drawn.
    The baseline flags laps beyond four robust SDs of the race's lap times over the car's median.

    Returns:
        The document, whose ``score`` is that of the real races where there are any, and whose ``by`` has the real and
        the generated row of each series side by side, then seasons and kinds of labels; and every judged lap with
        its ``score``, ``flagged`` and ``naive``. Everything is counted in events, ``n`` in judged laps.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    rows, labels = [], []
    for one in all_series(series):
        for race, scored in _walk(store, one, first, last):
            rows.append(scored)
            labels.append(labels_of(store, race))
            log.info("anomalies of %s: %d laps judged, %d flagged, %d labels", race.key, len(scored), int(scored["flagged"].sum()), len(labels[-1]))  # fmt: skip
    if not rows:
        raise NotFound("no race with enough laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    judged, known = pd.concat(rows, ignore_index=True), pd.concat(labels, ignore_index=True)
    return Backtest(_document(judged, known, series), judged)


def _walk(store: Store, series: Series, first: int | None, last: int | None) -> Iterator[tuple[Race, pd.DataFrame]]:
    keys = race_keys(store, series, last)
    features = known_rows(store, series, last) if keys else pd.DataFrame()
    seeds = {key: seed_of(store, key) for key in keys}
    for is_real in (True, False):
        own = [key for key in keys if (seeds[key] is None) == is_real]
        yield from _walk_one(store, own, features, first)


def _walk_one(
    store: Store, keys: list[SessionKey], features: pd.DataFrame, first: int | None
) -> Iterator[tuple[Race, pd.DataFrame]]:
    """Races of one kind in their order; those before the first scored one are judged as far as they teach the forest."""
    taught: list[pd.DataFrame] = []
    wanted = [place for place, key in enumerate(keys) if first is None or key.season >= first]
    begin = max(wanted[0] - _TAUGHT_BY, 0) if wanted else len(keys)
    for place, model in paces(keys, features, begin):
        race = read_race(store, keys[place], model)
        if place >= wanted[0] and (scored := _scored(race, taught)):
            yield race, scored[0]
        if len(race.rows):
            taught.append(race.rows)
            del taught[:-_TAUGHT_BY]


def _scored(race: Race, taught: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The race's judged laps with their scores; none where neither it nor what was before has enough laps."""
    known = pd.concat(taught, ignore_index=True) if taught else race.rows
    if not len(race.rows) or len(known) < LEAST_ROWS:
        log.warning("%s is not scored: too few laps can be judged", race.key)
        return []
    forest = fit(known)
    scores = forest.score(race.rows)
    source = REAL if race.seed is None else GENERATED
    return [race.rows.assign(score=scores, flagged=scores > 0, naive=four_sd(race.rows), source=source,
                             series=race.key.series.value, season=race.key.season)]  # fmt: skip


def four_sd(rows: pd.DataFrame) -> np.ndarray:
    """Whether a lap is beyond four robust SDs of the race's lap times over their car's median: the naive answer."""
    share = rows["lap_time_ms"] / rows.groupby("car_number")["lap_time_ms"].transform("median") - 1
    return np.asarray(share > _NAIVE_SD * robust_sd(share.to_numpy(dtype="float64")))


def _document(rows: pd.DataFrame, labels: pd.DataFrame, series: Series | None) -> dict[str, Any]:
    source = REAL if (rows["source"] == REAL).any() else GENERATED
    shown = rows[rows["source"] == source]
    return {
        "target": "anomaly", "series": series.value if series else None,
        "from": int(rows["season"].min()), "to": int(rows["season"].max()), "n": len(shown),
        "score": {**_score(shown, "flagged", labels), _RECALL_AT: _curve(shown, labels), **_equal(shown, labels)},
        "baselines": {"four_sd": _score(shown, "naive", labels)}, "by": _by(rows, labels),
    }  # fmt: skip


def _by(rows: pd.DataFrame, labels: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for name, part in rows.groupby("series", sort=False):
        for source in (REAL, GENERATED):
            own = part[part["source"] == source]
            cut = {"source": source, "series": str(name), "n": len(own)}
            found.append(
                {
                    **cut,
                    "answer": "the model",
                    **_score(own, "flagged", labels),
                    _RECALL_AT: _curve(own, labels),
                    **_equal(own, labels),
                }
            )
            found.append({**cut, "answer": "four_sd", **_score(own, "naive", labels)})
    for (source, name, season), own in rows.groupby(["source", "series", "season"], sort=False):
        found.append({"source": source, "series": name, "season": int(season), "n": len(own), "answer": "the model", **_score(own, "flagged", labels)})  # fmt: skip
    for (source, name), own in rows.groupby(["source", "series"], sort=False):
        for answer, column in (("the model", "flagged"), ("four_sd", "naive")):
            kinds = by_kind(own, own[column], _of(own, labels))
            found += [{"source": source, "series": name, "answer": answer, **each} for each in kinds]
    return found


def _score(rows: pd.DataFrame, column: str, labels: pd.DataFrame) -> dict[str, Any]:
    return score(rows, rows[column], _of(rows, labels))


def _curve(rows: pd.DataFrame, labels: pd.DataFrame) -> float | None:
    return curve(rows, rows["score"], _of(rows, labels)) if len(rows) else None


def _equal(rows: pd.DataFrame, labels: pd.DataFrame) -> dict[str, Any]:
    """Precision and recall of the forest's order at as many events as four robust SDs flag, or the next more."""
    wanted = len(runs(rows, rows["naive"])) if len(rows) else 0
    for level in rows["score"].quantile(1 - np.geomspace(1e-4, 0.2, 80)).unique() if wanted else ():
        if len(runs(rows, rows["score"] >= level)) >= wanted:
            one = score(rows, rows["score"] >= level, _of(rows, labels))
            return {"precision_at_naive": one["precision"], "recall_at_naive": one["recall"]}
    return {"precision_at_naive": None, "recall_at_naive": None}


def _of(rows: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    return labels[labels["session_id"].isin(rows["session_id"].unique())]
