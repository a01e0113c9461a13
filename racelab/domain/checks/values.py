"""Each value by itself: its kind, words that say nothing, compounds that are none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from types import NoneType
from typing import Any

from racelab.domain.checks.kinds import BLANKS, HUGE, LARGEST, Kind, Unreadable, is_sound, kinds
from racelab.domain.checks.ledger import Ledger, name_of
from racelab.domain.checks.limits import is_limited
from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Quality, Result
from racelab.domain.records import Weather
from racelab.domain.tyres import read_compound

RECORDS: dict[str, type] = {
    "entries": Entry, "laps": Lap, "pit_stops": PitStop, "results": Result, "weather": Weather,
    "track_status": TrackStatus, "session_status": SessionStatus, "race_control": RaceControlMessage,
}  # fmt: skip
_TYPE, _BLANK, _COMPOUND = "type", "blank_text", "unknown_compound"


def check_values(ledger: Ledger) -> None:
    """Hold every value against its column's kind."""
    for table, record in RECORDS.items():
        records = getattr(ledger.data, table)
        own = kinds(record, table)
        ledger.look(_TYPE, len(records))
        ledger.look(_BLANK, len(records))
        if any(kind.compound for kind in own):
            ledger.look(_COMPOUND, len(records))
        columns = (ledger.column(table, kind.name) for kind in own) if records else ()
        for index, kind in sorted(_strange(own, columns), key=lambda found: found[0]):
            _mend(ledger, table, index, kind)
    _check_crews(ledger)
    ledger.settle()


def _strange(own: Iterable[Kind], columns: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Kind]]:
    """Places and kinds of the values to look at; a column of plain types alone is passed over as a whole."""
    for kind, column in zip(own, columns, strict=False):
        if not _is_plain(kind, column):
            yield from ((index, kind) for index, value in enumerate(column) if not _is_plain(kind, (value,)))


def _odd(driver: Driver, own: Iterable[Kind]) -> list[Kind]:
    return [kind for kind in own if not _is_plain(kind, (getattr(driver, kind.name),))]


def _is_plain(kind: Kind, column: Sequence[Any]) -> bool:
    types = set(map(type, column))
    if not types <= kind.plain:
        return False
    if types == {NoneType}:
        return True
    if str in kind.plain:
        texts = {text for text in set(column) if text is not None}
        return all(map(is_sound, texts)) and not (_may_be_blank(kind) and any(_is_blank(text) for text in texts))
    if float in kind.plain:
        # False for NaN and infinity, which a sum keeps.
        return bool(abs(sum(filter(None, column))) < HUGE)
    if int in kind.plain:
        # Ranges are held next; without one there is still what a database can hold.
        return is_limited(kind.name) or max(map(abs, filter(None, column)), default=0) < LARGEST
    return datetime not in kind.plain or all(value is None or value.tzinfo is not None for value in column)


def _may_be_blank(kind: Kind) -> bool:
    return type(None) in kind.plain or kind.name == "car_number"


def _is_blank(text: str) -> bool:
    return text.strip().lower() in BLANKS


def _mend(ledger: Ledger, table: str, index: int, kind: Kind) -> None:
    """Convert the value, leave it out, or keep the record out that is none without it."""
    value = getattr(getattr(ledger.data, table)[index], kind.name)
    rule, after, reason = _read(kind, value)
    if after is None and kind.vital:
        ledger.quarantine(rule, table, index, f"{kind.name} {reason}, and without it the record says nothing")
    elif not ledger.is_gone(table, index):
        ledger.change(rule, table, index, {kind.name: after}, reason)


def _read(kind: Kind, value: Any) -> tuple[str, Any, str]:
    """The rule that applies to the value, what becomes of it and why."""
    if isinstance(value, str) and kind.compound:
        return _COMPOUND, read_compound(value), "no compound that is known"
    if type(value) is str and str in kind.plain and is_sound(value):
        return _BLANK, None, "a word for nothing"
    try:
        return _TYPE, kind.read(value), "of another kind; it means the same"
    except Unreadable:
        after = Quality.REPAIRED if kind.name == "quality" else kind.default
        return _TYPE, after, "not of the column's kind"


def _check_crews(ledger: Ledger) -> None:
    own = kinds(Driver, "drivers")
    for index, entry in enumerate(ledger.data.entries):
        if ledger.is_gone("entries", index):
            continue
        crew = entry.drivers if isinstance(entry.drivers, tuple | list) else ()
        ledger.look(_TYPE, len(crew))
        if type(entry.drivers) is tuple and all(type(one) is Driver and not _odd(one, own) for one in crew):  # fmt: skip
            continue
        name = name_of("entries", entry)
        kept = tuple(driver for one in crew if (driver := _driver(ledger, name, one, own)) is not None)
        if type(entry.drivers) is not tuple:
            ledger.write(_TYPE, "entries", name, "drivers", (type(entry.drivers).__name__, "tuple"), "no crew")
        ledger.data.entries[index] = replace(entry, drivers=kept)


def _driver(ledger: Ledger, car: str, driver: Any, own: tuple[Kind, ...]) -> Driver | None:
    """The driver with sound values, or None where seat or name say nothing."""
    name = f"{car} seat {getattr(driver, 'seat', None)}"
    if type(driver) is not Driver:
        ledger.write(_TYPE, "drivers", name, "name", (driver, None), "no driver")
        return None
    values = {kind.name: (kind, *_read(kind, getattr(driver, kind.name))) for kind in _odd(driver, own)}
    for column, (_, rule, after, reason) in values.items():
        ledger.write(rule, "drivers", name, column, (getattr(driver, column), after), reason)
    if any(kind.vital and after is None for kind, _, after, _ in values.values()):
        return None
    changed: Any = {column: after for column, (_, _, after, _) in values.items()}
    return replace(driver, **changed)
