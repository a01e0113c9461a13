"""Small pure steps from frames of laps to what figures draw."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.analysis.fastest import timed_laps
from racelab.domain.flags import Flag
from racelab.domain.sessions import SessionKey
from racelab.views.theme import LINE, class_colour, has_colour, palette, readable, tint

_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def natural(number: str) -> tuple[int, str]:
    """Sort key of car numbers: by value, then as text (7 before 007 before 10)."""
    return (int(number) if number.isdecimal() else 10_000, number)


def car_styles(entries: pd.DataFrame, cars: Sequence[str], dark: bool) -> dict[str, dict[str, str]]:
    """Line colour and dash of each car, readable on its ground.

    With several classes a car takes the class's colour; the second and third of a class take shades of it, and dashes
    tell further ones apart. In a single class a car takes its team's own colour, the team's second car dashed; without
    one the first six take a colour each.

    Args:
        entries: car_number, car_class and, where the series has colours, colour (#rrggbb).
        cars: the cars to style, in the same order in all figures of a page.
        dark: the ground.
    """
    known = {str(row["car_number"]): row for row in entries.to_dict("records")}
    is_multi = "car_class" in entries and entries["car_class"].nunique() > 1
    styles = {} if is_multi else _team_styles(known, dark)
    seen: dict[str | None, int] = {}
    for car in cars:
        if car not in styles:
            name = known.get(car, {}).get("car_class")
            name = name if isinstance(name, str) else None
            styles[car] = _class_style(name, seen.get(name, 0), dark)
            seen[name] = seen.get(name, 0) + 1
    return {car: styles[car] for car in cars}


def _team_styles(known: dict[str, dict[Any, Any]], dark: bool) -> dict[str, dict[str, str]]:
    """Cars with a colour of their own; a team's cars are told apart by the whole entry list."""
    styles, seen = {}, dict[str, int]()
    for car in sorted(known, key=natural):
        colour = own_colour(known[car].get("colour"))
        if colour is not None:
            dash = _DASHES[seen.get(colour, 0) % len(_DASHES)]
            styles[car] = {"color": readable(colour, dark, LINE), "dash": dash}
            seen[colour] = seen.get(colour, 0) + 1
    return styles


def _class_style(car_class: str | None, place: int, dark: bool) -> dict[str, str]:
    """The style of the car at this place of those of a class that are drawn."""
    colours = palette(dark).classes
    if has_colour(car_class):
        return {"color": tint(class_colour(car_class, dark), place, dark), "dash": _DASHES[place // 3 % len(_DASHES)]}
    if place < len(colours):
        return {"color": colours[place], "dash": _DASHES[0]}
    return {"color": palette(dark).quiet, "dash": _DASHES[place % len(_DASHES)]}


def counted_laps(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps that count for a best time, fastest first; all that have a time where none does yet.

    Args:
        laps: with lap_number and lap_time_ms; deleted, end_ms and session_id where they are known.
    """
    known = laps if "deleted" in laps else laps.assign(deleted=False)
    counted = timed_laps(known, is_race=_is_race(laps))
    return counted if len(counted) else laps.dropna(subset=["lap_time_ms"]).sort_values("lap_time_ms", kind="stable")


def _is_race(laps: pd.DataFrame) -> bool:
    return "session_id" in laps and len(laps) > 0 and SessionKey.of_id(int(laps["session_id"].iloc[0])).is_race


def gaps_to_leader(laps: pd.DataFrame) -> pd.DataFrame:
    """For each car and lap the time behind the first car to end that lap: car_number, lap_number, gap_ms, end_ms."""
    ended = crossings(laps)[["car_number", "lap_number", "end_ms"]]
    first = ended.groupby("lap_number")["end_ms"].transform("min")
    return ended.assign(gap_ms=ended["end_ms"] - first)


def places_by_lap(laps: pd.DataFrame) -> pd.DataFrame:
    """For each lap of the leader the place of every car that has ended it: car_number, lap_number, position."""
    ended = crossings(laps)[["car_number", "lap_number", "end_ms"]]
    return ended.assign(position=ended.groupby("lap_number")["end_ms"].rank(method="first").astype("Int64"))


def neutral_bands(track_status: pd.DataFrame, until_ms: int | None) -> list[tuple[str, int, int]]:
    """Periods under a flag other than green, as (flag, from, to) in session time."""
    if track_status.empty:
        return []
    changes = track_status.sort_values("time_ms")
    starts = [int(value) for value in changes["time_ms"]]
    ends = [*starts[1:], max(until_ms if until_ms is not None else starts[-1], starts[-1])]
    shown = zip(changes["flag"], starts, ends, strict=True)
    return [(str(f), a, b) for f, a, b in shown if b > a and f not in (Flag.GREEN, Flag.CHEQUERED)]


def lap_scale(laps: pd.DataFrame, times_ms: Sequence[int]) -> list[float]:
    """Session times as laps of the leader, fractions included: 12.5 is half-way through his 13th lap."""
    first = crossings(laps).groupby("lap_number")["end_ms"].min().sort_index()
    if first.empty:
        return [0.0 for _ in times_ms]
    ends, numbers = first.to_numpy(dtype=float), first.index.to_numpy(dtype=float)
    start = ends[0] - float(np.median(np.diff(ends))) if len(ends) > 1 else 0.0
    ends, numbers = np.concatenate([[start], ends]), np.concatenate([[numbers[0] - 1], numbers])
    return [float(value) for value in np.interp(np.asarray(times_ms, dtype=float), ends, numbers)]


def own_colour(colour: object) -> str | None:
    """A colour as #rrggbb; None for anything else."""
    return colour if isinstance(colour, str) and _COLOUR.fullmatch(colour) else None
