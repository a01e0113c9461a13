"""The live page on the store: which session is live, what it shows, and the loop that keeps it up to date."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pandas as pd

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.live.clock import SystemClock
from racelab.live.delay import LONGEST, DelayedReader, changes_until, laps_until
from racelab.live.final import final_state
from racelab.live.publish import LiveReader
from racelab.store.open import open_store
from racelab.store.protocol import Store
from racelab.views.bar import SessionNames
from racelab.views.live_page import LivePage, LiveSource

LIVE = timedelta(0)


class StoreSource:
    """One session of the store as a live page reads it, ``delay`` after it was published."""

    def __init__(self, store: Store, key: SessionKey, delay: timedelta = LIVE) -> None:
        self._store, self._key = store, key
        self._reader = DelayedReader(LiveReader(store, key), delay, SystemClock())
        # A page that is behind must not show, before its first state, what later ones will.
        self._is_late = delay > LIVE and bool(store.newer("live_sessions", key, -1))
        self._names = session_names(store, key)

    @property
    def names(self) -> SessionNames:
        """Event, session and where and when it is."""
        return self._names

    @property
    def reference(self) -> str:
        """The session's name in commands."""
        return str(self._key)

    def poll(self) -> tuple[Any, Sequence[Any]]:
        """What is new since the last call."""
        return self._reader.poll()

    def final(self) -> tuple[Any, str]:
        """The state at the session's end from its stored records, and whose classification it shows.

        Raises:
            NotFound: the store has no such records, or the session runs and nothing of it is old enough to be shown.
        """
        if self._reader.is_holding:
            raise NotFound(f"This page is {self._reader.delay.total_seconds():.0f} s behind; the race appears then")
        return final_state(self._store, self._key)

    def updated_utc(self) -> datetime | None:
        """When the state that is shown was published, the delay aside."""
        shown = self._reader.updated
        return shown + self._reader.delay if shown is not None else None

    def laps(self) -> pd.DataFrame:
        """Laps with class, team and driver."""
        entries = self.entries()[["car_number", "car_class", "team"]]
        drivers = self._store.read("drivers", self._key).rename(columns={"name": "driver"})
        laps = self._shown(self._store.read("laps", self._key), laps_until).merge(entries, on="car_number", how="left")
        return laps.merge(drivers[["car_number", "seat", "driver"]], on=["car_number", "seat"], how="left")

    def entries(self) -> pd.DataFrame:
        """Cars of the session."""
        return self._store.read("entries", self._key)

    def track_status(self) -> pd.DataFrame:
        """Flags of the session."""
        return self._shown(self._store.read("track_status", self._key), changes_until)

    def _shown(self, rows: pd.DataFrame, until: Callable[[pd.DataFrame, Any], pd.DataFrame]) -> pd.DataFrame:
        """The rows, without what the shown state does not know yet; a page without delay shows them as they come."""
        self._is_late |= self._reader.delay > LIVE and self._reader.is_holding
        return until(rows, self._reader.state) if self._is_late else rows


class StoreDirectory:
    """The sessions of the store, shown ``delay`` after they were published."""

    def __init__(self, store: Store, delay: timedelta = LIVE) -> None:
        self._store, self._delay = store, delay

    def latest(self) -> int | None:
        """The session whose live state was published last."""
        live = self._store.read("live_sessions").sort_values("updated_utc")
        return int(live["session_id"].iloc[-1]) if len(live) else None

    def listed(self) -> list[tuple[str, int]]:
        """Words and id of every stored session, the latest season first."""
        events = self._store.read("events").rename(columns={"name": "event"})
        rows = self._store.read("sessions").merge(events, on="event_id").sort_values("session_id", ascending=False)
        return [(_words(row), int(row["session_id"])) for row in rows.to_dict("records")]

    def open(self, session_id: int) -> LiveSource:
        """The source of a session; NotFound if the store lacks it."""
        return StoreSource(self._store, self._store.find(session_id), self._delay)


def open_live_race(session: str | None = None, delay_s: float | None = None) -> Any:
    """The live page as a widget, which keeps itself up to date while the kernel runs.

    Args:
        session: id or name of the session; without it, the one named `session` in the page's address,
            or else the one whose live state was published last.
        delay_s: everything on the page is so many seconds behind what is published, as a broadcast is; without it,
            the seconds named `delay` in the page's address, or else none.
    """
    store, query = open_store(), os.environ.get("QUERY_STRING", "")
    wanted = session or query_value(query, "session")
    delay, note = read_delay(query_value(query, "delay") if delay_s is None else str(delay_s))
    pinned = None
    try:
        pinned = store.find(wanted).session_id if wanted else None
    except NotFound as error:
        note = f"{error}. Choose a session in the list."
    page = LivePage(StoreDirectory(store, delay), pinned, note)
    _keep_running(page)
    return page.widget


def read_delay(text: str | None) -> tuple[timedelta, str]:
    """The delay that a text of seconds means, and what to say where it means none."""
    if text is None:
        return LIVE, ""
    longest = LONGEST.total_seconds()
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= longest:
        return LIVE, f"delay={text} is no number of seconds from 0 to {longest:.0f}: the page is not delayed."
    return timedelta(seconds=seconds), ""


def query_value(query: str, name: str) -> str | None:
    """A value of the query of the page's address, as Voila's kernel sees it; None where it has none."""
    values = parse_qs(query).get(name, [])
    return values[0].strip()[:80] or None if values else None


def session_names(store: Store, key: SessionKey) -> SessionNames:
    """What the bar says of a session."""
    held = store.read("sessions", key).iloc[0]
    events = store.read("events")
    event = events[events["event_id"] == key.event_id].iloc[0]
    start, laps, zone = held["start_utc"], held["scheduled_laps"], event["timezone"]
    return SessionNames(
        event=f"{key.series.label} {key.season} {event['name']}",
        session=key.name,
        start_utc=None if pd.isna(start) else start.to_pydatetime(),
        timezone=None if pd.isna(zone) else str(zone),
        scheduled_laps=None if pd.isna(laps) else int(laps),
    )


def _words(row: dict[Any, Any]) -> str:
    return f"{row['season']} {Series(row['series']).label}, round {row['round']}: {row['event']}, {row['name']}"


def _keep_running(page: LivePage) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    page.task = loop.create_task(page.run())
