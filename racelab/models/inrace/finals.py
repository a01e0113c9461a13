"""The places that were the race's outcome: official where they are known, else by the road."""

import numpy as np
import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.models.inrace.races import Race
from racelab.store.protocol import Store

_OUT_LAPS = 3.0  # a car not seen at the line for so many laps before the end did not finish
_LAST = 1e6


def finals(store: Store, race: Race) -> pd.DataFrame:
    """Each starter's place in its class at the end, and whether it retired.

    Formula 1's official order is Ergast's where history has the race: places, then those who did not finish by laps and
    last crossing, then the disqualified. Else it is the race's own `results` of the kind official. Cars without an official place, and all
    cars where there is none, are in the order of the road: laps, then time.

    Returns:
        Rows as in ``race.cars``: ``place`` (1 is first in class), ``retired`` (0 or 1; a car is taken to be out that was
        not seen at the line in the last three laps of its pace, unless the source tells it) and ``source``.
    """
    road = _road(race)
    official = _ergast(store, race.key)
    official = official if len(official) else _official(store, race.key)
    rank = race.cars["car_number"].map(official["rank"]).to_numpy(dtype="float64")
    told = race.cars["car_number"].map(official["retired"]).to_numpy(dtype="float64")
    order = np.where(np.isfinite(rank), rank, _LAST)
    keyed = pd.DataFrame({"class": race.cars["car_class"], "order": order, "road": road["rank"]})
    keyed = keyed.sort_values(["order", "road"], kind="stable")
    place = keyed.groupby("class", sort=False).cumcount() + 1
    retired = np.where(np.isfinite(told), told, road["retired"])
    source = "official" if np.isfinite(rank).any() else "road"
    return pd.DataFrame({"place": place.sort_index(), "retired": retired, "source": source})


def _road(race: Race) -> pd.DataFrame:
    last = race.laps.groupby("car").agg(laps=("lap", "max"), end_ms=("end_ms", "max"))
    last = last.reindex(range(len(race.cars))).fillna({"laps": 0.0, "end_ms": 0.0})
    rank = last.sort_values(["laps", "end_ms"], ascending=[False, True], kind="stable")
    rank = rank.assign(rank=np.arange(1, len(rank) + 1)).sort_index()
    pace = race.laps.groupby("car")["time_ms"].median().reindex(rank.index)
    pace = pace.fillna(pace.median())
    leader = rank["rank"].idxmin()
    out = rank["end_ms"] < last.loc[leader, "end_ms"] - _OUT_LAPS * pace.fillna(0.0)
    return rank.assign(retired=out.astype("float64"))


def _official(store: Store, key: SessionKey) -> pd.DataFrame:
    rows = store.read("results", key, kind="official").dropna(subset=["position"])
    rank = pd.Series(rows["position"].to_numpy(dtype="float64"), index=rows["car_number"])
    return pd.DataFrame({"rank": rank, "retired": np.nan})


def _ergast(store: Store, key: SessionKey) -> pd.DataFrame:
    if key.series is not Series.F1:
        return pd.DataFrame({"rank": [], "retired": []})
    rows = store.read("history_results", provider="ergast", season=key.season, round=key.round, code=key.code)
    rows = rows[rows["position_text"].ne("DNS") & rows["car_number"].notna()].drop_duplicates("car_number")
    out = rows["position_text"].isin(["DNF", "NC"])
    place = rows["position"].astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    laps = rows["laps"].astype("Float64").to_numpy(dtype="float64", na_value=0.0)
    # Those out are behind the last place by the laps they did; ties stay for the road to settle.
    rank = np.where(np.isfinite(place), place, np.where(out, 1e3 - laps, 1e4))
    return pd.DataFrame({"rank": rank, "retired": out.to_numpy(dtype="float64")}, index=rows["car_number"])
