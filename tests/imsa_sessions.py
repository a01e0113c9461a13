"""What the tests of IMSA's two services share: the session, clocks, and how two stores are compared."""

import asyncio
from datetime import UTC, datetime

import pandas as pd
from emulators.harness import rows_of

from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import ManualClock
from racelab.live.identity import LiveSession
from racelab.store.protocol import Store

KEY = SessionKey(Series.IMSA, 2026, 5, "R")
START = datetime(2026, 5, 30, 20, 9, 51, tzinfo=UTC)
SESSION = LiveSession(Event("Detroit"), Session(KEY, start_utc=START, scheduled_ms=6_000_000, status="scheduled"))


class QuickClock(ManualClock):
    """A clock that moves only when somebody waits; what waits for others waits a hundredth of its time."""

    def wall_seconds(self, seconds):
        return seconds / 100


class StillClock(QuickClock):
    """A clock that stands still: what has no instant of the service's own then has that of what came before it."""

    async def wait(self, seconds):
        await asyncio.sleep(0)


def same(first: Store, second: Store, but: tuple[str, ...] = ()) -> None:
    """Assert that two stores hold the same of the session; repairs of these rules aside."""
    ours, theirs = rows_of(first, KEY), rows_of(second, KEY)
    assert len(ours["laps"]) > 5
    assert len(ours["results"]) > 1
    for name, rows in ours.items():
        other = theirs[name]
        if name == "repairs":
            own = [each[~each["rule"].isin(["unread_frames", *but])].reset_index(drop=True) for each in (rows, other)]
        else:
            own = [rows, other]
        pd.testing.assert_frame_equal(*own, obj=name)


def repairs(store: Store, rule: str) -> list[str]:
    """The records that a rule names."""
    rows = store.read("repairs", KEY)
    return list(rows.loc[rows["rule"] == rule, "record"])
