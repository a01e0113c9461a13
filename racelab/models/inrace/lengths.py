"""How long a race was meant to be, and the moments at which shares of it were done."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.store.protocol import Store

# FIA Formula One Sporting Regulations, art. 5.3 and 5.4: the least number of laps that exceeds this distance.
_RACE_M, _MONACO_M, _SPRINT_M = 305_000.0, 260_000.0, 100_000.0
_DRIVEN_FROM = "driven"


@dataclass(frozen=True, slots=True)
class Length:
    """A race's scheduled length: laps of the leader or ms of time, and where it is known from.

    ``source`` is schedule, history (of the provider f1db), distance (the regulations' least distance) or driven (what
    came to be driven: all that is known of the race, and known only after it).
    """

    laps: int | None
    ms: int | None
    source: str

    @property
    def is_known_before(self) -> bool:
        """Whether the length was known before the race."""
        return self.source != _DRIVEN_FROM


def length_of(store: Store, key: SessionKey, session: "pd.Series[Any]", laps: pd.DataFrame) -> Length:
    """The scheduled length of a race: by the session's own schedule, by history, by distance, or the laps driven."""
    if pd.notna(session["scheduled_laps"]):
        return Length(int(session["scheduled_laps"]), None, "schedule")
    if pd.notna(session["scheduled_ms"]):
        return Length(None, int(session["scheduled_ms"]), "schedule")
    told = _from_history(store, key)
    if told is not None:
        return told
    if pd.notna(session["lap_length_m"]) and key.series.value == "f1":
        return Length(_laps_of_distance(key, float(session["lap_length_m"]), False), None, "distance")
    return Length(max(1, int(laps["lap"].max()) if len(laps) else 1), None, _DRIVEN_FROM)


def _from_history(store: Store, key: SessionKey) -> Length | None:
    """Formula 1: f1db tells the laps that were planned; those of a sprint follow from its distance."""
    if key.series.value != "f1":
        return None
    events = store.read("history_events", season=key.season, round=key.round, provider="f1db")
    if events.empty:
        return None
    event = events.iloc[0]
    planned = event["scheduled_laps"] if pd.notna(event["scheduled_laps"]) else event["laps"]
    if key.code == "R" and pd.notna(planned):
        return Length(int(planned), None, "history")
    if pd.isna(event["lap_length_m"]):
        return None
    monaco = "monaco" in str(event["circuit_ref"]).lower()
    return Length(_laps_of_distance(key, float(event["lap_length_m"]), monaco), None, "distance")


def _laps_of_distance(key: SessionKey, lap_m: float, is_monaco: bool) -> int:
    metres = _SPRINT_M if key.code == "S" else _MONACO_M if is_monaco else _RACE_M
    return floor(metres / lap_m) + 1


def moment(length: Length, laps: pd.DataFrame, share: float) -> float | None:
    """When this share of the race was done, in ms of session time, or None where it never was.

    By laps: when the leader completed ``ceil(share x laps)``. By time: that share of the scheduled time after the
    start (session time 0), unless nobody crossed the line any more after it.
    """
    if laps.empty:
        return None
    if length.laps is not None:
        ends = laps.loc[laps["lap"] >= ceil(share * length.laps - 1e-9), "end_ms"]
        return float(ends.min()) if len(ends) else None
    at = share * float(length.ms or 0)
    return at if float(laps["end_ms"].max()) >= at else None


def done(length: Length, laps: pd.DataFrame, at: float) -> float:
    """The share of the race that is done at a moment, from 0 to 1."""
    if length.laps is not None:
        driven = laps.loc[laps["end_ms"] <= at, "lap"].max()
        return float(np.clip(np.nan_to_num(driven) / length.laps, 0.0, 1.0))
    return float(np.clip(at / float(length.ms or 1), 0.0, 1.0))
