"""Weather files to readings in metric units."""

from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite

from racelab.domain.records import Repair, Weather
from racelab.errors import BadInput
from racelab.sources.alkamel import specification as spec
from racelab.sources.textfile import TextTable

_HPA_PER_INHG = 33.863_886_666_7
_KPH_PER_MPH = 1.609_344
# A surface sensor that says the same at every reading, outside these temperatures, is broken or not there.
_TRACK_C = (0.0, 70.0)
_STUCK_READINGS = 20


def first_reading(table: TextTable) -> datetime | None:
    """The instant of the first reading, or None in a file without any."""
    rows = list(table.records())
    return _instant(table, *rows[0]) if rows else None


def read_weather(table: TextTable, start: datetime | None) -> tuple[list[Weather], list[Repair]]:
    """The readings in order of time, and the repairs they needed.

    Session time counts from ``start``, or from the first reading where the start is not known.

    Raises:
        BadInput: a value is not a number.
    """
    readings: dict[int, Weather] = {}
    for line, row in table.records():
        moment = _instant(table, line, row)
        start = start or moment
        try:
            reading = _reading(row, moment, start)
        except ValueError as error:
            raise BadInput(f"{table.path}, line {line}: {error}: the file is damaged, fetch it again") from error
        readings[reading.time_ms] = reading
    return _without_stuck_track([readings[time] for time in sorted(readings)])


def _instant(table: TextTable, line: int, row: dict[str, str]) -> datetime:
    try:
        return datetime.fromtimestamp(int(row["TIME_UTC_SECONDS"]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{table.path}, line {line}: {error}: the file is damaged, fetch it again") from error


def _reading(row: dict[str, str], moment: datetime, start: datetime) -> Weather:
    pressure = _number(row, "PRESSURE")
    imperial = pressure is not None and pressure < spec.MAX_INCHES
    wind, rain = _number(row, "WIND_SPEED"), _number(row, "RAIN")
    return Weather(
        time_ms=round((moment - start).total_seconds() * 1000),
        time_utc=moment,
        air_c=_celsius(_number(row, "AIR_TEMP"), imperial),
        track_c=_celsius(_number(row, "TRACK_TEMP"), imperial),
        humidity_pct=_number(row, "HUMIDITY"),
        pressure_hpa=_scaled(pressure, _HPA_PER_INHG, imperial),
        wind_kph=_scaled(wind, _KPH_PER_MPH, imperial),
        wind_direction_deg=_number(row, "WIND_DIRECTION"),
        rain=None if rain is None or rain < 0 else rain > 0,
    )


def _without_stuck_track(readings: list[Weather]) -> tuple[list[Weather], list[Repair]]:
    values = {reading.track_c for reading in readings}
    value = next(iter(values), None)
    if len(values) != 1 or value is None or len(readings) < _STUCK_READINGS or _TRACK_C[0] < value < _TRACK_C[1]:
        return readings, []
    reason = f"the track sensor says the same in all {len(readings)} readings; its readings are left out"
    kept = [replace(reading, track_c=None) for reading in readings]
    return kept, [Repair("stuck_sensor", "weather", "all readings", "track_c", str(value), None, reason)]


def _number(row: dict[str, str], name: str) -> float | None:
    text = row.get(name, "")
    value = float(text) if text else None
    if value is not None and not isfinite(value):
        raise ValueError(f"{name} {text!r} is no number")
    return value


def _celsius(value: float | None, fahrenheit: bool) -> float | None:
    if value is None:
        return None
    return round((value - 32) / 1.8 if fahrenheit else value, 2)


def _scaled(value: float | None, factor: float, imperial: bool) -> float | None:
    if value is None:
        return None
    return round(value * factor if imperial else value, 2)
