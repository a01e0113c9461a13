"""`racelab export ...`: the race JSON, and a session's tables."""

from collections.abc import Sequence
from pathlib import Path

import typer

from racelab.commands.context import emit
from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound
from racelab.exports.files import export_folder, write_race
from racelab.exports.tables import write_tables
from racelab.store.open import open_store
from racelab.store.protocol import Store

OUT = typer.Option(None, "--out", help="The folder to write to; default: exports in the data folder")
SESSION = typer.Argument(help="Its id, or a name such as f1/2025/1/R")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Write what others read: race JSON, CSV, Parquet.")
    family.command("race")(race)
    family.command("tables")(tables)
    app.add_typer(family, name="export")


def race(
    session: str = typer.Argument(help="Its id, a name such as f1/2025/1/R, or active: the live race"),
    out: Path = OUT,
) -> None:
    """Write the race JSON: cars, laps, stops and statistics of one race."""
    with open_store() as store:
        key = active_session(store) if session == "active" else store.find(session)
        paths = [write_race(store, key, out or export_folder())]
    _report(key, paths)


def tables(
    session: str = SESSION,
    file_format: str = typer.Option("csv", "--format", help="csv or parquet"),
    out: Path = OUT,
) -> None:
    """Write every table of a session as a file, with columns.csv, which says what each column means."""
    with open_store() as store:
        key = store.find(session)
        paths = write_tables(store, key, out or export_folder(), file_format)
    _report(key, paths)


def active_session(store: Store) -> SessionKey:
    """The live or replayed session whose state was published last.

    Raises:
        NotFound: nothing was live yet.
    """
    live = store.read("live_sessions").sort_values("updated_utc")
    if live.empty:
        raise NotFound("no session is active: start one with `racelab replay` or `racelab live`, or name a session")
    return SessionKey.of_id(int(live["session_id"].iloc[-1]))


def _report(key: SessionKey, paths: Sequence[Path]) -> None:
    payload = {"session": str(key), "files": [path.as_posix() for path in paths]}
    lines = "\n".join(map(str, paths))
    emit(payload, lambda console: console.print(lines, soft_wrap=True, markup=False))
