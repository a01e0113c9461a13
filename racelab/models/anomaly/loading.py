"""Anomalies of a stored session: as they were written with the predictions, or found now."""

import json
import logging
from pathlib import Path

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.load import classed_laps
from racelab.models import registry
from racelab.models.anomaly.events import COLUMNS
from racelab.models.anomaly.finding import anomalies
from racelab.models.anomaly.forest import Forest
from racelab.store.protocol import Store

TARGET = "anomaly_score"
log = logging.getLogger("racelab")


def session_anomalies(store: Store, key: SessionKey, folder: Path) -> pd.DataFrame:
    """A session's anomalies, the worst first: those that training or following wrote, else those found now.

    Now they are found by the newest forest of the series or, without one, by a forest of the session's own laps, whose
    pace the filter that nothing taught expects: no lap-time model is taught for it.

    Args:
        store: where the session is.
        key: which session.
        folder: the folder of models.

    Returns:
        ``session_id, car_number, car_class, first_lap, last_lap, severity, loss_ms, reason`` and ``score``.

    Raises:
        NotFound: there are too few laps to tell what is usual.
    """
    held = store.read("predictions", key, target=TARGET)
    if len(held):
        return _stored(held, store.read("entries", key))
    try:
        forest = Forest.of_parts(registry.newest(folder, "anomaly", key.series.value).parts)
    except NotFound:
        forest = None
        log.info("no anomaly model of %s is kept: %s is judged by its own laps; `racelab train anomaly` makes one", key.series.value, key)  # fmt: skip
    return anomalies(classed_laps(store, key), store.read("track_status", key), forest)


def _stored(predictions: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """The events in the details of stored scores; of the same laps by several models, each once."""
    told = predictions[predictions["detail"].notna()]
    rows = [
        {"session_id": int(row.session_id), "car_number": str(row.car_number), **json.loads(str(row.detail))}
        for row in told.itertuples()
    ]
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "car_class"])
    frame = frame.sort_values("score", ascending=False).drop_duplicates(["car_number", "first_lap"])
    frame = frame.merge(entries[["car_number", "car_class"]], on="car_number", how="left")
    return frame[COLUMNS].astype({"loss_ms": "Int64"}).reset_index(drop=True)
