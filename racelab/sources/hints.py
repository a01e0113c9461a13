"""What the user tells a reader beyond the file itself, and what a reader tells of its own work."""

from dataclasses import dataclass, field
from datetime import datetime

from racelab.domain.series import Series


@dataclass(frozen=True, slots=True)
class Hints:
    """Facts that override what a reader finds out by itself; None leaves it to the reader."""

    series: Series | None = None
    season: int | None = None
    event: str | None = None
    circuit: str | None = None
    start: datetime | None = None


@dataclass(slots=True)
class Took:
    """What a source's own library took (seconds) and said (its warnings) while a session was read."""

    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
