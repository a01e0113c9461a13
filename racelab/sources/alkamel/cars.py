"""The cars of a session and their crews, from laps and results."""

from collections.abc import Iterable
from dataclasses import replace

from racelab.domain.entries import Driver, Entry
from racelab.sources.alkamel import specification as spec
from racelab.sources.textfile import TextTable


def entries_of(table: TextTable) -> list[Entry]:
    """The cars of a lap file with the drivers who drove, in the order of the file."""
    at = {name: table.header.index(name) for name in _ENTRY if name in table.header}
    number_at = table.column(spec.NUMBER)
    cars: dict[str, dict[str, str]] = {}
    seats: dict[str, dict[int, str]] = {}
    for row in table.rows:
        number = row[number_at].strip()
        if number not in cars:
            cars[number] = {name: row[index].strip() for name, index in at.items()}
            seats[number] = {}
        if spec.DRIVER_NAME in at and (seat := row[at[spec.DRIVER_NUMBER]].strip()):
            seats[number].setdefault(int(seat), row[at[spec.DRIVER_NAME]].strip())
    return [
        Entry(
            number, car.get(spec.CLASS) or None, car.get(spec.GROUP) or None, car.get(spec.TEAM) or None,
            car.get(spec.MANUFACTURER) or None,
            drivers=tuple(Driver(seat, name) for seat, name in sorted(seats[number].items()) if name),
        )
        for number, car in cars.items()
    ]  # fmt: skip


_ENTRY = (spec.DRIVER_NUMBER, spec.DRIVER_NAME, spec.CLASS, spec.GROUP, spec.TEAM, spec.MANUFACTURER)


def merged(known: Iterable[Entry], listed: Iterable[Entry]) -> list[Entry]:
    """Each car with what either file tells; the results' words on drivers win, as they are fuller."""
    cars = {entry.car_number: entry for entry in known}
    for entry in listed:
        held = cars.get(entry.car_number, entry)
        drivers = {driver.seat: driver for driver in (*held.drivers, *entry.drivers)}
        cars[entry.car_number] = replace(
            held,
            car_class=held.car_class or entry.car_class,
            group=held.group or entry.group,
            team=held.team or entry.team,
            vehicle=entry.vehicle or held.vehicle,
            tyre_maker=entry.tyre_maker or held.tyre_maker,
            drivers=tuple(drivers[seat] for seat in sorted(drivers)),
        )
    return list(cars.values())
