"""`racelab db ...`: the store itself."""

from dataclasses import asdict

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, printable, table, track
from racelab.errors import StoreError
from racelab.runs.database.access import looking
from racelab.runs.database.check import find_problems, steps
from racelab.runs.database.problems import Problem
from racelab.settings import get_settings
from racelab.store.engine import mask, upgrade_store
from racelab.store.migrate import head


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Look after the store.")
    family.command("upgrade")(upgrade)
    family.command("check")(check)
    app.add_typer(family, name="db")


def upgrade() -> None:
    """Bring the store's schema to this version of racelab; a current one is left alone."""
    settings = get_settings()
    before = upgrade_store(settings.store_url, settings.busy_timeout_s)
    payload = {"store": mask(settings.store_url), "before": before, "after": head()}
    changed = f"from {before or 'nothing'} to {head()}" if before != head() else f"is current ({head()})"
    emit(payload, lambda console: console.print(f"{payload['store']}: schema {changed}", markup=False))


def check() -> None:
    """Look for damage, missing parts, orphan rows, impossible values and lost rows; exit status 1 where there are some."""
    problems: list[Problem] = []
    found: dict[str, int | None] = {}
    listed = steps()
    with looking(get_settings()) as store:
        for step in track(listed, "check", len(listed), lambda step: step.name):
            wrong = find_problems(store, step, problems)
            found[step.name] = None if wrong is None else len(wrong)
            problems += wrong or []
        shown = mask(store.url)
    checks = pd.DataFrame(
        [{"check": step.name, "problems": found[step.name], "looks for": step.looks_for} for step in listed]
    ).astype({"problems": "Int64"})
    payload = {"store": shown, "ok": not problems, "checks": found, "problems": [asdict(one) for one in problems]}
    emit(payload, lambda console: _print_check(console, checks, problems))
    if problems:
        raise StoreError(
            f"the store {shown} has {_counted(len(problems), 'problem')}: the first is {_sentence(problems[0])}"
        )


def _print_check(console: Console, checks: pd.DataFrame, problems: list[Problem]) -> None:
    console.print(table(checks))
    for problem in problems:
        console.print(f"{problem.check}: {_sentence(problem)}", markup=False)


def _sentence(problem: Problem) -> str:
    examples = "; ".join(problem.examples)
    return printable(f"{problem.table}: {problem.what} ({problem.count})" + (f": {examples}" if examples else ""))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
