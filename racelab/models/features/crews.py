"""Laps of an endurance race with what the store tells of their crew and of their circuit's clock."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.models.features.conditions import RATINGS
from racelab.store.protocol import Store


def crewed(store: Store, key: SessionKey, laps: pd.DataFrame) -> pd.DataFrame:
    """The laps with ``driver_rating`` (1 bronze to 4 platinum) and ``begins_h``, the hour at the circuit at time 0.

    Both are null where the store does not tell them.

    Raises:
        StoreError: the store cannot be read.
    """
    drivers = store.read("drivers", key)[["car_number", "seat", "rating"]]
    drivers = drivers.assign(driver_rating=drivers["rating"].map(RATINGS).astype("Float64")).drop(columns="rating")
    return laps.merge(drivers, on=["car_number", "seat"], how="left").assign(begins_h=begins(store, key))


def begins(store: Store, key: SessionKey) -> float:
    """The hour of the day at the circuit when the session's clock stood at 0; NaN where start or time zone is unknown."""
    held = store.read("sessions", key)
    if held.empty or pd.isna(held["start_utc"].iloc[0]):
        return float("nan")
    events = store.read("events", event_id=int(held["event_id"].iloc[0]))
    zone = events["timezone"].iloc[0] if len(events) else None
    return float("nan") if pd.isna(zone) else _hour(held["start_utc"].iloc[0], str(zone))


def _hour(moment: Any, zone: str) -> float:
    local: datetime = moment.astimezone(ZoneInfo(zone))
    return local.hour + local.minute / 60 + local.second / 3600
