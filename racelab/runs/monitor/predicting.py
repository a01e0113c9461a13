"""Every car's next lap, predicted with an interval by the model that learned the race last, or else the series' own."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from racelab import wall
from racelab.domain.flags import Flag
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models import registry
from racelab.models.features import next_lap_features, race_laps
from racelab.models.laptime import TARGET
from racelab.models.laptime.endurance_model import EnduranceModel
from racelab.models.laptime.kept import of_parts
from racelab.models.laptime.model import LapTimeModel
from racelab.runs.monitor.training import TARGET as LIVE_TARGET
from racelab.runs.monitor.training import shelf
from racelab.store.protocol import Store

# Beside the model's name, so that a prediction made before its lap is never taken for one of a backtest.
LIVE = "live"
_ENDS = ("low_80", "high_80", "low_90", "high_90")


def predict_next_laps(store: Store, key: SessionKey, models: Path) -> tuple[int, int, str]:
    """Predict the next lap of every car that has a clean lap to go by, into the table ``predictions``.

    The model knows racing laps only: a car in the pits, whose next lap is an out-lap, has no prediction, nor has any car
    while the track is neutralised.

    Returns:
        How many cars have a prediction, of how many with laps, and the model's name.

    Raises:
        NotFound: no model of the series passed its backtest, and the race has taught none yet.
        StoreError: the store cannot be read or written.
    """
    path = model_path(models, key)
    model, name = _loaded(path)
    laps = race_laps(store, key)
    flags = store.read("track_status", key)["flag"].tail(1)
    is_neutral = any(Flag(flag).is_neutral for flag in flags)
    rows = next_lap_features(laps.head(0) if is_neutral else laps, store.read("weather", key))
    named = f"{LIVE}/laptime_{key.series.value}/{name}"
    if len(rows):
        store.upsert("predictions", _rows(key, rows, model.predict(rows), named))
    return len(rows), int(laps["car_number"].nunique()), named


def model_path(models: Path, key: SessionKey) -> Path:
    """The folder of the model that predicts a race now: the newest that learned it, else the series' newest that passed.

    Raises:
        NotFound: there is neither.
    """
    try:
        return registry.newest_path(models, LIVE_TARGET, shelf(key), passed=False)
    except NotFound:
        return registry.newest_path(models, "laptime", key.series.value)


@lru_cache(maxsize=4)
def _loaded(path: Path) -> tuple[LapTimeModel | EnduranceModel, str]:
    """A model and its family; what is kept never changes, so that it is read once and swapped when a newer one is there."""
    saved = registry.load(path)
    return of_parts(saved.parts), str(saved.card["model"])


def _rows(key: SessionKey, rows: pd.DataFrame, found: pd.DataFrame, model: str) -> list[dict[str, Any]]:
    now, cars, laps = wall.now(), rows["car_number"].tolist(), rows["lap_number"].tolist()
    values = found[["value", *_ENDS]].astype(object).where(found[["value", *_ENDS]].notna(), None).to_dict("records")
    return [
        {"session_id": key.session_id, "car_number": str(car), "target": TARGET, "lap_number": int(lap), "model": model,
         "sequence": 0, **value, "quality": "predicted", "created_utc": now}
        for car, lap, value in zip(cars, laps, values, strict=True)
    ]  # fmt: skip
