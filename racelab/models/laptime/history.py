"""The races of a series in their order, as rows of features, each with the reference that earlier ones gave."""

import logging
from collections.abc import Iterator

import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.models.features import lap_features
from racelab.models.features.reference import classed, paces, place_of, with_reference
from racelab.store.protocol import Store

log = logging.getLogger("racelab")


def races(store: Store, series: Series, last: int | None = None) -> pd.DataFrame:
    """The store's races of a series up to a season: id, season, session and ``circuit``, in the order of driving."""
    held = store.sessions()
    held = held[(held["series"] == series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    held = held.assign(circuit=place_of(held)).sort_values("id", ignore_index=True)
    return held[held["season"] <= last] if last is not None else held


def history(store: Store, series: Series, last: int | None = None) -> pd.DataFrame:
    """Rows of `lap_features` of all races of a series up to a season, with ``season``, ``circuit`` and ``session``.

    Empty where the store has no race of the series with clean laps.
    """
    frames = list(_frames(store, races(store, series, last)))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["session_id", "season"])


def _frames(store: Store, held: pd.DataFrame) -> Iterator[pd.DataFrame]:
    known: dict[str, dict[str, float]] = {}
    for row in held.itertuples():
        key = SessionKey.of_id(int(row.id))
        laps = classed(store, key)
        rows = lap_features(with_reference(laps, known.get(str(row.circuit), {})))
        known[str(row.circuit)] = paces(laps) or known.get(str(row.circuit), {})
        if len(rows):
            yield rows.assign(season=int(row.season), circuit=str(row.circuit), session=str(key))
    log.info("read the laps of %d races", len(held))
