"""`racelab run`: one notebook, executed and written as a report."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress
from typer.core import TyperCommand

from racelab.commands.context import emit, is_json
from racelab.errors import BadInput, RunFailed

log = logging.getLogger("racelab")
_FLAGS = ("-p", "--parameter")


class PairsCommand(TyperCommand):
    """Takes `-p NAME VALUE` as one option; typer itself knows no options of two values that may be repeated."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join each pair before the options are parsed."""
        return super().parse_args(ctx, join_pairs(args))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", cls=PairsCommand)(run)


def run(
    notebook: str = typer.Argument(help="Its path under notebooks/, such as reports/race"),
    parameter: list[str] = typer.Option([], *_FLAGS, metavar="NAME VALUE", help="A parameter; may be repeated"),
    force: bool = typer.Option(False, "--force", help="Run again although nothing has changed"),
) -> None:
    """Run a notebook; write it, its HTML page and run.json under the reports folder."""
    from racelab.runs.notebooks import find_notebook
    from racelab.runs.parameters import read_values
    from racelab.runs.run import run_notebook

    found = find_notebook(notebook)
    values = read_values(found, map(split_pair, parameter))
    with _progress(found.name) as on_cell:
        done = run_notebook(found, values, force=force, on_cell=on_cell)
    record = done.record
    payload = {"cached": done.cached, **done.summary}
    word = "nothing has changed since" if done.cached else f"{record.outcome} in {record.duration_ms / 1000:.1f} s:"
    emit(payload, lambda console: console.print(f"{found.name} {word} {done.html}", soft_wrap=True, markup=False))
    if record.error:
        raise RunFailed(f"{found.name} failed in {record.error}; see {done.html}")


def join_pairs(args: list[str]) -> list[str]:
    """`-p NAME VALUE` becomes `-p NAME=VALUE`; what is written so already stays."""
    joined, rest = [], iter(args)
    for arg in rest:
        joined.append(arg)
        if arg in _FLAGS and (name := next(rest, None)) is not None:
            value = None if "=" in name else next(rest, None)
            joined.append(name if value is None else f"{name}={value}")
    return joined


def split_pair(text: str) -> tuple[str, str]:
    """Name and value of `NAME=VALUE`.

    Raises:
        BadInput: there is no value.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f"parameter {text} has no value: write -p NAME VALUE")
    return name, value


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    """A bar that counts cells on a terminal, a log line a cell elsewhere."""
    if not sys.stderr.isatty() or is_json():
        yield lambda cell, total: log.info("%s: cell %d of %d", name, cell, total)
        return
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(name)
        yield lambda cell, total: progress.update(
            task, total=total, completed=cell - 1, description=f"{name}: cell {cell} of {total}"
        )
