"""`racelab backtest`: how good a model is on what it had not seen, next to the naive answers."""

from itertools import takewhile
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, table
from racelab.commands.train import read_series
from racelab.models.backtests import Backtest, check_seasons
from racelab.models.targets import TARGETS, package
from racelab.store.open import open_store

_WHAT = {"laptime": "laps", "anomaly": "laps", "finish": "cars", "inrace": "cars"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    target: str = typer.Argument(help=f"{', '.join(TARGETS[:-1])} or {TARGETS[-1]}"),
    series: str | None = typer.Option(None, help="f1, wec, imsa or grcup; default: all that the store holds"),
    first: int | None = typer.Option(None, "--from", help="First season that is scored; earlier ones only teach"),
    last: int | None = typer.Option(None, "--to", help="Last season that is scored"),
) -> None:
    """Score a model walk-forward by event: what is predicted was never learned from, nor was anything after it."""
    scored, only = package(target), read_series(series)
    check_seasons(first, last)
    log.info("backtesting %s", target)
    with open_store() as store:
        found = scored.backtest(store, only, first, last)
    emit(found.document, lambda console: _print(console, found))


def _print(console: Console, found: Backtest) -> None:
    document = found.document
    where = f"{document['series'] or 'all series'}, {document['from']} to {document['to']}"
    title = f"{document['target']}, {where}: n {document['n']:,} {_WHAT[document['target']]} not learned from"
    console.print(title, highlight=False)
    console.print(table(found.frame.rename(columns={"answer": "Answer", "to_best_baseline": "Ratio"})))
    console.print("Ratio: the first score over that of the best naive answer.")
    for cut, rows in _cuts(document["by"]).items():
        console.print(table(pd.DataFrame(rows).dropna(axis=1, how="all"), f"By {', '.join(cut)}"))


def _cuts(by: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """The rows of ``by`` by what they are cut by, which stands before their n."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in by:
        cut = tuple(takewhile(lambda name: name != "n", row))
        found.setdefault(cut, []).append(row)
    return found
