"""Laps in FastF1's columns into domain laps, column by column."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap, Quality
from racelab.domain.records import Quarantined, Repair
from racelab.domain.tyres import read_compound
from racelab.errors import BadInput
from racelab.sources.f1.columns import car_numbers, column, durations, numbers, plain, texts, truths, wholes
from racelab.sources.f1.specification import COUNTS, DURATIONS, FLAGS, SPEEDS, TRUTHS, WORST_FIRST

_FIELDS = [field.name for field in fields(Lap)]
_REASONS = {
    "no_car_or_lap_number": "a row without car number or lap number names no lap",
    "second_row_of_a_lap": "the table has the lap twice, alike; the first row stands",
    "unknown_compound": "no compound that is known",
    "contradicting_duplicate": "the table has the lap twice and the rows differ; the first stands",
    "lap_of_a_retirement": "FastF1 adds the lap on which a car stopped, with an end that it assumes",
}


def usable_rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Repair]]:
    """The rows that name a lap, ordered by car and lap, with the columns `car` and `lap` added.

    Rows without a car or lap number and second rows of a lap that are alike are left out, as compounds are that are
    none; each has its repair. Second rows that say something else are for `contradictions`.

    Raises:
        BadInput: a car's number has laps of two drivers: whose they are cannot be told.
    """
    frame, named, twice, alike = _marked(frame)
    _refuse_shared(frame[named])
    repairs = _left_out(frame[~named], "no_car_or_lap_number") + _left_out(frame[alike], "second_row_of_a_lap")
    kept = frame[named & ~twice].sort_values(["car", "lap"], ignore_index=True)
    return kept, repairs + _unknown_compounds(kept)


def contradictions(frame: pd.DataFrame) -> list[Quarantined]:
    """The second rows of a lap that say something else than the first, each whole as it was read."""
    frame, _, twice, alike = _marked(frame)
    rule = "contradicting_duplicate"
    return [
        Quarantined(rule, "laps", f"{row['car']} lap {row['lap']}", _REASONS[rule], json.dumps(row, default=str))
        for row in frame[twice & ~alike].astype(object).to_dict("records")
    ]


def _marked(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, pd.Series, pd.Series]:
    """The frame with `car` and `lap`, and its rows that name a lap, that name one again, that say it all again."""
    told = list(frame.columns)
    frame = frame.assign(car=car_numbers(column(frame, "DriverNumber")), lap=wholes(column(frame, "LapNumber")))
    named = frame["car"].notna() & frame["lap"].notna()
    twice = named & frame.duplicated(["car", "lap"])
    return frame, named, twice, twice & frame.duplicated(told)


def _refuse_shared(frame: pd.DataFrame) -> None:
    drivers = pd.DataFrame({"car": frame["car"], "driver": texts(column(frame, "Driver"))}).dropna().drop_duplicates()
    for car, own in drivers.groupby("car"):
        if len(own) > 1:
            names = " and ".join(own["driver"].astype(str))
            raise BadInput(f"car {car} has laps of {names}: two cars are written with one number, correct DriverNumber")


def _unknown_compounds(frame: pd.DataFrame) -> list[Repair]:
    """One repair for each lap whose compound is a word for none; a blank tells nothing and needs no repair."""
    rule = "unknown_compound"
    rows = zip(frame["car"], frame["lap"], column(frame, "Compound"), compounds(frame), strict=True)
    return [
        Repair(rule, "laps", f"{car} lap {lap}", "compound", text, None, _REASONS[rule])
        for car, lap, text, compound in rows
        if compound is None and isinstance(text, str) and text.strip()
    ]


def make_laps(frame: pd.DataFrame, origin_ms: int, *, race: bool) -> list[Lap]:
    """Laps of a frame that `usable_rows` gave.

    Args:
        frame: FastF1's columns; those that it lacks become None.
        origin_ms: the session's start on the frame's clock.
        race: whether all cars start together, so that lap 1 begins at the session's start.
    """
    columns: dict[str, list[Any]] = {
        "car_number": frame["car"].tolist(),
        "lap_number": plain(frame["lap"]),
        "seat": [1] * len(frame),
        "lap_type": [None] * len(frame),
        "compound": compounds(frame),
        "flag": [worst_flag(codes) for codes in texts(column(frame, "TrackStatus"))],
        "quality": [Quality.REPAIRED if made else Quality.MEASURED for made in generated(frame)],
        **{key: plain(durations(column(frame, name))) for key, name in DURATIONS.items()},
        **{key: plain(numbers(column(frame, name))) for key, name in SPEEDS.items()},
        **{key: plain(wholes(column(frame, name))) for key, name in COUNTS.items()},
        **{key: truths(column(frame, name)) for key, name in TRUTHS.items()},
        **_moments(frame, origin_ms, race=race),
    }
    columns["fresh_tyre"] = [
        fresh if compound is not None or age is not None else None
        for fresh, compound, age in zip(columns["fresh_tyre"], columns["compound"], columns["tyre_age"], strict=True)
    ]
    columns["class_position"] = columns["position"]
    return [Lap(*values) for values in zip(*(columns[name] for name in _FIELDS), strict=True)]


def generated(frame: pd.DataFrame) -> list[bool]:
    """Which laps FastF1 made up: for a car that stopped on the track, or that never ended its first lap.

    A table without FastF1's own mark shows the first by having neither a lap time nor a place, the second by being
    the car's only lap, untimed, and ending with the leader's first lap to the millisecond.
    """
    if "FastF1Generated" in frame.columns:
        return [bool(made) for made in truths(frame["FastF1Generated"])]
    placed = numbers(column(frame, "Position")).notna()
    untimed = durations(column(frame, "LapTime")).isna()
    ends = durations(column(frame, "Time"))
    alone = frame.groupby("car")["lap"].transform("size") == 1
    with_leader = ends.duplicated(keep=False) & (ends == ends.min()).fillna(False)
    stopped = ~placed & bool(placed.any())
    return list(untimed & (stopped | (alone & with_leader)))


def generated_repairs(laps: Sequence[Lap]) -> list[Repair]:
    """One repair for each lap that FastF1 made up."""
    rule = "lap_of_a_retirement"
    return [
        Repair(rule, "laps", f"{lap.car_number}/{lap.lap_number}", "end_ms", None, str(lap.end_ms), _REASONS[rule])
        for lap in laps
        if lap.quality is Quality.REPAIRED
    ]


def compounds(frame: pd.DataFrame) -> list[Any]:
    """The compounds. A table may name the real one beside the relative one (2018: SOFT and ULTRASOFT): it wins."""
    relative = [read_compound(value) for value in column(frame, "Compound").tolist()]
    if "CompoundName" not in frame.columns:
        return relative
    real = [read_compound(value) for value in frame["CompoundName"].tolist()]
    return [first or second for first, second in zip(real, relative, strict=True)]


def worst_flag(codes: str | None) -> Flag | None:
    """The worst flag of a lap from its status codes: "671" is a virtual safety car; None where none is known."""
    flags = {FLAGS[code] for code in (codes or "").removesuffix(".0") if code in FLAGS}
    return next((flag for flag in WORST_FIRST if flag in flags), None)


def _moments(frame: pd.DataFrame, origin_ms: int, *, race: bool) -> dict[str, list[Any]]:
    """Start, end and pit times on racelab's clock."""
    end, into, out = (durations(column(frame, name)) - origin_ms for name in ("Time", "PitInTime", "PitOutTime"))
    same_car = frame["car"] == frame["car"].shift()
    if race:
        # Cars leave the pits for the grid before the start: that is no out-lap of the race.
        into, out = into.where((into >= 0).fillna(False)), out.where((out >= 0).fillna(False))
    stop = out - into.shift().where(same_car)
    return {
        "start_ms": plain(_starts(frame, end, origin_ms, race=race)),
        "end_ms": plain(end),
        "pit_in": into.notna().tolist(),
        "pit_out": out.notna().tolist(),
        "pit_in_ms": plain(into),
        "pit_out_ms": plain(out),
        "pit_time_ms": plain(stop.where((stop >= 0).fillna(False))),
    }


def _starts(frame: pd.DataFrame, end: pd.Series, origin_ms: int, *, race: bool) -> pd.Series:
    """A lap's start: FastF1's own, else its end less its time, else the car's end of the lap before."""
    before = end.shift().where((frame["car"] == frame["car"].shift()) & (frame["lap"] == frame["lap"].shift() + 1))
    start = durations(column(frame, "LapStartTime")) - origin_ms
    if race:
        start = start.fillna(pd.Series(0, frame.index, dtype="Int64").where(frame["lap"] == 1))
    return start.fillna(end - durations(column(frame, "LapTime"))).fillna(before)


def _left_out(rows: pd.DataFrame, rule: str) -> list[Repair]:
    records: Sequence[str] = [f"{car}/{lap}" for car, lap in zip(rows["car"], rows["lap"], strict=True)]
    return [Repair(rule, "laps", record, "lap_number", record, None, _REASONS[rule]) for record in records]
