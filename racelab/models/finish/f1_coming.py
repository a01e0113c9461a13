"""The rows of a grand prix that the history does not have yet: from its stored entries, grid and qualifying."""

import unicodedata

import pandas as pd

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.models.finish.history import PROVIDER
from racelab.store.protocol import Store

_TIMES = ["q1_ms", "q2_ms", "q3_ms"]


def coming(store: Store, key: SessionKey) -> pd.DataFrame:
    """Lines of a race, of its qualifying and of its sprint in the columns of ``history_results``, without a result.

    The grid is that of the race's stored results where they tell one, else the order of qualifying, else nobody's;
    drivers and teams that history does not know keep the names of the entry list.

    Raises:
        NotFound: neither the race nor its qualifying is stored, or their entries are not.
    """
    qualifying = SessionKey(key.series, key.season, key.round, "Q")
    sprint = SessionKey(key.series, key.season, key.round, "S")
    ran = _lines(store, qualifying)
    field = _lines(store, key)
    field = field if len(field) else ran
    if field.empty:
        raise NotFound(f"{key}: no entries of the race or its qualifying in the store: ingest one of them first")
    grid = field["grid_position"]
    race = field.assign(code="R", sequence=range(1, len(field) + 1), position=None, position_text=None)
    if grid.isna().all():
        order = dict(zip(ran["driver_ref"], ran["position"], strict=True))
        race = race.assign(grid_position=field["driver_ref"].map(order))
    parts = [race.assign(**dict.fromkeys((*_TIMES, "points", "laps", "total_time_ms"), None))]
    parts += [_ranked(ran, "Q"), _ranked(_lines(store, sprint), "S")]
    whole = pd.concat([part.astype(object) for part in parts if len(part)], ignore_index=True)
    return whole.assign(provider=PROVIDER, season=key.season, round=key.round, best_lap_ms=None, gap_ms=None)


def _lines(store: Store, key: SessionKey) -> pd.DataFrame:
    """A line a car of a session, in the order of its official result where it has one."""
    entries = store.read("entries", key)[["car_number", "team"]]
    if entries.empty:
        return entries.assign(driver_ref=[], constructor_ref=[], position=[], grid_position=[])
    seats = store.read("drivers", key).drop_duplicates("car_number")[["car_number", "name", "code"]]
    results = store.read("results", key, kind="official")
    results = results[["car_number", "position", "grid_position", *_TIMES]].drop_duplicates("car_number")
    lines = entries.merge(seats, on="car_number", how="left").merge(results, on="car_number", how="left")
    return lines.assign(
        driver_ref=_refs(store, "driver", lines["name"].fillna(lines["car_number"]), lines["code"]),
        constructor_ref=_refs(store, "constructor", lines["team"].fillna("?"), None),
    ).sort_values("position", ignore_index=True)


def _ranked(lines: pd.DataFrame, code: str) -> pd.DataFrame:
    known = lines[lines["position"].notna()]
    return known.assign(code=code, position_text=known["position"].astype(str), sequence=range(1, len(known) + 1))


def _refs(store: Store, kind: str, names: pd.Series, codes: pd.Series | None) -> list[str]:
    """The history's ids for names: by the whole name, else by the three letters where only one bears them now."""
    known = store.read("identities", kind=kind, provider=PROVIDER)
    by_name = {plain(name): ref for name, ref in zip(known["name"], known["provider_id"], strict=True)}
    latest = dict(zip(known["code"], known["provider_id"], strict=True)) if codes is not None else {}
    found = []
    for place, name in enumerate(names):
        code = None if codes is None else codes.iloc[place]
        found.append(by_name.get(plain(name)) or (latest.get(code) if code else None) or str(name))
    return found


def plain(name: object) -> str:
    """A name in small letters without accents and without the words that teams add and drop."""
    text = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode().lower()
    return " ".join(word for word in text.replace("-", " ").split() if word not in ("racing", "f1", "team", "scuderia"))
