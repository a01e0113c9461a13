"""Incidents: what race control said of cars, and what the timing itself gives reason to infer."""

from dataclasses import dataclass
from enum import StrEnum


class IncidentKind(StrEnum):
    """What happened."""

    STOPPED_CAR = "stopped_car"
    TIME_LOSS = "time_loss"
    SPIN = "spin"
    LONG_STOP = "long_stop"
    DRIVER_SWAP = "driver_swap"
    YELLOW = "yellow"
    FCY = "fcy"
    SAFETY_CAR = "safety_car"
    VSC = "vsc"
    RED_FLAG = "red_flag"
    CONTACT = "contact"
    INVESTIGATION = "investigation"
    PENALTY = "penalty"
    LAP_DELETED = "lap_deleted"
    TECHNICAL = "technical"
    OTHER = "other"


class IncidentPhase(StrEnum):
    """How far an incident has come: seen once, seen for certain, over."""

    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"


class IncidentOrigin(StrEnum):
    """Who says so: the timing, from which it is inferred, or race control in words."""

    INFERRED = "inferred"
    RACE_CONTROL = "race_control"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened to a car, or to the whole field where ``car_number`` is null.

    Times are session times; ``time_ms`` is when it was first seen. ``text`` is a line for people; for what was inferred
    it says so. ``penalty`` is race control's own word for it, such as "drive-through" or "5 s".
    """

    sequence: int
    kind: IncidentKind
    phase: IncidentPhase
    origin: IncidentOrigin
    time_ms: int
    text: str
    car_number: str | None = None
    lap_number: int | None = None
    confirmed_ms: int | None = None
    cleared_ms: int | None = None
    penalty: str | None = None
