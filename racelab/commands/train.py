"""`racelab train`: learn from the stored races, and say how good it is on what was not learned from."""

from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, table
from racelab.commands.races import fit_races
from racelab.domain.series import Series
from racelab.errors import BadInput, NotFound
from racelab.models.backtests import MODEL, ratios
from racelab.models.targets import TARGETS, package
from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store

_ALL = (*TARGETS, "race")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(train)


def train(
    target: str = typer.Argument(help=f"{', '.join(_ALL)} or all"),
    series: str | None = typer.Option(None, help="f1, wec, imsa or grcup; default: all that the store holds"),
) -> None:
    """Learn models from the stored races and keep them in the data folder, each with its card and its score."""
    if target not in (*_ALL, "all"):
        raise BadInput(f"no model {target!r} to train: use {', '.join(_ALL)} or all")
    folder, only = get_settings().data / "models", read_series(series)
    with open_store() as store:
        done = _every(store, folder, only) if target == "all" else _train(target, store, folder, only)
    emit({"models": done}, lambda console: _print(console, done))


def read_series(text: str | None) -> Series | None:
    """The series that an option names.

    Raises:
        BadInput: there is no such series.
    """
    try:
        return Series.read(text) if text else None
    except ValueError as error:
        raise BadInput(str(error)) from error


def _every(store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
    """Train whatever the store has enough of; what it has too little of is told in the log.

    Raises:
        NotFound: it has enough of nothing.
    """
    done: list[dict[str, Any]] = []
    for target in _ALL:
        try:
            done += _train(target, store, folder, series)
        except NotFound as error:
            log.warning("%s is not trained: %s", target, error)
    if not done:
        raise NotFound("no race with enough laps in the store: fill it with `racelab ingest`, for one `racelab ingest sample`")  # fmt: skip
    return done


def _train(target: str, store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
    log.info("training %s", target)
    if target == "race":
        return fit_races(store, folder, series)
    return package(target).train(store, folder, series)


def _print(console: Console, done: list[dict[str, Any]]) -> None:
    console.print(table(pd.DataFrame([_row(card) for card in done])))
    console.print("Scores are of what was not learned from; `racelab backtest` tells more.")


def _row(card: dict[str, Any]) -> dict[str, Any]:
    """A line of the table: the first score of a model's backtest, and its ratio to the best naive answer."""
    tested = card.get("backtest") or {}
    score = next(((name, value) for name, value in tested.get("score", {}).items() if value is not None), None)
    return {
        "Model": card["target"],
        "Series": card["series"],
        "Kind": card.get("model", "race model"),
        "Learned": card["data"]["n"] if "data" in card else card["n"],
        "Scored": tested.get("n"),
        "Score": None if score is None else f"{score[0]} {score[1]:g}",
        "Ratio": (ratios(tested) or {}).get(MODEL) if tested else None,
        "Passed": {True: "yes", False: "no"}.get(card.get("passed")),  # type: ignore[arg-type]
        "Folder": "/".join(Path(card["path"]).parts[-3:]),
    }
