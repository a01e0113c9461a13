"""Results files to entries and results: the full layout, and the one by class."""

import re
from dataclasses import dataclass, field, replace

from racelab.domain.entries import Driver, Entry
from racelab.domain.laps import Result, ResultKind
from racelab.domain.time import parse_duration
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec
from racelab.sources.textfile import TextTable

_LAPS_BEHIND = re.compile(r"^(\d+) laps?$", re.IGNORECASE)


@dataclass(slots=True)
class ResultsFile:
    """One results file: whose order it is, the cars as it lists them, and its results in its order."""

    kind: ResultKind
    entries: list[Entry] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


def kind_of(name: str) -> ResultKind:
    """Provisional where the file's name says so, official otherwise."""
    return ResultKind.PROVISIONAL if "provisional" in name.lower() else ResultKind.OFFICIAL


def read_results(table: TextTable) -> ResultsFile:
    """The results of one file of either layout.

    Raises:
        BadInput: a value is not what its column holds.
    """
    found = ResultsFile(kind_of(table.path.name))
    by_class = set(table.header) >= spec.CLASS_RESULT_COLUMNS
    places: dict[str | None, int] = {}
    for line, row in table.records():
        try:
            entry = _entry(row)
            result = _of_class(row, found.kind) if by_class else _result(row, found.kind)
        except ValueError as error:
            raise BadInput(f"{table.path}, line {line}: {error}: the file is damaged, fetch it again") from error
        if result.position is not None and result.class_position is None:
            result = _placed(result, places, entry.car_class)
        found.entries.append(entry)
        found.results.append(result)
    return found


def _placed(result: Result, places: dict[str | None, int], car_class: str | None) -> Result:
    """The result with its place in class: the file lists cars in the order of their places."""
    places[car_class] = places.get(car_class, 0) + 1
    return replace(result, class_position=places[car_class])


def _result(row: dict[str, str], kind: ResultKind) -> Result:
    gap_ms, gap_laps = _gap(row.get("GAP_FIRST", ""), first=row["POSITION"] == "1")
    return Result(
        car_number=_car_number(row),
        kind=kind,
        position=_place(row["POSITION"]),
        status=row["STATUS"] or None,
        laps=_count(row["LAPS"]),
        total_time_ms=_millis(row["TOTAL_TIME"]),
        gap_ms=gap_ms,
        gap_laps=gap_laps,
        best_lap_ms=_millis(row.get("FL_TIME", "")),
        best_lap_number=_count(row.get("FL_LAPNUM", "")) or None,
    )


def _of_class(row: dict[str, str], kind: ResultKind) -> Result:
    gap_ms, gap_laps = _gap(row.get("GAP_FIRST", ""), first=row["POS"] == "1")
    return Result(
        car_number=_car_number(row),
        kind=kind,
        position=_place(row["POS"]),
        class_position=_place(row["PIC"]),
        laps=_count(row["LAPS"]),
        total_time_ms=_millis(row.get("ELAPSED", "")),
        gap_ms=gap_ms,
        gap_laps=gap_laps,
        best_lap_ms=_millis(row.get("BEST_LAP_TIME", "")),
        best_lap_number=_count(row.get("BEST_LAP_NUM", "")) or None,
    )


def _gap(text: str, *, first: bool) -> tuple[int | None, int | None]:
    """Time and laps behind the winner: ``+0.891`` is (891, 0), ``317 Laps`` (None, 317), a first place (0, 0)."""
    if first:
        return 0, 0
    laps = _LAPS_BEHIND.match(text)
    if laps:
        return None, int(laps[1])
    return (parse_duration(text), 0) if text not in ("", "-") else (None, None)


def _entry(row: dict[str, str]) -> Entry:
    tyres = row.get("TIRES", "")
    return Entry(
        car_number=_car_number(row),
        car_class=row.get("CLASS") or row.get("CLASS_TYPE") or None,
        group=row.get("GROUP") or None,
        team=row.get("TEAM") or None,
        vehicle=row.get("VEHICLE") or None,
        tyre_maker=spec.TYRE_MAKERS.get(tyres, tyres) or None,
        drivers=tuple(_drivers(row)),
    )


def _drivers(row: dict[str, str]) -> list[Driver]:
    """Seats in the file's order, which is the order of DRIVER_NUMBER in the lap file."""
    prefixes = ["DRIVER"] if "DRIVER_SECONDNAME" in row else [f"DRIVER{seat}" for seat in range(1, 11)]
    drivers = []
    for seat, prefix in enumerate(prefixes, 1):
        name = f"{row.get(f'{prefix}_FIRSTNAME', '')} {row.get(f'{prefix}_SECONDNAME', '')}".strip()
        if name:
            rating = row.get(f"{prefix}_IMSA_DriverRatingLong") or row.get(f"{prefix}_LICENSE")
            drivers.append(
                Driver(
                    seat, name, row.get(f"{prefix}_SHORTNAME") or None, row.get(f"{prefix}_COUNTRY") or None,
                    rating or None, row.get(f"{prefix}_IMSA_DriverId") or row.get(f"{prefix}_ECM Driver Id") or None,
                )
            )  # fmt: skip
    return drivers


def _car_number(row: dict[str, str]) -> str:
    if not row[spec.NUMBER]:
        raise ValueError("the car has no number")
    return row[spec.NUMBER]


def _place(text: str) -> int | None:
    """A place; a word in its stead (NC, DSQ) is none."""
    return int(text) if text.isdecimal() else None


def _count(text: str) -> int | None:
    return int(text) if text else None


def _millis(text: str) -> int | None:
    return parse_duration(text) if text else None
