"""Whom f1db's ids stand for: drivers, constructors, circuits, makers of engines and of tyres."""

from racelab.domain.history import Subject
from racelab.sources.csvzip import Archive
from racelab.sources.f1db.events import by_id
from racelab.sources.f1db.specification import member

_PLAIN = {"constructor": "constructors", "engine": "engine-manufacturers", "tyre": "tyre-manufacturers"}


def read_subjects(archive: Archive) -> list[Subject]:
    """Every driver, constructor, circuit and maker of the file; nationality as a word, a circuit's is its country.

    Raises:
        BadInput: a member or column is missing.
    """
    people = by_id(archive, "countries", "demonym")
    countries = by_id(archive, "countries", "name")
    found = [*_drivers(archive, people), *_circuits(archive, countries)]
    for kind, name in _PLAIN.items():
        if kind == "constructor" or archive.has(member(name)):
            found += _makers(archive, kind, name, people)
    return found


def _drivers(archive: Archive, people: dict[str, str]) -> list[Subject]:
    table = archive.table(member("drivers"))
    table.need(("id", "name", "abbreviation", "dateOfBirth", "nationalityCountryId"))
    columns = (
        table.named("id"), table.named("name"), table.texts("abbreviation"), table.texts("dateOfBirth"),
        table.texts("nationalityCountryId"),
    )  # fmt: skip
    return [
        Subject("driver", ref, name, code, born, people.get(country or ""))
        for ref, name, code, born, country in zip(*columns, strict=True)
    ]


def _circuits(archive: Archive, countries: dict[str, str]) -> list[Subject]:
    table = archive.table(member("circuits"))
    table.need(("id", "name", "countryId"))
    columns = (table.named("id"), table.named("name"), table.texts("countryId"))
    return [
        Subject("circuit", ref, name, nationality=countries.get(country or ""))
        for ref, name, country in zip(*columns, strict=True)
    ]


def _makers(archive: Archive, kind: str, name: str, people: dict[str, str]) -> list[Subject]:
    table = archive.table(member(name))
    table.need(("id", "name"))
    columns = (table.named("id"), table.named("name"), table.texts("countryId"))
    return [
        Subject(kind, ref, maker, nationality=people.get(country or ""))
        for ref, maker, country in zip(*columns, strict=True)
    ]
