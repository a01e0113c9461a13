"""The column vocabulary: one key, heading, unit and meaning for a column wherever it is seen.

Tables, frame schemas, the timing tower, figures and exports all read it, so that two people who
look at the same race see the same words.
"""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["int", "float", "text", "bool", "instant"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, heading, unit, meaning and, for numbers, the range that is possible."""

    key: str
    kind: Kind
    heading: str
    description: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None


_DAY_MS = 30 * 3_600_000
_DURATION: dict[str, Any] = {"unit": "ms", "low": 0, "high": _DAY_MS}
_MOMENT: dict[str, Any] = {"unit": "ms", "low": -_DAY_MS, "high": 10 * _DAY_MS}
_COUNT: dict[str, Any] = {"low": 0, "high": 10_000}


def _columns() -> list[Column]:
    live = [*_naming(), *_lap_columns(), *_result_columns(), *_track_columns(), *_telemetry_columns()]
    return [*live, *_own_columns(), *_check_columns(), *_live_columns(), *_history_columns()]


# fmt: off
def _naming() -> list[Column]:
    return [
        Column("session_id", "int", "Session", "The session's id: the same in every store"),
        Column("event_id", "int", "Event", "The event's id: the session's without its last two digits"),
        Column("series", "text", "Series", "f1, wec, imsa, grcup or local"),
        Column("season", "int", "Season", "The season's year", low=1900, high=2999),
        Column("round", "int", "Round", "The event's number in the season", low=0, high=999_999),
        Column("session", "text", "Session", "The session's code: FP1, Q, R, ..."),
        Column("code", "text", "Code", "A short code: of a session (R) or of a driver (VER)"),
        Column("name", "text", "Name", "The name in full"),
        Column("circuit", "text", "Circuit", "The circuit's name"),
        Column("country", "text", "Country", "The country of the circuit"),
        Column("timezone", "text", "Time zone", "The circuit's time zone, as in the IANA database"),
        Column("start_utc", "instant", "Start", "The instant from which session time counts", "UTC"),
        Column("end_utc", "instant", "End", "The instant at which the session ended", "UTC"),
        Column("scheduled_ms", "int", "Scheduled length", "The length set for the session, if by time", **_DURATION),
        Column("scheduled_laps", "int", "Scheduled laps", "The length set for the session, if by laps", **_COUNT),
        Column("lap_length_m", "float", "Lap length", "The length of one lap", "m", 100, 30_000),
        Column("status", "text", "Status", "The state of a car, a result or a session, in the source's words"),
        Column("status_note", "text", "Note", "Why the status is what it is"),
        Column("car_number", "text", "No.", "The car's number as text: 007 and 7 are different cars"),
        Column("car_class", "text", "Class", "The class that the car competes in"),
        Column("group", "text", "Group", "A group within the class, such as a cup for amateurs"),
        Column("team", "text", "Team", "The entrant"),
        Column("manufacturer", "text", "Make", "The car's or engine's maker, as the source writes it"),
        Column("vehicle", "text", "Vehicle", "The car's model"),
        Column("tyre_maker", "text", "Tyre maker", "The maker of the tyres"),
        Column("colour", "text", "Colour", "The series' own colour for the team, #rrggbb"),
        Column("seat", "int", "Seat", "The driver's number in the car's crew", low=1, high=20),
        Column("driver", "text", "Driver", "The driver's name"),
        Column("nationality", "text", "Nationality", "The driver's nationality, as the source writes it"),
        Column("rating", "text", "Rating", "The driver's rating: Platinum, Gold, Silver, Bronze"),
        Column("provider_id", "text", "Provider's id", "The source's own id for the driver, constructor or circuit"),
    ]


def _lap_columns() -> list[Column]:
    return [
        Column("lap_number", "int", "Lap", "The car's own lap count", low=0, high=10_000),
        Column("stint", "int", "Stint", "The car's run between two stops, from 1", **_COUNT),
        Column("lap_time_ms", "int", "Lap time", "Time from line to line", **_DURATION),
        Column("s1_ms", "int", "S1", "First sector's time", **_DURATION),
        Column("s2_ms", "int", "S2", "Second sector's time", **_DURATION),
        Column("s3_ms", "int", "S3", "Third sector's time", **_DURATION),
        Column("start_ms", "int", "Lap start", "Session time at which the lap began", **_MOMENT),
        Column("end_ms", "int", "Lap end", "Session time at which the lap ended", **_MOMENT),
        Column("pit_in", "bool", "In-lap", "The lap ended in the pit lane"),
        Column("pit_out", "bool", "Out-lap", "The lap began in the pit lane"),
        Column("pit_in_ms", "int", "Pit entry", "Session time of the pit entry in this lap", **_MOMENT),
        Column("pit_out_ms", "int", "Pit exit", "Session time of the pit exit in this lap", **_MOMENT),
        Column("pit_time_ms", "int", "Pit time", "Time in the pit lane of the stop that this out-lap follows", **_DURATION),
        Column("position", "int", "Pos", "Place overall", low=1, high=200),
        Column("class_position", "int", "PIC", "Place in class", low=1, high=200),
        Column("compound", "text", "Tyre", "The tyre's compound; null where the source does not tell"),
        Column("tyre_age", "int", "Tyre age", "Laps on this set at the end of the lap", "laps", 0, 500),
        Column("fresh_tyre", "bool", "New tyre", "The set was new when it was fitted"),
        Column("flag", "text", "Flag", "The state of the track: green, yellow, safety_car, vsc, fcy, code_60, slow_zone, red, chequered"),
        Column("top_speed_kph", "float", "Top speed", "Highest speed measured in the lap", "km/h", 0, 500),
        Column("speed_i1_kph", "float", "Speed trap 1", "Speed at the end of sector 1", "km/h", 0, 500),
        Column("speed_i2_kph", "float", "Speed trap 2", "Speed at the end of sector 2", "km/h", 0, 500),
        Column("speed_fl_kph", "float", "Speed at line", "Speed at the finish line", "km/h", 0, 500),
        Column("deleted", "bool", "Deleted", "The lap time was deleted by the stewards"),
        Column("lap_type", "text", "Lap type", "The kind of the lap, in the words of whoever saved it"),
        Column("accurate", "bool", "Accurate", "The source itself calls the lap's timing consistent"),
        Column("quality", "text", "Quality", "measured, repaired or predicted"),
        Column("in_ms", "int", "Pit entry", "Session time of the pit entry", **_MOMENT),
        Column("out_ms", "int", "Pit exit", "Session time of the pit exit", **_MOMENT),
        Column("duration_ms", "int", "Pit time", "Time in the pit lane", **_DURATION),
        Column("stop_type", "text", "Stop", "What the stop was for: Regular, Driver change, Drive-through, Penalty, Garage, Red flag, Unknown"),
        Column("seat_in", "int", "Seat in", "The driver's seat before the stop", low=1, high=20),
        Column("seat_out", "int", "Seat out", "The driver's seat after the stop", low=1, high=20),
    ]


def _result_columns() -> list[Column]:
    return [
        Column("kind", "text", "Kind", "official, provisional or road; of telemetry: car or position; else what the row is of, such as driver or constructor"),
        Column("laps", "int", "Laps", "Laps completed", **_COUNT),
        Column("total_time_ms", "int", "Total time", "Time from the start to the car's last line, penalties included where the source does", **_DURATION),
        # A gap is below zero where the order is not by time: Indianapolis' grids went by the day of qualifying.
        Column("gap_ms", "int", "Gap", "Time behind the leader on the same lap", unit="ms", low=-_DAY_MS, high=_DAY_MS),
        Column("gap_laps", "int", "Laps behind", "Whole laps behind the leader", **_COUNT),
        Column("interval_ms", "int", "Interval", "Time behind the car in front on the same lap", unit="ms", low=-_DAY_MS, high=_DAY_MS),
        Column("interval_laps", "int", "Laps to next", "Whole laps behind the car in front", **_COUNT),
        Column("class_gap_ms", "int", "Class gap", "Time behind the leader of the class on the same lap", unit="ms", low=-_DAY_MS, high=_DAY_MS),
        Column("class_gap_laps", "int", "Laps behind in class", "Whole laps behind the leader of the class", **_COUNT),
        Column("class_interval_ms", "int", "Class interval", "Time behind the next car of the class on the same lap", unit="ms", low=-_DAY_MS, high=_DAY_MS),
        Column("class_interval_laps", "int", "Laps to next in class", "Whole laps behind the next car of the class", **_COUNT),
        Column("grid_position", "int", "Grid", "Place on the starting grid; 0 is the pit lane", low=0, high=200),
        Column("points", "float", "Points", "Points scored", low=0, high=1000),
        Column("best_lap_ms", "int", "Best", "The car's best lap time", **_DURATION),
        Column("best_lap_number", "int", "Best lap", "The lap of the best time", **_COUNT),
        Column("last_lap_ms", "int", "Last", "The car's latest lap time", **_DURATION),
        Column("stint_laps", "int", "Stint laps", "Laps since the last stop", **_COUNT),
        Column("stops", "int", "Stops", "Pit stops made", **_COUNT),
        Column("last_stop_ms", "int", "Last stop", "Session time of the last pit exit", **_MOMENT),
        Column("pit_since_ms", "int", "In the pits since", "Session time of the pit entry of a car that is in the pits", **_MOMENT),
        Column("drive_ms", "int", "Drive time", "What the driver has driven so far; the time in the pit lane counts for nobody", **_DURATION),
        Column("energy_pct", "float", "Energy", "What is left of the car's energy or fuel, as the provider tells it", "%", 0, 100),
        Column("q1_ms", "int", "Q1", "Best time of qualifying's first part", **_DURATION),
        Column("q2_ms", "int", "Q2", "Best time of qualifying's second part", **_DURATION),
        Column("q3_ms", "int", "Q3", "Best time of qualifying's third part", **_DURATION),
        Column("penalty_ms", "int", "Penalty", "Result's total time less the sum of the laps, where it is whole seconds", unit="ms", low=-_DAY_MS, high=_DAY_MS),
    ]


def _track_columns() -> list[Column]:
    return [
        Column("time_ms", "int", "Session time", "Time since the session's start", **_MOMENT),
        Column("time_utc", "instant", "Time", "The instant", "UTC"),
        Column("air_c", "float", "Air", "Air temperature", "°C", -30, 60),
        Column("track_c", "float", "Track", "Track temperature", "°C", -30, 90),
        Column("humidity_pct", "float", "Humidity", "Relative humidity", "%", 0, 100),
        Column("pressure_hpa", "float", "Pressure", "Air pressure", "hPa", 500, 1100),
        Column("wind_kph", "float", "Wind", "Wind speed", "km/h", 0, 250),
        Column("wind_direction_deg", "float", "Wind from", "Direction the wind comes from", "°", 0, 360),
        Column("rain", "bool", "Rain", "Rain falls"),
        Column("message", "text", "Message", "The message's words"),
        Column("sequence", "int", "No.", "Order of messages", low=0),
        Column("text", "text", "Message", "The message's words"),
        Column("category", "text", "Category", "The message's kind, in the source's words"),
        Column("scope", "text", "Scope", "Track, Sector or Driver"),
        Column("sector", "int", "Sector", "The marshal sector", low=0, high=100),
    ]


def _telemetry_columns() -> list[Column]:
    return [
        Column("speed_kph", "float", "Speed", "Car speed", "km/h", 0, 500),
        Column("rpm", "int", "RPM", "Engine speed", "1/min", 0, 25_000),
        Column("gear", "int", "Gear", "Gear; 0 is neutral", low=0, high=10),
        Column("throttle_pct", "float", "Throttle", "Throttle pedal", "%", 0, 105),
        Column("brake_pct", "float", "Brake", "Brake pedal; 0 or 100 where the source has on and off only", "%", 0, 105),
        Column("drs", "int", "DRS", "The source's code for the drag reduction system", low=0, high=20),
        Column("x_m", "float", "X", "Position east of the circuit's origin", "m"),
        Column("y_m", "float", "Y", "Position north of the circuit's origin", "m"),
        Column("z_m", "float", "Z", "Position above the circuit's origin", "m"),
    ]


def _own_columns() -> list[Column]:
    return [
        Column("source", "text", "Source", "The reader that read it"),
        Column("location", "text", "Location", "The file or address that was read, without secrets"),
        Column("digest", "text", "Digest", "SHA-256 of everything that was read"),
        Column("version", "text", "Version", "The reader's version"),
        Column("read_utc", "instant", "Read", "When it was written to the store", "UTC"),
        Column("change", "text", "Change", "added, updated or unchanged"),
        Column("missing", "text", "Missing", "Parts that the source lacks, separated by commas"),
        Column("rows", "int", "Rows", "Rows written in all tables", low=0),
        Column("rule", "text", "Rule", "The name of the rule"),
        Column("table_name", "text", "Table", "The table that the rule touched"),
        Column("record", "text", "Record", "The natural key of the row that the rule touched"),
        Column("column_name", "text", "Column", "The column that the rule touched"),
        Column("before", "text", "Before", "The value before, as text"),
        Column("after", "text", "After", "The value after, as text; null where it was taken out"),
        Column("reason", "text", "Reason", "Why"),
        Column("first_lap", "int", "From lap", "First lap of the stint", **_COUNT),
        Column("last_lap", "int", "To lap", "Last lap of the stint", **_COUNT),
        Column("clean_laps", "int", "Clean laps", "Laps that show pace: green, no in-lap or out-lap, not the first, within 107 % of the best", **_COUNT),
        Column("median_ms", "int", "Median", "Median of the clean laps", **_DURATION),
        Column("best_ms", "int", "Best", "Best of the clean laps", **_DURATION),
        Column("metric", "text", "Metric", "The metric's name"),
        Column("value", "float", "Value", "The value, in the metric's unit"),
        Column("n", "int", "n", "The number of laps behind the value", low=0),
        Column("model", "text", "Model", "The model's name and version"),
        Column("target", "text", "Target", "What is predicted"),
        Column("low_80", "float", "Low (80 %)", "Lower end of the 80 % interval"),
        Column("high_80", "float", "High (80 %)", "Upper end of the 80 % interval"),
        Column("low_90", "float", "Low (90 %)", "Lower end of the 90 % interval"),
        Column("high_90", "float", "High (90 %)", "Upper end of the 90 % interval"),
        Column("run_id", "text", "Run", "The run's id: a digest of its inputs"),
        Column("races", "int", "Races", "Simulated races", low=1),
        Column("seed", "int", "Seed", "The seed of the random numbers", low=0),
        Column("from_lap", "int", "From lap", "The leader's lap from which the rest was simulated", **_COUNT),
        Column("revision", "int", "Revision", "Counts the states published for the session; a reader asks for what is newer", low=0),
        Column("state", "text", "State", "The state as JSON, with the fields of CarState or RaceState"),
        Column("updated_utc", "instant", "Updated", "When the state was published", "UTC"),
        Column("probability", "float", "Probability", "Share of the simulated races", low=0, high=1),
        Column("confidence", "float", "Confidence", "The model's own confidence in the value", low=0, high=1),
        Column("detail", "text", "Detail", "The value as JSON, where it is no number"),
        Column("created_utc", "instant", "Created", "When it was saved", "UTC"),
        Column("driver_paces", "text", "Paces", "The pace of each driver that the run started from, as JSON"),
        Column("results", "text", "Results", "What the run gave, as JSON"),
        Column("file", "text", "File", "The file's path, from the folder of the archive"),
    ]


def _check_columns() -> list[Column]:
    return [
        Column("checked", "int", "Checked", "Records that the rule looked at", low=0),
        Column("accepted", "int", "Accepted", "Records that passed as they are", low=0),
        Column("repaired", "int", "Repaired", "Records of which the rule changed or left out a value", low=0),
        Column("quarantined", "int", "Quarantined", "Records kept with the reason, out of the analysis", low=0),
        Column("content", "text", "Content", "The whole record as JSON"),
        Column("label", "text", "Label", "What was to be read"),
    ]


def _live_columns() -> list[Column]:
    return [
        Column("phase", "text", "Phase", "candidate (seen once), confirmed or cleared (over)"),
        Column("origin", "text", "Origin", "inferred (from the timing) or race_control (said by race control)"),
        Column("confirmed_ms", "int", "Confirmed", "Session time at which the incident was certain", **_MOMENT),
        Column("cleared_ms", "int", "Cleared", "Session time at which the incident was over", **_MOMENT),
        Column("penalty", "text", "Penalty", "The penalty in race control's words"),
        Column("holder", "text", "Holder", "Who holds the lease: machine, process and a random part"),
        Column("part", "text", "Part", "The part of the monitor, such as calendar, feed, training or export"),
        Column("health", "text", "Health", "ok, waiting, warning, failed or off"),
        Column("since_utc", "instant", "Since", "Since when it has been so", "UTC"),
        Column("expires_utc", "instant", "Expires", "When it ends unless it is renewed", "UTC"),
    ]


def _history_columns() -> list[Column]:
    return [
        Column("provider", "text", "Provider", "Whose record it is: f1db, ergast, f1 (FastF1) or alkamel"),
        Column("identity_id", "int", "Id", "The id of the driver, constructor or circuit: one for all providers", low=0),
        Column("driver_id", "int", "Driver's number", "The identity of the driver: one for all providers", low=0),
        Column("constructor_id", "int", "Constructor's number", "The identity of the constructor: one for all providers", low=0),
        Column("circuit_id", "int", "Circuit's number", "The identity of the circuit: one for all providers", low=0),
        Column("constructor", "text", "Constructor", "The constructor's name"),
        Column("engine", "text", "Engine", "The name of the engine's maker"),
        Column("tyre", "text", "Tyres", "The name of the tyres' maker"),
        Column("matched_by", "text", "Matched by", "How the provider's id was joined to the identity; null where it is the first of it"),
        Column("birth_date", "text", "Born", "Date of birth, YYYY-MM-DD"),
        Column("official_name", "text", "Official name", "The event's name with its sponsors"),
        Column("date", "text", "Date", "The day of the race, YYYY-MM-DD"),
        Column("distance_m", "float", "Distance", "The distance raced", "m", 0, 1_000_000),
        Column("qualifying_format", "text", "Qualifying", "How the grid was decided, in the provider's words, such as KNOCKOUT or AGGREGATE"),
        Column("circuit_ref", "text", "Circuit's id", "The provider's own id for the circuit"),
        Column("driver_ref", "text", "Driver's id", "The provider's own id for the driver"),
        Column("constructor_ref", "text", "Constructor's id", "The provider's own id for the constructor"),
        Column("engine_ref", "text", "Engine maker's id", "The provider's own id for the engine's maker"),
        Column("tyre_ref", "text", "Tyre maker's id", "The provider's own id for the tyres' maker"),
        Column("entrant_ref", "text", "Entrant's id", "The provider's own id for the entrant"),
        Column("ref", "text", "Provider's id", "The provider's own id for the driver or constructor"),
        Column("entrant", "text", "Entrant", "The entrant's name"),
        Column("chassis", "text", "Chassis", "The chassis's model; null where no source tells"),
        Column("engine_model", "text", "Engine", "The engine's model; null where no source tells"),
        Column("rounds", "text", "Rounds", "The rounds entered, such as 1-2,4-7"),
        Column("test_driver", "bool", "Test driver", "Entered for practice only"),
        Column("position_text", "text", "Place", "The place as the provider writes it: 1, DNF, DSQ, NC"),
        Column("shared_car", "bool", "Shared car", "The car was shared with another driver in this race"),
        Column("fastest_lap", "bool", "Fastest lap", "The driver has the race's fastest lap"),
        Column("grid_text", "text", "Grid", "The place on the grid as the provider writes it, such as PL for the pit lane"),
        Column("grid_penalty", "text", "Grid penalty", "What was added to the grid place, in the provider's words"),
        Column("reason_retired", "text", "Out", "Why the car did not finish, in the provider's words"),
        Column("stop", "int", "Stop", "The number of the stop in the race", low=0),
        Column("time_of_day", "text", "Local time", "The time of day at the circuit, HH:MM:SS"),
        Column("wins", "int", "Wins", "Races won in the season so far", low=0),
        Column("cause", "text", "Cause", "What it was for, in the provider's words"),
        Column("resumed", "bool", "Resumed", "The race went on afterwards"),
    ]


# fmt: on
COLUMNS: dict[str, Column] = {column.key: column for column in _columns()}
