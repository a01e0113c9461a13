"""Every car's next lap, predicted by the series' model with an interval."""

from pathlib import Path
from typing import Any

import pandas as pd

from racelab import wall
from racelab.domain.flags import Flag
from racelab.domain.sessions import SessionKey
from racelab.models.registry import flat as registry
from racelab.models.features import matrix, next_lap_features
from racelab.models.laptime import TARGET
from racelab.models.laptime.conformal import LEVELS
from racelab.store.protocol import Store

# Beside the model's name, so that a prediction made before its lap is never taken for one of a backtest.
LIVE = "live"


def predict_next_laps(store: Store, key: SessionKey, models: Path) -> tuple[int, int, str]:
    """Predict the next lap of every car that has a clean lap to go by, into the table ``predictions``.

    The model knows racing laps only: a car in the pits, whose next lap is an out-lap, has no prediction, nor has any car
    while the track is neutralised.

    Returns:
        How many cars have a prediction, of how many with laps, and the model's name.

    Raises:
        NotFound: no model of the series is trained yet.
        StoreError: the store cannot be read or written.
    """
    model, meta = registry.load(models, f"laptime_{key.series.value}")
    classes = store.read("entries", key)[["car_number", "car_class"]]
    laps = store.read("laps", key).merge(classes, on="car_number", how="left")
    flags = store.read("track_status", key)["flag"].tail(1)
    is_neutral = any(Flag(flag).is_neutral for flag in flags)
    rows = next_lap_features(laps.head(0) if is_neutral else laps)
    name = f"{LIVE}/{meta['name']}/{meta.get('model', 'model')}"
    if len(rows):
        share = pd.Series(model.predict(matrix(rows)), index=rows.index).astype("float64")
        rows = rows.assign(value=rows["recent_ms"] * (1 + share))
        store.upsert("predictions", _rows(key, rows, meta["interval_half_width_share"], name))
    return len(rows), int(laps["car_number"].nunique()), name


def _rows(key: SessionKey, rows: pd.DataFrame, shares: dict[str, float | None], model: str) -> list[dict[str, Any]]:
    now = wall.now()
    return [
        {
            "session_id": key.session_id, "car_number": str(row.car_number), "target": TARGET,
            "lap_number": int(row.lap_number), "model": model, "sequence": 0, "value": float(row.value),
            **_interval(float(row.value), float(row.recent_ms), shares), "quality": "predicted", "created_utc": now,
        }
        for row in rows.itertuples()
    ]  # fmt: skip


def _interval(value: float, recent_ms: float, shares: dict[str, float | None]) -> dict[str, float | None]:
    """The ends of the intervals, whose half widths are shares of the recent pace; null where too few laps tell them."""
    ends: dict[str, float | None] = {}
    for level in LEVELS:
        share = shares.get(str(level))
        ends[f"low_{level}"] = None if share is None else value - share * recent_ms
        ends[f"high_{level}"] = None if share is None else value + share * recent_ms
    return ends
