"""`racelab demo`: from nothing to a replayed race on the dashboard."""

import os
import subprocess
import sys
import time

import typer
from rich.console import Console

from racelab.commands.context import emit, log, rows, track
from racelab.commands.serve import announce, settle, start_servers, stop_servers, wait_for_end
from racelab.runs.voila import child_environment
from racelab.settings import get_settings

REPLAYED = "wec/2099/1/R"
SPEED = 30


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    serve: bool = typer.Option(True, "--serve/--no-serve", help="Replay a race on the dashboard at the end"),
    seed: int = typer.Option(1, min=0, help="The same seed gives the same season"),
) -> None:
    """Generate a season, ingest, train, simulate, export and report; then replay a race on the dashboard."""
    from racelab.runs.demo import first_step, later_steps

    start = time.monotonic()
    log.info("Generating and ingesting a season")
    changed, outcomes = first_step(seed)
    steps, done = later_steps(changed), []
    for step in track(steps, "demo", len(steps), lambda step: step.label):
        result = step.run()
        done.append({"step": step.label, "result": result})
        log.info("%s: %s", step.label, result)
    seconds = round(time.monotonic() - start, 1)
    summary = {"sessions": rows(outcomes), "steps": done, "seconds": seconds, "reports": str(get_settings().reports)}
    emit(summary, lambda console: _print(console, len(outcomes), seconds))
    if serve:
        _serve()


def _print(console: Console, sessions: int, seconds: float) -> None:
    index = (get_settings().reports / "index.html").resolve()
    console.print(f"{sessions} sessions ingested, simulated, exported and reported in {seconds} s.")
    console.print(f"Reports: {index.as_uri()}", soft_wrap=True, markup=False)


def _serve() -> None:
    settings = settle(None, None, None)
    children = start_servers(settings)
    command = [sys.executable, "-m", "racelab", "replay", REPLAYED, "--speed", str(SPEED)]
    replay = subprocess.Popen(command, env=child_environment(os.environ), stderr=subprocess.DEVNULL)
    try:
        log.info("Replaying %s at %d times its speed", REPLAYED, SPEED)
        announce(settings)
        wait_for_end(children)
    finally:
        stop_servers([replay, *children])
