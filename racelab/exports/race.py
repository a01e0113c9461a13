"""The race JSON: one document with a race's cars, laps, stops and statistics.

Every key is always there; what is unknown is null. Durations are seconds with three decimals,
instants ISO 8601 in UTC. `race.schema.json` beside this file says the same to machines.
"""

from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from typing import Any

import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.analysis.fastest import timed_laps
from racelab.domain.sessions import SessionKey
from racelab.store.protocol import Store

_SECONDS = {"lap_time": "lap_time_ms", "sector1_time": "s1_ms", "sector2_time": "s2_ms", "sector3_time": "s3_ms"}


def race_document(store: Store, key: SessionKey, exported_at: datetime) -> dict[str, Any]:
    """The race as the export writes it: race_info, cars, laps, pit_stops, statistics.

    `gap_to_leader` is the time behind the first car that completed the same number of laps, null
    where a lap has no end time and in sessions that are no race. A pit lap is an in-lap: it ends in
    the pit lane, as the lap of a stop does.
    """
    session = _only(store.read("sessions", key))
    event = _only(store.read("events", event_id=key.event_id))
    cars = _cars(store.read("entries", key), store.read("drivers", key))
    laps, stops = store.read("laps", key), store.read("pit_stops", key)
    return {
        "race_info": _race_info(key, event, session, exported_at),
        "cars": cars,
        "laps": _laps(laps, key.is_race),
        "pit_stops": _stops(stops, laps, session["start_utc"]),
        "statistics": _statistics(len(cars), laps, stops, key.is_race),
    }


def event_name(key: SessionKey, event: str) -> str:
    """The event's name; with the session's where an event has several races, or for what is no race."""
    return event if key.code == "R" else f"{event} {key.name}"


def _race_info(
    key: SessionKey, event: dict[str, Any], session: dict[str, Any], exported_at: datetime
) -> dict[str, Any]:
    return {
        "id": key.session_id,
        "series": key.series.label,
        "name": event_name(key, str(event["name"])),
        "track": event["circuit"],
        "start_time": _instant(session["start_utc"]),
        "end_time": _instant(session["end_utc"]),
        "exported_at": _instant(exported_at),
    }


def _cars(entries: pd.DataFrame, drivers: pd.DataFrame) -> list[dict[str, Any]]:
    crews: dict[str, list[dict[str, Any]]] = {}
    for car, name, nationality in zip(*_columns(drivers, "car_number", "name", "nationality"), strict=True):
        crews.setdefault(car, []).append({"name": name, "nationality": nationality})
    columns = _columns(entries, "car_number", "team", "car_class", "manufacturer")
    return [
        {"car_number": car, "team": team, "class": class_, "manufacturer": maker, "drivers": crews.get(car, [])}
        for car, team, class_, maker in zip(*columns, strict=True)
    ]


def _laps(laps: pd.DataFrame, is_race: bool) -> list[dict[str, Any]]:
    ends = crossings(laps)["end_ms"].reindex(laps.index)
    gap_ms = (
        ends - ends.groupby(laps["lap_number"]).transform("min")
        if is_race
        else laps["end_ms"].where(pd.Series(False, index=laps.index))
    )
    columns = {
        **dict(zip(("car_number", "lap_number"), _columns(laps, "car_number", "lap_number"), strict=True)),
        **{name: _seconds(laps[source]) for name, source in _SECONDS.items()},
        "position": _plain(laps["position"]),
        "gap_to_leader": _seconds(gap_ms),
        "tire_age": _plain(laps["tyre_age"]),
        "is_pit_lap": _plain(laps["pit_in"]),
    }
    return _records(columns)


def _stops(stops: pd.DataFrame, laps: pd.DataFrame, start: datetime | None) -> list[dict[str, Any]]:
    columns = {
        **dict(zip(("car_number", "lap_number"), _columns(stops, "car_number", "lap_number"), strict=True)),
        "duration": _seconds(stops["duration_ms"]),
        "stop_type": _plain(stops["stop_type"]),
        "timestamp": _instants(stops["in_ms"].fillna(_line_ms(stops, laps)), start),
    }
    return _records(columns)


def _line_ms(stops: pd.DataFrame, laps: pd.DataFrame) -> "pd.Series[Any]":
    """When each stop's in-lap ended, for sources that do not time the pit entry; the line crosses the pit lane too."""
    keys = ["car_number", "lap_number"]
    return stops[keys].merge(laps[[*keys, "end_ms"]], on=keys, how="left")["end_ms"].set_axis(stops.index)


def _statistics(cars: int, laps: pd.DataFrame, stops: pd.DataFrame, is_race: bool) -> dict[str, Any]:
    best = timed_laps(laps, is_race=is_race).head(1)
    fastest = _only(best[["car_number", "lap_number"]]) | {"time": next(iter(_seconds(best["lap_time_ms"])), None)}
    counts = stops.groupby("car_number").size().sort_values(ascending=False, kind="stable").head(1)
    return {
        "total_cars": cars,
        "total_laps": len(laps),
        "total_pit_stops": len(stops),
        "fastest_lap": fastest,
        "most_pit_stops": _only(counts.rename("count").reset_index()),
    }


def _only(frame: pd.DataFrame) -> dict[str, Any]:
    """The first row as a dictionary; every key is null where there is no row."""
    return {str(key): next(iter(_plain(frame[key])), None) for key in frame.columns}


def _columns(frame: pd.DataFrame, *keys: str) -> list[list[Any]]:
    return [_plain(frame[key]) for key in keys]


def _plain(column: "pd.Series[Any]") -> list[Any]:
    plain: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    return plain


def _seconds(column: "pd.Series[Any]") -> list[float | None]:
    """Seconds of milliseconds: the float nearest to three decimals."""
    return [None if value is None else value / 1000 for value in _plain(column)]


def _instants(offsets_ms: "pd.Series[Any]", start: datetime | None) -> list[str | None]:
    if start is None:
        return list(repeat(None, len(offsets_ms)))
    moments = pd.Timestamp(start) + pd.to_timedelta(offsets_ms.astype("float64"), unit="ms").dt.round("ms")
    return list(map(partial(_instant, precision="milliseconds"), _plain(moments)))


def _instant(moment: datetime | None, precision: str = "seconds") -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec=precision)


def _records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
