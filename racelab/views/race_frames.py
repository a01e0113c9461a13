"""Small pure steps from frames of laps to what figures draw."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from racelab.analysis.fastest import timed_laps
from racelab.domain.flags import Flag
from racelab.domain.sessions import SessionKey
from racelab.views.theme import class_colour, palette

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def natural(number: str) -> tuple[int, str]:
    """Sort key of car numbers: by value, then as text (7 before 007 before 10)."""
    return (int(number) if number.isdecimal() else 10_000, number)


def car_styles(entries: pd.DataFrame, cars: Sequence[str], dark: bool) -> dict[str, dict[str, str]]:
    """Line colour and dash of each car: the class's, or in a single class the team's own.

    The second car of a colour is dashed.

    Args:
        entries: car_number, car_class and, where the series has colours, colour (#rrggbb).
        cars: the cars to style; the first of a class is drawn solid.
        dark: the ground.
    """
    known = {str(row["car_number"]): row for row in entries.to_dict("records")}
    if "car_class" in entries and entries["car_class"].nunique() > 1:
        known = {car: {**row, "colour": None} for car, row in known.items()}
    styles: dict[str, dict[str, str]] = {}
    # A team's cars are told apart by the whole entry list, cars of a class by the order in which they are drawn.
    for group in (sorted(known, key=natural), cars):
        seen: dict[str, int] = {}
        for car in group:
            own = _own_colour(known.get(car, {}))
            if car not in styles and (own or group is cars):
                colour = own or _class_colour(known.get(car, {}), dark)
                styles[car] = {"color": colour, "dash": _DASHES[seen.get(colour, 0) % len(_DASHES)]}
                seen[colour] = seen.get(colour, 0) + 1
    return {car: styles[car] for car in cars}


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
    ended = laps.dropna(subset=["end_ms"])[["car_number", "lap_number", "end_ms"]]
    first = ended.groupby("lap_number")["end_ms"].transform("min")
    return ended.assign(gap_ms=ended["end_ms"] - first)


def places_by_lap(laps: pd.DataFrame) -> pd.DataFrame:
    """For each lap of the leader the place of every car that has ended it: car_number, lap_number, position."""
    ended = laps.dropna(subset=["end_ms"])[["car_number", "lap_number", "end_ms"]]
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
    first = laps.dropna(subset=["end_ms"]).groupby("lap_number")["end_ms"].min().sort_index()
    if first.empty:
        return [0.0 for _ in times_ms]
    ends, numbers = first.to_numpy(dtype=float), first.index.to_numpy(dtype=float)
    start = ends[0] - float(np.median(np.diff(ends))) if len(ends) > 1 else 0.0
    ends, numbers = np.concatenate([[start], ends]), np.concatenate([[numbers[0] - 1], numbers])
    return [float(value) for value in np.interp(np.asarray(times_ms, dtype=float), ends, numbers)]


def _own_colour(entry: dict[Any, Any]) -> str | None:
    colour = entry.get("colour")
    return colour if isinstance(colour, str) and colour.startswith("#") else None


def _class_colour(entry: dict[Any, Any], dark: bool) -> str:
    car_class = entry.get("car_class")
    return class_colour(car_class, dark) if isinstance(car_class, str) else palette(dark).text
