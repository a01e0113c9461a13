"""Cars and seats that laps, stops and results name, against the entries."""

from collections import Counter

from racelab.domain.checks.ledger import Ledger
from racelab.domain.entries import Entry
from racelab.domain.records import SessionData
from racelab.errors import BadInput

_CAR, _SEAT = "unknown_car", "unknown_seat"
_LISTS = ("laps", "pit_stops", "results")
_HALF = 0.5


def check_cars(ledger: Ledger) -> None:
    """Keep out the records of cars that are no entry; a car with both laps and a result becomes one.

    Raises:
        BadInput: most laps are of cars that are no entry: the parts are not of one session.
    """
    data = ledger.data
    if not data.entries:
        return
    entered = {entry.car_number for entry in data.entries}
    named = {table: Counter(record.car_number for record in getattr(data, table)) for table in _LISTS}
    for counts in named.values():
        ledger.look(_CAR, counts.total())
    unknown = sorted(set().union(*named.values()) - entered)
    if unknown:
        _refuse_other_session(data, named["laps"], unknown)
        for car in unknown:
            if named["laps"][car] and named["results"][car]:
                data.entries.append(Entry(car))
                ledger.look(_CAR, 1)
                ledger.write(_CAR, "entries", car, "car_number", (None, car), "the car has laps and a result, and no entry")  # fmt: skip
                entered.add(car)
        _keep_out(ledger, entered)


def _keep_out(ledger: Ledger, entered: set[str]) -> None:
    for table in _LISTS:
        for at, record in enumerate(getattr(ledger.data, table)):
            if record.car_number not in entered:
                ledger.quarantine(_CAR, table, at, "the session has no such car")
    ledger.settle()


def _refuse_other_session(data: SessionData, laps: Counter[str], unknown: list[str]) -> None:
    strange = sum(laps[car] for car in unknown)
    if laps and strange > _HALF * laps.total():
        raise BadInput(
            f"{data.provenance.location}: {strange} of {laps.total()} laps of {data.session.key} are of cars that are no "
            f"entry ({', '.join(unknown[:5])}): the parts are of two sessions, give each its own"
        )


def check_seats(ledger: Ledger) -> None:
    """Name the seats that laps have and crews have not; cars whose crew is not told have none to hold them against."""
    data = ledger.data
    crews = {entry.car_number: {driver.seat for driver in entry.drivers} for entry in data.entries if entry.drivers}
    seats = Counter((lap.car_number, lap.seat) for lap in data.laps if lap.seat is not None and lap.car_number in crews)
    ledger.look(_SEAT, seats.total())
    for car, seat in seats:
        if seat not in crews[car]:
            reason = "the crew of the car does not have the seat; its driver is not known"
            ledger.write(_SEAT, "laps", f"{car} seat {seat}", "seat", (seat, seat), reason)
