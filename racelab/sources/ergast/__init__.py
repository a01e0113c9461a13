"""Ergast's database as CSV tables, from the original dumps or from those who carry it on."""

from pathlib import Path

from racelab.domain.history import History, Subject
from racelab.sources.csvzip import Archive, Member, open_archive
from racelab.sources.ergast.incidents import read_incidents
from racelab.sources.ergast.races import read_events, read_names
from racelab.sources.ergast.results import read_pit_stops, read_results
from racelab.sources.ergast.standings import read_standings

PROVIDER = "ergast"
VERSION = "reader 1"


def read(path: Path) -> History:
    """Everything that a dump tells.

    Raises:
        BadInput: it is no dump of Ergast's tables or is damaged; names file, member and line.
    """
    with open_archive(path) as archive:
        names = read_names(archive)
        results, missing = read_results(archive, names)
        stops = read_pit_stops(archive, names)
        incidents, absent, left_out = read_incidents(archive, names)
        return History(
            PROVIDER, path.name, archive.digest, VERSION,
            tables={
                "history_events": read_events(archive), "history_results": results,
                "history_standings": read_standings(archive, names), "history_pit_stops": stops or {},
                "history_incidents": incidents,
            },
            subjects=read_subjects(archive),
            missing=missing + ([] if stops is not None else ["history_pit_stops"]) + absent,
            left_out=left_out,
        )  # fmt: skip


def read_subjects(archive: Archive) -> list[Subject]:
    """Every driver, constructor and circuit of the dump; a circuit's nationality is its country.

    Raises:
        BadInput: a member or column is missing.
    """
    drivers, makers, circuits = (archive.table(f"{name}.csv") for name in ("drivers", "constructors", "circuits"))
    drivers.need(("driverRef", "code", "forename", "surname", "dob", "nationality"))
    makers.need(("constructorRef", "name", "nationality"))
    circuits.need(("circuitRef", "name", "country"))
    columns = ("driverRef", "forename", "surname", "code", "dob", "nationality")
    people = zip(*(drivers.texts(column) for column in columns), strict=True)
    return [
        *(
            Subject("driver", ref or "", f"{first or ''} {last or ''}".strip(), code, born, nation)
            for ref, first, last, code, born, nation in people
        ),
        *_named(makers, "constructor", "constructorRef", "nationality"),
        *_named(circuits, "circuit", "circuitRef", "country"),
    ]


def _named(table: Member, kind: str, ref: str, nationality: str) -> list[Subject]:
    columns = (table.named(ref), table.named("name"), table.texts(nationality))
    return [Subject(kind, own, name, nationality=nation) for own, name, nation in zip(*columns, strict=True)]
