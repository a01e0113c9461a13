"""Rows that point at nothing: cars without an entry, sessions without an event, results of no race."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey
from racelab.runs.database.access import Opened
from racelab.runs.database.problems import Problem, wrong_rows
from racelab.store.tables import SA_TABLES, TABLES

_CHECK = "references"
# Tables whose cars must be entered. Predictions and simulations may be of cars that a source has yet to enter.
_OF_CARS = ("drivers", "laps", "pit_stops", "results", "telemetry", "driver_metrics")
_HISTORY = ("history_events", "history_results", "history_pit_stops", "history_standings", "history_entrants", "history_incidents")  # fmt: skip


_IDENTIFIED = ("driver", "constructor", "engine", "tyre", "circuit")


def dangling(store: Opened) -> Iterator[Problem]:
    """Rows of every table whose session, event, entry or run is missing."""
    for table in TABLES:
        keys = TABLES[table].columns
        if "session_id" in keys and table != "sessions":
            yield from _without(store, table, "sessions", ("session_id",))
    yield from _without(store, "sessions", "events", ("event_id",))
    yield from _without(store, "events", "sessions", ("event_id",))
    for table in _OF_CARS:
        yield from _without_entry(store, table)
    yield from _without_origin(store)
    for table in _HISTORY:
        yield from _without(store, table, "history_runs", ("provider",))
        if {"season", "round"} <= set(TABLES[table].columns) and table != "history_events":
            yield from _without(store, table, "history_events", ("provider", "season", "round"), season_lists=True)
    yield from unnamed(store)


def unnamed(store: Opened) -> Iterator[Problem]:
    """A provider's own ids in its history that no identity stands for."""
    identities = SA_TABLES["identities"].c
    for table in _HISTORY:
        held = SA_TABLES[table].c
        kinds = {f"{kind}_ref": sa.literal(kind) for kind in _IDENTIFIED}
        # In the standings the kind of the line says what its id is of.
        for name, kind in [*kinds.items(), ("ref", held.kind if "kind" in held else sa.literal(""))]:
            if name in held:
                known = sa.exists().where(
                    identities.kind == kind,
                    identities.provider == held.provider,
                    identities.provider_id == held[name],
                )
                wrong = sa.and_(held[name].is_not(None), sa.not_(known))
                yield from wrong_rows(store.connection, _CHECK, table, f"{name} has no identity", wrong)


def names_and_ids(store: Opened) -> Iterator[Problem]:
    """Sessions and events whose id is not the one that their series, season, round and code make."""
    events, sessions = SA_TABLES["events"].c, SA_TABLES["sessions"].c
    query = sa.select(
        sessions.session_id, sessions.event_id, sessions.code, events.series, events.season, events["round"]
    ).join_from(SA_TABLES["sessions"], SA_TABLES["events"], sessions.event_id == events.event_id)
    wrong = [f"session_id {row.session_id}" for row in store.connection.execute(query) if not _is_named(row)]
    if wrong:
        yield Problem(
            "names",
            "sessions",
            "the id is not that of its series, season, round and code",
            len(wrong),
            tuple(wrong[:3]),
        )


def _is_named(row: "sa.Row[Any, Any, Any, Any, Any, Any]") -> bool:
    try:
        key = SessionKey(Series(row.series), row.season, row.round, row.code)
    except ValueError:
        return False
    return (key.session_id, key.event_id) == (row.session_id, row.event_id)


def _without(
    store: Opened, table: str, parent: str, keys: tuple[str, ...], season_lists: bool = False
) -> Iterator[Problem]:
    """Rows of a table whose row in another table, by the keys that both have, is missing."""
    held, other = SA_TABLES[table], SA_TABLES[parent]
    there = sa.exists().where(*(other.c[key] == held.c[key] for key in keys))
    wrong = sa.and_(*(held.c[key].is_not(None) for key in keys), sa.not_(there))
    if season_lists:
        # Round 0 is the season's own list.
        wrong = sa.and_(wrong, held.c["round"] != 0)
    yield from wrong_rows(store.connection, _CHECK, table, f"no row in {parent}", wrong)


def _without_entry(store: Opened, table: str) -> Iterator[Problem]:
    """Cars of a session that have rows in a table but are not entered; local sessions have no entries."""
    held, entries = SA_TABLES[table].c, SA_TABLES["entries"].c
    cars = sa.select(held.session_id, held.car_number).distinct().subquery()
    entered = sa.exists().where(entries.session_id == cars.c.session_id, entries.car_number == cars.c.car_number)
    strange = store.connection.execute(
        sa.select(cars).where(sa.not_(entered), sa.not_(_is_local(cars.c.session_id)))
    ).all()
    if strange:
        shown = tuple(f"session_id {row.session_id}, car_number {row.car_number}" for row in strange[:3])
        yield Problem(_CHECK, table, "cars without an entry", len(strange), shown)


def _without_origin(store: Opened) -> Iterator[Problem]:
    """Sessions of which nobody knows the source; local sessions and running ones have none."""
    sessions, runs, live = SA_TABLES["sessions"].c, SA_TABLES["ingest_runs"].c, SA_TABLES["live_sessions"].c
    known = sa.or_(
        sa.exists().where(runs.session_id == sessions.session_id),
        sa.exists().where(live.session_id == sessions.session_id),
        _is_local(sessions.session_id),
    )
    yield from wrong_rows(store.connection, _CHECK, "sessions", "no row in ingest_runs", sa.not_(known))


def _is_local(session_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    sessions, events = SA_TABLES["sessions"].alias(), SA_TABLES["events"].alias()
    return sa.exists().where(
        sessions.c.session_id == session_id,
        events.c.event_id == sessions.c.event_id,
        events.c.series == Series.LOCAL.value,
    )
