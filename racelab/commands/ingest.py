"""`racelab ingest ...`: every source into the store."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import typer

from racelab.commands.context import emit, log, printable, table, track
from racelab.domain.series import Series
from racelab.errors import BadInput, RacelabError
from racelab.runs.ingest import Found, Outcome, ingest
from racelab.settings import get_settings
from racelab.sources.hints import Hints
from racelab.store.open import open_store

_SHOWN = ["id", "series", "season", "round", "event", "session", "change", "laps"]
FORCE = typer.Option(False, "--force", help="Write sessions again that have not changed")
PATHS = typer.Argument(help="Files or folders", exists=False)
SERIES = typer.Option(None, help="wec, imsa or grcup, where the files do not tell")
SEASON = typer.Option(None, min=1900, max=2999, help="The season's year, where the files do not tell")
EVENT = typer.Option(None, help="The event's name, where the files do not tell")
CIRCUIT = typer.Option(None, help="The circuit's name, where the files do not tell")
START = typer.Option(None, help="The start as an ISO time with zone, such as 2024-06-15T16:00:00+02:00")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Read sessions into the store; reading twice changes nothing.")
    for name, command in (
        ("f1", f1), ("alkamel", alkamel), ("grcup", grcup), ("recording", recording), ("laps", laps), ("sample", sample),
    ):  # fmt: skip
        family.command(name)(command)
    app.add_typer(family, name="ingest")


def f1(
    seasons: str = typer.Argument(help="2024, 2021-2024 or 2021,2023"),
    event: str = typer.Argument(help="A round, a name or all"),
    sessions: list[str] = typer.Argument(None, help="FP1 FP2 FP3 Q SQ S R; default: race and sprint"),
    telemetry: bool = typer.Option(False, "--telemetry", help="Car and position samples too"),
    max_events: int = typer.Option(None, min=1, help="Stop after so many events of a season"),
    force: bool = FORCE,
) -> None:
    """Formula 1 through FastF1 (RACELAB_F1_MIRROR, RACELAB_F1_CACHE)."""
    from racelab.sources import f1 as source

    found: list[Found] = []
    for season in read_seasons(seasons):
        listed = source.find_sessions(season, event, sessions or (), telemetry=telemetry, settings=get_settings())
        rounds = sorted({session.key.round for session in listed})[:max_events]
        found += [session for session in listed if session.key.round in rounds]
    run(found, force)


def alkamel(
    paths: list[Path] = PATHS,
    series: str = SERIES,
    season: int = SEASON,
    event: str = EVENT,
    circuit: str = CIRCUIT,
    start: str = START,
    force: bool = FORCE,
) -> None:
    """Al Kamel lap files of WEC, IMSA and GR Cup, with the results and weather beside them."""
    from racelab.sources import alkamel as source

    hints = read_hints(series, season, event, circuit, start)
    run([session for path in paths for session in source.find_sessions(_there(path), hints)], force)


def grcup(folder: Path = typer.Argument(help="A GR Cup event's folder"), force: bool = FORCE) -> None:
    """A GR Cup event: laps, results, weather."""
    from racelab.sources import alkamel as source

    run(source.find_sessions(_there(folder), Hints(series=Series.GRCUP)), force)


def recording(path: Path = typer.Argument(help="A Timing71 ZIP"), force: bool = FORCE) -> None:
    """A recorded live session."""
    from racelab.sources import timing71 as source

    run(source.find_sessions(_there(path), Hints()), force)


def laps(paths: list[Path] = PATHS, force: bool = FORCE) -> None:
    """Lap tables in FastF1's columns: CSV or Parquet."""
    from racelab.sources import laptables as source

    run([session for path in paths for session in source.find_sessions(_there(path), Hints())], force)


def sample(seed: int = typer.Option(1, min=0, help="The same seed gives the same season"), force: bool = FORCE) -> None:
    """A generated season: F1-like, WEC-like and GR Cup-like races, in the year 2099."""
    from racelab.sources import sample as source

    run(source.generate(seed), force)
    folder = get_settings().data / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    truth = json.dumps(source.ground_truth(seed), indent=2)
    (folder / f"ground_truth_{seed}.json").write_text(truth + "\n", encoding="utf-8")


def run(found: Sequence[Found], force: bool) -> None:
    """Ingest what was found, with progress, and print the outcomes.

    Raises:
        RacelabError: some sessions failed; the others are stored.
    """
    if not found:
        raise BadInput(
            "nothing to ingest: no session found there; see `racelab ingest --help` for what each source reads"
        )
    with open_store() as store:
        steps = track(found, "ingest", len(found), lambda session: session.label)
        outcomes = list(ingest(steps, store, force=force))
    failed = [outcome for outcome in outcomes if outcome["change"] == "failed"]
    for outcome in outcomes:
        if outcome["error"] and outcome not in failed[:1]:
            log.warning("%s: %s", outcome["change"], printable(" ".join(outcome["error"].split())))
    emit(
        {"sessions": [_document(outcome) for outcome in outcomes]},
        lambda console: console.print(table(_summary(outcomes))),
    )
    if failed:
        others = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
        raise RacelabError(f"{failed[0]['error']}{others}")


def read_seasons(text: str) -> list[int]:
    """Years from ``2024``, ``2021-2024`` or ``2021,2023``.

    Raises:
        BadInput: the text is none of these.
    """
    years: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", part.strip(), re.ASCII)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise BadInput(f"no seasons are named {text!r}: write 2024, 2021-2024 or 2021,2023")
        years += range(int(match[1]), int(match[2] or match[1]) + 1)
    return years


def read_hints(
    series: str | None, season: int | None, event: str | None, circuit: str | None, start: str | None
) -> Hints:
    """Hints from the command's options.

    Raises:
        BadInput: a series or a time that cannot be read.
    """
    try:
        known = Series.read(series) if series else None
        moment = datetime.fromisoformat(start) if start else None
    except ValueError as error:
        raise BadInput(str(error)) from error
    if moment is not None and moment.tzinfo is None:
        raise BadInput(f"--start {start} has no zone: write it with one, such as 2024-06-15T16:00:00+02:00")
    return Hints(known, season, event, circuit, moment)


def _there(path: Path) -> Path:
    if not path.exists():
        raise BadInput(f"there is no file or folder {path}")
    return path


def _document(outcome: Outcome) -> Outcome:
    """What `--json` prints of a session; why one failed, is missing or was kept is said on standard error."""
    return {key: value for key, value in outcome.items() if key != "error"}


def _summary(outcomes: list[Outcome]) -> pd.DataFrame:
    frame = pd.DataFrame(outcomes)
    frame["laps"] = [outcome["rows"].get("laps") for outcome in outcomes]
    return frame[_SHOWN].astype({"id": "Int64", "season": "Int64", "round": "Int64", "laps": "Int64"})
