"""Ergast's standings after every round; the season's own list it does not keep apart, so round 0 stays empty."""

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive
from racelab.sources.ergast.races import Names
from racelab.sources.ergast.results import PLACES, numbered

_LAST = 10**6


def read_standings(archive: Archive, names: Names) -> Columns:
    """Drivers' and constructors' standings in one, in the order of their places.

    Raises:
        BadInput: a member or column is missing or a value cannot be read.
    """
    found: Columns = {}
    for kind in ("driver", "constructor"):
        for key, values in _columns(archive, names, kind).items():
            found.setdefault(key, []).extend(values)
    return found


def _columns(archive: Archive, names: Names, kind: str) -> Columns:
    table = archive.table(f"{kind}_standings.csv")
    table.need(("raceId", f"{kind}Id", "points", "position", "positionText", "wins"))
    races = names.of_races(table)
    refs = names.of_drivers(table) if kind == "driver" else names.of_constructors(table)
    places = table.wholes("position", low=1)
    order = [(place or _LAST, ref) for place, ref in zip(places, refs, strict=True)]
    return {
        "season": [season for season, _ in races],
        "round": [round_ for _, round_ in races],
        "kind": [kind] * len(table),
        "sequence": numbered(races, order),
        "position": places,
        "position_text": [PLACES.get(text, text) if text else None for text in table.texts("positionText")],
        "ref": refs,
        "points": table.decimals("points"),
        "wins": table.wholes("wins"),
    }
