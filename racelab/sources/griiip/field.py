"""The cars of the session: entries, crews, and which car the number of a participant (`pid`) stands for."""

from dataclasses import dataclass, field
from typing import Any

from racelab.domain.entries import Driver, Entry
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.values import car_number, text, whole

# No field has more cars and no car more drivers; more would be faults that fill the memory.
MOST_CARS, _MOST_SEATS = 150, 20


@dataclass(slots=True)
class Field:
    """Entries by car, cars by pid, and the seats of each car's drivers by their number with the service."""

    entries: dict[str, Entry] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    seats: dict[str, dict[str, int]] = field(default_factory=dict)

    def car_of(self, item: dict[str, Any]) -> str | None:
        """The car that a record is of: by its number where it tells one, else by the participant."""
        number = car_number(item.get(spec.CAR))
        pid = whole(item.get(spec.PID), 2**53, 1)
        if number is None:
            return self.numbers.get(pid) if pid is not None else None
        if pid is not None and pid not in self.numbers and len(self.numbers) < MOST_CARS:
            self.numbers[pid] = number
        return number

    def read(self, item: dict[str, Any]) -> Entry | None:
        """The entry that a participant's record tells, if it is new or tells more."""
        number = self.car_of(item)
        if number is None or (number not in self.entries and len(self.entries) >= MOST_CARS):
            return None
        told = item.get(spec.DRIVERS)
        crew = [driver for driver in told if isinstance(driver, dict)] if isinstance(told, list) else []
        self.seats[number] = seats = _seats(crew) or self.seats.get(number, {})
        drivers = tuple(sorted((_driver(one, seats) for one in crew if _key(one) in seats), key=lambda one: one.seat))
        before = self.entries.get(number, Entry(number))
        vehicle = text(item.get(spec.VEHICLE)) or before.vehicle
        entry = Entry(
            number,
            car_class=text(item.get(spec.CLASS)) or before.car_class,
            team=text(item.get(spec.TEAM)) or text(item.get(spec.SHOWN_NAME)) or before.team,
            manufacturer=maker(vehicle),
            vehicle=vehicle,
            drivers=drivers or before.drivers,
        )
        if entry == self.entries.get(number):
            return None
        self.entries[number] = entry
        return entry

    def unnamed(self, number: str) -> Entry | None:
        """An entry of its number alone, for a car that drives and that no participant names; None for others."""
        if number in self.entries:
            return None
        self.entries[number] = Entry(number)
        return self.entries[number]

    def seat(self, number: str, driver: Any) -> int | None:
        """The seat of a driver, whom the service names by a text that is a number."""
        return self.seats.get(number, {}).get(driver) if isinstance(driver, str) else None

    def driver_name(self, number: str, seat: int | None) -> str | None:
        """The name of whoever has this seat."""
        entry = self.entries.get(number)
        return next((one.name for one in entry.drivers if one.seat == seat), None) if entry is not None else None

    def class_of(self, number: str) -> str | None:
        """The car's class."""
        entry = self.entries.get(number)
        return entry.car_class if entry is not None else None


def _key(driver: dict[str, Any]) -> str:
    return str(driver.get(spec.SEAT))


def _seats(crew: list[dict[str, Any]]) -> dict[str, int]:
    """Seats as the entry list counts them; where the service gives other numbers, by the order of its list."""
    keys = list(dict.fromkeys(_key(driver) for driver in crew if isinstance(driver.get(spec.SEAT), str)))[:_MOST_SEATS]
    if all(key.isascii() and key.isdecimal() and 1 <= int(key[:9]) <= _MOST_SEATS and key[0] != "0" for key in keys):
        return {key: int(key) for key in keys}
    return {key: place for place, key in enumerate(keys, 1)}


def _driver(told: dict[str, Any], seats: dict[str, int]) -> Driver:
    seat, rating, own = seats[_key(told)], text(told.get(spec.RATING)), whole(told.get(spec.DRIVER_ID), 2**53)
    return Driver(
        seat,
        text(told.get(spec.SHOWN_NAME)) or f"Driver {seat}",
        text(told.get(spec.CODE)),
        text(told.get(spec.COUNTRY)),
        spec.RATINGS.get(rating, rating) if rating is not None else None,
        str(own) if own is not None else None,
    )


def maker(vehicle: str | None) -> str | None:
    """The maker's name at the head of the vehicle's."""
    if vehicle is None:
        return None
    known = next((name for name in spec.MAKERS if vehicle.casefold().startswith(name.casefold())), None)
    return known or vehicle.split()[0]
