"""What the tracker remembers of each car and of the track."""

from collections import deque
from dataclasses import dataclass, field

from racelab.domain.flags import Flag
from racelab.live.incidents import thresholds as t
from racelab.live.incidents.book import Book
from racelab.live.incidents.pace import Field, Pace


@dataclass(slots=True)
class CarWatch:
    """One car: its pace, where it is, and what was told of it last.

    ``seen_ms`` is its last crossing of a line, sector lines included, ``line_ms`` that of the finish line. ``out_lap`` is
    the number of the lap that began in the pits or at a restart. ``losing`` is the incident of a loss that goes on.
    """

    number: str
    car_class: str | None = None
    pace: Pace = field(default_factory=Pace)
    laps: int = 0
    seen_ms: int | None = None
    line_ms: int | None = None
    sectors: tuple[int | None, int | None, int | None] = (None, None, None)
    status: str | None = None
    stopped_ms: int | None = None
    in_pit: bool = False
    pit_in_ms: int | None = None
    unjudged_stop: bool = False
    out_lap: int = 0
    driver: str | None = None
    is_driver_told: bool = False
    crew: dict[int, str] = field(default_factory=dict)
    has_sectors: bool = False
    losing: int | None = None
    lost_parts: int = 0
    lost_lap: int = 0
    knows_sectors: bool = False
    late: int | None = None
    long_stop: int | None = None
    is_out: bool = False
    last_stop: int = -1
    last_exit: int = -1

    @property
    def on_out_lap(self) -> bool:
        """Whether the lap under way began in the pits or at a restart."""
        return self.laps < self.out_lap


@dataclass(slots=True)
class Track:
    """What holds for all cars."""

    book: Book = field(default_factory=Book)
    cars: dict[str, CarWatch] = field(default_factory=dict)
    field_: Field = field(default_factory=Field)
    flag: Flag | None = None
    flag_ms: int | None = None
    # From when on the track has been free of neutral phases; None during one.
    free_ms: int | None = 0
    yellow_ms: int | None = None
    is_over: bool = False
    is_race: bool = True
    stops: dict[str | None, deque[int]] = field(default_factory=dict)

    def car(self, number: str) -> CarWatch:
        """The car, or a new one."""
        found = self.cars.get(number)
        if found is None:
            found = self.cars[number] = CarWatch(number)
        return found

    def is_free(self, since_ms: int) -> bool:
        """Whether cars could race from an instant until now."""
        return self.free_ms is not None and since_ms >= self.free_ms + (t.RESTART_MS if self.free_ms else 0)

    def usual_lap(self, car: CarWatch) -> int | None:
        """The car's usual lap, or that of its class before it has one of its own; None before the class has."""
        if car.pace.lap_ms is not None:
            return car.pace.lap_ms
        others = (one.pace.lap_ms for one in self.cars.values() if one.car_class == car.car_class)
        known = sorted(lap for lap in others if lap is not None)
        return known[len(known) // 2] if known else None
