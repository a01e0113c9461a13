"""`racelab live`: follow the session of a series that is on now, until it is over."""

import asyncio
import signal
from typing import Any

import typer

from racelab.commands.context import emit, log
from racelab.commands.replay import in_words, print_summary, summarise, watching
from racelab.domain.series import Series
from racelab.errors import BadInput, RacelabError
from racelab.live.clock import SystemClock
from racelab.live.feed import LiveFeed
from racelab.live.state import RaceState
from racelab.runs.live_now import follow_now, session_now
from racelab.runs.logs import log_to_file
from racelab.runs.monitor.feeds import make_feed
from racelab.runs.monitor.following import feed_words
from racelab.runs.monitor.planned import Planned
from racelab.settings import Settings, get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store

# A day has 1,440 such lines.
_LOG_EVERY_S = 60.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live")(live)


def live(
    series: str = typer.Argument(help="f1, wec or imsa"),
    session: str = typer.Option(None, "--session", help="Which session, such as f1/2026/5/Q; default: the race now"),
) -> None:
    """Follow a session live: its frames are recorded, it is stored, and dashboards show it."""
    settings, clock = get_settings(), SystemClock()
    try:
        wanted = Series.read(series)
    except ValueError as error:
        raise BadInput(str(error)) from error
    planned = session_now(wanted, session, clock.now(), settings)
    feed = make_feed(planned.live, settings, clock)
    with open_store() as store, log_to_file(settings):
        log.info("live: follows %s; its frames are recorded under %s", planned.name, settings.data / "recordings")
        summary = asyncio.run(_followed(planned, feed, store, settings))
        log.info("live: %s is over: %s", planned.name, summary["why"])
    emit(summary, lambda console: print_summary(console, summary))


async def _followed(planned: Planned, feed: LiveFeed, store: Store, settings: Settings) -> dict[str, Any]:
    """The summary of the session once it is over.

    Raises:
        RacelabError: a signal ended it before.
    """
    clock = SystemClock()
    with watching(str(planned.key), clock, _LOG_EVERY_S) as show:

        def watch(state: RaceState) -> None:
            show(lambda: f"{in_words(state)}; feed {feed_words(feed.health, clock.now())[1]}")

        task = asyncio.ensure_future(follow_now(planned, feed, store, settings, clock, watch))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            road, why = await task
        except asyncio.CancelledError as error:
            raise RacelabError(
                f"ended before the session was; run `racelab live {planned.key.series.value} --session {planned.key}` "
                "to go on: what was recorded is complete"
            ) from error
    return {**summarise(planned.key, road), "why": why}
