"""The declared checks: what each rule looks at and what becomes of what it finds, for pages, reports and people."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a record that breaks a rule; one that breaks none is accepted.

    A note is a row in `repairs` whose value after is the value before: named, and kept as it was read.
    """

    NOTED = "noted"
    REPAIRED = "repaired"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """A check: its name in `repairs`, `quarantine` and `checks`, the tables it looks at, and what it does in words."""

    name: str
    tables: tuple[str, ...]
    looks_at: str
    outcome: Outcome
    does: str


_ANY = (
    "entries", "drivers", "laps", "pit_stops", "results", "weather", "track_status", "session_status", "race_control",
    "telemetry",
)  # fmt: skip
_TIMED = ("weather", "track_status", "session_status")
_REPAIRED, _NOTED, _QUARANTINED = Outcome.REPAIRED, Outcome.NOTED, Outcome.QUARANTINED
# Made by the readers, which know the lines of a file; `check` counts their rows with its own.
# fmt: off
SOURCE_RULES = (
    Rule("shared_number", ("entries",), "cars written with one number", _REPAIRED, "the first of the two gets back the zero that it lost"),
    Rule("unknown_flag", ("laps",), "the flag at the line", _REPAIRED, "a flag that is none is left out"),
    Rule("two_pit_times", ("pit_stops",), "stops with a time on the in-lap and on the out-lap", _REPAIRED, "the two are added"),
    Rule("result_time", ("results",), "total time against the laps, where it differs by no whole seconds", _NOTED, "the result is kept as written"),
    Rule("stuck_sensor", ("weather",), "sensors that show one value all day", _REPAIRED, "the readings are left out"),
    Rule("unset_lap_counter", ("logger",), "logger rows of lap 32768, which is a counter that was not set", _REPAIRED, "the rows are left out"),
    Rule("no_car_or_lap_number", ("laps",), "rows that name no lap", _REPAIRED, "the row is left out"),
    Rule("second_row_of_a_lap", ("laps",), "laps that a table has twice", _REPAIRED, "the first row stands"),
    Rule("lap_of_a_retirement", ("laps",), "laps that FastF1 adds where a car stopped", _REPAIRED, "the lap is marked: its end is assumed"),
    Rule("start_from_second_lap", ("laps",), "tables that do not tell when the race began", _REPAIRED, "the leader's second lap stands in for the first"),
    Rule("missed_lap", ("laps",), "laps that no frame of a recording shows", _NOTED, "the lap is missing"),
    Rule("skipped_frame", ("frames",), "frames of a recording that cannot be read", _NOTED, "the next key frame is taken"),
)
# In the order in which `check` runs them: what takes records out comes before what compares them.
CHECKS = (
    Rule("type", _ANY, "whether every value is of its column's kind", _REPAIRED, "what means the same is converted, what means nothing is left out; a record without its key is quarantined"),
    Rule("blank_text", _ANY, "texts that say nothing: nan, None, NaT", _REPAIRED, "left out"),
    Rule("unknown_compound", ("laps", "pit_stops"), "compounds that are none: nan, None, UNKNOWN", _REPAIRED, "left out"),
    Rule("impossible_lap_time", ("laps",), "lap times of nothing or less, over 24 hours, or longer than the session", _QUARANTINED, "the lap is kept out"),
    Rule("impossible_value", _ANY, "values outside the ranges of the column vocabulary, lap 32768 among them", _REPAIRED, "left out; a record whose key cannot be is quarantined"),
    Rule("exact_duplicate", _ANY, "records that stand twice, alike", _REPAIRED, "one is kept"),
    Rule("contradicting_duplicate", _ANY, "records with one key and different values", _QUARANTINED, "the one that tells more is kept, the first of equals"),
    Rule("unknown_car", ("entries", "laps", "pit_stops", "results"), "records of cars that are no entry", _QUARANTINED, "a car with laps and a result becomes an entry; else its records are kept out; refused where it is most of the laps"),
    Rule("unknown_seat", ("laps",), "seats that the car's crew does not have", _NOTED, "the seat is kept, its driver is not known"),
    Rule("time_order", _TIMED, "the order of time", _REPAIRED, "put in order"),
    Rule("far_from_session", _TIMED, "times a day and more before the start or after the last lap", _QUARANTINED, "kept out"),
    Rule("sector_sum", ("laps",), "S1 + S2 + S3 against the lap time", _REPAIRED, "the clock at the line decides: the sectors are left out, or, where they agree with it, they give the lap time"),
    Rule("start_before_end", ("laps",), "whether a lap begins before it ends", _REPAIRED, "the start is left out"),
    Rule("stop_times", ("pit_stops",), "whether a stop ends after it begins, and lasts as long as between the two", _REPAIRED, "an end before the begin is left out; another length is noted"),
    Rule("elapsed_order", ("laps",), "whether a car's laps end one after the other", _NOTED, "kept as read"),
    Rule("elapsed_sum", ("laps",), "elapsed time against the running sum of the lap times", _NOTED, "kept as read; red flags stop the sum"),
    Rule("missing_lap", ("laps",), "laps that are left out of a car's count in a race", _NOTED, "nothing is filled in"),
    Rule("long_lap", ("laps",), "laps of an hour and more", _NOTED, "the car stood; measured, and out of the pace by the limit of 107 %"),
    Rule("shared_place", ("laps",), "two cars with one place at the end of the same lap of a race", _NOTED, "kept as read"),
    Rule("tyre_age", ("laps",), "tyre age within a stint and at its start", _NOTED, "kept as read"),
    Rule("stint_without_stop", ("laps",), "stints of a race that begin with neither a stop nor a red flag", _NOTED, "kept as read"),
    Rule("stop_of_no_lap", ("pit_stops",), "stops whose lap is not there", _NOTED, "kept as read"),
    Rule("stop_order", ("pit_stops",), "whether a car's stops come one after the other", _NOTED, "kept as read"),
    Rule("result_places", ("results",), "places that are left out or given twice", _NOTED, "kept as read"),
    Rule("result_order", ("results",), "places against laps and total time", _NOTED, "kept as read: penalties move cars"),
    Rule("result_laps", ("results",), "laps of a result against the laps that are there", _NOTED, "kept as read"),
    Rule("best_lap", ("results",), "the best lap of a result against the fastest of the laps", _NOTED, "kept as read"),
    Rule("cut_race", ("sessions",), "the laps against the official results and the scheduled length of a race", _NOTED, "refused where half the laps of the results are not there"),
)
# fmt: on
RULES = {rule.name: rule for rule in (*SOURCE_RULES, *CHECKS)}
