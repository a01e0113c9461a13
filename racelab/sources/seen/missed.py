"""Names for what happened and nobody told."""

from racelab.domain.records import Repair


def missed_lap(car_number: str, first: int, last: int, reason: str) -> Repair:
    """The name of one lap, or of a row of laps, that no frame tells."""
    laps = f"{first}" if first == last else f"{first}-{last}"
    return Repair("missed_lap", "laps", f"{car_number}/{laps}", "lap_time_ms", None, None, reason)


def missed_stop(car_number: str, first: int, last: int, reason: str) -> Repair:
    """The name of a stop on one of these laps that no frame tells."""
    laps = f"{first}" if first == last else f"{first}-{last}"
    return Repair("missed_stop", "pit_stops", f"{car_number}/{laps}", "lap_number", None, None, reason)
