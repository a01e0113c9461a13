"""What goes with a race: weather and the messages of race control."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.records import Weather
from racelab.sources.sample.incidents import Script
from racelab.sources.sample.race import Car
from racelab.sources.sample.season import Plan

# Mean and SD within a race over the weather files of the GR Cup 2025: air, track, humidity, pressure, wind.
_WEATHER = {
    "air_c": (22.0, 0.4),
    "track_c": (31.0, 0.8),
    "humidity_pct": (58.0, 1.3),
    "pressure_hpa": (993.0, 0.15),
    "wind_kph": (7.0, 2.3),
}


def weather(plan: Plan, end_ms: int, rng: np.random.Generator) -> list[Weather]:
    """A reading a minute, dry, each value wandering about the day's own mean."""
    count = end_ms // 60_000 + 1
    columns = {}
    for name, (mean, spread) in _WEATHER.items():
        day = rng.normal(mean, spread * 3)
        walk = np.cumsum(rng.normal(0, spread / 4, count))
        columns[name] = np.round(np.maximum(0.0, day + walk - walk.mean()), 1)
    wind_from = np.round((rng.uniform(0, 360) + rng.normal(0, 15, count)) % 360)
    return [
        Weather(
            time_ms=index * 60_000,
            time_utc=plan.start + timedelta(minutes=index),
            **{name: float(values[index]) for name, values in columns.items()},
            wind_direction_deg=float(wind_from[index]),
            rain=False,
        )
        for index in range(count)
    ]


def messages(
    plan: Plan, cars: Sequence[Car], script: Script, status: Sequence[TrackStatus]
) -> list[RaceControlMessage]:
    """Race control's words on flags, stopped cars and mishaps, in order of time."""
    found = [_of_status(change) for change in status]
    for car in cars:
        number = car.racer.entry.car_number
        if car.retired:
            found.append((car.end_ms, "Other", None, "Track", number, f"CAR {number} STOPPED ON TRACK"))
        for lap in car.laps:
            mishap = script.mishaps.get((number, lap.lap_number))
            if mishap is not None and mishap.kind == "spin":
                text = f"INCIDENT INVOLVING CAR {number} NOTED - LEFT THE TRACK AND REJOINED"
                found.append((int(lap.end_ms or 0), "Other", None, "Driver", number, text))
    ordered = sorted(found, key=lambda message: (message[0], message[5]))
    return [_message(plan, sequence, message) for sequence, message in enumerate(ordered, 1)]


_Words = tuple[int, str, str | None, str, str | None, str]


def _of_status(change: TrackStatus) -> _Words:
    words = {
        Flag.GREEN: "GREEN LIGHT - RACE START" if change.time_ms == 0 else "TRACK CLEAR - GREEN FLAG",
        Flag.CHEQUERED: "CHEQUERED FLAG",
    }.get(change.flag, f"{change.flag.label.upper()} DEPLOYED")
    category = "SafetyCar" if change.flag in (Flag.SAFETY_CAR, Flag.VSC, Flag.FCY) else "Flag"
    flag = change.flag.value.upper() if category == "Flag" else None
    return change.time_ms, category, flag, "Track", None, words


def _message(plan: Plan, sequence: int, words: _Words) -> RaceControlMessage:
    time_ms, category, flag, scope, number, text = words
    moment = plan.start + timedelta(milliseconds=time_ms)
    return RaceControlMessage(
        sequence, text, time_ms, moment, category=category, flag=flag, scope=scope, car_number=number
    )
