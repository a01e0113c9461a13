"""The first schema, frozen: later changes are migrations of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TYPES = {
    "int": sa.BigInteger(),
    "float": sa.Float(53),
    "text": sa.Text(),
    "bool": sa.Boolean(),
    "instant": sa.DateTime(timezone=True),
}
_PARENTS = {"event_id": "events.event_id", "session_id": "sessions.session_id"}
# fmt: off
# Table: description, key columns, columns as (name, type, may be null, meaning), indexes as (columns, unique).
_TABLES = {
    "events": (
        "A meeting",
        ["event_id"],
        [
            ("event_id", "int", False, "The event's id: the session's without its last two digits"),
            ("series", "text", False, "f1, wec, imsa or grcup"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("name", "text", False, "The name in full"),
            ("circuit", "text", True, "The circuit's name"),
            ("country", "text", True, "The country of the circuit"),
            ("timezone", "text", True, "The circuit's time zone, as in the IANA database"),
        ],
        [(["series", "season", "round"], True)],
    ),
    "sessions": (
        "A session of a meeting",
        ["session_id"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("event_id", "int", False, "The event's id: the session's without its last two digits"),
            ("code", "text", False, "A short code: of a session (R) or of a driver (VER)"),
            ("name", "text", False, "The name in full"),
            ("start_utc", "instant", True, "The instant from which session time counts [UTC]"),
            ("end_utc", "instant", True, "The instant at which the session ended [UTC]"),
            ("scheduled_ms", "int", True, "The length set for the session, if by time [ms]"),
            ("scheduled_laps", "int", True, "The length set for the session, if by laps"),
            ("lap_length_m", "float", True, "The length of one lap [m]"),
            ("status", "text", False, "The state of a car, a result or a session, in the source's words"),
            ("status_note", "text", True, "Why the status is what it is"),
        ],
        [(["event_id", "code"], True)],
    ),
    "ingest_runs": (
        "Where a session came from",
        ["session_id"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("source", "text", False, "The reader that read it"),
            ("location", "text", False, "The file or address that was read, without secrets"),
            ("digest", "text", False, "SHA-256 of everything that was read"),
            ("version", "text", False, "The reader's version"),
            ("read_utc", "instant", False, "When it was written to the store [UTC]"),
            ("missing", "text", True, "Parts that the source lacks, separated by commas"),
            ("rows", "int", True, "Rows written in all tables"),
        ],
        [],
    ),
    "entries": (
        "A car in a session",
        ["session_id", "car_number"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("car_class", "text", True, "The class that the car competes in"),
            ("group", "text", True, "A group within the class, such as a cup for amateurs"),
            ("team", "text", True, "The entrant"),
            ("manufacturer", "text", True, "The car's or engine's maker, as the source writes it"),
            ("vehicle", "text", True, "The car's model"),
            ("tyre_maker", "text", True, "The maker of the tyres"),
            ("colour", "text", True, "The series' own colour for the team, #rrggbb"),
        ],
        [],
    ),
    "drivers": (
        "A seat of a car's crew",
        ["session_id", "car_number", "seat"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("seat", "int", False, "The driver's number in the car's crew"),
            ("name", "text", False, "The name in full"),
            ("code", "text", True, "A short code: of a session (R) or of a driver (VER)"),
            ("nationality", "text", True, "The driver's nationality, as the source writes it"),
            ("rating", "text", True, "The driver's rating: Platinum, Gold, Silver, Bronze"),
            ("provider_id", "text", True, "The source's own id for the driver"),
        ],
        [(["name"], False)],
    ),
    "laps": (
        "A lap of a car",
        ["session_id", "car_number", "lap_number"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("lap_number", "int", False, "The car's own lap count"),
            ("seat", "int", True, "The driver's number in the car's crew"),
            ("stint", "int", True, "The car's run between two stops, from 1"),
            ("lap_time_ms", "int", True, "Time from line to line [ms]"),
            ("s1_ms", "int", True, "First sector's time [ms]"),
            ("s2_ms", "int", True, "Second sector's time [ms]"),
            ("s3_ms", "int", True, "Third sector's time [ms]"),
            ("start_ms", "int", True, "Session time at which the lap began [ms]"),
            ("end_ms", "int", True, "Session time at which the lap ended [ms]"),
            ("pit_in", "bool", False, "The lap ended in the pit lane"),
            ("pit_out", "bool", False, "The lap began in the pit lane"),
            ("pit_in_ms", "int", True, "Session time of the pit entry in this lap [ms]"),
            ("pit_out_ms", "int", True, "Session time of the pit exit in this lap [ms]"),
            ("pit_time_ms", "int", True, "Time in the pit lane of the stop that this out-lap follows [ms]"),
            ("position", "int", True, "Place overall"),
            ("class_position", "int", True, "Place in class"),
            ("compound", "text", True, "The tyre's compound; null where the source does not tell"),
            ("tyre_age", "int", True, "Laps on this set at the end of the lap [laps]"),
            ("fresh_tyre", "bool", True, "The set was new when it was fitted"),
            ("flag", "text", True, "The state of the track: green, yellow, safety_car, vsc, fcy, code_60, slow_zone, red, chequered"),
            ("top_speed_kph", "float", True, "Highest speed measured in the lap [km/h]"),
            ("speed_i1_kph", "float", True, "Speed at the end of sector 1 [km/h]"),
            ("speed_i2_kph", "float", True, "Speed at the end of sector 2 [km/h]"),
            ("speed_fl_kph", "float", True, "Speed at the finish line [km/h]"),
            ("deleted", "bool", True, "The lap time was deleted by the stewards"),
            ("accurate", "bool", True, "The source itself calls the lap's timing consistent"),
            ("quality", "text", False, "measured, repaired or predicted"),
        ],
        [(["session_id", "lap_number"], False)],
    ),
    "pit_stops": (
        "A stop, by its in-lap",
        ["session_id", "car_number", "lap_number"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("lap_number", "int", False, "The car's own lap count"),
            ("in_ms", "int", True, "Session time of the pit entry [ms]"),
            ("out_ms", "int", True, "Session time of the pit exit [ms]"),
            ("duration_ms", "int", True, "Time in the pit lane [ms]"),
            ("stop_type", "text", False, "What the stop was for: Regular, Driver change, Drive-through, Penalty, Garage, Red flag, Unknown"),
            ("seat_in", "int", True, "The driver's seat before the stop"),
            ("seat_out", "int", True, "The driver's seat after the stop"),
            ("compound", "text", True, "The tyre's compound; null where the source does not tell"),
            ("flag", "text", True, "The state of the track: green, yellow, safety_car, vsc, fcy, code_60, slow_zone, red, chequered"),
            ("quality", "text", False, "measured, repaired or predicted"),
        ],
        [],
    ),
    "results": (
        "A car's classification, of each kind that is known",
        ["session_id", "kind", "car_number"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("position", "int", True, "Place overall"),
            ("class_position", "int", True, "Place in class"),
            ("status", "text", True, "The state of a car, a result or a session, in the source's words"),
            ("laps", "int", True, "Laps completed"),
            ("total_time_ms", "int", True, "Time from the start to the car's last line, penalties included where the source does [ms]"),
            ("gap_ms", "int", True, "Time behind the leader on the same lap [ms]"),
            ("gap_laps", "int", True, "Whole laps behind the leader"),
            ("grid_position", "int", True, "Place on the starting grid; 0 is the pit lane"),
            ("points", "float", True, "Points scored"),
            ("best_lap_ms", "int", True, "The car's best lap time [ms]"),
            ("best_lap_number", "int", True, "The lap of the best time"),
            ("q1_ms", "int", True, "Best time of qualifying's first part [ms]"),
            ("q2_ms", "int", True, "Best time of qualifying's second part [ms]"),
            ("q3_ms", "int", True, "Best time of qualifying's third part [ms]"),
            ("penalty_ms", "int", True, "Result's total time less the sum of the laps, where it is whole seconds [ms]"),
            ("quality", "text", False, "measured, repaired or predicted"),
        ],
        [(["session_id", "kind", "position"], False)],
    ),
    "weather": (
        "A reading of the weather station",
        ["session_id", "time_ms"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("time_ms", "int", False, "Time since the session's start [ms]"),
            ("time_utc", "instant", True, "The instant [UTC]"),
            ("air_c", "float", True, "Air temperature [°C]"),
            ("track_c", "float", True, "Track temperature [°C]"),
            ("humidity_pct", "float", True, "Relative humidity [%]"),
            ("pressure_hpa", "float", True, "Air pressure [hPa]"),
            ("wind_kph", "float", True, "Wind speed [km/h]"),
            ("wind_direction_deg", "float", True, "Direction the wind comes from [°]"),
            ("rain", "bool", True, "Rain falls"),
        ],
        [],
    ),
    "track_status": (
        "From this time on, the track is under this flag",
        ["session_id", "time_ms"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("time_ms", "int", False, "Time since the session's start [ms]"),
            ("flag", "text", False, "The state of the track: green, yellow, safety_car, vsc, fcy, code_60, slow_zone, red, chequered"),
            ("message", "text", True, "The message's words"),
        ],
        [],
    ),
    "session_status": (
        "A change of the session's own state",
        ["session_id", "time_ms", "status"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("time_ms", "int", False, "Time since the session's start [ms]"),
            ("status", "text", False, "The state of a car, a result or a session, in the source's words"),
        ],
        [],
    ),
    "race_control": (
        "A message of race control",
        ["session_id", "sequence"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("sequence", "int", False, "Order of messages"),
            ("time_ms", "int", True, "Time since the session's start [ms]"),
            ("time_utc", "instant", True, "The instant [UTC]"),
            ("lap_number", "int", True, "The car's own lap count"),
            ("category", "text", True, "The message's kind, in the source's words"),
            ("flag", "text", True, "The state of the track: green, yellow, safety_car, vsc, fcy, code_60, slow_zone, red, chequered"),
            ("scope", "text", True, "Track, Sector or Driver"),
            ("sector", "int", True, "The marshal sector"),
            ("car_number", "text", True, "The car's number as text: 007 and 7 are different cars"),
            ("text", "text", False, "The message's words"),
        ],
        [(["session_id", "time_ms"], False)],
    ),
    "telemetry": (
        "A sample of a car's data (kind car) or place (kind position)",
        ["session_id", "car_number", "kind", "time_ms"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position"),
            ("time_ms", "int", False, "Time since the session's start [ms]"),
            ("speed_kph", "float", True, "Car speed [km/h]"),
            ("rpm", "int", True, "Engine speed [1/min]"),
            ("gear", "int", True, "Gear; 0 is neutral"),
            ("throttle_pct", "float", True, "Throttle pedal [%]"),
            ("brake_pct", "float", True, "Brake pedal; 0 or 100 where the source has on and off only [%]"),
            ("drs", "int", True, "The source's code for the drag reduction system"),
            ("x_m", "float", True, "Position east of the circuit's origin [m]"),
            ("y_m", "float", True, "Position north of the circuit's origin [m]"),
            ("z_m", "float", True, "Position above the circuit's origin [m]"),
            ("status", "text", True, "The state of a car, a result or a session, in the source's words"),
        ],
        [],
    ),
    "repairs": (
        "A named rule changed or left out a value",
        ["session_id", "sequence"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("sequence", "int", False, "Order of messages"),
            ("rule", "text", False, "The name of the rule"),
            ("table_name", "text", True, "The table that the rule touched"),
            ("record", "text", True, "The natural key of the row that the rule touched"),
            ("column_name", "text", True, "The column that the rule touched"),
            ("before", "text", True, "The value before, as text"),
            ("after", "text", True, "The value after, as text; null where it was taken out"),
            ("reason", "text", False, "Why"),
        ],
        [],
    ),
    "driver_metrics": (
        "A metric of a car and driver, from its laps",
        ["session_id", "car_number", "seat", "metric"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("seat", "int", False, "The driver's number in the car's crew"),
            ("metric", "text", False, "The metric's name"),
            ("value", "float", True, "The value, in the metric's unit"),
            ("n", "int", True, "The number of laps behind the value"),
        ],
        [],
    ),
    "predictions": (
        "A model's prediction and its interval",
        ["session_id", "car_number", "target", "lap_number", "model"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("target", "text", False, "What is predicted"),
            ("lap_number", "int", False, "The car's own lap count"),
            ("model", "text", False, "The model's name and version"),
            ("value", "float", True, "The value, in the metric's unit"),
            ("low_80", "float", True, "Lower end of the 80 % interval"),
            ("high_80", "float", True, "Upper end of the 80 % interval"),
            ("low_90", "float", True, "Lower end of the 90 % interval"),
            ("high_90", "float", True, "Upper end of the 90 % interval"),
            ("quality", "text", True, "measured, repaired or predicted"),
        ],
        [],
    ),
    "simulations": (
        "The share of simulated races in which a car takes a place",
        ["session_id", "run_id", "car_number", "position"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("run_id", "text", False, "The run's id: a digest of its inputs"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("position", "int", False, "Place overall"),
            ("probability", "float", True, "Share of the simulated races"),
            ("races", "int", True, "Simulated races"),
            ("seed", "int", True, "The seed of the random numbers"),
            ("from_lap", "int", True, "The leader's lap from which the rest was simulated"),
            ("model", "text", True, "The model's name and version"),
        ],
        [],
    ),
    "live_sessions": (
        "The state of a live or replayed session",
        ["session_id"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("revision", "int", False, "Counts the states published for the session; a reader asks for what is newer"),
            ("state", "text", False, "The state as JSON, with the fields of CarState or RaceState"),
            ("updated_utc", "instant", False, "When the state was published [UTC]"),
        ],
        [],
    ),
    "live_cars": (
        "The state of a car in a live or replayed session",
        ["session_id", "car_number"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("revision", "int", False, "Counts the states published for the session; a reader asks for what is newer"),
            ("state", "text", False, "The state as JSON, with the fields of CarState or RaceState"),
        ],
        [(["session_id", "revision"], False)],
    ),
}
# fmt: on


def upgrade() -> None:
    """Create every table with its indexes."""
    for name, (description, key, columns, indexes) in _TABLES.items():
        own = [_column(name, *column) for column in columns]
        options = {"comment": description, "sqlite_with_rowid": len(key) == 1}
        op.create_table(name, *own, sa.PrimaryKeyConstraint(*key), **options)
        for keys, unique in indexes:
            op.create_index(f"ix_{name}_{'_'.join(keys)}", name, keys, unique=unique)


def downgrade() -> None:
    """Drop every table."""
    for name in reversed(_TABLES):
        op.drop_table(name)


def _column(table: str, name: str, kind: str, nullable: bool, comment: str) -> sa.Column[object]:
    own = {"events": "event_id", "sessions": "session_id"}.get(table)
    parent = [] if name == own or name not in _PARENTS else [sa.ForeignKey(_PARENTS[name], ondelete="CASCADE")]
    return sa.Column(name, _TYPES[kind], *parent, nullable=nullable, comment=comment, autoincrement=False)
