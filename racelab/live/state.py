"""The race as it stands: frozen states that reducers replace, record by record."""

from dataclasses import dataclass, field

from racelab.domain.drive_time import Drive, driver_times
from racelab.domain.entries import Driver
from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.incidents import Incident
from racelab.domain.records import Timing, Weather

# What a car is doing; the tower shows the word.
RUNNING, PIT, OUT_LAP, STOPPED, FINISHED, RETIRED, DISQUALIFIED = (
    "running", "pit", "out_lap", "stopped", "finished", "retired", "disqualified",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CarState:
    """One car now. Gaps are to the overall leader, class gaps to the class leader, intervals to the car in front."""

    car_number: str
    car_class: str | None = None
    team: str | None = None
    manufacturer: str | None = None
    colour: str | None = None
    driver: str | None = None
    position: int | None = None
    class_position: int | None = None
    laps: int | None = None
    gap_ms: int | None = None
    gap_laps: int | None = None
    interval_ms: int | None = None
    interval_laps: int | None = None
    class_gap_ms: int | None = None
    class_gap_laps: int | None = None
    class_interval_ms: int | None = None
    class_interval_laps: int | None = None
    last_lap_ms: int | None = None
    best_lap_ms: int | None = None
    s1_ms: int | None = None
    s2_ms: int | None = None
    s3_ms: int | None = None
    best_s1_ms: int | None = None
    best_s2_ms: int | None = None
    best_s3_ms: int | None = None
    # "session" (best of the class) or "personal" where the last lap or sector was a best, by column: {"last_lap_ms": "personal"}
    marks: dict[str, str] = field(default_factory=dict)
    stint: int | None = None
    stint_laps: int | None = None
    compound: str | None = None
    tyre_age: int | None = None
    stops: int | None = None
    energy_pct: float | None = None
    last_line_ms: int | None = None
    status: str | None = None
    # Session times in ms: the last pit exit, the pit entry of a car that is in the pits, the start of the drive under way.
    last_stop_ms: int | None = None
    pit_since_ms: int | None = None
    driver_since_ms: int | None = None
    # The drives that are over; the time in the pit lane belongs to none.
    drives: tuple[Drive, ...] = ()

    @property
    def driver_times(self) -> dict[str, int]:
        """Ms that each driver has driven in the drives that are over, by name."""
        return driver_times(self.drives)

    def drives_until(self, now_ms: int) -> tuple[Drive, ...]:
        """All drives, the one under way with this session time as its end, as `domain.drive_time` takes them."""
        since = self.driver_since_ms
        if self.driver is None or since is None or now_ms <= since:
            return self.drives
        return (*self.drives, Drive(self.driver, since, now_ms))


@dataclass(frozen=True, slots=True)
class CarLedger:
    """What the reducers remember of a car and nobody is shown.

    ``newest`` is its last lap. ``laps`` and ``times`` are the crossings that are known: lap number and session time in
    ms, both rising. ``told`` is the provider's own line, ``stop_laps`` the in-laps of its stops, ``exit_lap`` the in-lap
    of the last stop that it left.
    """

    newest: int = 0
    laps: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    told: Timing | None = None
    crew: tuple[Driver, ...] = ()
    stop_laps: tuple[int, ...] = ()
    exit_lap: int | None = None


@dataclass(frozen=True, slots=True)
class RaceState:
    """The whole session now; ``time_ms`` is the session time that the state belongs to."""

    time_ms: int = 0
    flag: Flag | None = None
    flag_since_ms: int | None = None
    # Every change of the flag, from the first on.
    flags: tuple[TrackStatus, ...] = ()
    elapsed_ms: int | None = None
    remaining_ms: int | None = None
    remaining_laps: int | None = None
    status: str | None = None
    weather: Weather | None = None
    messages: tuple[RaceControlMessage, ...] = ()
    # Those that are open and the last ones that are over, as published: the reducers leave it empty.
    incidents: tuple[Incident, ...] = ()
    cars: dict[str, CarState] = field(default_factory=dict)
    # A race is ordered by laps and time, any other session by the best lap.
    is_race: bool = True
    ledger: dict[str, CarLedger] = field(default_factory=dict)

    @property
    def order(self) -> list[CarState]:
        """Cars by place; those without one come last, by number."""
        return sorted(self.cars.values(), key=lambda car: (car.position is None, car.position or 0, car.car_number))
