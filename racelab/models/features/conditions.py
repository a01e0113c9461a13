"""What a race tells of a lap beside its times: the hour of the day, the weather and who drives."""

import numpy as np
import pandas as pd

from racelab.models.features.earlier import Floats
from racelab.models.features.race import Race

CONDITIONS = ("hour", "is_night", "air_c", "track_c", "track_change", "is_wet", "driver_rating", "top_speed_loss")
# Without the sun's place: about when the headlamps matter between spring and autumn, where endurance races are driven.
_NIGHT = (21.0, 6.0)
_OLD_MS = 1_800_000  # a reading says nothing of what is half an hour later
_BACK_MS = 900_000  # over which the track's change is taken: about ten laps, whose pace the base is
_READINGS = ("air_c", "track_c", "rain")
RATINGS = {"Bronze": 1.0, "Silver": 2.0, "Gold": 3.0, "Platinum": 4.0, "Platinium": 4.0}


def conditions(the: Race, asked: np.ndarray, weather: pd.DataFrame | None) -> dict[str, Floats]:
    """Of each lap, as known when it begins; null where nothing tells it.

    Args:
        the: the race; its laps may have ``begins_h`` (the hour of the day at time 0, at the circuit) and ``driver_rating``.
        asked: positions of the laps to be described.
        weather: readings of the session.

    Returns:
        ``hour`` of the day (0 to 24), ``is_night`` (0 or 1), ``air_c`` and ``track_c`` of the newest reading,
        ``track_change`` in °C over 15 minutes, ``is_wet`` (1 where the station told rain), ``driver_rating`` (1 bronze
        to 4 platinum).
    """
    start = the.start[asked]
    hour = (_told(the, asked, "begins_h") + start / 3.6e6) % 24
    night = np.where(np.isfinite(hour), ((hour >= _NIGHT[0]) | (hour < _NIGHT[1])).astype(float), np.nan)
    air, track, rain = _readings(weather, start)
    before = _readings(weather, start - _BACK_MS)[1]
    return {
        "hour": hour, "is_night": night, "air_c": air, "track_c": track, "track_change": track - before, "is_wet": rain,
        "driver_rating": _told(the, asked, "driver_rating"),
    }  # fmt: skip


def _told(the: Race, asked: np.ndarray, name: str) -> Floats:
    if name not in the.laps:
        return np.full(len(asked), np.nan)
    return np.asarray(the.laps[name].to_numpy(dtype="float64", na_value=np.nan)[asked])


def _readings(weather: pd.DataFrame | None, at: np.ndarray) -> Floats:
    """The newest reading of each kind at each moment, a row a kind; NaN where there is none of the last half hour."""
    if weather is None or weather.empty:
        return np.full((len(_READINGS), len(at)), np.nan)
    held = weather.sort_values("time_ms")
    times = held["time_ms"].to_numpy(dtype=np.int64)
    place = np.searchsorted(times, at, side="right") - 1
    fresh = (place >= 0) & (at - times[np.clip(place, 0, None)] <= _OLD_MS)
    values = held[list(_READINGS)].to_numpy(dtype="float64", na_value=np.nan)[np.clip(place, 0, None)]
    return np.where(fresh[:, None], values, np.nan).T
