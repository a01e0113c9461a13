"""The schema: every table, its natural key and its columns, from the column vocabulary."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from racelab.domain.vocabulary import COLUMNS, Column

_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "int": sa.BigInteger(),
    "float": sa.Float(53),
    "text": sa.Text(),
    "bool": sa.Boolean(),
    "instant": sa.DateTime(timezone=True),
}


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table's meaning, its natural key, its other columns and the indexes beside the key."""

    name: str
    description: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    required: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order, key first."""
        return self.key + self.values


_LAP_VALUES = (
    "seat", "stint", "lap_time_ms", "s1_ms", "s2_ms", "s3_ms", "start_ms", "end_ms", "pit_in", "pit_out", "pit_in_ms",
    "pit_out_ms", "pit_time_ms", "position", "class_position", "compound", "tyre_age", "fresh_tyre", "flag",
    "top_speed_kph", "speed_i1_kph", "speed_i2_kph", "speed_fl_kph", "deleted", "accurate", "lap_type", "quality",
)  # fmt: skip
_RESULT_VALUES = (
    "position", "class_position", "status", "laps", "total_time_ms", "gap_ms", "gap_laps", "grid_position", "points",
    "best_lap_ms", "best_lap_number", "q1_ms", "q2_ms", "q3_ms", "penalty_ms", "quality",
)  # fmt: skip
_WEATHER_VALUES = (
    "time_utc",
    "air_c",
    "track_c",
    "humidity_pct",
    "pressure_hpa",
    "wind_kph",
    "wind_direction_deg",
    "rain",
)

# What a source brings: replaced as a whole when the session's digest changes.
SOURCE_TABLES = (
    TableSpec("entries", "A car in a session", ("session_id", "car_number"), ("car_class", "group", "team", "manufacturer", "vehicle", "tyre_maker", "colour")),
    TableSpec("drivers", "A seat of a car's crew", ("session_id", "car_number", "seat"), ("name", "code", "nationality", "rating", "provider_id"), (("name",),), ("name",)),
    TableSpec("laps", "A lap of a car", ("session_id", "car_number", "lap_number"), _LAP_VALUES, (("session_id", "lap_number"),), ("pit_in", "pit_out", "quality")),
    TableSpec("pit_stops", "A stop, by its in-lap", ("session_id", "car_number", "lap_number"), ("in_ms", "out_ms", "duration_ms", "stop_type", "seat_in", "seat_out", "compound", "flag", "quality"), (), ("stop_type", "quality")),
    TableSpec("results", "A car's classification, of each kind that is known", ("session_id", "kind", "car_number"), _RESULT_VALUES, (("session_id", "kind", "position"),), ("quality",)),
    TableSpec("weather", "A reading of the weather station", ("session_id", "time_ms"), _WEATHER_VALUES),
    TableSpec("track_status", "From this time on, the track is under this flag", ("session_id", "time_ms"), ("flag", "message"), (), ("flag",)),
    TableSpec("session_status", "A change of the session's own state", ("session_id", "time_ms", "status"), ()),
    TableSpec("race_control", "A message of race control", ("session_id", "sequence"), ("time_ms", "time_utc", "lap_number", "category", "flag", "scope", "sector", "car_number", "text"), (("session_id", "time_ms"),), ("text",)),
    TableSpec("telemetry", "A sample of a car's data (kind car) or place (kind position)", ("session_id", "car_number", "kind", "time_ms"), ("speed_kph", "rpm", "gear", "throttle_pct", "brake_pct", "drs", "x_m", "y_m", "z_m", "status")),
    TableSpec("quarantine", "A record kept out of the analysis, as it was read", ("session_id", "sequence"), ("rule", "table_name", "record", "reason", "content"), (), ("rule", "table_name", "reason", "content")),
    TableSpec("checks", "What a check found in the session", ("session_id", "rule"), ("checked", "accepted", "repaired", "quarantined"), (), ("checked", "accepted", "repaired", "quarantined")),
    TableSpec("repairs", "A named rule changed or left out a value", ("session_id", "sequence"), ("rule", "table_name", "record", "column_name", "before", "after", "reason"), (), ("rule", "reason")),
)  # fmt: skip
# What racelab itself computes about a session: upserted by key.
DERIVED_TABLES = (
    TableSpec("driver_metrics", "A metric of a car and driver, from its laps", ("session_id", "car_number", "seat", "metric"), ("value", "n", "detail", "created_utc")),
    TableSpec("predictions", "A model's prediction and its interval", ("session_id", "car_number", "target", "lap_number", "model", "sequence"), ("value", "low_80", "high_80", "low_90", "high_90", "quality", "confidence", "detail", "created_utc")),
    TableSpec("simulations", "The share of simulated races in which a car takes a place", ("session_id", "run_id", "car_number", "position"), ("probability", "races", "seed", "from_lap", "model")),
    TableSpec("simulation_runs", "A run of simulated races that somebody saved: its inputs and what it gave", ("session_id", "run_id"), ("driver_paces", "laps", "races", "results", "created_utc")),
)  # fmt: skip
_INCIDENT_VALUES = (
    "kind", "phase", "origin", "time_ms", "car_number", "lap_number", "confirmed_ms", "cleared_ms", "penalty", "text",
)  # fmt: skip
# The race as it stands, for dashboards: a reader asks for the rows newer than the revision that it shows.
LIVE_TABLES = (
    TableSpec("live_sessions", "The state of a live or replayed session", ("session_id",), ("revision", "state", "updated_utc"), (), ("revision", "state", "updated_utc")),
    TableSpec("live_cars", "The state of a car in a live or replayed session", ("session_id", "car_number"), ("revision", "state"), (("session_id", "revision"),), ("revision", "state")),
    TableSpec("incidents", "What happened in a live or replayed session, as race control said it or as its timing lets infer", ("session_id", "sequence"), _INCIDENT_VALUES, (), ("kind", "phase", "origin", "time_ms", "text")),
)  # fmt: skip
NAMING_TABLES = (
    TableSpec("events", "A meeting", ("event_id",), ("series", "season", "round", "name", "circuit", "country", "timezone"), (("series", "season", "round"),), ("series", "season", "round", "name")),
    TableSpec("sessions", "A session of a meeting", ("session_id",), ("event_id", "code", "name", "start_utc", "end_utc", "scheduled_ms", "scheduled_laps", "lap_length_m", "status", "status_note"), (("event_id", "code"),), ("event_id", "code", "name", "status")),
    TableSpec("ingest_runs", "Where a session came from", ("session_id",), ("source", "location", "digest", "version", "read_utc", "missing", "rows"), (), ("source", "location", "digest", "version", "read_utc")),
)  # fmt: skip
# What the store knows of itself: sources that it refused, and telemetry that was moved to files.
KEEPING_TABLES = (
    TableSpec("refusals", "A session that a source gave and no check let in; gone once it is read well", ("source", "label"), ("series", "season", "reason", "read_utc"), (), ("reason", "read_utc")),
    TableSpec("telemetry_archives", "A session whose telemetry lies in a Parquet file", ("session_id",), ("file", "rows", "digest", "created_utc"), (), ("file", "rows", "digest", "created_utc")),
    TableSpec("leases", "Who may do what only one may do at a time, such as monitor this store", ("name",), ("holder", "since_utc", "expires_utc"), (), ("holder", "since_utc", "expires_utc")),
    TableSpec("monitor_parts", "The health of each part of the race monitor", ("part",), ("health", "detail", "since_utc", "updated_utc"), (), ("health", "since_utc", "updated_utc")),
)  # fmt: skip
_RACE = ("provider", "season", "round")
_HISTORY_RESULT_VALUES = (
    "position", "position_text", "car_number", "driver_ref", "constructor_ref", "engine_ref", "tyre_ref", "shared_car",
    "laps", "total_time_ms", "gap_ms", "gap_laps", "interval_ms", "penalty_ms", "reason_retired", "points",
    "grid_position", "grid_text", "grid_penalty", "best_lap_ms", "best_lap_number", "fastest_lap", "stops",
    "q1_ms", "q2_ms", "q3_ms",
)  # fmt: skip
_HISTORY_EVENT_VALUES = (
    "name", "official_name", "date", "start_utc", "circuit_ref", "circuit", "country", "laps", "scheduled_laps",
    "lap_length_m", "distance_m", "qualifying_format",
)  # fmt: skip
# Seasons since 1950 as their providers tell them, each by its own ids; `identities` joins the ids.
HISTORY_TABLES = (
    TableSpec("history_runs", "Where a provider's history came from", ("provider",), ("location", "digest", "version", "read_utc", "rows"), (), ("location", "digest", "version", "read_utc")),
    TableSpec("history_events", "A race weekend as a provider tells it", _RACE, _HISTORY_EVENT_VALUES, (), ("name",)),
    TableSpec("history_results", "A line of a result list; code is the list's: R, S, Q, Q1, Q2, SQ, PQ, FP1 to FP4, WUP, GRID, SGRID, FL", (*_RACE, "code", "sequence"), _HISTORY_RESULT_VALUES, (("provider", "driver_ref"),)),
    TableSpec("history_pit_stops", "A stop of a race", (*_RACE, "sequence"), ("driver_ref", "car_number", "stop", "lap_number", "time_of_day", "duration_ms")),
    TableSpec("history_standings", "A line of the standings after a round; round 0 is the season's own final list; kind is driver or constructor", (*_RACE, "kind", "sequence"), ("position", "position_text", "ref", "engine_ref", "points", "wins"), (), ("ref",)),
    TableSpec("history_entrants", "A driver of an entrant's car in a season", ("provider", "season", "sequence"), ("entrant_ref", "entrant", "constructor_ref", "engine_ref", "tyre_ref", "chassis", "engine_model", "driver_ref", "rounds", "test_driver")),
    TableSpec("history_incidents", "A safety car or a red flag; kind is safety_car or red_flag", (*_RACE, "kind", "sequence"), ("first_lap", "last_lap", "laps", "cause", "resumed")),
    TableSpec("identities", "A provider's id of a driver, constructor or circuit (kind), and the one id that it stands for", ("kind", "provider", "provider_id"), ("identity_id", "name", "code", "birth_date", "nationality", "matched_by"), (("identity_id",),), ("identity_id", "name")),
)  # fmt: skip
# Instants of writing: they differ between two stores that hold the same.
WRITTEN = frozenset({"read_utc", "updated_utc", "created_utc", "since_utc", "expires_utc"})
_ALL = NAMING_TABLES + SOURCE_TABLES + DERIVED_TABLES + LIVE_TABLES + KEEPING_TABLES + HISTORY_TABLES
TABLES: dict[str, TableSpec] = {spec.name: spec for spec in _ALL}
# Every frame of load_* begins with these columns; some have more joined.
NAMES = ("series", "season", "round", "session")
JOINED = {
    "laps": ("car_class", "team", "driver"),
    "pit_stops": ("car_class", "team"),
    "results": ("car_class", "team", "driver"),
    "driver_metrics": ("car_class", "team", "driver"),
    "history_events": ("circuit_id",),
    "history_results": ("driver_id", "driver", "constructor_id", "constructor", "engine", "tyre"),
    "history_pit_stops": ("driver_id", "driver"),
    "history_standings": ("identity_id", "name", "engine"),
    "history_entrants": ("driver_id", "driver", "constructor_id", "constructor", "engine", "tyre"),
}
_PARENTS = {"sessions": ("event_id", "events.event_id")}
metadata = sa.MetaData()


def _column(spec: TableSpec, key: str) -> sa.Column[Any]:
    meaning: Column = COLUMNS[key]
    parent = _PARENTS.get(spec.name, ("session_id", "sessions.session_id"))
    own_key = (spec.key == (key,) and key != parent[0]) or (spec.name in ("events", "sessions") and key in spec.key)
    foreign = [] if own_key or key != parent[0] else [sa.ForeignKey(parent[1], ondelete="CASCADE")]
    required = key in spec.key or key in spec.required
    comment = meaning.description + (f" [{meaning.unit}]" if meaning.unit else "")
    return sa.Column(key, _TYPES[meaning.kind], *foreign, nullable=not required, comment=comment, autoincrement=False)


def _table(spec: TableSpec) -> sa.Table:
    unique = spec.name in ("events", "sessions")
    indexes = [sa.Index(f"ix_{spec.name}_{'_'.join(keys)}", *keys, unique=unique) for keys in spec.indexes]
    columns = [_column(spec, key) for key in spec.columns]
    return sa.Table(
        spec.name,
        metadata,
        *columns,
        sa.PrimaryKeyConstraint(*spec.key),
        *indexes,
        comment=spec.description,
        sqlite_with_rowid=len(spec.key) == 1,
    )


SA_TABLES: dict[str, sa.Table] = {name: _table(spec) for name, spec in TABLES.items()}
