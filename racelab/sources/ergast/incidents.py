"""Safety cars and red flags, which the dump names by season and race, as columns of `history_incidents`."""

from collections.abc import Sequence

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive, Member
from racelab.sources.ergast.races import Names, Race
from racelab.sources.ergast.results import numbered

# Resumed over the distance left, run again, or resumed behind the safety car; N means that the race ended there.
_RESUMED = {"Y": True, "R": True, "S": True, "N": False}
_MAX_LAP = 10_000


def read_incidents(archive: Archive, names: Names) -> tuple[Columns, list[str], list[str]]:
    """The incidents, the tables that the file lacks, and the rows whose race it does not have, in words.

    Raises:
        BadInput: a column is missing or a value cannot be read.
    """
    found: Columns = {}
    missing: list[str] = []
    left_out: list[str] = []
    for name, read in (("safety_cars.csv", _safety_cars), ("red_flags.csv", _red_flags)):
        if not archive.has(name):
            missing.append(name)
            continue
        table = archive.table(name)
        table.need(("Race",))
        races = [names.titles.get(title or "") for title in table.texts("Race")]
        rows = [row for row, race in enumerate(races) if race is not None]
        left_out += _unknown(table, races)
        for key, values in _placed(read(table), [race for race in races if race is not None], rows).items():
            found.setdefault(key, []).extend(values)
    return found, missing, left_out


def _placed(columns: Columns, races: Sequence[Race], rows: Sequence[int]) -> Columns:
    kept = {key: [values[row] for row in rows] for key, values in columns.items()}
    seasons = {"season": [season for season, _ in races], "round": [round_ for _, round_ in races]}
    return {**seasons, "sequence": numbered(races, [lap or 0 for lap in kept["first_lap"]]), **kept}


def _safety_cars(table: Member) -> Columns:
    table.need(("Cause", "Deployed", "Retreated", "FullLaps"))
    return {
        "kind": ["safety_car"] * len(table),
        "first_lap": table.wholes("Deployed", 0, _MAX_LAP),
        "last_lap": _laps(table, "Retreated"),
        "laps": table.wholes("FullLaps", 0, _MAX_LAP),
        "cause": table.texts("Cause"),
        "resumed": [None] * len(table),
    }


def _red_flags(table: Member) -> Columns:
    table.need(("Lap", "Resumed", "Incident"))
    words = table.texts("Resumed")
    wrong = next((row for row, word in enumerate(words) if word is not None and word not in _RESUMED), None)
    if wrong is not None:
        table.fault(wrong, "Resumed", f"is none of {', '.join(_RESUMED)}")
    return {
        "kind": ["red_flag"] * len(table),
        "first_lap": table.wholes("Lap", 0, _MAX_LAP),
        "last_lap": [None] * len(table),
        "laps": [None] * len(table),
        "cause": _causes(table),
        "resumed": [None if word is None else _RESUMED[word] for word in words],
    }


def _causes(table: Member) -> list[str | None]:
    """What happened, and who was not at the restart where the dump tells it."""
    both = zip(table.texts("Incident"), table.texts("Excluded"), strict=True)
    return [f"{cause or ''} Not at the restart: {out}".strip() if out else cause for cause, out in both]


def _laps(table: Member, column: str) -> list[int | None]:
    """Whole laps, some of which a spreadsheet has written as ``39.0``."""
    found: list[int | None] = []
    for row, lap in enumerate(table.decimals(column)):
        if lap is not None and (lap % 1 or not 0 <= lap <= _MAX_LAP):
            table.fault(row, column, "is no lap")
        found.append(None if lap is None else int(lap))
    return found


def _unknown(table: Member, races: Sequence[Race | None]) -> list[str]:
    cells = table.texts("Race")
    return [
        f"{table.path}, member {table.name}, line {table.lines[row]}: no race is called {cells[row]!r}: left out"
        for row, race in enumerate(races)
        if race is None
    ]
