"""Laps, pit stops and results."""

from dataclasses import dataclass
from enum import StrEnum

from racelab.domain.flags import Flag
from racelab.domain.tyres import Compound


class Quality(StrEnum):
    """How a value came to be; missing is null and has no quality."""

    MEASURED = "measured"
    REPAIRED = "repaired"
    PREDICTED = "predicted"


class StopType(StrEnum):
    """What a stop was for, as far as the source tells."""

    REGULAR = "Regular"
    DRIVER_CHANGE = "Driver change"
    DRIVE_THROUGH = "Drive-through"
    PENALTY = "Penalty"
    GARAGE = "Garage"
    RED_FLAG = "Red flag"
    UNKNOWN = "Unknown"


class ResultKind(StrEnum):
    """Whose order it is; official wins over provisional, and both are kept."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"
    ROAD = "road"


@dataclass(slots=True)
class Lap:
    """One lap of one car. Times of session count from the session's start."""

    car_number: str
    lap_number: int
    seat: int | None = None
    stint: int | None = None
    lap_time_ms: int | None = None
    s1_ms: int | None = None
    s2_ms: int | None = None
    s3_ms: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    pit_in: bool = False
    pit_out: bool = False
    pit_in_ms: int | None = None
    pit_out_ms: int | None = None
    pit_time_ms: int | None = None
    position: int | None = None
    class_position: int | None = None
    compound: Compound | None = None
    tyre_age: int | None = None
    fresh_tyre: bool | None = None
    flag: Flag | None = None
    top_speed_kph: float | None = None
    speed_i1_kph: float | None = None
    speed_i2_kph: float | None = None
    speed_fl_kph: float | None = None
    deleted: bool | None = None
    accurate: bool | None = None
    lap_type: str | None = None
    quality: Quality = Quality.MEASURED


@dataclass(frozen=True, slots=True)
class PitStop:
    """One stop; ``lap_number`` is the in-lap, ``duration_ms`` the time in the pit lane."""

    car_number: str
    lap_number: int
    in_ms: int | None = None
    out_ms: int | None = None
    duration_ms: int | None = None
    stop_type: StopType = StopType.UNKNOWN
    seat_in: int | None = None
    seat_out: int | None = None
    compound: Compound | None = None
    flag: Flag | None = None
    quality: Quality = Quality.MEASURED


@dataclass(frozen=True, slots=True)
class Result:
    """One car's classification; gaps are to the overall winner."""

    car_number: str
    kind: ResultKind = ResultKind.OFFICIAL
    position: int | None = None
    class_position: int | None = None
    status: str | None = None
    laps: int | None = None
    total_time_ms: int | None = None
    gap_ms: int | None = None
    gap_laps: int | None = None
    grid_position: int | None = None
    points: float | None = None
    best_lap_ms: int | None = None
    best_lap_number: int | None = None
    q1_ms: int | None = None
    q2_ms: int | None = None
    q3_ms: int | None = None
    penalty_ms: int | None = None
    quality: Quality = Quality.MEASURED
