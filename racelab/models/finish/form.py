"""Form: what a driver, team or circuit has shown before this race, older races counting less."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class Memory:
    """How a mean of the past forgets.

    ``half_life``: races of the key after which one counts half. ``prior`` and ``weight``: the value before anything
    is known, and the number of cars' results that it counts for. ``season``: what is left of the past in a new
    season, whose cars are new.
    """

    half_life: float
    prior: float
    weight: float
    season: float = 1.0


def decayed(rows: pd.DataFrame, key: str, value: str, memory: Memory) -> np.ndarray:
    """The key's decayed mean of a value over all races before the row's own, shrunk to the prior.

    Args:
        rows: in the order of ``race``, with ``season``, the key and the value; a missing value teaches nothing.
        key: the column that says whose form it is.
        value: the column that is averaged.
        memory: how the past counts.
    """
    sums: dict[Hashable, float] = defaultdict(float)
    weights: dict[Hashable, float] = defaultdict(float)
    seasons: dict[Hashable, int] = {}
    keep = 0.5 ** (1 / memory.half_life)
    keys, values = rows[key].tolist(), rows[value].astype("float64").tolist()
    found = np.empty(len(rows))
    for season, places in _races(rows):
        for each in {keys[place] for place in places}:
            left = memory.season if seasons.get(each, season) != season else 1.0
            seasons[each] = season
            sums[each] *= left
            weights[each] *= left
        for place in places:
            each = keys[place]
            found[place] = (sums[each] + memory.prior * memory.weight) / (weights[each] + memory.weight)
        for each in {keys[place] for place in places}:
            sums[each] *= keep
            weights[each] *= keep
        for place in places:
            if values[place] == values[place]:
                sums[keys[place]] += values[place]
                weights[keys[place]] += 1
    return found


def _races(rows: pd.DataFrame) -> list[tuple[int, list[int]]]:
    season = rows["season"].to_numpy()
    return [(int(season[places[0]]), list(places)) for places in rows.groupby("race", sort=False).indices.values()]
