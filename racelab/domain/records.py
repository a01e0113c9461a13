"""What a source brings: records of a session, and the whole of one session."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from racelab.domain.entries import Entry
from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result
from racelab.domain.sessions import Event, Session
from racelab.domain.tyres import Compound


@dataclass(frozen=True, slots=True)
class Weather:
    """A reading of the weather station; null is a sensor that the source does not have."""

    time_ms: int
    time_utc: datetime | None = None
    air_c: float | None = None
    track_c: float | None = None
    humidity_pct: float | None = None
    pressure_hpa: float | None = None
    wind_kph: float | None = None
    wind_direction_deg: float | None = None
    rain: bool | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """A live timing line of one car: what the provider itself says now; null says nothing new."""

    car_number: str
    time_ms: int
    position: int | None = None
    class_position: int | None = None
    laps: int | None = None
    gap_ms: int | None = None
    gap_laps: int | None = None
    interval_ms: int | None = None
    interval_laps: int | None = None
    last_lap_ms: int | None = None
    best_lap_ms: int | None = None
    s1_ms: int | None = None
    s2_ms: int | None = None
    s3_ms: int | None = None
    driver: str | None = None
    stops: int | None = None
    energy_pct: float | None = None
    status: str | None = None
    compound: Compound | None = None
    tyre_age: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """The race clock as the provider shows it at ``time_ms``."""

    time_ms: int
    elapsed_ms: int | None = None
    remaining_ms: int | None = None
    remaining_laps: int | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """A named rule changed or left out a value; ``before`` and ``after`` are its text forms."""

    rule: str
    table: str
    record: str
    column: str
    before: str | None
    after: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that a check keeps out of the analysis; ``content`` is the whole record as JSON."""

    rule: str
    table: str
    record: str
    reason: str
    content: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a check found: of the records it looked at, how many it accepted, repaired and quarantined."""

    rule: str
    checked: int
    accepted: int
    repaired: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a session came from; ``digest`` is the SHA-256 of everything that was read."""

    source: str
    location: str
    digest: str
    version: str


Record = (
    Entry
    | Lap
    | PitStop
    | Result
    | Weather
    | TrackStatus
    | SessionStatus
    | RaceControlMessage
    | Timing
    | Clock
    | Repair
)


@dataclass(slots=True)
class SessionData:
    """Everything that one source knows of one session.

    ``telemetry`` is a frame with the columns of the telemetry table, less the session; ``missing``
    names the parts that the source lacks.
    """

    event: Event
    session: Session
    provenance: Provenance
    entries: list[Entry] = field(default_factory=list)
    laps: list[Lap] = field(default_factory=list)
    pit_stops: list[PitStop] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    weather: list[Weather] = field(default_factory=list)
    track_status: list[TrackStatus] = field(default_factory=list)
    session_status: list[SessionStatus] = field(default_factory=list)
    race_control: list[RaceControlMessage] = field(default_factory=list)
    telemetry: pd.DataFrame | None = None
    repairs: list[Repair] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    checks: list[Tally] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, records: Iterable[Record]) -> None:
        """File each record in its list; live-only records (Timing, Clock) are passed over."""
        for record in records:
            name = _LISTS.get(type(record))
            if name is not None:
                getattr(self, name).append(record)


_LISTS: dict[type, str] = {
    Entry: "entries",
    Lap: "laps",
    PitStop: "pit_stops",
    Result: "results",
    Weather: "weather",
    TrackStatus: "track_status",
    SessionStatus: "session_status",
    RaceControlMessage: "race_control",
    Repair: "repairs",
}
