"""What racelab itself computes of a session as it is stored: the driver metrics of a race."""

from racelab.analysis.metrics import driver_metrics
from racelab.domain.sessions import SessionKey
from racelab.load import classed_laps
from racelab.store.protocol import Store


def ensure_metrics(store: Store, key: SessionKey) -> dict[str, int]:
    """Store the driver metrics of a race that has laps and no metrics yet; their number by table, {} for none.

    They are a write of their own: where a run ended between the laps and their metrics, the next one adds them.

    Raises:
        StoreError: the store cannot be read or written.
    """
    if not key.is_race or not store.read("driver_metrics", key).empty:
        return {}
    laps = classed_laps(store, key)
    if laps.empty:
        return {}
    metrics = driver_metrics(laps, store.read("weather", key))
    if metrics.empty:
        return {}
    plain = metrics.astype(object).where(metrics.notna(), None)
    return {"driver_metrics": store.upsert("driver_metrics", plain.to_dict("records"))}


def forget_metrics(store: Store, key: SessionKey) -> None:
    """Delete the metrics of a session whose laps are about to be replaced.

    Raises:
        StoreError: the store cannot be written.
    """
    if key.is_race:
        store.delete("driver_metrics", session_id=key.session_id)
