"""Every car's chances of its places at the end, by the series' model of the order during the race."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from racelab import wall
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.inrace.predicting import predict_inrace
from racelab.runs.monitor.predicting import LIVE
from racelab.store.protocol import Store

_CHANCES = ("p_win", "p_podium", "p_points", "p_retires")
_ENDS = ("low_80", "high_80", "low_90", "high_90")


def predict_places(store: Store, key: SessionKey, models: Path) -> tuple[int, str]:
    """Write every car's chances and its place in class with intervals to the table ``predictions``.

    ``lap_number`` is the laps that the car had done, so that each lap keeps what was said then. Without a model of the
    series that passed its backtest the order is told as it is, with wide chances, under the name ``live/order_now``.

    Returns:
        How many cars have a prediction, and the model's name.

    Raises:
        NotFound: no car has completed a lap yet.
        StoreError: the store cannot be read or written.
    """
    try:
        saved = registry.newest(models, "inrace", key.series.value)
    except NotFound:
        saved = None
    table = predict_inrace(store, key, saved)
    name = f"{LIVE}/{table['model'].iloc[0]}"
    store.upsert("predictions", _rows(key, table, name))
    return len(table), name


def _rows(key: SessionKey, table: pd.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    now = wall.now()
    for row in table.to_dict("records"):
        shared = {
            "session_id": key.session_id, "car_number": str(row["car_number"]), "lap_number": int(row["lap_number"]),
            "model": name, "sequence": 0, "quality": "predicted", "created_utc": now,
        }  # fmt: skip
        nulls = dict.fromkeys(_ENDS)
        for target in _CHANCES:
            yield {**shared, **nulls, "target": target, "value": float(row[target])}
        yield {**shared, **{end: float(row[end]) for end in _ENDS}, "target": "place", "value": float(row["place"])}
