"""f1db's standings: after every round, and the season's own as round 0."""

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive
from racelab.sources.f1db.results import race_keys
from racelab.sources.f1db.specification import member

_LISTS = (
    ("driver", "races-driver-standings", False),
    ("constructor", "races-constructor-standings", False),
    ("driver", "seasons-driver-standings", True),
    ("constructor", "seasons-constructor-standings", True),
)


def read_standings(archive: Archive) -> Columns:
    """All four lists in one.

    Raises:
        BadInput: a member or column is missing or a value cannot be read.
    """
    found: Columns = {}
    for kind, name, final in _LISTS:
        for key, values in _columns(archive, kind, name, final=final).items():
            found.setdefault(key, []).extend(values)
    return found


def _columns(archive: Archive, kind: str, name: str, *, final: bool) -> Columns:
    table = archive.table(member(name))
    ref = f"{kind}Id"
    table.need(("year", "positionDisplayOrder", "positionNumber", "positionText", ref, "points"))
    keys = race_keys(table, round_=not final)
    return {
        "season": keys["season"],
        "round": keys.get("round", [0] * len(table)),
        "kind": [kind] * len(table),
        "sequence": table.unique("positionDisplayOrder", *keys.values()),
        "position": table.wholes("positionNumber", low=1),
        "position_text": table.texts("positionText"),
        "ref": table.named(ref),
        "engine_ref": table.texts("engineManufacturerId"),
        "points": table.decimals("points"),
        "wins": [None] * len(table),
    }
