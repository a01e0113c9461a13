"""The load_history_* functions: seasons since 1950 as each provider tells them, and who is who.

Every frame has the provider's own ids and, beside them, the identity and the name, so that rows of two providers
join by ``driver_id``, ``constructor_id`` and ``circuit_id``. Filters are one value or a list of values.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from racelab.store.frames import typed
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.store.tables import JOINED

Text = str | Sequence[str] | None
Number = int | Sequence[int] | None
# Kind of identity -> its column of ids, the column that gets the identity, the column that gets the name.
_NAMED = {
    "driver": ("driver_ref", "driver_id", "driver"),
    "constructor": ("constructor_ref", "constructor_id", "constructor"),
    "circuit": ("circuit_ref", "circuit_id", "circuit_name"),
    "engine": ("engine_ref", "engine_id", "engine"),
    "tyre": ("tyre_ref", "tyre_id", "tyre"),
}


def load_history_events(provider: Text = None, season: Number = None, *, db: str | None = None) -> pd.DataFrame:
    """Race weekends since 1950: names, date, circuit, laps, lengths in metres, how the grid was decided."""
    return _load("history_events", db, provider=provider, season=season)


def load_history_results(
    provider: Text = None, season: Number = None, round_: Number = None, code: Text = None, *, db: str | None = None
) -> pd.DataFrame:
    """Result lists since 1950, a row a line: places, laps, times and gaps in ms, grid, points, why it retired.

    ``code`` names the list: R, S, Q, Q1, Q2, SQ, PQ, FP1 to FP4, WUP, GRID, SGRID, FL.
    """
    return _load("history_results", db, provider=provider, season=season, round=round_, code=code)


def load_history_pit_stops(
    provider: Text = None, season: Number = None, round_: Number = None, *, db: str | None = None
) -> pd.DataFrame:
    """Pit stops of races since 1994 (f1db) or 2011 (Ergast): lap, local time, duration in ms."""
    return _load("history_pit_stops", db, provider=provider, season=season, round=round_)


def load_history_standings(
    provider: Text = None, season: Number = None, round_: Number = None, kind: Text = None, *, db: str | None = None
) -> pd.DataFrame:
    """Standings after every round; round 0 is the season's own, which only f1db keeps; kind is driver or constructor."""
    return _load("history_standings", db, provider=provider, season=season, round=round_, kind=kind)


def load_history_entrants(provider: Text = None, season: Number = None, *, db: str | None = None) -> pd.DataFrame:
    """Entrants with the makers of their engines and tyres, their drivers and the rounds of each."""
    return _load("history_entrants", db, provider=provider, season=season)


def load_history_incidents(
    provider: Text = None, season: Number = None, round_: Number = None, kind: Text = None, *, db: str | None = None
) -> pd.DataFrame:
    """Safety cars and red flags: the laps, the cause, whether the race went on; kind is safety_car or red_flag."""
    return _load("history_incidents", db, provider=provider, season=season, round=round_, kind=kind)


def load_identities(kind: Text = None, provider: Text = None, *, db: str | None = None) -> pd.DataFrame:
    """Every provider's ids of drivers, constructors, circuits, engine and tyre makers, and the identity of each.

    ``matched_by`` says what joined it to the identity; it is null where the identity began with it.
    """
    return _load("identities", db, kind=kind, provider=provider)


def _load(table: str, db: str | None, **where: Any) -> pd.DataFrame:
    from racelab.store.schemas import table_schema  # imported here: pandera costs whoever only writes

    filters = {key: _listed(value) for key, value in where.items() if value is not None}
    with open_store(db) as store:
        frame = _joined(store, table, store.read(table, **filters))
    schema = table_schema(table)
    return schema.validate(typed(frame)[list(schema.columns)])


def _listed(value: Any) -> Any:
    return value if isinstance(value, str | int) else list(value)


def _joined(store: Store, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    wanted = JOINED.get(table, ())
    if not wanted:
        return frame
    identities = store.read("identities")[["kind", "provider", "provider_id", "identity_id", "name"]]
    for kind, (ref, number, name) in _NAMED.items():
        if number in wanted or name in wanted:
            frame = _named(frame, identities[identities["kind"] == kind].drop(columns="kind"), ref, number, name)
    if "identity_id" in wanted:
        keys = {"provider_id": "ref"}
        frame = frame.merge(identities.rename(columns=keys), on=["kind", "provider", "ref"], how="left")
    return frame


def _named(frame: pd.DataFrame, identities: pd.DataFrame, ref: str, number: str, name: str) -> pd.DataFrame:
    names = {"provider_id": ref, "identity_id": number, "name": name}
    return frame.merge(identities.rename(columns=names), on=["provider", ref], how="left")
