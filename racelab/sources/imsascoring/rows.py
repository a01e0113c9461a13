"""One row of the results, read and bounded."""

from dataclasses import dataclass
from typing import Any

from racelab.sources.imsascoring import specification as spec
from racelab.sources.imsascoring.values import count, duration_ms, flag_bit, gap, text


@dataclass(frozen=True, slots=True)
class Row:
    """What the results show of a car; None is what they do not show. Times and gaps are in ms."""

    car_number: str
    car_class: str
    laps: int
    position: int | None
    class_position: int | None
    driver: str | None
    vehicle: str | None
    last_ms: int | None
    best_ms: int | None
    best_lap: int | None
    gap: tuple[int | None, int | None]
    interval: tuple[int | None, int | None]
    in_pit: bool | None
    stops: int | None


def read_rows(listed: Any) -> list[Row]:
    """The rows of cars, each car once; safety cars, bare transponders and what cannot be read are left out."""
    rows: dict[str, Row] = {}
    for held in listed[: 2 * spec.CARS] if isinstance(listed, list) else ():
        row = _row(held) if isinstance(held, dict) else None
        if row is not None and row.car_number not in rows and len(rows) < spec.CARS:
            rows[row.car_number] = row
    return list(rows.values())


def _row(held: dict[str, Any]) -> Row | None:
    number = held.get(spec.CAR)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 9_999:
        number = str(number)
    number, car_class = text(number, spec.NUMBER_MOST), text(held.get(spec.CLASS), 40)
    laps = count(held.get(spec.LAPS), spec.LAPS_MOST)
    if number is None or car_class is None or laps is None or number.startswith(spec.TRANSPONDER):
        return None
    return Row(
        number, car_class, laps,
        position=count(held.get(spec.PLACE), spec.CARS) or None,
        class_position=count(held.get(spec.CLASS_PLACE), spec.CARS) or None,
        driver=text(held.get(spec.DRIVER)), vehicle=text(held.get(spec.VEHICLE)),
        last_ms=duration_ms(held.get(spec.LAST)), best_ms=duration_ms(held.get(spec.BEST)),
        best_lap=count(held.get(spec.BEST_LAP), spec.LAPS_MOST) or None,
        gap=gap(held.get(spec.GAP)), interval=gap(held.get(spec.INTERVAL)),
        in_pit=flag_bit(held.get(spec.IN_PIT)), stops=count(held.get(spec.STOPS), 1_000),
    )  # fmt: skip
