"""Training on all races of a series, and writing every lap's score."""

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from racelab.domain.series import Series
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.anomaly.backtest import backtest
from racelab.models.anomaly.events import describe
from racelab.models.anomaly.forest import LEAST_ROWS, Forest, fit
from racelab.models.anomaly.lapmodels import known_rows, learn
from racelab.models.anomaly.races import Race, all_series, race_keys, read_race
from racelab.models.anomaly.residuals import FEATURES
from racelab.store.protocol import Store

log = logging.getLogger("racelab")
TARGET = "anomaly_score"
_SCOPE = "Racing laps of races with times at the line; not pit laps, not laps at least partly under caution."
_LIMITS = (
    "It finds time lost, not causes: a mistake, a fault and letting somebody by look alike, and what costs no time is"
    " not seen. Precision on real races counts only what the records tell, which is not all that happened."
)


def train(store: Store, folder: Path, series: Series | None = None) -> list[dict[str, Any]]:
    """Fit and keep an isolation forest for each series that the store holds, and write every judged lap's score.

    The table ``predictions`` then holds ``anomaly_score`` for each judged lap: above 0 is an anomaly, and the first lap
    of an event has it as JSON in ``detail``.

    Returns:
        The card of each.

    Raises:
        NotFound: the store has no race with enough laps.
    """
    done = []
    for each in all_series(series):
        keys = race_keys(store, each)
        pace = learn(known_rows(store, each), each) if keys else None
        races = [read_race(store, key, pace) for key in keys]
        rows = [race.rows for race in races if len(race.rows)]
        if sum(map(len, rows)) < LEAST_ROWS:
            continue
        scored = backtest(store, each, None, None)
        forest = fit(_not_learned_from(scored.rows, rows), pace)
        card = _card(each, races, sum(map(len, rows)), scored.document)
        path = registry.save(folder, "anomaly", each.value, forest.parts(), card, scored.rows)
        for race in races:
            write_scores(store, race, forest, model_name(each))
        done.append({**card, "path": str(path)})
    if not done:
        raise NotFound("no race with enough laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    return done


def _not_learned_from(scored: pd.DataFrame, rows: list[pd.DataFrame]) -> pd.DataFrame:
    """The laps of the backtest, which no lap-time model had learned from; where they are few, all."""
    return scored if len(scored) >= LEAST_ROWS else pd.concat(rows, ignore_index=True)


def model_name(series: Series) -> str:
    """What predictions of a trained forest call it."""
    return f"anomaly/{series.value}"


def write_scores(store: Store, race: Race, forest: Forest, model: str) -> int:
    """Write the score of every judged lap of a race, and each event beside its first lap; returns the events."""
    if not len(race.rows):
        return 0
    scores = pd.Series(forest.score(race.rows), index=race.rows.index)
    events = describe(race.rows, scores, race.laps)
    details = {
        (str(event.car_number), int(event.first_lap)): json.dumps(
            {"first_lap": int(event.first_lap), "last_lap": int(event.last_lap), "severity": event.severity,
             "loss_ms": int(event.loss_ms), "reason": event.reason, "score": float(event.score)}
        )
        for event in events.itertuples()
    }  # fmt: skip
    store.upsert(
        "predictions",
        (
            {"session_id": int(row.session_id), "car_number": str(row.car_number), "target": TARGET,
             "lap_number": int(row.lap_number), "model": model, "sequence": 0, "value": float(value),
             "quality": "predicted", "detail": details.get((str(row.car_number), int(row.lap_number)))}
            for row, value in zip(race.rows.itertuples(), scores, strict=True)
        ),
    )  # fmt: skip
    return len(events)


def _card(series: Series, races: list[Race], n: int, document: dict[str, Any]) -> dict[str, Any]:
    own, naive = document["score"], document["baselines"]["four_sd"]
    passed = (own["f1"] or 0.0) > (naive["f1"] or 0.0)
    keys = [str(race.key) for race in races]
    return {
        "target": "anomaly", "series": series.value, "model": "isolation forest on what the lap-time model leaves",
        "data": {"sessions": keys, "first": keys[0], "last": keys[-1], "n": n}, "features": list(FEATURES),
        "seeds": {"forest": 0}, "backtest": document, "passed": passed,
        "why": f"F1 score {own['f1']} against {naive['f1']} of four robust SDs, over {own['labels']} labels",
        "scope": _SCOPE, "limits": _LIMITS, "n": n,
    }  # fmt: skip
