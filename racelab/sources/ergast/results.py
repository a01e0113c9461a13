"""Ergast's results, sprints and qualifyings as columns of `history_results`, and its pit stops."""

import re
from collections import Counter
from collections.abc import Sequence

from racelab.domain.history import Columns
from racelab.domain.time import parse_duration
from racelab.sources.csvzip import Archive, Member
from racelab.sources.ergast.races import Names, Race

_RESULT = (
    "raceId", "driverId", "constructorId", "number", "grid", "position", "positionText", "positionOrder", "points",
    "laps", "time", "milliseconds", "fastestLap", "fastestLapTime", "statusId",
)  # fmt: skip
_QUALIFYING = ("raceId", "driverId", "constructorId", "number", "position", "q1", "q2", "q3")
_STOP = ("raceId", "driverId", "stop", "lap", "time", "duration", "milliseconds")
# Ergast's letters for who has no place, in the words that every provider's place is written in here.
PLACES = {"R": "DNF", "D": "DSQ", "E": "EX", "W": "DNS", "F": "DNQ", "N": "NC", "-": None}
# A status that only says again what the place says is no reason for a retirement.
_NO_REASON = frozenset(
    {"Finished", "Disqualified", "Excluded", "Withdrew", "Did not qualify", "Did not prequalify", "Not classified"}
)
_LAPPED = re.compile(r"\+(\d+) Laps?", re.ASCII)
_STARTED = frozenset({"DNF", "DSQ", "NC"})


def read_results(archive: Archive, names: Names) -> tuple[Columns, list[str]]:
    """Races, sprints, fastest laps and qualifyings in one, and the codes of those that the file lacks.

    Raises:
        BadInput: a column is missing or a value cannot be read; the race results are missing.
    """
    race = _races(archive.table("results.csv"), names, "R")
    found, missing = [race], []
    if race["best_lap_ms"] and (ranked := _fastest(archive.table("results.csv"), race)):
        found.append(ranked)
    for code, name, read in (("S", "sprint_results.csv", _races), ("Q", "qualifying.csv", _qualifyings)):
        if archive.has(name):
            found.append(read(archive.table(name), names, code))
        else:
            missing.append(code)
    keys = dict.fromkeys(key for columns in found for key in columns)
    joined: Columns = {key: [] for key in keys}
    for columns in found:
        for key in keys:
            joined[key] += columns.get(key, [None] * len(columns["season"]))
    return joined, missing


def _races(table: Member, names: Names, code: str) -> Columns:
    table.need(_RESULT)
    races = names.of_races(table)
    statuses = _statuses(table, names)
    places = _places(table, statuses)
    totals = table.wholes("milliseconds")
    return {
        **_named(table, names, races, code, table.counts("positionOrder")),
        "position": table.wholes("position", low=1),
        "position_text": places,
        "laps": table.wholes("laps"),
        "total_time_ms": totals,
        "gap_ms": _gaps(table, totals, races),
        "gap_laps": [int(match[1]) if (match := _LAPPED.fullmatch(status)) else None for status in statuses],
        "reason_retired": [None if _LAPPED.fullmatch(word) or word in _NO_REASON else word for word in statuses],
        "points": table.decimals("points"),
        **_grid(table, places),
        "best_lap_ms": table.durations("fastestLapTime", ""),
        "best_lap_number": table.wholes("fastestLap"),
        "fastest_lap": [None if rank is None else rank == 1 for rank in table.wholes("rank")],
    }


def _fastest(table: Member, race: Columns) -> Columns:
    """The order of the fastest laps, which Ergast keeps as a rank beside each result; 0 means that there is none."""
    rows = [row for row, rank in enumerate(table.wholes("rank")) if rank]
    ranks = [rank for rank in table.wholes("rank") if rank]
    kept = ("season", "round", "car_number", "driver_ref", "constructor_ref", "best_lap_ms", "best_lap_number")
    columns = {key: [race[key][row] for row in rows] for key in kept}
    races = list(zip(columns["season"], columns["round"], strict=True))
    return {
        **columns, "code": ["FL"] * len(rows), "sequence": numbered(races, ranks), "position": ranks,
        "position_text": [str(rank) for rank in ranks], "fastest_lap": [rank == 1 for rank in ranks],
    }  # fmt: skip


def _qualifyings(table: Member, names: Names, code: str) -> Columns:
    table.need(_QUALIFYING)
    places = table.wholes("position", low=1)
    parts = {f"{part}_ms": table.durations(part, "") for part in ("q1", "q2", "q3")}
    return {
        **_named(table, names, names.of_races(table), code, [place or 10**6 for place in places]),
        "position": places,
        "position_text": [None if place is None else str(place) for place in places],
        **parts,
        "best_lap_ms": [
            min((time for time in three if time is not None), default=None)
            for three in zip(*parts.values(), strict=True)
        ],
    }


def read_pit_stops(archive: Archive, names: Names) -> Columns | None:
    """Ergast's pit stops, in the order of the day's clock; None where the file has none.

    Raises:
        BadInput: a column is missing or a value cannot be read.
    """
    if not archive.has("pit_stops.csv"):
        return None
    table = archive.table("pit_stops.csv")
    table.need(_STOP)
    races = names.of_races(table)
    laps, times, stops = table.counts("lap"), table.texts("time"), table.counts("stop")
    return {
        "season": [season for season, _ in races],
        "round": [round_ for _, round_ in races],
        "sequence": numbered(races, list(zip(laps, [time or "" for time in times], stops, strict=True))),
        "driver_ref": names.of_drivers(table),
        "stop": stops,
        "lap_number": laps,
        "time_of_day": times,
        "duration_ms": table.durations("duration", "milliseconds"),
    }


def numbered(races: Sequence[Race], order: Sequence[object]) -> list[int]:
    """Each row's number, from 1, in its race's list by the given order; the file's order decides between equals."""
    count: Counter[Race] = Counter()
    found = [0] * len(races)
    for row in sorted(range(len(races)), key=lambda row: (races[row], order[row], row)):
        count[races[row]] += 1
        found[row] = count[races[row]]
    return found


def _named(table: Member, names: Names, races: list[Race], code: str, order: Sequence[int]) -> Columns:
    return {
        "season": [season for season, _ in races],
        "round": [round_ for _, round_ in races],
        "code": [code] * len(table),
        "sequence": numbered(races, order),
        "car_number": table.texts("number"),
        "driver_ref": names.of_drivers(table),
        "constructor_ref": names.of_constructors(table),
    }


def _statuses(table: Member, names: Names) -> list[str]:
    cells = table.named("statusId")
    for row, cell in enumerate(cells):
        if cell not in names.statuses:
            table.fault(row, "statusId", "is in no row of status.csv")
    return [names.statuses[cell] for cell in cells]


def _places(table: Member, statuses: Sequence[str]) -> list[str | None]:
    """Places in f1db's words; Ergast has one letter for all who did not qualify."""
    words: list[str | None] = []
    for text, status in zip(table.texts("positionText"), statuses, strict=True):
        word = PLACES.get(text, text) if text else None
        words.append("DNPQ" if word == "DNQ" and status == "Did not prequalify" else word)
    return words


def _grid(table: Member, places: Sequence[str | None]) -> Columns:
    """Ergast writes 0 for the pit lane, but also for all who did not start."""
    grid: list[int | None] = []
    texts: list[str | None] = []
    for place, result in zip(table.wholes("grid"), places, strict=True):
        started = result is not None and (result.isdigit() or result in _STARTED)
        grid.append(place if place or started else None)
        texts.append("PL" if place == 0 and started else str(place) if place else None)
    return {"grid_position": grid, "grid_text": texts}


def _gaps(table: Member, totals: Sequence[int | None], races: Sequence[Race]) -> list[int | None]:
    """The published gap; where a total time is published instead, its distance to the winner's."""
    winners = {
        race: total
        for race, total, place in zip(races, totals, table.wholes("position"), strict=True)
        if place == 1 and total is not None
    }
    gaps: list[int | None] = []
    columns = zip(table.texts("time"), totals, races, table.wholes("position"), strict=True)
    for row, (text, total, race, place) in enumerate(columns):
        if text is None or place == 1:
            gaps.append(None)
        elif text.startswith("+"):
            gaps.append(_gap(table, row, text))
        else:
            gaps.append(total - winners[race] if total is not None and race in winners else None)
    return gaps


def _gap(table: Member, row: int, text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError:
        table.fault(row, "time", "is no gap")
