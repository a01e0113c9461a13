"""`racelab ingest f1db ZIP` and `racelab ingest ergast ZIP`: seasons since 1950, and one identity for all ids."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, log, printable, rows, table, track
from racelab.commands.progress import stoppable
from racelab.errors import RacelabError
from racelab.runs.history import Outcome, Source, ingest_history
from racelab.runs.identify import report
from racelab.runs.logs import log_to_file, record
from racelab.settings import get_settings
from racelab.store.open import open_store

# People read a screen of them; --json has them all.
_SHOWN = 40
FORCE = typer.Option(False, "--force", help="Write it again, also where it has not changed or holds less than before")


def register(family: typer.Typer) -> None:
    """Add the commands to the family of `racelab ingest`."""
    family.command("f1db")(f1db)
    family.command("ergast")(ergast)


def f1db(path: Path = typer.Argument(help="f1db's CSV release, a ZIP"), force: bool = FORCE) -> None:
    """Formula 1 since 1950 from f1db (f1db.com, CC BY 4.0): every list of every weekend, standings, entrants."""
    from racelab.sources import f1db as source

    run(path, source, force)


def ergast(path: Path = typer.Argument(help="A dump of Ergast's tables, a ZIP"), force: bool = FORCE) -> None:
    """Formula 1 since 1950 from Ergast: results, qualifying, standings, pit stops, safety cars, red flags."""
    from racelab.sources import ergast as source

    run(path, source, force)


def run(path: Path, source: Source, force: bool) -> None:
    """Read a history, write it, match its ids, and print what it holds and how much of it matches.

    Raises:
        RacelabError: the file cannot be read or the store refused it; nothing of it is stored then.
    """
    with log_to_file(get_settings()), stoppable():
        record.info("ingest begins: %s of %s", path, source.PROVIDER)
        try:
            _run(path, source, force)
        except KeyboardInterrupt as error:
            record.warning("ingest of %s interrupted", path)
            raise RacelabError(
                "interrupted; the file is stored whole or not at all, run the same command again"
            ) from error
        except RacelabError as error:
            record.error("%s failed: %s", path, error)
            raise


def _run(path: Path, source: Source, force: bool) -> None:
    with open_store() as store:
        steps = track((f"read and write {path.name}", "compare ids"), "ingest", 2)
        next(steps)
        outcome, identified = ingest_history(store, source, path, force=force)
        next(steps)
        pairs, unmatched = report(store)
        next(steps, None)
        alone = source.PROVIDER != "f1db" and store.read("history_runs", provider="f1db").empty
    record.info("%s %s: %s races, rows %s", source.PROVIDER, outcome["change"], outcome["races"], outcome["rows"])
    for line in (*outcome["left_out"], *([outcome["note"]] if outcome["note"] else [])):
        log.warning("%s", printable(line))
    if alone:
        log.info("f1db divides constructors finest: ingest it first where there is a choice")
    document = {**outcome, "pairs": rows(pairs), "unmatched": rows(unmatched), "doubts": rows(identified.doubts)}
    emit(document, partial(_print, outcome, pairs, unmatched))


def _print(outcome: Outcome, pairs: pd.DataFrame, unmatched: pd.DataFrame, console: Console) -> None:
    span = "–".join(str(year) for year in outcome["seasons"])
    words = f"{outcome['provider']}: {outcome['change']}, {outcome['races']} races, seasons {span}"
    console.print(words, markup=False)
    if outcome["rows"]:
        console.print(table(_counted(outcome["rows"]), "Rows written"))
    if outcome["missing"]:
        console.print(f"Not in the file: {', '.join(outcome['missing'])}", markup=False)
    if len(pairs):
        shown = pairs.assign(rate=[f"{100 * rate:.1f} %" for rate in pairs["rate"]])
        console.print(table(shown, "Ids of a that have an identity in common with b, of those that b could have"))
    if len(unmatched):
        console.print(table(unmatched.head(_SHOWN), "Not matched"))
        if len(unmatched) > _SHOWN:
            console.print(f"and {len(unmatched) - _SHOWN} more: --json lists them all")


def _counted(written: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({"table": list(written), "rows": list(written.values())})
