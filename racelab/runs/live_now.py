"""Which session of a series is on now, by the calendar, and following it until it is over."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from racelab.domain.series import Series
from racelab.domain.sessions import Session, SessionKey
from racelab.errors import BadInput, NotFound
from racelab.live.clock import Clock
from racelab.live.feed import LiveFeed
from racelab.live.follow import follow_session
from racelab.live.identity import LiveSession
from racelab.live.replay import Road
from racelab.live.state import RaceState
from racelab.live.writer import is_running
from racelab.runs.monitor.agenda import make_agenda
from racelab.runs.monitor.ending import Seen, is_over, observe
from racelab.runs.monitor.planned import Planned
from racelab.settings import Settings
from racelab.sources.usercalendar import formula1
from racelab.store.protocol import Store

# A feed may be joined so long before the start; a race may be on so long beyond its scheduled length.
_BEFORE, _AFTER = timedelta(hours=1), timedelta(hours=2)
# Told with each look at the race.
Watch = Callable[[RaceState], None]


def session_now(series: Series, reference: str | None, now: datetime, settings: Settings) -> Planned:
    """The series' session that is on, or the one that a name such as f1/2026/5/Q means.

    Raises:
        BadInput: the name is none, or of another series.
        NotFound: nothing is on.
    """
    planned = make_agenda(settings.data / "calendars", [series]).planned
    if reference is None:
        return on_now(series, planned, now)
    try:
        key = SessionKey.read(reference)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if key.series is not series:
        raise BadInput(f"{reference} is no session of {series.label}: name the series of the session")
    found = next((one for one in planned if one.key == key), None)
    return found or _named(key, planned, now, settings)


def on_now(series: Series, planned: Sequence[Planned], now: datetime) -> Planned:
    """The race that is on, the one that began last where there are two.

    Raises:
        NotFound: none is; the message names the next.
    """
    on = [one for one in planned if one.earliest - _BEFORE <= now <= one.latest + one.length + _AFTER]
    if on:
        return on[-1]
    next_one = next((one for one in planned if one.earliest > now), None)
    after = f"; the next is {next_one.name}, on {next_one.earliest:%Y-%m-%d %H:%M} UTC" if next_one else ""
    raise NotFound(
        f"no race of {series.label} is on now{after}. For a practice or a qualifying, name it: "
        f"racelab live {series.value} --session {series.value}/{now.year}/1/Q"
    )


async def follow_now(
    planned: Planned, feed: LiveFeed, store: Store, settings: Settings, clock: Clock, watch: Watch
) -> tuple[Road, str]:
    """Follow a session until it is over; the road with its last state, and why it is over.

    Raises:
        BadInput: the session is stored already from a fuller source, or somebody else records it.
    """
    digest = await asyncio.to_thread(store.digest, planned.key)
    if not is_running(digest):
        raise BadInput(f"{planned.key} is stored already, from its results: `racelab replay {planned.key}` shows it")
    seen, why = Seen(planned), "it was ended"
    margin = timedelta(seconds=settings.monitor_margin_s)

    def look(state: RaceState) -> bool:
        nonlocal seen, why
        now = clock.now()
        seen = observe(seen, state, now)
        verdict = is_over(state, seen, now, margin)
        why = verdict.why
        watch(state)
        return verdict.is_over

    road = await follow_session(feed, planned.live, store, settings.data, clock, look)
    return road, why


def _named(key: SessionKey, planned: Sequence[Planned], now: datetime, settings: Settings) -> Planned:
    """A session that is no race: its event as the calendar has it, its start where Formula 1's schedule tells it."""
    event = next((one.live.event for one in planned if one.key.event_id == key.event_id), None)
    start: datetime | None = None
    if key.series is Series.F1:
        meetings = formula1(settings.data / "calendars").meetings
        meeting = next((one for one in meetings if (one.season, one.round) == (key.season, key.round)), None)
        event, start = (meeting.event, meeting.starts.get(key.code)) if meeting else (event, None)
    if event is None:
        raise NotFound(f"the calendar has no {key.series.label} round {key.round} in {key.season}")
    live = LiveSession(event, Session(key, start, status="scheduled"))
    return Planned(live, (start or now).date(), "timetable" if start else None, "the command")
