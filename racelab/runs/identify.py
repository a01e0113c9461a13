"""Identities: the ids of whatever the store has read, joined across providers."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from racelab.analysis.identities import IDENTITIES, SUBJECTS, assign, rates, unmatched
from racelab.domain.history import History
from racelab.runs.facts import around, history_appearances, plain, races_of, session_facts, stored_races, subject_frame
from racelab.store.protocol import Store

_DOUBTS = ["kind", "provider", "provider_id", "name", "reason"]


@dataclass(frozen=True, slots=True)
class Identified:
    """What `identify` did: how many ids got an identity, and what is doubtful (a row an id, with the reason)."""

    added: int = 0
    doubts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_DOUBTS))


def identify(store: Store) -> Identified:
    """Give an identity to every driver, constructor and circuit of the store's sessions that has none.

    It is cheap where nothing is new; identities that are given stay as they are.

    Raises:
        StoreError: the store cannot be read or written.
    """
    held = store.read("identities")
    subjects, seen = session_facts(store)
    new = _without(subjects, held)
    if new.empty:
        return Identified()
    rows, doubts = assign(new, pd.concat([seen, around(store, seen)], ignore_index=True), held)
    if len(rows):
        store.upsert("identities", plain(rows))
    return Identified(len(rows), doubts)


def identities_of(store: Store, history: History) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """The rows of `identities` that a history is to have, and what is doubtful of the new ones.

    Ids that are given stay, also those that the history no longer tells of; names and dates are as it tells now.

    Raises:
        StoreError: the store cannot be read.
    """
    held = store.read("identities")
    subjects = subject_frame(history)
    own = history_appearances(
        history.provider, races_of(history.tables["history_results"]), history.tables["history_events"]
    )
    stored = stored_races(store)
    others = stored[stored["provider"] != history.provider]
    seen = pd.concat([own, others, session_facts(store)[1]], ignore_index=True)
    rows, doubts = assign(_without(subjects, held), seen, held)
    told = {(row["kind"], row["provider_id"]): row for row in plain(subjects)}
    kept = plain(held[held["provider"] == history.provider])
    return [
        *({**row, **told.get((row["kind"], row["provider_id"]), {})} for row in kept),
        *plain(rows[IDENTITIES]),
    ], doubts


def report(store: Store) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Matching rates of every pair of providers (PAIRS), and the ids that are not matched, with the reason (UNMATCHED).

    Raises:
        StoreError: the store cannot be read.
    """
    identities = store.read("identities")
    _, sessions = session_facts(store)
    seen = pd.concat([stored_races(store), sessions, around(store, sessions)], ignore_index=True).drop_duplicates()
    return rates(identities, seen), unmatched(identities, seen)


def _without(subjects: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    keys = SUBJECTS[:3]
    known = set(held[keys].itertuples(index=False, name=None))
    new = [key not in known for key in subjects[keys].itertuples(index=False, name=None)]
    return subjects[pd.Series(new, index=subjects.index, dtype=bool)]
