"""Lap times and line times that bear each other out: no lap is longer than what was seen of the session."""

from dataclasses import dataclass, replace

from racelab.domain.laps import Lap

# The first lap may begin so long before the session's clock.
EARLY_MS = 60_000


@dataclass(slots=True)
class Extent:
    """What was told of all cars so far: the latest line time and the longest lap, ms; None before the first."""

    latest_ms: int | None = None
    longest_ms: int | None = None

    def sound(self, lap: Lap) -> Lap:
        """The lap without a line time that is earlier than a lap takes, and without a lap time beyond all line times.

        A lap whose own line time is known bears itself out: after a red flag laps are longer than all before.
        """
        end, time = lap.end_ms, lap.lap_time_ms
        if end is not None and end + EARLY_MS < max(self.longest_ms or 0, time or 0):
            lap, end = replace(lap, start_ms=None, end_ms=None), None
        if end is None and time is not None and self.latest_ms is not None and time > self.latest_ms + EARLY_MS:
            lap, time = replace(lap, start_ms=None, lap_time_ms=None), None
        self.latest_ms = (
            max(end, self.latest_ms if self.latest_ms is not None else end) if end is not None else self.latest_ms
        )
        self.longest_ms = max(time, self.longest_ms or 0) if time is not None else self.longest_ms
        return lap
