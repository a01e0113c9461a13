"""Paces of cars in a race or qualifying, in % over the field: pure functions on frames of starters."""

import numpy as np
import pandas as pd

_LEAST_LAPS = 10  # clean laps under which a car's pace is not known
_FAR = 6.0  # % off the field's lap: not racing


def gap_to_best(lists: pd.DataFrame, column: str) -> pd.Series:
    """The gap in % of each time to the best of its race."""
    times = lists[column].where(lists[column] > 0)
    return (times / times.groupby(lists["race"]).transform("min") - 1) * 100


def within_race(rows: pd.DataFrame, column: str, most: float) -> pd.Series:
    """A gap over the median of its race, cut at ``most`` before."""
    gap = rows[column].clip(upper=most)
    return gap - gap.groupby(rows["race"]).transform("median")


def race_pace(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with how the race went for each car, all missing where a race is still to come.

    Added: ``pace`` (% over the field: by its laps, else by its total time or its laps down), ``finish`` (place among
    the cars classified, from 0 to 1), ``ended`` (place among all, from 0 to 1), ``gain`` (places won among the
    classified), ``to_mate`` and ``finish_to_mate`` (qualifying in %, and places, against the team's other car),
    ``order_held`` (correlation of grid and finish of the race's classified cars).
    """
    rows = rows.assign(ended=(rows["place"] - 0.5) / rows["cars"])
    home = rows["out"].eq(0)
    races = rows["race"]
    finish = rows["place"].where(home).groupby(races).rank()
    grid = rows["grid"].where(home).groupby(races).rank()
    home_cars = home.groupby(races).transform("sum")
    gap = _time_gap(rows, home)
    by_time = (gap - gap.groupby(races).transform("median")).clip(-2, 2) * 0.6
    held = {race: _correlation(grid[part.index], finish[part.index]) for race, part in rows.groupby("race")}
    return rows.assign(
        finish=(finish - 0.5) / home_cars,
        gain=grid - finish,
        pace=rows["lap_pace"].fillna(by_time),
        to_mate=_to_mate(rows, rows["qualifying_gap"]).clip(-2, 2),
        finish_to_mate=_to_mate(rows, finish).clip(-10, 10),
        order_held=races.map(held),
    )


def lap_pace(laps: pd.DataFrame) -> pd.DataFrame:
    """Each car's median gap in % to the field's median of the same lap, over green, accurate laps without a stop.

    Returns:
        ``car_number`` and ``lap_pace``, over the median car; cars with fewer than ten such laps are left out.
    """
    clean = laps["flag"].eq("green") & laps["accurate"].eq(True) & laps["lap_number"].gt(1)
    clean &= ~laps["pit_in"].astype(bool) & ~laps["pit_out"].astype(bool) & laps["lap_time_ms"].notna()
    kept = laps[clean]
    time = kept["lap_time_ms"].astype("float64")
    gap = (time / time.groupby(kept["lap_number"]).transform("median") - 1) * 100
    kept = kept.assign(gap=gap)[gap.abs() < _FAR]
    found = kept.groupby("car_number")["gap"].agg(["median", "size"]).reset_index()
    found = found[found["size"] >= _LEAST_LAPS]
    return found.assign(lap_pace=found["median"] - found["median"].median())[["car_number", "lap_pace"]]


def _time_gap(rows: pd.DataFrame, home: pd.Series) -> pd.Series:
    """% over the winner's total time, or over its laps for a car that was lapped; at most 5."""
    first = rows[rows["place"] == 1].set_index("race")
    time, laps = rows["race"].map(first["total_time_ms"]), rows["race"].map(first["laps"])
    gap = (rows["total_time_ms"] / time - 1).fillna(laps / rows["laps"].where(rows["laps"] > 0) - 1) * 100
    return gap.where(home).clip(0, 5)


def _to_mate(rows: pd.DataFrame, value: pd.Series) -> pd.Series:
    grouped = value.groupby([rows["race"], rows["constructor"]])
    others = grouped.transform("count") - 1
    return value - (grouped.transform("sum") - value) / others.where(others > 0)


def _correlation(left: pd.Series, right: pd.Series) -> float:
    known = left.notna() & right.notna()
    return float(np.corrcoef(left[known], right[known])[0, 1]) if known.sum() > 2 else np.nan
