"""One record a natural key: doubles that are alike are one, of those that contradict each other one is kept."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from racelab.domain.checks.ledger import KEYS, Ledger, name_of
from racelab.domain.entries import Driver

_SAME, _OTHER = "exact_duplicate", "contradicting_duplicate"
_KEPT = "one of the records that are alike is kept"
_CONTRADICTS = "another record of the same name says something else and is kept"


def check_unique(ledger: Ledger) -> None:
    """Keep one record a natural key in every table, and one driver a seat."""
    for table, keys in KEYS.items():
        records = getattr(ledger.data, table)
        ledger.look(_SAME, len(records))
        ledger.look(_OTHER, len(records))
        for places in doubled(list(map(attrgetter(*keys), records))):
            _keep_one(ledger, table, places)
    _check_crews(ledger)
    ledger.settle()


def doubled(keys: Sequence[Any]) -> list[list[int]]:
    """Places of each key that stands more than once."""
    if len(set(keys)) == len(keys):
        return []
    places: dict[Any, list[int]] = {}
    for at, key in enumerate(keys):
        places.setdefault(key, []).append(at)
    return [found for found in places.values() if len(found) > 1]


def _keep_one(ledger: Ledger, table: str, places: list[int]) -> None:
    records = getattr(ledger.data, table)
    best = max(places, key=lambda at: (told(records[at]), -at))
    for at in places:
        if at == best:
            continue
        if records[at] == records[best]:
            ledger.drop(table, at)
            ledger.write(_SAME, table, name_of(table, records[at]), KEYS[table][-1], ("twice", "once"), _KEPT)
        else:
            ledger.quarantine(_OTHER, table, at, _CONTRADICTS)


def told(record: Any) -> int:
    """How many values the record tells."""
    return sum(getattr(record, field.name) is not None for field in fields(record))


def _check_crews(ledger: Ledger) -> None:
    seat: Callable[[Driver], int] = attrgetter("seat")
    for at, entry in enumerate(ledger.data.entries):
        if len({seat(driver) for driver in entry.drivers}) == len(entry.drivers):
            continue
        crew: dict[int, Driver] = {}
        for driver in entry.drivers:
            if driver.seat not in crew or told(driver) > told(crew[driver.seat]):
                crew[driver.seat] = driver
        for driver in entry.drivers:
            if crew[driver.seat] is not driver:
                _second_driver(ledger, entry.car_number, driver, alike=driver == crew[driver.seat])
        ledger.data.entries[at] = replace(entry, drivers=tuple(sorted(crew.values(), key=seat)))


def _second_driver(ledger: Ledger, car: str, driver: Driver, *, alike: bool) -> None:
    record = f"{car} seat {driver.seat}"
    if alike:
        ledger.write(_SAME, "drivers", record, "seat", ("twice", "once"), _KEPT)
    else:
        ledger.keep_out(_OTHER, "drivers", record, driver, "another driver has the seat and is kept")
