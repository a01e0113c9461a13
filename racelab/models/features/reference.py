"""What a clean lap should take at a circuit before anybody has driven one: the pace of the last race there."""

from collections.abc import Mapping

import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.models.features.crews import crewed
from racelab.models.features.prepared import counted
from racelab.store.protocol import Store

_WET = ("intermediate", "wet")
_LEAST = 20  # clean laps behind a pace


def paces(laps: pd.DataFrame) -> dict[str, float]:
    """The median clean lap of each class in ms, on tyres for a dry track where tyres are told."""
    clean = counted(laps)
    clean = clean[~clean["compound"].isin(_WET)]
    found = clean["lap_time_ms"].astype("float64").groupby(clean["car_class"].fillna("")).agg(["median", "size"])
    return {str(name): float(row["median"]) for name, row in found.iterrows() if row["size"] >= _LEAST}


def with_reference(laps: pd.DataFrame, known: Mapping[str, float]) -> pd.DataFrame:
    """The laps with ``reference_ms``, what a clean lap of their class took at the last race there; null if unknown."""
    return laps.assign(reference_ms=laps["car_class"].fillna("").map(dict(known)).astype("Float64"))


def race_laps(store: Store, key: SessionKey) -> pd.DataFrame:
    """A session's laps as `lap_features` takes them, with each car's class and what its kind of race is described by.

    Of Formula 1 that is the reference of earlier races, of endurance series the crews' ratings and the hour of the day.

    Raises:
        StoreError: the store cannot be read.
    """
    if key.series is not Series.F1:
        return crewed(store, key, classed(store, key))
    return with_reference(classed(store, key), _known(store, key))


def classed(store: Store, key: SessionKey) -> pd.DataFrame:
    """A session's laps with each car's class."""
    classes = store.read("entries", key)[["car_number", "car_class"]]
    return store.read("laps", key).merge(classes, on="car_number", how="left")


def place_of(held: pd.DataFrame) -> "pd.Series[str]":
    """What stands for the circuit of each session of the store: its circuit, else the event's name."""
    return held["circuit"].fillna(held["event"]).fillna("").astype(str)


def _known(store: Store, key: SessionKey) -> dict[str, float]:
    held = store.sessions()
    held = held[(held["series"] == key.series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    places = place_of(held)
    here = places[held["id"] == key.session_id]
    if here.empty:
        here = place_of(store.sessions().query("id == @key.session_id"))
    earlier = held[(held["id"] < key.session_id) & places.isin(here)]
    for session_id in sorted(earlier["id"].tolist(), reverse=True):
        if found := paces(classed(store, SessionKey.of_id(int(session_id)))):
            return found
    return {}
