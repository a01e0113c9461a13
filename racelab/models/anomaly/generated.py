"""Labels of generated races: the mishaps that the generator drew."""

import re
from functools import lru_cache
from typing import Any

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.models.anomaly.labels import COLUMNS, merged
from racelab.sources.sample import ground_truth
from racelab.store.protocol import Store

_SEED = re.compile(r"sample season, seed (\d{1,9})$")


def seed_of(store: Store, key: SessionKey) -> int | None:
    """The seed that a stored session was generated from; None for a real one."""
    runs = store.read("ingest_runs", key)
    found = _SEED.search(str(runs["location"].iloc[0])) if len(runs) and runs["source"].iloc[0] == "sample" else None
    return int(found[1]) if found else None


@lru_cache(maxsize=2)
def _truth(seed: int) -> dict[str, Any]:
    """The truth of a seed, which takes as long as making the season; a backtest asks for it race by race."""
    return ground_truth(seed)


def generated_labels(key: SessionKey, seed: int) -> pd.DataFrame:
    """The mishaps of a generated race as labels; laps in a row with a loss of power are one."""
    race = next((each for each in _truth(seed)["races"] if each["session"] == str(key)), None)
    rows = [
        (key.session_id, each["car_number"], each["kind"], each["lap_number"], each["lap_number"], each["lap_number"])
        for each in (race["mishaps"] if race else ())
    ]
    return merged(pd.DataFrame(rows, columns=COLUMNS))
