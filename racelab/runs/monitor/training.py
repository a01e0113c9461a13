"""The lap-time model of a running race: the series' model, taught what the race has shown, kept beside the others."""

from pathlib import Path
from typing import Any

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.features import lap_features, race_laps
from racelab.models.laptime.endurance_model import EnduranceModel
from racelab.models.laptime.kept import of_parts
from racelab.models.laptime.model import FILTER, LapTimeModel
from racelab.store.protocol import Store

TARGET = "laptime_live"
# Models of one race that stay: the one in use, and two to look back at.
KEEP = 3


def shelf(key: SessionKey) -> str:
    """The name of a race among the live models, whose series it stands for."""
    return str(key).replace("/", "-").lower()


def retrain(store: Store, key: SessionKey, folder: Path) -> str:
    """Teach the series' newest model the race so far and keep the result, which the next prediction uses.

    Where no model of the series passed its backtest, the race alone teaches one.

    Returns:
        What came of it in words.

    Raises:
        NotFound: nothing is known of the series, and the race has too few clean laps.
        StoreError: the store or the folder cannot be used.
    """
    rows = lap_features(race_laps(store, key), store.read("weather", key))
    if rows.empty:
        raise NotFound("lap times: no clean lap yet")
    model, told = _taught(folder, key, rows)
    score = live_score(store.read("predictions", key, target="lap_time_ms"), rows)
    card = {**_card(key, rows, score), "features": list(model.features), **told}
    registry.save(folder, TARGET, shelf(key), model.parts(), card)
    registry.prune(folder, TARGET, shelf(key), KEEP)
    return f"lap times: {card['model']} of {len(rows)} laps of the race, {card['why']}"


def _taught(folder: Path, key: SessionKey, rows: pd.DataFrame) -> tuple[LapTimeModel | EnduranceModel, dict[str, Any]]:
    """The series' model with the race learned too, or one of the race alone; and what the card says of its origin."""
    try:
        saved = registry.newest(folder, "laptime", key.series.value)
    except NotFound:
        alone = LapTimeModel.fit(rows, FILTER)  # so few laps teach how far off the base is, and no more
        return alone, {"model": alone.kind, "base": None, "seeds": [0]}
    told = {"model": saved.card["model"], "base": saved.name, "seeds": saved.card["seeds"]}
    return of_parts(saved.parts).updated(rows), told


def live_score(predictions: pd.DataFrame, rows: pd.DataFrame) -> dict[str, Any]:
    """The score of the predictions made before their laps were driven, as a backtest's document tells it.

    Args:
        predictions: of the race, those of ``model`` live/... among them.
        rows: the features of its clean laps.

    Returns:
        ``n``, ``score`` and ``baselines`` (the last clean lap); no score where nothing predicted was driven yet.
    """
    live = predictions[predictions["model"].str.startswith("live/laptime_")]
    both = rows[rows["follows"].astype(bool)].merge(
        live[["car_number", "lap_number", "value"]], on=["car_number", "lap_number"]
    )
    if both.empty:
        return {"n": 0, "score": {"mae_ms": None}, "baselines": {"last_lap": {"mae_ms": None}}}
    errors = {name: (both[name] - both["lap_time_ms"]).abs().mean() for name in ("value", "naive_ms")}
    return {
        "n": len(both),
        "score": {"mae_ms": round(float(errors["value"]), 1)},
        "baselines": {"last_lap": {"mae_ms": round(float(errors["naive_ms"]), 1)}},
    }


def _card(key: SessionKey, rows: pd.DataFrame, score: dict[str, Any]) -> dict[str, Any]:
    mean, naive = score["score"]["mae_ms"], score["baselines"]["last_lap"]["mae_ms"]
    told = f"mean error {mean} ms against {naive} ms of the last clean lap on {score['n']} laps predicted live"
    document = {
        "target": "laptime",
        "series": key.series.value,
        "from": key.season,
        "to": key.season,
        **score,
        "by": [],
    }
    return {
        "series": key.series.value,
        "session": str(key),
        "data": {"sessions": 1, "first": key.season, "last": key.season, "n": len(rows), "until_lap": int(rows["lap_number"].max())},
        "backtest": document,
        "passed": mean is not None and mean < naive,
        "why": told if mean is not None else "no predicted lap was driven yet",
        "scope": f"the rest of {key}",
        "limits": "clean laps only; for other sessions use the series' own model",
    }  # fmt: skip
