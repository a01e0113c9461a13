"""Telemetry: car data and positions of every car as rows of one frame."""

from collections.abc import Mapping

import pandas as pd

from racelab.sources.f1.clock import Clock
from racelab.sources.f1.columns import column, numbers, texts, wholes
from racelab.sources.f1.specification import CAR_CHANNELS, POSITION_CHANNELS, POSITION_UNITS_PER_M

_WHOLE = frozenset({"rpm", "gear", "drs"})


def make_telemetry(
    car_data: Mapping[str, pd.DataFrame], positions: Mapping[str, pd.DataFrame], clock: Clock
) -> pd.DataFrame | None:
    """Every sample, by car, kind and time; None where there is none.

    Columns: car_number, kind (car or position), time_ms since the start, speed_kph, rpm, gear, throttle_pct,
    brake_pct (0 or 100: FastF1 knows on and off), drs, x_m, y_m, z_m (FastF1: 1/10 m), status.
    """
    parts = [_car(number, frame, clock) for number, frame in car_data.items()]
    parts += [_position(number, frame, clock) for number, frame in positions.items()]
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    return pd.concat(parts, ignore_index=True).sort_values(["car_number", "kind", "time_ms"], ignore_index=True)


def _car(number: str, frame: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    found = _samples(number, "car", frame, clock)
    for key, name in CAR_CHANNELS.items():
        values = column(frame, name)
        if key == "brake_pct":
            values = values.astype("float64") * 100.0
        found[key] = wholes(values) if key in _WHOLE else numbers(values)
    return _one_a_moment(found)


def _position(number: str, frame: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    found = _samples(number, "position", frame, clock)
    for key, name in POSITION_CHANNELS.items():
        found[key] = numbers(column(frame, name)) / POSITION_UNITS_PER_M
    found["status"] = texts(column(frame, "Status"))
    return _one_a_moment(found)


def _samples(number: str, kind: str, frame: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    return pd.DataFrame(
        {"car_number": str(number), "kind": kind, "time_ms": clock.session_ms(column(frame, "SessionTime"))},
        index=frame.index,
    )


def _one_a_moment(found: pd.DataFrame) -> pd.DataFrame:
    return found.dropna(subset=["time_ms"]).drop_duplicates("time_ms", keep="last")
