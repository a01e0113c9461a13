"""`racelab db ...`: the store itself."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from racelab.commands.context import emit, is_json, log, printable, table, track
from racelab.errors import BadInput, StoreError
from racelab.runs.checksums import store_checksums
from racelab.runs.database.access import kind_of, looking
from racelab.runs.database.backup import back_up
from racelab.runs.database.backup import restore as restore_backup
from racelab.runs.database.check import find_problems, steps
from racelab.runs.database.problems import Problem
from racelab.runs.database.stats import statistics
from racelab.settings import get_settings
from racelab.store.engine import mask, upgrade_store
from racelab.store.folder import JsonStore
from racelab.store.migrate import head, upgrade_sql
from racelab.store.open import open_store
from racelab.store.protocol import Progress

_QUIET_S = 5.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Look after the store.")
    family.command("upgrade")(upgrade)
    from racelab.commands.db_archive import archive, unarchive  # they use this module's progress
    from racelab.commands.db_copy import copy

    for command in (check, stats, copy, backup, restore, archive, unarchive):
        family.command(command.__name__)(command)
    app.add_typer(family, name="db")


def upgrade(
    sql: bool = typer.Option(False, "--sql", help="Print the SQL instead, for whoever runs it himself"),
    before: str = typer.Option(None, "--from", help="With --sql: the schema that the database has, such as 0001"),
) -> None:
    """Bring the store's schema to this version of racelab; a current one is left alone."""
    if sql:
        _print_sql(kind_of(get_settings().store_url), before)
    elif before:
        raise BadInput("--from goes with --sql: an upgrade finds by itself which schema the store has")
    else:
        _upgrade()


def _print_sql(kind: str, before: str | None) -> None:
    if kind == "json":
        raise BadInput("a JSON store has no SQL: `racelab db upgrade` upgrades it")
    sys.stdout.write(upgrade_sql(kind, before))


def _upgrade() -> None:
    settings = get_settings()
    if kind_of(settings.store_url) == "json":
        found: str | None = JsonStore(settings.store_url, busy_timeout_s=settings.busy_timeout_s).upgrade()
    else:
        found = upgrade_store(settings.store_url, settings.busy_timeout_s)
    payload = {"store": mask(settings.store_url), "before": found, "after": head()}
    changed = f"from {found or 'nothing'} to {head()}" if found != head() else f"is current ({head()})"
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


def stats(
    checksums: bool = typer.Option(False, "--checksums", help="Read every row and print each table's SHA-256"),
) -> None:
    """Rows of each table, sessions of each season, room on the disk, and checksums that do not depend on the database."""
    settings = get_settings()
    with looking(settings) as store:
        payload = {"store": mask(store.url), **statistics(store)}
    if checksums:
        with open_store() as opened, progressing() as progress:
            digests = store_checksums(opened, progress)
        for name, digest in digests.items():
            payload["tables"][name]["sha256"] = digest
    emit(payload, lambda console: _print_stats(console, payload))


def backup(
    file: Path = typer.Argument(help="The file to write"),
    force: bool = typer.Option(False, "--force", help="Replace the file if it is there"),
) -> None:
    """Save what the store holds at this moment in one file, while others go on writing."""
    with progressing() as progress:
        manifest = back_up(get_settings(), file, progress, force=force)
    said = f"{file}: {sum(manifest.rows.values())} rows, {file.stat().st_size} bytes"
    payload = {"file": file, "bytes": file.stat().st_size, "schema": manifest.schema, "rows": manifest.rows}
    emit(payload, lambda console: console.print(said, markup=False))


def restore(
    file: Path = typer.Argument(help="A backup of `racelab db backup`"),
    force: bool = typer.Option(False, "--force", help="Replace what the store holds"),
) -> None:
    """Put a backup into the store; it is compared with its checksums before anything is replaced."""
    settings = get_settings()
    with progressing() as progress:
        manifest = restore_backup(settings, file, progress, force=force)
    said = f"{mask(settings.store_url)}: {sum(manifest.rows.values())} rows of {manifest.created_utc}"
    payload = {"store": mask(settings.store_url), "schema": head(), "rows": manifest.rows}
    emit(payload, lambda console: console.print(said, markup=False))


@contextmanager
def progressing() -> Iterator[Progress]:
    """What is told of long work: one line that changes on a terminal, elsewhere a log line every few seconds."""
    if not sys.stderr.isatty() or is_json():
        told = time.monotonic()

        def note(label: str, count: int) -> None:
            nonlocal told
            if time.monotonic() - told > _QUIET_S:
                told = time.monotonic()
                log.info("%s %d", printable(label), count)

        yield note
        return
    with Status("", console=Console(stderr=True)) as status:
        yield lambda label, count: status.update(f"{escape(printable(label))} {count:,}")


def _print_stats(console: Console, payload: dict[str, Any]) -> None:
    console.print(f"{payload['store']}, schema {payload['schema'] or 'none'}, {payload['bytes']} bytes", markup=False)
    console.print(table(pd.DataFrame(payload["seasons"], columns=["series", "season", "events", "sessions"])))
    rows = [{"table": name, **told} for name, told in payload["tables"].items()]
    frame = pd.DataFrame(rows).astype({"bytes": "Int64", "index_bytes": "Int64"})
    console.print(table(frame))


def _print_check(console: Console, checks: pd.DataFrame, problems: list[Problem]) -> None:
    console.print(table(checks))
    for problem in problems:
        console.print(f"{problem.check}: {_sentence(problem)}", markup=False)


def _sentence(problem: Problem) -> str:
    examples = "; ".join(problem.examples)
    return printable(f"{problem.table}: {problem.what} ({problem.count})" + (f": {examples}" if examples else ""))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
