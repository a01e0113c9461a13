"""Races of a store: their laps, what was judged of them, and what is known to have happened."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, SessionKey
from racelab.models.anomaly.expectation import Model
from racelab.models.anomaly.finding import complete
from racelab.models.anomaly.generated import generated_labels, seed_of
from racelab.models.anomaly.labels import real_labels
from racelab.models.anomaly.residuals import residuals
from racelab.models.features import race_laps
from racelab.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Race:
    """A race: its laps, the judged ones with what is left of them, and whether it is generated (by which seed)."""

    key: SessionKey
    laps: pd.DataFrame
    rows: pd.DataFrame
    seed: int | None


def race_keys(store: Store, series: Series, last: int | None = None) -> list[SessionKey]:
    """The races with laps that the store holds of a series, oldest first; none after the last season."""
    held = store.sessions()
    held = held[(held["series"] == series.value) & held["session"].isin(RACES) & (held["laps"] > 0)]
    keys = sorted((SessionKey.of_id(int(each)) for each in held["id"]), key=lambda key: (key.season, key.session_id))
    return [key for key in keys if last is None or key.season <= last]


def read_race(store: Store, key: SessionKey, model: Model | None = None) -> Race:
    """One race, its laps judged by a lap-time model or, without one, by the filter that nothing taught."""
    laps = complete(race_laps(store, key))
    return Race(key, laps, residuals(laps, store.read("track_status", key), model), seed_of(store, key))


def labels_of(store: Store, race: Race) -> pd.DataFrame:
    """What is known to have happened in a race; see `labels.KINDS`."""
    if race.seed is not None:
        return generated_labels(race.key, race.seed)
    stops, messages, repairs = (store.read(name, race.key) for name in ("pit_stops", "race_control", "repairs"))
    return real_labels(race.laps, stops, messages, repairs, race.key.series.value)


def all_series(series: Series | None) -> Iterator[Series]:
    """One series, or all."""
    yield from [series] if series else Series
