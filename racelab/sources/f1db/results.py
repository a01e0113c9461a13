"""f1db's result lists as columns of `history_results`, and its pit stops."""

from racelab.domain.history import Columns
from racelab.sources.csvzip import Archive, Member
from racelab.sources.f1db.specification import COMMON, LISTS, PIT_LANE, SUMMED_FORMATS, ResultList, member

Formats = dict[tuple[int, int], str | None]


def read_results(archive: Archive, formats: Formats) -> tuple[Columns, list[str]]:
    """All result lists in one, and the codes of those that the file lacks.

    ``formats`` is how each race's grid was decided.

    Raises:
        BadInput: a list lacks a column or has a value that cannot be read; the race results are missing.
    """
    found: Columns = {}
    missing = []
    for listed in LISTS:
        table = archive.first(member(name) for name in listed.members)
        if table is None and listed.required:
            table = archive.table(member(listed.members[0]))
        if table is None:
            missing.append(listed.code)
            continue
        for key, values in _columns(table, listed, formats).items():
            found.setdefault(key, []).extend(values)
    return found, missing


def _columns(table: Member, listed: ResultList, formats: Formats) -> Columns:
    table.need((*COMMON, *listed.needs))
    keys = race_keys(table)
    columns: Columns = {
        **keys,
        "code": [listed.code] * len(table),
        "sequence": table.unique("positionDisplayOrder", keys["season"], keys["round"]),
        "position": table.wholes("positionNumber", low=1),
        "position_text": table.texts("positionText"),
        "car_number": table.texts("driverNumber"),
        "driver_ref": table.named("driverId"),
        "constructor_ref": table.texts("constructorId"),
        "engine_ref": table.texts("engineManufacturerId"),
        "tyre_ref": table.texts("tyreManufacturerId"),
        "shared_car": table.flags("sharedCar"),
        "laps": table.wholes("laps"),
        "gap_ms": _gaps(table),
        "gap_laps": table.wholes("gapLaps"),
        "interval_ms": table.durations("interval", "intervalMillis"),
        "penalty_ms": table.durations("timePenalty", "timePenaltyMillis"),
        "reason_retired": table.texts("reasonRetired"),
        "points": table.decimals("points"),
        "fastest_lap": table.flags("fastestLap"),
        "stops": table.wholes("pitStops"),
        "grid_penalty": table.texts("gridPenalty"),
        **{f"{part}_ms": table.durations(part, f"{part}Millis") for part in ("q1", "q2", "q3")},
    }
    return {**columns, **_grid(table, listed, columns), **_times(table, listed, columns, formats)}


def _gaps(table: Member) -> list[int | None]:
    """Gaps in time; f1db writes ``+1 lap`` into the same text column, so that only the milliseconds count."""
    return table.wholes("gapMillis", -(10**9), 10**9)


def _grid(table: Member, listed: ResultList, columns: Columns) -> Columns:
    """Places on the grid, 0 for the pit lane: of a race from its own columns, of a grid from its places."""
    if listed.code in ("GRID", "SGRID"):
        places, texts = columns["position"], columns["position_text"]
    else:
        places, texts = table.wholes("gridPositionNumber", low=1), table.texts("gridPositionText")
    return {
        "grid_position": [0 if text == PIT_LANE else place for place, text in zip(places, texts, strict=True)],
        "grid_text": texts,
    }


def _times(table: Member, listed: ResultList, columns: Columns, formats: Formats) -> Columns:
    """The published time as the race's total, a sum of qualifying laps, or the best lap, whichever it is."""
    times = table.durations("time", "timeMillis")
    none: list[int | None] = [None] * len(table)
    numbers = table.wholes("lap", low=0) if listed.code == "FL" else none
    if listed.code in ("R", "S"):
        return {"total_time_ms": times, "best_lap_ms": none, "best_lap_number": numbers}
    summed = [False] * len(table)
    if listed.code in ("Q", "GRID"):
        races = zip(columns["season"], columns["round"], strict=True)
        summed = [formats.get(race) in SUMMED_FORMATS for race in races]
    parts = zip(columns["q1_ms"], columns["q2_ms"], columns["q3_ms"], strict=True)
    best = [
        min((part for part in (time, *three) if part is not None), default=None)
        for time, three in zip(times, parts, strict=True)
    ]
    return {
        "total_time_ms": [time if sum_ else None for time, sum_ in zip(times, summed, strict=True)],
        "best_lap_ms": [None if sum_ else lap for lap, sum_ in zip(best, summed, strict=True)],
        "best_lap_number": numbers,
    }


def read_pit_stops(archive: Archive) -> Columns | None:
    """f1db's pit stops as columns of `history_pit_stops`, in its order; None where the file has none.

    Raises:
        BadInput: a column is missing or a value cannot be read.
    """
    if not archive.has(member("races-pit-stops")):
        return None
    table = archive.table(member("races-pit-stops"))
    table.need(("year", "round", "positionDisplayOrder", "driverNumber", "driverId", "stop", "lap", "timeMillis"))
    keys = race_keys(table)
    return {
        **keys,
        "sequence": table.unique("positionDisplayOrder", keys["season"], keys["round"]),
        "driver_ref": table.named("driverId"),
        "car_number": table.texts("driverNumber"),
        "stop": table.wholes("stop"),
        "lap_number": table.wholes("lap"),
        "time_of_day": [None] * len(table),
        "duration_ms": table.durations("time", "timeMillis"),
    }


def race_keys(table: Member, *, round_: bool = True) -> Columns:
    """Season and round of every row.

    Raises:
        BadInput: one is missing or impossible.
    """
    season = {"season": table.counts("year", 1900, 2999)}
    return {**season, "round": table.counts("round", 1, 999)} if round_ else season
