"""A stored session as it ended: its records through the reducers, then the classification as the provider's word."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from racelab.domain.records import Clock, Timing
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.live.reducers import fold, initial_state
from racelab.live.state import DISQUALIFIED, FINISHED, RETIRED, RaceState
from racelab.live.stored import stored_records
from racelab.store.sql import SqlStore

# The best classification that is known wins.
_KINDS = {
    "official": "the official results",
    "provisional": "provisional results",
    "road": "the order on the road",
}


def final_state(store: SqlStore, key: SessionKey) -> tuple[RaceState, str]:
    """The state after the session's last record, and whose classification it shows, in words.

    Raises:
        NotFound: the session has neither laps nor results.
    """
    state = fold(initial_state(is_race=key.is_race), stored_records(store, key))
    results = store.read("results", key)
    kind = next((kind for kind in _KINDS if results["kind"].eq(kind).any()), None)
    if kind is None and not any(ledger.newest for ledger in state.ledger.values()):
        raise NotFound(f"session {key} has neither laps nor results: `racelab show {key}` tells what it has")
    if kind is not None:
        state = fold(state, _classified(results[results["kind"].eq(kind)], state.time_ms))
    ends = [car.last_line_ms for car in state.cars.values() if car.last_line_ms is not None]
    end = max(ends, default=None)
    return fold(state, [Clock(state.time_ms, end)]), _KINDS[kind] if kind else "the order of the laps"


def _classified(results: pd.DataFrame, time_ms: int) -> Iterator[Timing]:
    ahead: dict[str, int | None] = {}
    for row in results.sort_values("position", na_position="last").to_dict("records"):
        held: dict[str, Any] = {name: None if pd.isna(row[name]) else int(row[name]) for name in _NUMBERS}
        yield Timing(
            str(row["car_number"]), time_ms, **held,
            interval_ms=_interval(ahead, held), interval_laps=0 if _interval(ahead, held) is not None else None,
            status=_status(row["status"]),
        )  # fmt: skip
        ahead = held


_NUMBERS = ("position", "class_position", "laps", "gap_ms", "gap_laps", "best_lap_ms")


def _interval(ahead: dict[str, int | None], own: dict[str, int | None]) -> int | None:
    """Time between two cars on the same lap, so that gaps and intervals of a penalised car agree."""
    before, after = ahead.get("gap_ms"), own["gap_ms"]
    if before is None or after is None or ahead.get("gap_laps") != own["gap_laps"]:
        return None
    return after - before


def _status(word: object) -> str | None:
    """The tower's status of a result's; None where the laps tell more."""
    said = word.casefold() if isinstance(word, str) else ""
    if "disqualif" in said:
        return DISQUALIFIED
    if not said or "start" in said or said.startswith(("classified", "withdr")):
        return None
    return FINISHED if said.startswith(("finished", "lapped", "+")) else RETIRED
