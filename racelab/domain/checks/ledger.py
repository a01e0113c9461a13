"""What checks write down: repairs, notes and quarantined records, and how many records each rule looked at."""

import json
from collections import Counter
from dataclasses import asdict, replace
from math import isfinite
from operator import attrgetter
from typing import Any

from racelab.domain.laps import Quality
from racelab.domain.records import Quarantined, Repair, SessionData

# What tells a record of a table from the others, less the session.
KEYS = {
    "entries": ("car_number",), "laps": ("car_number", "lap_number"), "pit_stops": ("car_number", "lap_number"),
    "results": ("kind", "car_number"), "weather": ("time_ms",), "track_status": ("time_ms",),
    "session_status": ("time_ms", "status"), "race_control": ("sequence",),
}  # fmt: skip
_WORDS = {"lap_number": "lap ", "time_ms": "at ", "sequence": "message "}


class Ledger:
    """Carries out what checks decide on a session and keeps the rows that say so.

    Rows of a table are named by their place in its list, which holds until `settle`.
    """

    def __init__(self, data: SessionData) -> None:
        self.data = data
        self.looked: Counter[str] = Counter()
        self._gone: dict[str, set[int]] = {}
        self._columns: dict[tuple[str, str], list[Any]] = {}
        self._named = {(row.rule, row.table, row.record, row.column) for row in data.repairs}

    def column(self, table: str, name: str) -> list[Any]:
        """A field of all records of a table; it is read once until one of them changes."""
        held = self._columns.get((table, name))
        if held is None:
            held = self._columns[table, name] = list(map(attrgetter(name), getattr(self.data, table)))
        return held

    def look(self, rule: str, records: int) -> None:
        """Count the records that the rule looks at."""
        self.looked[rule] += records

    def write(self, rule: str, table: str, record: str, column: str, values: tuple[Any, Any], reason: str) -> None:
        """Write down a repair, or a note where the two values are the same; what stands there already stays."""
        if (rule, table, record, column) not in self._named:
            self._named.add((rule, table, record, column))
            before, after = _told(*values), None if values[1] is None else str(values[1])
            self.data.repairs.append(Repair(rule, table, record, column, before, after, reason))

    def change(self, rule: str, table: str, index: int, values: dict[str, Any], reason: str) -> None:
        """Give a record new values, each with its row; the record's quality becomes repaired."""
        records = getattr(self.data, table)
        old = records[index]
        marked = {"quality": Quality.REPAIRED} if hasattr(old, "quality") else {}
        records[index] = new = replace(old, **{**marked, **values})
        for column, value in values.items():
            self._columns.pop((table, column), None)
            self.write(rule, table, name_of(table, new), column, (getattr(old, column), value), reason)

    def note(self, rule: str, table: str, index: int, column: str, reason: str) -> None:
        """Name a value that breaks a rule and is kept as it was read."""
        record = getattr(self.data, table)[index]
        value = getattr(record, column)
        self.write(rule, table, name_of(table, record), column, (value, value), reason)

    def quarantine(self, rule: str, table: str, index: int, reason: str) -> None:
        """Keep a record out, as it was read; it leaves its list at `settle`."""
        gone = self._gone.setdefault(table, set())
        if index not in gone:
            gone.add(index)
            record = getattr(self.data, table)[index]
            self.keep_out(rule, table, name_of(table, record), record, reason)

    def keep_out(self, rule: str, table: str, name: str, record: Any, reason: str) -> None:
        """Keep what is no record of a list of its own, such as a driver of a crew."""
        self.data.quarantine.append(Quarantined(rule, table, name, reason, as_json(record)))

    def drop(self, table: str, index: int) -> None:
        """Leave out a record that stands there another time."""
        self._gone.setdefault(table, set()).add(index)

    def is_gone(self, table: str, index: int) -> bool:
        """Whether the record is to leave its list."""
        return index in self._gone.get(table, ())

    def settle(self) -> None:
        """Take out of the lists what was quarantined or dropped."""
        for table, gone in self._gone.items():
            kept = [record for index, record in enumerate(getattr(self.data, table)) if index not in gone]
            setattr(self.data, table, kept)
            self._columns = {key: column for key, column in self._columns.items() if key[0] != table}
        self._gone.clear()


def _told(before: Any, after: Any) -> str | None:
    """The value before as text: with its kind, where only that is changed."""
    if before is None:
        return None
    return repr(before) if before is not after and str(before) == str(after) else str(before)


def name_of(table: str, record: Any) -> str:
    """A record's natural key in words: `7 lap 12`, `official 7`, `at 61000`."""
    return " ".join(f"{_WORDS.get(key, '')}{getattr(record, key)}" for key in KEYS[table])


def as_json(record: Any) -> str:
    """The whole record as JSON; what JSON cannot hold is its text."""
    return json.dumps(_plain(asdict(record)), ensure_ascii=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
