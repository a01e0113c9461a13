"""Checks and quarantine, history since 1950 with its identities, saved runs and predictions, archived telemetry."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TYPES = {
    "int": sa.BigInteger(),
    "float": sa.Float(53),
    "text": sa.Text(),
    "bool": sa.Boolean(),
    "instant": sa.DateTime(timezone=True),
}
# fmt: off
# Table: description, key columns, columns as (name, type, may be null, meaning), columns of each index.
_TABLES = {
    "quarantine": (
        "A record kept out of the analysis, as it was read",
        ["session_id", "sequence"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("sequence", "int", False, "Order of messages"),
            ("rule", "text", False, "The name of the rule"),
            ("table_name", "text", False, "The table that the rule touched"),
            ("record", "text", True, "The natural key of the row that the rule touched"),
            ("reason", "text", False, "Why"),
            ("content", "text", False, "The whole record as JSON"),
        ],
        [],
    ),
    "checks": (
        "What a check found in the session",
        ["session_id", "rule"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("rule", "text", False, "The name of the rule"),
            ("checked", "int", False, "Records that the rule looked at"),
            ("accepted", "int", False, "Records that passed as they are"),
            ("repaired", "int", False, "Records of which the rule changed or left out a value"),
            ("quarantined", "int", False, "Records kept with the reason, out of the analysis"),
        ],
        [],
    ),
    "simulation_runs": (
        "A run of simulated races that somebody saved: its inputs and what it gave",
        ["session_id", "run_id"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("run_id", "text", False, "The run's id: a digest of its inputs"),
            ("driver_paces", "text", True, "The pace of each driver that the run started from, as JSON"),
            ("laps", "int", True, "Laps completed"),
            ("races", "int", True, "Simulated races"),
            ("results", "text", True, "What the run gave, as JSON"),
            ("created_utc", "instant", True, "When it was saved [UTC]"),
        ],
        [],
    ),
    "refusals": (
        "A session that a source gave and no check let in; gone once it is read well",
        ["source", "label"],
        [
            ("source", "text", False, "The reader that read it"),
            ("label", "text", False, "What was to be read"),
            ("series", "text", True, "f1, wec, imsa, grcup or local"),
            ("season", "int", True, "The season's year"),
            ("reason", "text", False, "Why"),
            ("read_utc", "instant", False, "When it was written to the store [UTC]"),
        ],
        [],
    ),
    "telemetry_archives": (
        "A session whose telemetry lies in a Parquet file",
        ["session_id"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("file", "text", False, "The file's path, from the folder of the archive"),
            ("rows", "int", False, "Rows written in all tables"),
            ("digest", "text", False, "SHA-256 of everything that was read"),
            ("created_utc", "instant", False, "When it was saved [UTC]"),
        ],
        [],
    ),
    "history_runs": (
        "Where a provider's history came from",
        ["provider"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("location", "text", False, "The file or address that was read, without secrets"),
            ("digest", "text", False, "SHA-256 of everything that was read"),
            ("version", "text", False, "The reader's version"),
            ("read_utc", "instant", False, "When it was written to the store [UTC]"),
            ("rows", "int", True, "Rows written in all tables"),
        ],
        [],
    ),
    "history_events": (
        "A race weekend as a provider tells it",
        ["provider", "season", "round"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("name", "text", False, "The name in full"),
            ("official_name", "text", True, "The event's name with its sponsors"),
            ("date", "text", True, "The day of the race, YYYY-MM-DD"),
            ("start_utc", "instant", True, "The instant from which session time counts [UTC]"),
            ("circuit_ref", "text", True, "The provider's own id for the circuit"),
            ("circuit", "text", True, "The circuit's name"),
            ("country", "text", True, "The country of the circuit"),
            ("laps", "int", True, "Laps completed"),
            ("scheduled_laps", "int", True, "The length set for the session, if by laps"),
            ("lap_length_m", "float", True, "The length of one lap [m]"),
            ("distance_m", "float", True, "The distance raced [m]"),
            ("qualifying_format", "text", True, "How the grid was decided, in the provider's words, such as KNOCKOUT or AGGREGATE"),
        ],
        [],
    ),
    "history_results": (
        "A line of a result list; code is the list's: R, S, Q, Q1, Q2, SQ, PQ, FP1 to FP4, WUP, GRID, SGRID, FL",
        ["provider", "season", "round", "code", "sequence"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("code", "text", False, "A short code: of a session (R) or of a driver (VER)"),
            ("sequence", "int", False, "Order of messages"),
            ("position", "int", True, "Place overall"),
            ("position_text", "text", True, "The place as the provider writes it: 1, DNF, DSQ, NC"),
            ("car_number", "text", True, "The car's number as text: 007 and 7 are different cars"),
            ("driver_ref", "text", True, "The provider's own id for the driver"),
            ("constructor_ref", "text", True, "The provider's own id for the constructor"),
            ("engine_ref", "text", True, "The provider's own id for the engine's maker"),
            ("tyre_ref", "text", True, "The provider's own id for the tyres' maker"),
            ("shared_car", "bool", True, "The car was shared with another driver in this race"),
            ("laps", "int", True, "Laps completed"),
            ("total_time_ms", "int", True, "Time from the start to the car's last line, penalties included where the source does [ms]"),
            ("gap_ms", "int", True, "Time behind the leader on the same lap [ms]"),
            ("gap_laps", "int", True, "Whole laps behind the leader"),
            ("interval_ms", "int", True, "Time behind the car in front on the same lap [ms]"),
            ("penalty_ms", "int", True, "Result's total time less the sum of the laps, where it is whole seconds [ms]"),
            ("reason_retired", "text", True, "Why the car did not finish, in the provider's words"),
            ("points", "float", True, "Points scored"),
            ("grid_position", "int", True, "Place on the starting grid; 0 is the pit lane"),
            ("grid_text", "text", True, "The place on the grid as the provider writes it, such as PL for the pit lane"),
            ("grid_penalty", "text", True, "What was added to the grid place, in the provider's words"),
            ("best_lap_ms", "int", True, "The car's best lap time [ms]"),
            ("best_lap_number", "int", True, "The lap of the best time"),
            ("fastest_lap", "bool", True, "The driver has the race's fastest lap"),
            ("stops", "int", True, "Pit stops made"),
            ("q1_ms", "int", True, "Best time of qualifying's first part [ms]"),
            ("q2_ms", "int", True, "Best time of qualifying's second part [ms]"),
            ("q3_ms", "int", True, "Best time of qualifying's third part [ms]"),
        ],
        [["provider", "driver_ref"]],
    ),
    "history_pit_stops": (
        "A stop of a race",
        ["provider", "season", "round", "sequence"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("sequence", "int", False, "Order of messages"),
            ("driver_ref", "text", True, "The provider's own id for the driver"),
            ("car_number", "text", True, "The car's number as text: 007 and 7 are different cars"),
            ("stop", "int", True, "The number of the stop in the race"),
            ("lap_number", "int", True, "The car's own lap count"),
            ("time_of_day", "text", True, "The time of day at the circuit, HH:MM:SS"),
            ("duration_ms", "int", True, "Time in the pit lane [ms]"),
        ],
        [],
    ),
    "history_standings": (
        "A line of the standings after a round; round 0 is the season's own final list; kind is driver or constructor",
        ["provider", "season", "round", "kind", "sequence"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position; else what the row is of, such as driver or constructor"),
            ("sequence", "int", False, "Order of messages"),
            ("position", "int", True, "Place overall"),
            ("position_text", "text", True, "The place as the provider writes it: 1, DNF, DSQ, NC"),
            ("ref", "text", False, "The provider's own id for the driver or constructor"),
            ("engine_ref", "text", True, "The provider's own id for the engine's maker"),
            ("points", "float", True, "Points scored"),
            ("wins", "int", True, "Races won in the season so far"),
        ],
        [],
    ),
    "history_entrants": (
        "A driver of an entrant's car in a season",
        ["provider", "season", "sequence"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("sequence", "int", False, "Order of messages"),
            ("entrant_ref", "text", True, "The provider's own id for the entrant"),
            ("entrant", "text", True, "The entrant's name"),
            ("constructor_ref", "text", True, "The provider's own id for the constructor"),
            ("engine_ref", "text", True, "The provider's own id for the engine's maker"),
            ("tyre_ref", "text", True, "The provider's own id for the tyres' maker"),
            ("chassis", "text", True, "The chassis's model; null where no source tells"),
            ("engine_model", "text", True, "The engine's model; null where no source tells"),
            ("driver_ref", "text", True, "The provider's own id for the driver"),
            ("rounds", "text", True, "The rounds entered, such as 1-2,4-7"),
            ("test_driver", "bool", True, "Entered for practice only"),
        ],
        [],
    ),
    "history_incidents": (
        "A safety car or a red flag; kind is safety_car or red_flag",
        ["provider", "season", "round", "kind", "sequence"],
        [
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("season", "int", False, "The season's year"),
            ("round", "int", False, "The event's number in the season"),
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position; else what the row is of, such as driver or constructor"),
            ("sequence", "int", False, "Order of messages"),
            ("first_lap", "int", True, "First lap of the stint"),
            ("last_lap", "int", True, "Last lap of the stint"),
            ("laps", "int", True, "Laps completed"),
            ("cause", "text", True, "What it was for, in the provider's words"),
            ("resumed", "bool", True, "The race went on afterwards"),
        ],
        [],
    ),
    "identities": (
        "A provider's id of a driver, constructor or circuit (kind), and the one id that it stands for",
        ["kind", "provider", "provider_id"],
        [
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position; else what the row is of, such as driver or constructor"),
            ("provider", "text", False, "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
            ("provider_id", "text", False, "The source's own id for the driver, constructor or circuit"),
            ("identity_id", "int", False, "The id of the driver, constructor or circuit: one for all providers"),
            ("name", "text", False, "The name in full"),
            ("code", "text", True, "A short code: of a session (R) or of a driver (VER)"),
            ("birth_date", "text", True, "Date of birth, YYYY-MM-DD"),
            ("nationality", "text", True, "The driver's nationality, as the source writes it"),
            ("matched_by", "text", True, "How the provider's id was joined to the identity; null where it is the first of it"),
        ],
        [["identity_id"]],
    ),
    "predictions": (
        "A model's prediction and its interval",
        ["session_id", "car_number", "target", "lap_number", "model", "sequence"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("car_number", "text", False, "The car's number as text: 007 and 7 are different cars"),
            ("target", "text", False, "What is predicted"),
            ("lap_number", "int", False, "The car's own lap count"),
            ("model", "text", False, "The model's name and version"),
            ("sequence", "int", False, "Order of messages"),
            ("value", "float", True, "The value, in the metric's unit"),
            ("low_80", "float", True, "Lower end of the 80 % interval"),
            ("high_80", "float", True, "Upper end of the 80 % interval"),
            ("low_90", "float", True, "Lower end of the 90 % interval"),
            ("high_90", "float", True, "Upper end of the 90 % interval"),
            ("quality", "text", True, "measured, repaired or predicted"),
            ("confidence", "float", True, "The model's own confidence in the value"),
            ("detail", "text", True, "The value as JSON, where it is no number"),
            ("created_utc", "instant", True, "When it was saved [UTC]"),
        ],
        [],
    ),
}
# Table, column, type, meaning.
_ADDED = (
    ("laps", "lap_type", "text", "The kind of the lap, in the words of whoever saved it"),
    ("driver_metrics", "detail", "text", "The value as JSON, where it is no number"),
    ("driver_metrics", "created_utc", "instant", "When it was saved [UTC]"),
)
_PREDICTIONS = (
    "session_id", "car_number", "target", "lap_number", "model", "value", "low_80", "high_80", "low_90", "high_90",
    "quality",
)
# fmt: on


def upgrade() -> None:
    """Add tables and columns; predictions get a sequence in their key, which takes a new table."""
    for table, name, kind, comment in _ADDED:
        op.add_column(table, sa.Column(name, _TYPES[kind], comment=comment))
    op.rename_table("predictions", "old_predictions")
    # PostgreSQL keeps the name of the primary key's index when its table is renamed.
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER INDEX predictions_pkey RENAME TO old_predictions_pkey")
    for name in _TABLES:
        _create(name)
    names = ", ".join(_PREDICTIONS)
    op.execute(f"INSERT INTO predictions ({names}, sequence) SELECT {names}, 0 FROM old_predictions")  # noqa: S608
    op.drop_table("old_predictions")


def downgrade() -> None:
    """Not offered: what the new tables hold would be lost. Restore a backup instead."""
    raise CommandError("a schema is not taken back: restore a backup of the older one")


def _create(name: str) -> None:
    description, key, columns, indexes = _TABLES[name]
    own = [_column(*column) for column in columns]
    options = {"comment": description, "sqlite_with_rowid": len(key) == 1}
    op.create_table(name, *own, sa.PrimaryKeyConstraint(*key), **options)
    for keys in indexes:
        op.create_index(f"ix_{name}_{'_'.join(keys)}", name, keys)


def _column(name: str, kind: str, nullable: bool, comment: str) -> sa.Column[object]:
    parent = [sa.ForeignKey("sessions.session_id", ondelete="CASCADE")] if name == "session_id" else []
    return sa.Column(name, _TYPES[kind], *parent, nullable=nullable, comment=comment, autoincrement=False)
