"""What a text of race control says, in one form for all series."""

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What a text is about."""

    SERVED = "penalty_served"
    DECISION = "no_further_action"
    INVESTIGATION = "investigation"
    NOTED = "noted"
    LAP_DELETED = "lap_deleted"
    PENALTY = "penalty"
    WARNING = "warning"
    TECHNICAL = "technical"
    SUMMONS = "summons"
    FLAG = "flag"
    TRACK = "track"
    ON_TRACK = "on_track"
    PIT_LANE = "pit_lane"
    WEATHER = "weather"
    PROCEDURE = "procedure"
    INFORMATION = "information"


class Happening(StrEnum):
    """What a car did on the track, or what it looks like."""

    SPUN = "spun"
    STOPPED = "stopped"
    OFF = "off_course"
    CONTACT = "contact"
    SLOW = "slow"
    CONTINUED = "continued"
    RETIRED = "retired"


class PenaltyKind(StrEnum):
    """What a car has to do or loses."""

    DRIVE_THROUGH = "drive-through"
    STOP_AND_GO = "stop and go"
    TIME = "time"
    LAPS = "laps"
    GRID = "grid places"
    FINE = "fine"
    DISQUALIFICATION = "disqualification"
    LAP_DELETION = "lap time deleted"


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty and its size: seconds, laps or grid places; null where the text gives none or the kind has none."""

    kind: PenaltyKind
    amount: int | None = None

    def __str__(self) -> str:
        """In words for people: ``drive-through``, ``stop and go 60 s``, ``5 s``, ``2 laps``, ``3 grid places``."""
        if self.amount is None:
            return self.kind.value
        if self.kind is PenaltyKind.TIME:
            return f"{self.amount} s"
        if self.kind is PenaltyKind.STOP_AND_GO:
            return f"{self.kind.value} {self.amount} s"
        unit = self.kind.value if self.amount != 1 else self.kind.value.removesuffix("s")
        return f"{self.amount} {unit}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A text of race control, read.

    ``car_numbers`` are the cars that it is about, as written (``007``); ``with_cars`` those that it names beside them,
    such as the victim of who is penalised. ``drivers`` are the names or codes that stand behind the cars. ``withdrawn``
    takes back what the text names, ``correction`` replaces an earlier text. ``turn`` and ``marshal_post`` are as
    written (``3-4``), ``reason`` is race control's own words.
    """

    category: Category
    car_numbers: tuple[str, ...] = ()
    with_cars: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    penalty: Penalty | None = None
    happening: Happening | None = None
    flag: str | None = None
    reason: str | None = None
    article: str | None = None
    lap: int | None = None
    turn: str | None = None
    marshal_post: str | None = None
    sector: int | None = None
    withdrawn: bool = False
    correction: bool = False
