"""Declared checks that every session passes after it is read and before it is stored."""

from racelab.domain.checks.cars import check_cars, check_seats
from racelab.domain.checks.laps import (
    check_sectors,
    check_spans,
    note_clock,
    note_long,
    note_missing,
    note_places,
)
from racelab.domain.checks.ledger import Ledger
from racelab.domain.checks.limits import check_lap_times, check_ranges
from racelab.domain.checks.results import check_length, note_laps_of_results, note_results
from racelab.domain.checks.rules import CHECKS, RULES, SOURCE_RULES, Outcome, Rule
from racelab.domain.checks.stops import check_stop_times, note_stops
from racelab.domain.checks.tally import is_note, tally
from racelab.domain.checks.telemetry import check_telemetry
from racelab.domain.checks.timeline import check_times
from racelab.domain.checks.tyres import note_tyres
from racelab.domain.checks.unique import check_unique
from racelab.domain.checks.values import check_values
from racelab.domain.records import SessionData

__all__ = ["CHECKS", "RULES", "SOURCE_RULES", "Outcome", "Rule", "check", "is_note"]

# What takes records out comes first, then what changes values, then what only names them: a second pass finds the same.
_STEPS = (
    check_values, check_lap_times, check_ranges, check_unique, check_cars, check_telemetry, check_times, check_sectors,
    check_spans, check_stop_times, check_seats, note_clock, note_missing, note_long, note_places, note_tyres,
    note_stops, note_results, note_laps_of_results, check_length,
)  # fmt: skip


def check(data: SessionData) -> None:
    """Hold a session against the declared checks, in place.

    ``repairs`` gets a row for what is changed or named, ``quarantine`` the records that are kept out as they were
    read, ``checks`` the tally of every rule, the reader's own among them. A session that was checked stays the same.

    Raises:
        BadInput: the session must not be let in: its parts are of two sessions, or most of its laps are not there.
    """
    ledger = Ledger(data)
    for step in _STEPS:
        step(ledger)
    data.checks = tally(data, ledger.looked)
