"""`racelab simulate`: the chances of every car in a stored race."""

from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, rows, table
from racelab.settings import get_settings
from racelab.store.open import open_store

_PERCENT = ("win", "podium", "class_win", "class_podium")
_HEADINGS = {
    "car_number": "No.", "car_class": "Class", "win": "Win %", "podium": "Podium %", "class_win": "Class win %",
    "class_podium": "Class podium %", "expected_position": "Expected place",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    session: str = typer.Argument(help="A race: its id, or a name such as f1/2025/1/R"),
    races: int = typer.Option(2000, min=1, max=1_000_000, help="Simulated races"),
    from_lap: int = typer.Option(
        0, min=0, help="Simulate from this completed lap of the leader, knowing the laps until then; 0: from the start, with the pace of the whole race (hindsight)"
    ),
    seed: int = typer.Option(1, min=0, help="The same seed gives the same answer"),
) -> None:  # fmt: skip
    """Simulate a stored race many times and show every car's chances; they are kept in the store."""
    from racelab.strategy.simulate import simulate_session, summarise

    with open_store() as store:
        cache = get_settings().data / "cache" / "numba"
        chances = simulate_session(store, store.find(session), races=races, from_lap=from_lap, seed=seed, cache=cache)
    summary = summarise(chances)
    document = {**chances.attrs, "cars": rows(summary), "places": rows(chances)}
    emit(document, lambda console: _print(console, summary, chances.attrs))


def _print(console: Console, summary: pd.DataFrame, about: dict[str, Any]) -> None:
    many = summary["car_class"].nunique() > 1
    columns = [key for key in _HEADINGS if many or not key.startswith("class_")]
    shown = summary.assign(**{key: summary[key].map(_percent) for key in _PERCENT})
    shown["expected_position"] = summary["expected_position"].map("{:.1f}".format)
    if shown["car_class"].isna().all():
        columns.remove("car_class")
    start = f"lap {about['from_lap']}" if about["from_lap"] else "the start"
    console.print(table(shown[columns].rename(columns=_HEADINGS), f"{about['session']}: {about['races']} races from {start}"))  # fmt: skip
    console.print(f"Fitted from {about['fitted_from']}; seed {about['seed']}.", markup=False)


def _percent(share: float) -> str:
    """A share as a percentage; what occurred in fewer than one race of a thousand is told apart from never."""
    return "–" if share == 0 else "<0.1" if share < 0.001 else f"{100 * share:.1f}"
