"""`racelab backtest`: how good a model is on laps that it had not seen, next to the naive answer."""

import json
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, table
from racelab.commands.train import read_series
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    target: str = typer.Argument(help="laptime, or anomaly (on the sample season, whose mishaps are known)"),
    series: str | None = typer.Option(None, help="f1, wec, imsa or grcup; default: all that the store holds"),
    first: int | None = typer.Option(None, "--from", help="First season"),
    last: int | None = typer.Option(None, "--to", help="Last season"),
) -> None:
    """Score a model walk-forward: every lap by a model that saw only what was over before it began."""
    if target not in ("laptime", "anomaly"):
        raise BadInput(f"no backtest of {target!r}: use laptime or anomaly")
    log.info("backtesting %s", target)
    only = read_series(series)
    with open_store() as store:
        document = _laptime(store, only, first, last) if target == "laptime" else _anomaly(store, only)
    emit(document, lambda console: _print(console, document))


def _laptime(store: Store, series: Series | None, first: int | None, last: int | None) -> dict[str, Any]:
    from racelab.models.laptime import backtest as score

    return score(store, series, first, last)[0]


def _anomaly(store: Store, series: Series | None) -> dict[str, Any]:
    from racelab.models.anomaly import backtest as score

    paths = sorted((get_settings().data / "sample").glob("ground_truth_*.json"), key=lambda path: path.stat().st_mtime)
    if not paths:
        raise NotFound("anomalies are scored against the sample season's truth, which is not here: run `racelab ingest sample`")  # fmt: skip
    return score(store, json.loads(paths[-1].read_text(encoding="utf-8"))["races"], series)


def _print(console: Console, document: dict[str, Any]) -> None:
    everything = {"the model": document["score"], **document["baselines"]}
    frame = pd.DataFrame([{"Answer": name, **score} for name, score in everything.items()])
    title = f"{document['target']}, {document['from']} to {document['to']}: {document['n']} laps not learned from"
    console.print(table(frame, title))
    console.print(table(pd.DataFrame(document["by"]), "By session"))
