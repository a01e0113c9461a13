"""A car's laps as they were told, and when each ended."""

from dataclasses import dataclass, field

# The service's instants and lap times agree to the millisecond where both are right.
_CLOSE_MS = 20
# What rounding can make of the sum of three sectors.
_ROUNDED_MS, _SECTORS = 2, 3


@dataclass(frozen=True, slots=True)
class ToldLap:
    """A lap in the service's words; ``at`` is the session time of the line."""

    number: int
    time_ms: int | None
    at: int | None
    is_valid: bool | None


@dataclass(slots=True)
class LapBook:
    """One car's laps by number, with their sectors."""

    told: dict[int, ToldLap] = field(default_factory=dict)
    sectors: dict[int, dict[int, int]] = field(default_factory=dict)
    newest: int = 0

    def tell(self, lap: ToldLap) -> bool:
        """Take a lap; False where nothing of it is new.

        The instant that was told first stays: the service tells a best lap again with the instant of a later one.
        """
        before = self.told.get(lap.number)
        if before is not None:
            lap = ToldLap(
                lap.number,
                lap.time_ms if lap.time_ms is not None else before.time_ms,
                before.at if before.at is not None else lap.at,
                lap.is_valid if lap.is_valid is not None else before.is_valid,
            )
        if lap == before:
            return False
        self.told[lap.number] = lap
        self.newest = max(self.newest, lap.number)
        return True

    def tell_sector(self, lap: int, sector: int, time_ms: int) -> bool:
        """Take a sector's time; False where it was told already."""
        held = self.sectors.setdefault(lap, {})
        if held.get(sector) == time_ms:
            return False
        held[sector] = time_ms
        return True

    def sectors_of(self, number: int) -> dict[int, int]:
        """A lap's sectors; none where they do not add up to its time."""
        held, lap = self.sectors.get(number, {}), self.told.get(number)
        if lap is None or lap.time_ms is None:
            return held
        over = sum(held.values()) - lap.time_ms
        return {} if over > _ROUNDED_MS or (len(held) == _SECTORS and over < -_ROUNDED_MS) else held

    def end(self, number: int) -> int | None:
        """The session time at which a lap ended.

        It is the told one, unless that contradicts the laps around it while those agree among themselves: then the
        lap's own time, or the next one's, gives it.
        """
        lap = self.told.get(number)
        if lap is None:
            return None
        before, after = self.told.get(number - 1), self.told.get(number + 1)
        if lap.at is not None and (self._agree(before, lap) or self._agree(lap, after)):
            return lap.at
        if before is not None and before.at is not None and lap.time_ms is not None and self._is_sound(before):
            return before.at + lap.time_ms
        if after is not None and after.at is not None and after.time_ms is not None and self._is_sound(after):
            return after.at - after.time_ms
        return lap.at

    def missing(self, up_to: int) -> list[tuple[int, int]]:
        """Runs of laps, first and last, that are known to have been driven and were never told."""
        runs: list[tuple[int, int]] = []
        first = 1
        for number in [*sorted(lap for lap in self.told if lap <= up_to), up_to + 1]:
            if number > first:
                runs.append((first, number - 1))
            first = number + 1
        return runs

    def best(self) -> tuple[int, int] | tuple[None, None]:
        """Time and number of the fastest valid lap."""
        timed = [(lap.time_ms, lap.number) for lap in self.told.values() if lap.time_ms and lap.is_valid is not False]
        return min(timed, default=(None, None))

    def _is_sound(self, lap: ToldLap) -> bool:
        return self._agree(self.told.get(lap.number - 1), lap) or self._agree(lap, self.told.get(lap.number + 1))

    @staticmethod
    def _agree(first: ToldLap | None, second: ToldLap | None) -> bool:
        """Whether the second lap lasted from the instant of the first to its own."""
        if first is None or second is None or first.at is None or second.at is None or second.time_ms is None:
            return False
        return abs(second.at - first.at - second.time_ms) <= _CLOSE_MS
