"""One row of the standings, read and bounded."""

from dataclasses import dataclass
from typing import Any

from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.values import duration_ms, stamp_ms, text, whole

Loops = dict[int, int]
Sectors = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A car's row: ``lap_start`` in ms since 1970, ``elapsed_ms`` the session time at its last line, times in ms.

    ``raw`` is the text that the named fields come from; ``lap_number`` is the lap under way.
    """

    raw: str
    position: int
    car_number: str
    laps: int
    result: str | None
    state: str | None
    lap_start: int | None
    lap_number: int | None
    elapsed_ms: int | None
    car_class: str | None
    last_ms: int | None
    best_ms: int | None
    best_lap: int | None
    is_checkered: bool
    sectors: Sectors
    last_sectors: Sectors
    loops: Loops
    last_loops: Loops


def car_of(row: Any) -> str | None:
    """The car that a row is of; None where the row does not say."""
    raw = row.get("data") if isinstance(row, dict) else None
    parts = raw.split(";", 2) if isinstance(raw, str) and len(raw) < 500 else []
    return text(parts[spec.CAR], 8) if len(parts) > spec.CAR else None


def read_standing(row: dict[str, Any]) -> Standing | None:
    """The row with its named fields; None where place, car or laps cannot be read."""
    raw = row.get("data")
    parts = raw.split(";") if isinstance(raw, str) and len(raw) < 500 else []
    if len(parts) <= spec.STATE:
        return None
    position, laps = whole(parts[spec.PLACE], spec.CARS), whole(parts[spec.LAPS], spec.LAPS_MOST)
    car_number = text(parts[spec.CAR], 8)
    if not position or laps is None or car_number is None:
        return None
    return Standing(
        str(raw), position, car_number, laps,
        result=text(parts[spec.RESULT], 40), state=text(parts[spec.STATE], 40),
        lap_start=stamp_ms(parts[spec.LAP_START]) or stamp_ms(row.get("currentLapStartTime")),
        lap_number=whole(parts[spec.LAP_NUMBER], spec.LAPS_MOST) if len(parts) > spec.LAP_NUMBER else None,
        elapsed_ms=whole(row.get("elapsedTime"), 10 * 86_400_000), car_class=text(row.get("class"), 40),
        last_ms=duration_ms(row.get("lastLapTime")), best_ms=duration_ms(row.get("bestLapTime")),
        best_lap=whole(row.get("bestLapNumber"), spec.LAPS_MOST) or None, is_checkered=row.get("isCheckered") is True,
        sectors=read_sectors(row.get("currentSectors")), last_sectors=read_sectors(row.get("lastSectors")),
        loops=read_loops(row.get("currentLoopSectors")), last_loops=read_loops(row.get("previousLoopSectors")),
    )  # fmt: skip


def read_sectors(value: Any) -> Sectors:
    """The times of sectors 1 to 3, from groups of six: number, ms, and marks that the times themselves tell."""
    parts = value.split(";") if isinstance(value, str) and len(value) < 2_000 else []
    found: dict[int, int | None] = {}
    for at in range(0, len(parts) - 1, spec.SECTOR_WIDTH):
        sector = whole(parts[at], 100)
        if sector is not None:
            found[sector] = duration_ms(parts[at + 1])
    return found.get(1), found.get(2), found.get(3)


def read_loops(value: Any) -> Loops:
    """The ms from the start of the lap to each loop that was passed in it."""
    parts = value.split(";") if isinstance(value, str) and len(value) < 2_000 else []
    pairs = ((whole(parts[at], 200), duration_ms(parts[at + 1])) for at in range(0, len(parts) - 1, 2))
    return {loop: ms for loop, ms in pairs if loop is not None and ms is not None}
