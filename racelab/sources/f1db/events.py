"""f1db's race weekends as columns of `history_events`."""

from datetime import UTC, datetime

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive, Member
from racelab.sources.f1db.results import Formats, race_keys
from racelab.sources.f1db.specification import member

_NEEDS = ("year", "round", "date", "grandPrixId", "officialName", "circuitId", "courseLength", "laps", "distance")


def read_events(archive: Archive) -> Columns:
    """Every race of the file, held or still to come.

    Raises:
        BadInput: a member or column is missing or a value cannot be read.
    """
    table = archive.table(member("races"))
    table.need(_NEEDS)
    names = by_id(archive, "grands-prix", "fullName")
    circuits = by_id(archive, "circuits", "name")
    countries = by_id(archive, "countries", "name")
    where = by_id(archive, "circuits", "countryId")
    refs = table.named("circuitId")
    keys = race_keys(table)
    table.unique("round", keys["season"])
    return {
        **keys,
        "name": [names.get(prix, prix) for prix in table.named("grandPrixId")],
        "official_name": table.texts("officialName"),
        "date": table.texts("date"),
        "start_utc": _starts(table),
        "circuit_ref": refs,
        "circuit": [circuits.get(ref) for ref in refs],
        "country": [countries.get(where.get(ref, "")) for ref in refs],
        "laps": table.wholes("laps"),
        "scheduled_laps": table.wholes("scheduledLaps"),
        "lap_length_m": table.decimals("courseLength", 1000),
        "distance_m": table.decimals("distance", 1000),
        "qualifying_format": table.texts("qualifyingFormat"),
    }


def formats_of(events: Columns) -> Formats:
    """How the grid of each race was decided."""
    races = zip(events["season"], events["round"], strict=True)
    return dict(zip(races, events["qualifying_format"], strict=True))


def by_id(archive: Archive, name: str, column: str) -> dict[str, str]:
    """A column of a table of names, by id; empty where the file lacks the table."""
    if not archive.has(member(name)):
        return {}
    table = archive.table(member(name))
    table.need(("id", column))
    return {key: value for key, value in zip(table.named("id"), table.texts(column), strict=True) if value}


def _starts(table: Member) -> list[datetime | None]:
    """The instant of the start where f1db has the time, which it writes in UTC."""
    found: list[datetime | None] = []
    for row, (day, time) in enumerate(zip(table.texts("date"), table.texts("time"), strict=True)):
        try:
            date = datetime.fromisoformat(day) if day else None
            found.append(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC) if date and time else None)
        except ValueError:
            table.fault(row, "date", f"and time {time!r} are no date and time")
    return found
