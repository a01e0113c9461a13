"""A reading of the weather."""

from typing import Any

from racelab.domain.records import Weather
from racelab.sources.griiip import specification as spec
from racelab.sources.griiip.values import from_epoch_ms, number, text


def read_weather(item: dict[str, Any], at: int, time_ms: int) -> Weather | None:
    """The reading, at an instant in ms since 1970; None where it tells nothing.

    The pressure comes in hPa, although the service's list of units says bar.
    """
    sky, point = text(item.get(spec.SKY)), text(item.get(spec.WIND_FROM))
    degrees = spec.WIND_POINTS.index(point) * 360 / len(spec.WIND_POINTS) if point in spec.WIND_POINTS else None
    read = Weather(
        time_ms, from_epoch_ms(at),
        air_c=number(item.get(spec.AIR), -30, 60), track_c=number(item.get(spec.TRACK), -30, 90),
        humidity_pct=number(item.get(spec.HUMIDITY), 0, 100), pressure_hpa=number(item.get(spec.PRESSURE), 500, 1100),
        wind_kph=number(item.get(spec.WIND), 0, 250), wind_direction_deg=degrees,
        rain=any(word in sky.casefold() for word in spec.RAIN_WORDS) if sky else None,
    )  # fmt: skip
    told = (read.air_c, read.track_c, read.humidity_pct, read.pressure_hpa, read.wind_kph, read.rain)
    return read if any(value is not None for value in told) else None
