"""Track data as weather: what a value is comes from trackDataSpec, its unit stands in the cell."""

from typing import Any

from racelab.domain.records import Weather
from racelab.sources.timing71.values import mark, number, text

_FIELDS = {
    "air temp": "air_c", "air temperature": "air_c", "track temp": "track_c", "track temperature": "track_c",
    "humidity": "humidity_pct", "pressure": "pressure_hpa", "air pressure": "pressure_hpa", "wind speed": "wind_kph",
    "wind direction": "wind_direction_deg",
}  # fmt: skip
# Factor and offset from a unit to ours; a unit that is not listed is not guessed.
_UNITS = {
    "air_c": {"": (1.0, 0.0), "°c": (1.0, 0.0), "c": (1.0, 0.0), "°f": (5 / 9, -160 / 9), "f": (5 / 9, -160 / 9)},
    "humidity_pct": {"": (1.0, 0.0), "%": (1.0, 0.0)},
    "pressure_hpa": {"hpa": (1.0, 0.0), "mbar": (1.0, 0.0), "mb": (1.0, 0.0), "inhg": (33.8639, 0.0), "kpa": (10.0, 0.0)},
    "wind_kph": {
        "kph": (1.0, 0.0), "km/h": (1.0, 0.0), "mph": (1.609344, 0.0), "m/s": (3.6, 0.0), "mps": (3.6, 0.0),
        "kts": (1.852, 0.0), "kn": (1.852, 0.0),
    },
    "wind_direction_deg": {"": (1.0, 0.0), "°": (1.0, 0.0)},
}  # fmt: skip
_UNITS["track_c"] = _UNITS["air_c"]
_RANGES = {
    "air_c": (-30, 60), "track_c": (-30, 90), "humidity_pct": (0, 100), "pressure_hpa": (500, 1100),
    "wind_kph": (0, 250), "wind_direction_deg": (0, 360),
}  # fmt: skip


def read_weather(names: Any, cells: Any, time_ms: int) -> Weather | None:
    """The weather in a state's track data, or None where it has none that can be read."""
    if not isinstance(names, list) or not isinstance(cells, list):
        return None
    values: dict[str, float] = {}
    for name, cell in zip(names, cells, strict=False):
        field = _FIELDS.get(str(name).strip().lower())
        value = _converted(field, cell) if field else None
        if field and value is not None:
            values[field] = value
    return Weather(time_ms, **values) if values else None  # type: ignore[arg-type]  # the fields are floats


def _converted(field: str, cell: Any) -> float | None:
    value, unit = number(cell), mark(cell).strip().lower()
    if value is None and (words := text(cell)):
        # Some services write value and unit as one text, such as "21 °C".
        first, _, rest = words.partition(" ")
        value, unit = number(first), rest.strip().lower()
    rule = _UNITS[field].get(unit)
    if value is None or rule is None:
        return None
    low, high = _RANGES[field]
    found = round(value * rule[0] + rule[1], 2)
    return found if low <= found <= high else None
