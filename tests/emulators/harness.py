"""Runs a feed along the live road into a store until its session is over, and compares what came of two runs."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from racelab.domain.flags import Flag
from racelab.domain.sessions import SessionKey
from racelab.live.clock import Clock, ReplayClock, SystemClock
from racelab.live.feed import LiveFeed
from racelab.live.follow import follow_session
from racelab.live.identity import LiveSession
from racelab.live.link import RULE
from racelab.live.replay import Road
from racelab.live.state import RUNNING, RaceState
from racelab.store.protocol import Store
from racelab.store.tables import TABLES, WRITTEN

BEGIN = datetime(2026, 6, 13, 14, tzinfo=UTC)
# What was published when, and how often, is no part of what is known of a session; incidents are told as they are seen.
_ASIDE = ("live_sessions", "live_cars", "leases", "monitor_parts", "incidents")


def fast_clock(speed: float = 600.0, begin: datetime = BEGIN) -> ReplayClock:
    """A clock that begins at an instant and runs so many times as fast as the machine's."""
    return ReplayClock(begin, speed, SystemClock())


def is_flagged_off(state: RaceState) -> bool:
    """Whether the chequered flag is out and no car still runs."""
    return state.flag is Flag.CHEQUERED and not any(car.status == RUNNING for car in state.cars.values())


def run_feed(
    feed: LiveFeed, session: LiveSession, store: Store, data: Path, clock: Clock,
    is_over: Callable[[RaceState], bool] = is_flagged_off, limit_s: float = 30.0,
) -> Road:  # fmt: skip
    """Follow the feed until the session is over, within so many seconds of the machine; the road, finished.

    A recording that already lies under the data folder is folded first, as after a crash.
    """

    async def main() -> Road:
        road = await asyncio.wait_for(follow_session(feed, session, store, data, clock, is_over), limit_s)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"tasks left behind: {left}"
        return road

    return asyncio.run(main())


def rows_of(store: Store, key: SessionKey) -> dict[str, pd.DataFrame]:
    """Every table's rows of the session, but for instants of writing, what was published, and interruptions."""
    tables = {}
    for name, spec in TABLES.items():
        if "session_id" not in spec.columns or name in _ASIDE:
            continue
        rows = store.read(name, key)
        if name == "repairs":
            # Numbered as they came: the others keep their order, not their numbers.
            rows = rows[rows["rule"] != RULE].drop(columns="sequence")
        tables[name] = rows.drop(columns=[each for each in WRITTEN if each in rows]).reset_index(drop=True)
    return tables


def same_rows(store_a: Store, store_b: Store, key: SessionKey) -> None:
    """Assert that both stores hold the same of a session, and something of it at all."""
    first, second = rows_of(store_a, key), rows_of(store_b, key)
    assert len(first["sessions"]) == 1
    assert len(first["laps"]), "no laps: nothing is compared"
    for name, rows in first.items():
        pd.testing.assert_frame_equal(rows, second[name], obj=name)


def interruptions(store: Store, key: SessionKey) -> list[str]:
    """The spans in which nothing came, as `repairs` names them."""
    repairs = store.read("repairs", key)
    return [str(span) for span in repairs.loc[repairs["rule"] == RULE, "record"]]


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the machine may be busy."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)
