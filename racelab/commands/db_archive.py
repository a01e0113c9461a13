"""`racelab db archive` and `racelab db unarchive`: telemetry to Parquet files beside the store, and back."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.commands.context import emit, table
from racelab.commands.db import progressing
from racelab.errors import BadInput
from racelab.runs.archives import Moved, archive_all, give_back_room, room, seasons_before, unarchive_all
from racelab.runs.database.access import require_store
from racelab.settings import get_settings
from racelab.store.engine import mask
from racelab.store.open import open_store

_SESSIONS = typer.Argument(None, help="Ids, or names such as f1/2025/1/R")


def archive(
    sessions: list[str] = _SESSIONS,
    before: int | None = typer.Option(None, help="Every session of the seasons before this year"),
) -> None:
    """Move telemetry to Parquet files beside the store; `load_telemetry` and exports read it from there."""
    if bool(sessions) == (before is not None):
        raise BadInput("name the sessions whose telemetry to archive, or give --before YEAR")
    require_store(get_settings().store_url)
    with open_store() as store, progressing() as progress:
        keys = seasons_before(store, before) if before is not None else [store.find(name) for name in sessions]
        _run(archive_all(store, keys, progress))


def unarchive(sessions: list[str] = typer.Argument(help="Ids, or names such as f1/2025/1/R")) -> None:
    """Put archived telemetry back into the store, and remove its files."""
    require_store(get_settings().store_url)
    with open_store() as store, progressing() as progress:
        _run(unarchive_all(store, [store.find(name) for name in sessions], progress))


def _run(moves: Iterator[Moved]) -> None:
    settings = get_settings()
    sizes = {"before": room(settings.store_url)}
    moved = list(moves)
    if any(one.rows for one in moved):
        give_back_room(settings.store_url, settings.busy_timeout_s)
    sizes["after"] = room(settings.store_url)
    rows = [asdict(one) for one in moved]
    payload = {
        "store": mask(settings.store_url),
        "sessions": rows,
        "rows": sum(one.rows for one in moved),
        "bytes": sizes,
    }
    emit(payload, lambda console: _print(console, payload))


def _print(console: Console, payload: dict[str, Any]) -> None:
    frame = pd.DataFrame(payload["sessions"], columns=["session", "change", "rows", "bytes"])
    changed = frame[frame["change"] != "unchanged"].astype({"bytes": "Int64"})
    if len(changed):
        console.print(table(changed))
    console.print(f"{payload['rows']} rows moved; {len(frame) - len(changed)} sessions unchanged", markup=False)
    for name in ("store", "archives"):
        old, new = (payload["bytes"][moment][name] for moment in ("before", "after"))
        if old is not None:
            console.print(f"{name.capitalize()}: {old} bytes before, {new} after", markup=False)
