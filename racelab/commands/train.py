"""`racelab train`: learn from the stored laps, and say how good it is on laps not learned from."""

from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, table
from racelab.commands.races import fit_races
from racelab.domain.series import Series
from racelab.errors import BadInput
from racelab.settings import get_settings
from racelab.store.open import open_store
from racelab.store.protocol import Store

_NO_FINISH = "nothing is trained for the finishing order yet: `racelab simulate SESSION` answers it from the race model"
_TARGETS = ("laptime", "anomaly", "race")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(train)


def train(
    target: str = typer.Argument(help="laptime, anomaly, race or all; finish is not trained: see `racelab simulate`"),
    series: str | None = typer.Option(None, help="f1, wec, imsa or grcup; default: all that the store holds"),
) -> None:
    """Learn models from the stored races and write them to the data folder, each with its score."""
    if target == "finish":
        raise BadInput(_NO_FINISH)
    if target not in (*_TARGETS, "all"):
        raise BadInput(f"no model {target!r} to train: use laptime, anomaly, race or all")
    folder, only = get_settings().data / "models", read_series(series)
    with open_store() as store:
        wanted = _TARGETS if target == "all" else (target,)
        done = [document for each in wanted for document in _train(each, store, folder, only)]
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


def _train(target: str, store: Store, folder: Path, series: Series | None) -> list[dict[str, Any]]:
    from racelab.models import anomaly, laptime

    log.info("training %s", target)
    if target == "race":
        return fit_races(store, folder, series)
    return laptime.train(store, folder, series) if target == "laptime" else anomaly.train(store, folder, series)


def _print(console: Console, done: list[dict[str, Any]]) -> None:
    console.print(table(pd.DataFrame([_row(document) for document in done])))
    console.print("Lap-time scores are of laps that were not learned from; `racelab backtest laptime` tells more.")


def _row(document: dict[str, Any]) -> dict[str, Any]:
    score, naive = document.get("score", {}), document.get("baselines", {}).get("last_lap", {})
    return {
        "Model": document["target"],
        "Series": document["series"],
        "Kind": document.get("model", "isolation forest" if document["target"] == "anomaly" else "race model"),
        "Laps": document["n"],
        "MAE ms": score.get("mae_ms"),
        "Last lap's": naive.get("mae_ms"),
        "80 % holds": score.get("coverage_80"),
        "File": Path(document["path"]).name,
    }
