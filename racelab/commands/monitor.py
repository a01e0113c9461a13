"""`racelab monitor`: follow every race of the calendar, without a person at the keyboard."""

import asyncio
import signal
from datetime import datetime
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, printable, table
from racelab.runs.logs import log_to_file
from racelab.runs.monitor.monitor import Monitor
from racelab.runs.monitor.once import look_once
from racelab.settings import get_settings
from racelab.store.open import open_store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("monitor")(monitor)


def monitor(
    once: bool = typer.Option(False, "--once", help="Look once, tell what is seen and what would be done, and end"),
) -> None:
    """Follow the races of the calendar until Ctrl-C: record, store, train, predict, export and report them."""
    settings = get_settings()
    with open_store() as store:
        watcher = Monitor(store, settings)
        if once:
            seen = asyncio.run(look_once(watcher))
            emit(seen, lambda console: _print(console, seen))
            return
        with log_to_file(settings):
            log.info("monitor: it looks at the calendar every %.0f s; Ctrl-C ends it", settings.monitor_check_s)
            asyncio.run(_run(watcher))
            log.info("monitor: it has ended; what was recorded is complete")


async def _run(watcher: Monitor) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await watcher.run(stop)


def _print(console: Console, seen: dict[str, Any]) -> None:
    console.print(_state(seen), markup=False, highlight=False)
    if seen["upcoming"]:
        console.print(table(pd.DataFrame([_row(race) for race in seen["upcoming"]]), "Next races"))
    for race in seen["would_follow"]:
        console.print(f"Due now and followed by nobody: {race['name']} ({race['session']})", markup=False)
    for line in seen["did"]:
        console.print(printable(line), markup=False, highlight=False)
    for one in seen["parts"]:
        console.print(printable(f"{one['health']:8} {one['part']}: {one['detail']}"), markup=False, highlight=False)


def _state(seen: dict[str, Any]) -> str:
    if not seen["running"]:
        return "No monitor runs; `racelab monitor` or `racelab serve` starts one."
    active = ", ".join(f"{one['name']} (lap {one['laps']})" for one in seen["active_sessions"]) or "no race now"
    return f"A monitor runs ({seen['holder']}, since {seen['since']}) and follows {active}."


def _row(race: dict[str, Any]) -> dict[str, Any]:
    start = race["start_time"]
    return {
        "Session": race["session"],
        "Race": race["name"],
        "Start (UTC)": f"{datetime.fromisoformat(start):%Y-%m-%d %H:%M}" if start else f"{race['date']}, time unknown",
        "Verified": "yes" if race["start_verified"] else "no",
        "Hours": f"{race['length_s'] / 3600:.2f}",
    }
