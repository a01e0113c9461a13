"""A stored session as a feed: each record at the time at which it would have become known."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Quality, StopType
from racelab.domain.records import Clock, Record, Weather
from racelab.domain.sessions import SessionKey
from racelab.domain.tyres import Compound
from racelab.errors import NotFound
from racelab.live.feed import StoredFeed
from racelab.store.protocol import Store

Known = tuple[int, Record]
_ENUMS: dict[str, Any] = {"flag": Flag, "quality": Quality, "compound": Compound, "stop_type": StopType}
# Where a session's start is not known its time of day is not either; the replay then counts from here.
NO_START = datetime(2000, 1, 1, tzinfo=UTC)
_TICK_MS = 1000
# Bounds against a stray time: a replay begins at most two hours before the start and ends within two days.
_BEFORE_MS, _LONGEST_MS = 2 * 3_600_000, 48 * 3_600_000


def stored_feed(store: Store, key: SessionKey) -> StoredFeed:
    """The session as frames of a second each, with the race clock running.

    Raises:
        NotFound: the session has no laps with a time.
    """
    row = store.read("sessions", key).iloc[0]
    start = NO_START if pd.isna(row["start_utc"]) else row["start_utc"].to_pydatetime()
    length = None if pd.isna(row["scheduled_ms"]) else int(row["scheduled_ms"])
    known = _known(store, key)
    if not any(isinstance(record, Lap) for _, record in known):
        raise NotFound(f"session {key} has no laps to replay: `racelab show {key}` tells what it has")
    return StoredFeed(list(_frames(known, start, length)))


def stored_records(store: Store, key: SessionKey) -> list[Record]:
    """The session's records in the order in which they would have become known."""
    return [record for _, record in _known(store, key)]


def _known(store: Store, key: SessionKey) -> list[Known]:
    laps = list(_laps(_records(store, "laps", key, Lap)))
    ends = {(lap.car_number, lap.lap_number): end for end, lap in laps}
    known: list[Known] = [*_entries(store, key), *laps, *_stops(_records(store, "pit_stops", key, PitStop), ends)]
    known += [(record.time_ms or 0, record) for kind in _TIMED for record in _records(store, kind[0], key, kind[1])]
    return sorted(known, key=lambda one: one[0])


_TIMED: tuple[tuple[str, Any], ...] = (
    ("track_status", TrackStatus), ("session_status", SessionStatus), ("race_control", RaceControlMessage),
    ("weather", Weather),
)  # fmt: skip


def _records(store: Store, table: str, key: SessionKey, kind: Any) -> list[Any]:
    frame = store.read(table, key)
    names = [field.name for field in fields(kind) if field.name in frame.columns]
    plain = frame[names].astype(object).where(frame[names].notna(), None)
    enums = [name for name in names if name in _ENUMS and kind is not RaceControlMessage]
    for name in enums:
        plain[name] = [None if value is None else _ENUMS[name](value) for value in plain[name]]
    return [kind(**dict(zip(names, row, strict=True))) for row in plain.itertuples(index=False, name=None)]


def _entries(store: Store, key: SessionKey) -> Iterator[Known]:
    """Entries before everything else, in the order of the grid where it is known."""
    crews: dict[str, list[Driver]] = {}
    for row in store.read("drivers", key).itertuples():
        code = None if pd.isna(row.code) else str(row.code)
        crews.setdefault(str(row.car_number), []).append(Driver(int(row.seat), str(row.name), code))
    grid = store.read("results", key).dropna(subset="grid_position")
    places = dict(zip(grid["car_number"], grid["grid_position"], strict=True))
    entries: list[Entry] = _records(store, "entries", key, Entry)
    for entry in sorted(entries, key=lambda one: int(places.get(one.car_number, 1000))):
        yield -(10**12), replace(entry, drivers=tuple(crews.get(entry.car_number, ())))


def _laps(laps: Iterable[Lap]) -> Iterator[tuple[int, Lap]]:
    """Laps at their end; one without an end at the car's lap before, plus its lap time where that is known."""
    ends: dict[str, int] = {}
    for lap in laps:
        before = ends.get(lap.car_number, 0)
        if lap.end_ms is None and lap.lap_time_ms is not None:
            lap = replace(lap, end_ms=before + lap.lap_time_ms)  # noqa: PLW2901
        end = before if lap.end_ms is None else lap.end_ms
        ends[lap.car_number] = max(end, before)
        yield end, lap


def _stops(stops: Iterable[PitStop], ends: dict[tuple[str, int], int]) -> Iterator[Known]:
    """A stop is known at its entry without its exit, and whole at its exit.

    Where the source times neither, the entry is shown at the end of the in-lap, whose line is in the pit lane, and the
    exit the stop's duration later: within the stop, and never before it.
    """
    for stop in stops:
        came = stop.in_ms if stop.in_ms is not None else ends.get((stop.car_number, stop.lap_number))
        left = stop.out_ms
        if left is None and came is not None and stop.duration_ms is not None:
            left = came + stop.duration_ms
        if came is not None:
            yield came, replace(stop, out_ms=None, duration_ms=None, seat_out=None, compound=None)
        if left is not None:
            yield left, replace(stop, out_ms=left)


def _frames(known: list[Known], start: datetime, length: int | None) -> Iterator[tuple[datetime, list[Record]]]:
    """One frame a second of session time, as long as something happens; the clock is part of it."""
    first = next((time for time, record in known if not isinstance(record, Entry)), 0)
    now, end, place = max(min(first, 0), -_BEFORE_MS) // _TICK_MS * _TICK_MS, min(known[-1][0], _LONGEST_MS), 0
    while place < len(known) and now <= end + _TICK_MS:
        records: list[Record] = []
        while place < len(known) and known[place][0] <= now:
            records.append(known[place][1])
            place += 1
        elapsed = max(now, 0)
        remaining = None if length is None else max(length - elapsed, 0)
        yield start + timedelta(milliseconds=now), [*records, Clock(min(now, end), elapsed, remaining)]
        now += _TICK_MS
