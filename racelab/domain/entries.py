"""Cars and their drivers."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Driver:
    """One seat of a car's crew; ``seat`` counts from 1 as the entry list does."""

    seat: int
    name: str
    code: str | None = None
    nationality: str | None = None
    rating: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A car in a session. ``car_number`` is text: 007 and 7 are different cars."""

    car_number: str
    car_class: str | None = None
    group: str | None = None
    team: str | None = None
    manufacturer: str | None = None
    vehicle: str | None = None
    tyre_maker: str | None = None
    colour: str | None = None
    drivers: tuple[Driver, ...] = field(default=())
