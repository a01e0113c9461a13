"""Entries and classifications: what FastF1 publishes, and the order on the road from the laps."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import Any

import pandas as pd

from racelab.domain.entries import Driver, Entry
from racelab.domain.laps import Lap, Quality, Result, ResultKind
from racelab.sources.f1.columns import car_numbers, column, durations, numbers, plain, texts, wholes
from racelab.sources.f1.specification import CLASSIFIED

CAR_CLASS = "F1"
# FastF1 smooths the times at which laps end; on 14 finishers of Australia 2025 by up to 0.05 s around the median.
_PENALTY_TOLERANCE_MS = 150


def make_entries(results: pd.DataFrame) -> list[Entry]:
    """The cars of FastF1's results frame, with their one driver each."""
    names = ("TeamName", "TeamColor", "FullName", "Abbreviation", "CountryCode", "DriverId")
    columns = [car_numbers(column(results, "DriverNumber")), *(texts(column(results, name)) for name in names)]
    entries = []
    for number, team, colour, name, code, country, provider_id in zip(*columns, strict=True):
        if number is not None:
            seats = (Driver(1, name or code or number, code, country, provider_id=provider_id),)
            entries.append(Entry(number, CAR_CLASS, team=team, colour=hex_colour(colour), drivers=seats))
    return unique_cars(entries)


def hex_colour(text: str | None) -> str | None:
    """``#ff8000`` for FastF1's ``FF8000``; None for anything that is no colour."""
    digits = (text or "").removeprefix("#").lower()
    return f"#{digits}" if len(digits) == 6 and all(digit in "0123456789abcdef" for digit in digits) else None


def unique_cars(entries: Iterable[Entry]) -> list[Entry]:
    """The first entry of every car."""
    return list({entry.car_number: entry for entry in reversed(list(entries))}.values())[::-1]


def is_official(results: pd.DataFrame, code: str) -> bool:
    """Whether the order was published (Ergast) and not computed by FastF1 from the lap times."""
    published = any(name is not None for name in texts(column(results, "DriverId")))
    return code in CLASSIFIED and published and bool(numbers(column(results, "Position")).notna().any())


def make_results(results: pd.DataFrame, laps: Sequence[Lap], code: str) -> list[Result]:
    """Every classification that the session has: official where it is published, road where laps tell it."""
    found: list[Result] = []
    if is_official(results, code):
        found += _of_frame(results, laps, ResultKind.OFFICIAL, race=code in ("R", "S"))
    if code in ("R", "S"):
        road = road_results(laps)
        return with_penalties(found, road) + road
    if not found and numbers(column(results, "Position")).notna().any():
        found += _of_frame(results, laps, ResultKind.ROAD, race=False)
    return found


def _of_frame(results: pd.DataFrame, laps: Sequence[Lap], kind: ResultKind, *, race: bool) -> list[Result]:
    best = best_laps(laps)
    counted = {number: len(rows) for number, rows in _by_car(laps)}
    times = _race_times(results) if race else [(None, None)] * len(results)
    keys = {"q1_ms": "Q1", "q2_ms": "Q2", "q3_ms": "Q3"}
    columns: dict[str, list[Any]] = {
        "position": plain(wholes(column(results, "Position"))),
        "status": texts(column(results, "Status")),
        "grid_position": plain(wholes(column(results, "GridPosition"))),
        "points": plain(numbers(column(results, "Points"))),
        **{key: plain(durations(column(results, name))) for key, name in keys.items()},
    }
    done = plain(wholes(column(results, "Laps")))
    most = max((laps for laps in done if laps is not None), default=None)
    made = []
    for row, number in enumerate(car_numbers(column(results, "DriverNumber"))):
        values = {key: listed[row] for key, listed in columns.items()}
        if number is None or all(value is None for value in values.values()):
            continue
        best_number, best_ms = best.get(number, (None, None))
        laps_done = done[row] if race else counted.get(number)
        behind = most - laps_done if race and most is not None and laps_done is not None else None
        made.append(
            Result(
                number, kind, class_position=values["position"], laps=laps_done, total_time_ms=times[row][0],
                gap_ms=times[row][1], gap_laps=behind, best_lap_ms=best_ms, best_lap_number=best_number, **values,
            )
        )  # fmt: skip
    return made


def _race_times(results: pd.DataFrame) -> list[tuple[int | None, int | None]]:
    """Total time and gap of every row. FastF1 gives the winner's total, and the gap of the others on his lap."""
    times = plain(durations(column(results, "Time")))
    places = plain(wholes(column(results, "Position")))
    winner = next((time for time, place in zip(times, places, strict=True) if place == 1), None)
    if winner is None:
        return [(None, None)] * len(times)
    return [_total_and_gap(time, place, winner) for time, place in zip(times, places, strict=True)]


def _total_and_gap(time: int | None, place: int | None, winner: int) -> tuple[int | None, int | None]:
    if time is None:
        return None, None
    if place == 1 or time >= winner:  # Some answers have total times for all.
        return time, time - winner
    return winner + time, time


def road_results(laps: Sequence[Lap]) -> list[Result]:
    """The order on the road: more complete laps first, then whoever ended the last of them first.

    Total time counts from the session's start to the car's last line; nothing of the stewards is in it.
    """
    best = best_laps(laps)
    rows = [(number, *_distance(list(own))) for number, own in _by_car(laps)]
    rows.sort(key=lambda row: (-row[1], row[2] is None, row[2] or 0))
    if not rows:
        return []
    _, most, first_ms = rows[0]
    return [
        Result(
            number,
            ResultKind.ROAD,
            position=place,
            class_position=place,
            laps=done,
            total_time_ms=end_ms,
            gap_ms=end_ms - first_ms if done == most and end_ms is not None and first_ms is not None else None,
            gap_laps=most - done,
            best_lap_ms=best.get(number, (None, None))[1],
            best_lap_number=best.get(number, (None, None))[0],
        )
        for place, (number, done, end_ms) in enumerate(rows, 1)
    ]


def with_penalties(official: Sequence[Result], road: Sequence[Result]) -> list[Result]:
    """The official results with `penalty_ms` where the total time has whole seconds more or less than the road's.

    The two clocks start a little apart, which the field's median takes out.
    """
    on_road = {result.car_number: result for result in road}
    extra: dict[str, int] = {}
    for result in official:
        other = on_road.get(result.car_number)
        if other is None or other.laps != result.laps:
            continue
        if result.total_time_ms is not None and other.total_time_ms is not None:
            extra[result.car_number] = result.total_time_ms - other.total_time_ms
    usual = int(median(extra.values())) if extra else 0
    penalties = {number: _whole_seconds(value - usual) for number, value in extra.items()}
    return [replace(result, penalty_ms=penalties.get(result.car_number)) for result in official]


def _whole_seconds(difference_ms: int) -> int | None:
    seconds = round(difference_ms / 1000)
    return seconds * 1000 if seconds and abs(difference_ms - seconds * 1000) <= _PENALTY_TOLERANCE_MS else None


def _distance(laps: Sequence[Lap]) -> tuple[int, int | None]:
    """Laps completed and when the last of them ended; laps are in order."""
    done = [lap for lap in laps if lap.quality is Quality.MEASURED]
    if done and not _crossed_the_line(done[-1]):
        done = done[:-1]
    return (done[-1].lap_number, done[-1].end_ms) if done else (0, None)


def _crossed_the_line(lap: Lap) -> bool:
    """Whether a car's last lap ended at the line: an untimed one may end on the way into the pits, short of it."""
    if lap.lap_time_ms is not None or lap.pit_in_ms is None or lap.end_ms is None:
        return True
    return lap.pit_in_ms <= lap.end_ms


def best_laps(laps: Iterable[Lap]) -> dict[str, tuple[int, int]]:
    """Lap number and time (ms) of every car's fastest lap that was not deleted; the earlier of equals."""
    best: dict[str, tuple[int, int]] = {}
    for lap in laps:
        if lap.lap_time_ms is None or lap.deleted:
            continue
        if lap.car_number not in best or lap.lap_time_ms < best[lap.car_number][1]:
            best[lap.car_number] = (lap.lap_number, lap.lap_time_ms)
    return best


def _by_car(laps: Sequence[Lap]) -> Iterable[tuple[str, list[Lap]]]:
    ordered = sorted(laps, key=lambda lap: (lap.car_number, lap.lap_number))
    return [(number, list(own)) for number, own in groupby(ordered, key=lambda lap: lap.car_number)]
