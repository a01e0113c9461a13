"""f1db's entrants as columns of `history_entrants`: a driver of an entrant's car in a season."""

from collections.abc import Iterator

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive, Member
from racelab.sources.f1db.events import by_id
from racelab.sources.f1db.results import race_keys
from racelab.sources.f1db.specification import member

_CAR = ("year", "entrantId", "constructorId", "engineManufacturerId")
Car = tuple[str | None, ...]


def read_entrants(archive: Archive) -> Columns | None:
    """The entrants in the file's order, numbered in their season; None where the file has none.

    Chassis and engine models stand only in newer releases; several of one entrant's car are separated by " / ".
    The tyre maker is null where the car had more than one: each result has its own.

    Raises:
        BadInput: a column is missing or a value cannot be read.
    """
    if not archive.has(member("seasons-entrants-drivers")):
        return None
    table = archive.table(member("seasons-entrants-drivers"))
    table.need((*_CAR, "driverId"))
    seasons = race_keys(table, round_=False)["season"]
    cars = _cars(table)
    names = by_id(archive, "entrants", "name")
    tyres = _of_cars(archive, "seasons-entrants-tyre-manufacturers", "tyreManufacturerId")
    chassis = _of_cars(archive, "seasons-entrants-chassis", "chassisId")
    engines = _of_cars(archive, "seasons-entrants-engines", "engineId")
    models = {name: by_id(archive, name, "fullName") for name in ("chassis", "engines")}
    return {
        "season": seasons,
        "sequence": list(_numbered(seasons)),
        "entrant_ref": table.texts("entrantId"),
        "entrant": [names.get(ref or "") for ref in table.texts("entrantId")],
        "constructor_ref": table.texts("constructorId"),
        "engine_ref": table.texts("engineManufacturerId"),
        "tyre_ref": [found[0] if len(found := tyres.get(car, [])) == 1 else None for car in cars],
        "chassis": [_models(chassis.get(car, []), models["chassis"]) for car in cars],
        "engine_model": [_models(engines.get(car, []), models["engines"]) for car in cars],
        "driver_ref": table.named("driverId"),
        "rounds": _rounds(table),
        "test_driver": table.flags("testDriver"),
    }


def _cars(table: Member) -> list[Car]:
    return list(zip(*(table.texts(column) for column in _CAR), strict=True))


def _of_cars(archive: Archive, name: str, column: str) -> dict[Car, list[str]]:
    """A column of a table beside the entrants, by car; empty where the file lacks the table."""
    found: dict[Car, list[str]] = {}
    if archive.has(member(name)):
        table = archive.table(member(name))
        table.need((*_CAR, column))
        for car, value in zip(_cars(table), table.named(column), strict=True):
            found.setdefault(car, []).append(value)
    return found


def _models(refs: list[str], names: dict[str, str]) -> str | None:
    return " / ".join(names.get(ref, ref) for ref in refs) or None


def _numbered(seasons: list[int]) -> Iterator[int]:
    last: dict[int, int] = {}
    for season in seasons:
        last[season] = last.get(season, 0) + 1
        yield last[season]


def _rounds(table: Member) -> list[str | None]:
    """Rounds as ``1-2,4-7``: f1db's own short form, or its list ``1;2;4;5;6;7`` where that is all there is."""
    short = table.texts("roundsText")
    listed = table.texts("rounds")
    return [own or (long.replace(";", ",") if long else None) for own, long in zip(short, listed, strict=True)]
