"""Ingesting a history: one provider's seasons in one transaction, and the identities of its ids."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from racelab import wall
from racelab.domain.history import History
from racelab.runs.identify import Identified, identify, identities_of
from racelab.sources.csvzip import file_digest
from racelab.store.protocol import Store
from racelab.store.rows import Columns, named_columns
from racelab.store.tables import TABLES

TABLES_OF_HISTORY = (
    "history_events", "history_results", "history_pit_stops", "history_standings", "history_entrants",
    "history_incidents",
)  # fmt: skip
# A newer release adds races; one that has lost more than a tenth was cut.
_WHOLE = 0.9
Outcome = dict[str, Any]


class Source(Protocol):
    """A package that reads a provider's file."""

    PROVIDER: str
    VERSION: str

    def read(self, path: Path) -> History:
        """Read it whole; raises BadInput where that is not possible."""


def ingest_history(store: Store, source: Source, path: Path, *, force: bool = False) -> tuple[Outcome, Identified]:
    """Read a provider's file and write what it tells, unless the store holds the same or clearly more.

    The outcome has the keys provider, change (added, updated or unchanged), rows (by table), seasons (first and last),
    races, digest, missing (parts that the file lacks), left_out (rows that could not be placed, in words) and note
    (why what is stored was kept, or None).

    Raises:
        BadInput: the file cannot be read; StoreError: the database refused it. Everything is as it was then.
    """
    held = store.read("history_runs", provider=source.PROVIDER)
    if not force and _same(held, source, file_digest(path)):
        return _unchanged(store, source.PROVIDER, held), identify(store)
    history = source.read(path)
    kept = None if force or held.empty else _why_kept(int(held["rows"].fillna(0).iloc[0]), history)
    if kept is not None:
        return {**_unchanged(store, source.PROVIDER, held), "note": kept}, identify(store)
    return write(store, history, "added" if held.empty else "updated")


def write(store: Store, history: History, change: str) -> tuple[Outcome, Identified]:
    """Put a history in the place of what the store has of its provider, identities included, in one transaction.

    Raises:
        StoreError: the database refused it; everything is as it was then.
    """
    identities, doubts = identities_of(store, history)
    tables = {name: _columns(name, history.provider, history.tables.get(name, {})) for name in TABLES_OF_HISTORY}
    tables["history_runs"] = named_columns("history_runs", [_run(history)])
    tables["identities"] = named_columns("identities", identities)
    rows = store.replace_tables(tables, provider=history.provider)
    others = identify(store)
    outcome = _outcome(history.provider, change, history.tables["history_events"]["season"])
    found = pd.concat([doubts, others.doubts], ignore_index=True)
    told = {"rows": rows, "digest": history.digest, "missing": history.missing, "left_out": history.left_out}
    return {**outcome, **told}, Identified(others.added, found)


def _same(held: pd.DataFrame, source: Source, digest: str) -> bool:
    return len(held) > 0 and (held["digest"].iloc[0], held["version"].iloc[0]) == (digest, source.VERSION)


def _why_kept(stored: int, history: History) -> str | None:
    read = sum(history.rows.values())
    if read >= _WHOLE * stored:
        return None
    return f"kept what is stored: {stored} rows, and {read} this time, as of a cut file; --force replaces it"


def _columns(table: str, provider: str, told: Mapping[str, Sequence[Any]]) -> Columns:
    """Every column of the table; what the provider does not tell is null."""
    count = len(next(iter(told.values()), []))
    none: list[Any] = [None] * count
    return {**{key: told.get(key, none) for key in TABLES[table].columns}, "provider": [provider] * count}


def _run(history: History) -> dict[str, Any]:
    return {
        "provider": history.provider, "location": history.location, "digest": history.digest,
        "version": history.version, "read_utc": wall.now(), "rows": sum(history.rows.values()),
    }  # fmt: skip


def _unchanged(store: Store, provider: str, held: pd.DataFrame) -> Outcome:
    seasons = store.read("history_events", provider=provider)["season"].tolist()
    return {**_outcome(provider, "unchanged", seasons), "digest": str(held["digest"].iloc[0])}


def _outcome(provider: str, change: str, seasons: Sequence[int]) -> Outcome:
    span = [int(min(seasons)), int(max(seasons))] if len(seasons) else []
    return {
        "provider": provider, "change": change, "rows": {}, "seasons": span, "races": len(seasons), "digest": None,
        "missing": [], "left_out": [], "note": None,
    }  # fmt: skip
