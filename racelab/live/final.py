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
from racelab.store.protocol import Store

# The best classification that is known wins.
_KINDS = {
    "official": "the official results",
    "provisional": "provisional results",
    "road": "the order on the road",
}


def final_state(store: Store, key: SessionKey) -> tuple[RaceState, str]:
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
        interval_ms, interval_laps = _interval(ahead, held)
        yield Timing(
            str(row["car_number"]), time_ms, **held, interval_ms=interval_ms, interval_laps=interval_laps,
            status=_status(row["status"]),
        )  # fmt: skip
        # The winner's own gap is none, also where the source leaves it out.
        ahead = held | {"gap_ms": 0, "gap_laps": 0} if held["position"] == 1 else held


_NUMBERS = ("position", "class_position", "laps", "gap_ms", "gap_laps", "best_lap_ms")


def _interval(ahead: dict[str, int | None], own: dict[str, int | None]) -> tuple[int | None, int | None]:
    """Time or laps between two cars by their gaps, so that both agree where a car has a penalty; None for unknown."""
    front, back = ahead.get("gap_laps"), own["gap_laps"]
    if front is None or back is None:
        return None, None
    before, after = ahead.get("gap_ms"), own["gap_ms"]
    if front == back and before is not None and after is not None:
        return after - before, 0
    return None, back - front or None


def _status(word: object) -> str | None:
    """The tower's status of a result's; None where the laps tell more."""
    said = word.casefold() if isinstance(word, str) else ""
    if "disqualif" in said:
        return DISQUALIFIED
    if not said or "start" in said or said.startswith(("classified", "withdr")):
        return None
    return FINISHED if said.startswith(("finished", "lapped", "+")) else RETIRED
