"""`racelab sessions` and `racelab show`: what the store holds."""

from typing import Any

import pandas as pd
import typer
from rich.console import Console

from racelab.analysis.checks import rule_tally
from racelab.analysis.fastest import timed_laps
from racelab.commands.context import emit, rows, table
from racelab.domain.sessions import SessionKey
from racelab.domain.time import format_duration
from racelab.store.open import open_store
from racelab.store.protocol import Store

_FINDINGS = ["noted", "repaired", "quarantined"]
_LISTED = ["id", "series", "season", "round", "event", "session", "entries", "laps", "status"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sessions")(list_sessions)
    app.command("show")(show)


def list_sessions() -> None:
    """List the sessions of the store."""
    with open_store() as store:
        frame = store.sessions()[_LISTED]
    hint = "The store is empty: fill it with `racelab ingest sample` or another `racelab ingest`."
    emit(rows(frame), lambda console: console.print(table(frame) if len(frame) else hint))


def show(session: str = typer.Argument(help="Its id, or a name such as f1/2025/1/R")) -> None:
    """Show one session: winner, fastest lap, counts, where it came from, and what checks found in it."""
    with open_store() as store:
        summary = summarise(store, store.find(session))
    emit(summary, lambda console: _print(console, summary))


def summarise(store: Store, key: SessionKey) -> dict[str, Any]:
    """Winner, fastest lap, counts, provenance, repairs and the tally of checks, as `show --json` prints them."""
    laps, repairs = store.read("laps", key), store.read("repairs", key)
    origin = rows(store.read("ingest_runs", key).drop(columns="session_id"))
    return {
        "session": str(key),
        "winner": _winner(store.read("results", key)) if key.is_race else None,
        "fastest_lap": _fastest(laps, key.is_race),
        "entries": len(store.read("entries", key)),
        "laps": len(laps),
        "pit_stops": len(store.read("pit_stops", key)),
        "provenance": origin[0] if origin else None,
        "repairs": rows(repairs.drop(columns="session_id")),
        "checks": rows(rule_tally(store.read("checks", key), repairs)),
        "quarantine": len(store.read("quarantine", key)),
    }


def _winner(results: pd.DataFrame) -> dict[str, Any] | None:
    order = {"official": 0, "provisional": 1, "road": 2}
    first = results[results["position"] == 1].sort_values("kind", key=lambda kind: kind.map(order))
    return rows(first[["car_number", "laps"]].head(1))[0] if len(first) else None


def _fastest(laps: pd.DataFrame, is_race: bool) -> dict[str, Any] | None:
    best = timed_laps(laps, is_race=is_race).head(1)
    return rows(best[["car_number", "lap_number", "lap_time_ms"]])[0] if len(best) else None


def _print(console: Console, summary: dict[str, Any]) -> None:
    winner, fastest = summary["winner"], summary["fastest_lap"]
    console.print(f"[bold]{summary['session']}[/bold]")
    if winner:
        console.print(f"Winner        #{winner['car_number']}, {winner['laps']} laps", markup=False)
    if fastest:
        time = format_duration(fastest["lap_time_ms"])
        console.print(f"Fastest lap   #{fastest['car_number']}, lap {fastest['lap_number']}, {time}", markup=False)
    console.print(f"Rows          {summary['entries']} cars, {summary['laps']} laps, {summary['pit_stops']} stops")
    origin = summary["provenance"] or {}
    console.print(f"Source        {origin.get('source', '–')}: {origin.get('location', '–')}", markup=False)
    if origin.get("missing"):
        console.print(f"Missing       {origin['missing']}", markup=False)
    _print_checks(console, summary)


def _print_checks(console: Console, summary: dict[str, Any]) -> None:
    """The rules that found something, and how many did not; a store of older reading has repairs without a tally."""
    checks, repairs = pd.DataFrame(summary["checks"]), pd.DataFrame(summary["repairs"])
    if checks.empty:
        if len(repairs):
            console.print(table(repairs.groupby("rule").size().rename("rows").reset_index(), "Repairs"))
        return
    found = checks[checks[_FINDINGS].sum(axis=1) > 0]
    counts = ", ".join(f"{found[name].sum():,} {name}" for name in _FINDINGS)
    quiet = len(checks) - len(found)
    console.print(f"Checks        {len(checks)} rules, {quiet} of them without a finding; {counts}")
    if len(found):
        console.print(table(found))
