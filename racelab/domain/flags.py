"""Flags and what race control says: one vocabulary for all series."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Flag(StrEnum):
    """The state of the track."""

    GREEN = "green"
    YELLOW = "yellow"
    SAFETY_CAR = "safety_car"
    VSC = "vsc"
    FCY = "fcy"
    CODE_60 = "code_60"
    SLOW_ZONE = "slow_zone"
    RED = "red"
    CHEQUERED = "chequered"

    @property
    def label(self) -> str:
        """The flag in words."""
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())

    @property
    def is_neutral(self) -> bool:
        """Whether racing is suspended or slowed for the whole field."""
        return self in _NEUTRAL


_LABELS = {Flag.VSC: "Virtual safety car", Flag.FCY: "Full-course yellow", Flag.CODE_60: "Code 60"}
_NEUTRAL = frozenset({Flag.SAFETY_CAR, Flag.VSC, Flag.FCY, Flag.CODE_60, Flag.RED})


@dataclass(frozen=True, slots=True)
class TrackStatus:
    """From ``time_ms`` of session time on, the track is under this flag."""

    time_ms: int
    flag: Flag
    message: str | None = None


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A change of the session's own state: started, aborted, resumed, finished, finalised, ends."""

    time_ms: int
    status: str


@dataclass(frozen=True, slots=True)
class RaceControlMessage:
    """A message of race control; ``sequence`` orders messages of the same instant."""

    sequence: int
    text: str
    time_ms: int | None = None
    time_utc: datetime | None = None
    lap_number: int | None = None
    category: str | None = None
    flag: str | None = None
    scope: str | None = None
    sector: int | None = None
    car_number: str | None = None
