"""`racelab db copy FROM TO`: everything from one store to another, of whatever kind they are."""

import typer
from rich.console import Console
from rich.table import Table

from racelab.commands.context import emit, rows, table, track
from racelab.runs.copy import Copied, copy_piece, pieces, require_two, totals
from racelab.store.engine import mask
from racelab.store.open import open_store

_FROM = typer.Argument(metavar="FROM", help="A store's URL: sqlite:///FILE, postgresql+psycopg://..., json:///FOLDER")
_TO = typer.Argument(metavar="TO", help="The store to copy to; made where there is none")


def copy(source: str = _FROM, target: str = _TO) -> None:
    """Copy every table, session by session; a session that differs is replaced, others of TO are left alone."""
    require_two(source, target)
    with open_store(source) as read, open_store(target) as written:
        listed = pieces(read, written)
        steps = track(listed, "copy", len(listed), lambda piece: piece.label)
        done = [copy_piece(read, written, piece) for piece in steps]
    counted = totals(done)
    payload = {
        "from": mask(source), "to": mask(target), "sessions": _changes(done),
        "tables": {row["table"]: {"rows": row["rows"], "written": row["written"]} for row in rows(counted)},
    }  # fmt: skip
    emit(payload, lambda console: _print(console, done, table(counted)))


def _changes(done: list[Copied]) -> dict[str, int]:
    changes = [copied.change for copied in done if copied.piece.key is not None]
    return {change: changes.count(change) for change in ("added", "updated", "unchanged")}


def _print(console: Console, done: list[Copied], shown: Table) -> None:
    console.print(shown)
    sessions = sum(copied.piece.key is not None for copied in done)
    said = ", ".join(f"{count} {change}" for change, count in _changes(done).items() if count) or "none"
    console.print(f"{sessions} sessions: {said}; {sum(sum(c.written.values()) for c in done)} rows written")
