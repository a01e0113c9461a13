"""Ergast's races, and the names behind its numbers: every table of it points at them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive, Member

_NEEDS = ("raceId", "year", "round", "circuitId", "name", "date")
# The rows of seasons still to be run end before the times of their practices.
_ALWAYS = (*_NEEDS, "time", "url")
Race = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Names:
    """Season and round by race number, and references by number; ``titles`` finds a race by "1950 British ..."."""

    races: dict[str, Race]
    titles: dict[str, Race]
    drivers: dict[str, str]
    constructors: dict[str, str]
    statuses: dict[str, str]

    def of_races(self, table: Member) -> list[Race]:
        """Season and round of every row.

        Raises:
            BadInput: a row points at no race.
        """
        return _looked_up(table, "raceId", self.races)

    def of_drivers(self, table: Member) -> list[str]:
        """The driver's reference of every row.

        Raises:
            BadInput: a row points at no driver.
        """
        return _looked_up(table, "driverId", self.drivers)

    def of_constructors(self, table: Member) -> list[str]:
        """The constructor's reference of every row.

        Raises:
            BadInput: a row points at no constructor.
        """
        return _looked_up(table, "constructorId", self.constructors)


def _looked_up(table: Member, column: str, known: dict[str, T]) -> list[T]:
    cells = table.named(column)
    missing = next((row for row, cell in enumerate(cells) if cell not in known), None)
    if missing is not None:
        table.fault(missing, column, "is in no row of the table that it points at")
    return [known[cell] for cell in cells]


def read_names(archive: Archive) -> Names:
    """The tables that the others point at.

    Raises:
        BadInput: a member or column is missing or a value cannot be read.
    """
    table = archive.table("races.csv", len(_ALWAYS))
    table.need(_NEEDS)
    keys = list(zip(table.counts("year", 1900, 2999), table.counts("round", 1, 999), strict=True))
    titles = {
        f"{season} {name}": (season, round_) for (season, round_), name in zip(keys, table.named("name"), strict=True)
    }
    return Names(
        dict(zip(table.named("raceId"), keys, strict=True)), titles,
        _by_id(archive, "drivers.csv", "driverId", "driverRef"),
        _by_id(archive, "constructors.csv", "constructorId", "constructorRef"),
        _by_id(archive, "status.csv", "statusId", "status"),
    )  # fmt: skip


def read_events(archive: Archive) -> Columns:
    """Every race of the file as columns of `history_events`.

    Raises:
        BadInput: a member or column is missing or a value cannot be read.
    """
    table = archive.table("races.csv", len(_ALWAYS))
    circuits = archive.table("circuits.csv")
    circuits.need(("circuitId", "circuitRef", "name", "country"))
    columns = (circuits.named("circuitRef"), circuits.named("name"), circuits.texts("country"))
    places = dict(zip(circuits.named("circuitId"), zip(*columns, strict=True), strict=True))
    found = _looked_up(table, "circuitId", places)
    seasons = table.counts("year", 1900, 2999)
    return {
        "season": seasons,
        "round": table.unique("round", seasons),
        "name": table.named("name"),
        "date": table.texts("date"),
        "start_utc": _starts(table),
        "circuit_ref": [ref for ref, _, _ in found],
        "circuit": [name for _, name, _ in found],
        "country": [country for _, _, country in found],
    }


def _by_id(archive: Archive, name: str, key: str, column: str) -> dict[str, str]:
    table = archive.table(name)
    table.need((key, column))
    return dict(zip(table.named(key), table.named(column), strict=True))


def _starts(table: Member) -> list[datetime | None]:
    """The instant of the start where Ergast has the time, which it writes in UTC."""
    found: list[datetime | None] = []
    for row, (day, time) in enumerate(zip(table.texts("date"), table.texts("time"), strict=True)):
        try:
            found.append(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC) if day and time else None)
        except ValueError:
            table.fault(row, "date", f"and time {time!r} are no date and time")
    return found
