"""What the user tells a reader beyond the file itself."""

from dataclasses import dataclass
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
