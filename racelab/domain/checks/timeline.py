"""Readings and states in time: in order, and near the session."""

from itertools import pairwise

from racelab.domain.checks.ledger import Ledger
from racelab.domain.records import SessionData

_ORDER, _FAR = "time_order", "far_from_session"
_TIMED = ("weather", "track_status", "session_status")
# A start that was put off by hours is real (Belgium 2021: 4 h 15 min); a day is another session.
_DAY_MS = 24 * 3_600_000


def check_times(ledger: Ledger) -> None:
    """Put readings and states in the order of time, and keep out those of another day."""
    data = ledger.data
    latest = _end(data) + _DAY_MS
    for table in _TIMED:
        records = getattr(data, table)
        ledger.look(_ORDER, len(records))
        ledger.look(_FAR, len(records))
        for at, record in enumerate(records):
            if not -_DAY_MS <= record.time_ms <= latest:
                ledger.quarantine(_FAR, table, at, "a day and more away from the session")
    ledger.settle()
    for table in _TIMED:
        _sort(ledger, table)


def _sort(ledger: Ledger, table: str) -> None:
    records = getattr(ledger.data, table)
    times = [record.time_ms for record in records]
    if any(after < before for before, after in pairwise(times)):
        setattr(ledger.data, table, sorted(records, key=lambda record: record.time_ms))
        ledger.write(
            _ORDER, table, "all", "time_ms", ("out of order", "in order"), "the rows were not in order of time"
        )


def _end(data: SessionData) -> int:
    """When the session ended at the latest, by its laps or its schedule."""
    return max([0, data.session.scheduled_ms or 0, *(lap.end_ms for lap in data.laps if lap.end_ms is not None)])
