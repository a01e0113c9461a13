"""What changes beside the cars: weather, track and session status, race control."""

from typing import Any

import pandas as pd

from racelab.domain.flags import RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.records import Weather
from racelab.domain.time import to_utc
from racelab.sources.f1.clock import Clock
from racelab.sources.f1.columns import car_numbers, column, numbers, plain, texts, truths, wholes
from racelab.sources.f1.specification import FLAGS, KPH_PER_MPS


def make_weather(frame: pd.DataFrame, clock: Clock) -> list[Weather]:
    """The station's readings, one a minute; wind in km/h (FastF1: m/s)."""
    frame = _timed(frame, clock, ["time_ms"])
    sensors = {
        "air_c": numbers(column(frame, "AirTemp")),
        "track_c": numbers(column(frame, "TrackTemp")),
        "humidity_pct": _not_zero(column(frame, "Humidity")),
        "pressure_hpa": _not_zero(column(frame, "Pressure")),
        "wind_kph": (numbers(column(frame, "WindSpeed")) * KPH_PER_MPS).round(2),
        "wind_direction_deg": numbers(column(frame, "WindDirection")),
    }
    rain = truths(column(frame, "Rainfall"))
    columns: dict[str, list[Any]] = {key: plain(values) for key, values in sensors.items()}
    return [
        Weather(time, clock.utc(time), rain=rain[row], **{key: values[row] for key, values in columns.items()})
        for row, time in enumerate(plain(column(frame, "time_ms")))
    ]


def make_track_status(frame: pd.DataFrame, clock: Clock) -> list[TrackStatus]:
    """The changes of the track's flag; codes without a meaning are left out."""
    frame = _timed(frame, clock, ["time_ms"])
    rows = zip(
        plain(column(frame, "time_ms")), texts(column(frame, "Status")), texts(column(frame, "Message")), strict=True
    )
    return [TrackStatus(time, FLAGS[code], message) for time, code, message in rows if code in FLAGS]


def make_session_status(frame: pd.DataFrame, clock: Clock) -> list[SessionStatus]:
    """The changes of the session's own state, in lower case: inactive, started, aborted, finished, finalised, ends."""
    frame = _timed(frame, clock, ["time_ms", "Status"])
    rows = zip(plain(column(frame, "time_ms")), texts(column(frame, "Status")), strict=True)
    return [SessionStatus(time, status.lower()) for time, status in rows if status is not None]


def make_race_control(frame: pd.DataFrame, clock: Clock) -> list[RaceControlMessage]:
    """Race control's messages in their order; session time is None where the start is only scheduled."""
    names = ("Message", "Category", "Flag", "Scope")
    words = [texts(column(frame, name)) for name in names]
    moments = [None if pd.isna(moment) else to_utc(moment.to_pydatetime()) for moment in column(frame, "Time")]
    counts = [plain(wholes(column(frame, name))) for name in ("Lap", "Sector")]
    rows = zip(*words, moments, *counts, car_numbers(column(frame, "RacingNumber")), strict=True)
    made: list[RaceControlMessage] = []
    for text, category, flag, scope, moment, lap, sector, number in rows:
        if text is not None:
            time_ms = clock.since_start(moment) if moment is not None else None
            made.append(
                RaceControlMessage(len(made) + 1, text, time_ms, moment, lap, category, flag, scope, sector, number)
            )
    return made


def _timed(frame: pd.DataFrame, clock: Clock, unique: list[str]) -> pd.DataFrame:
    """Rows with a time, in order of time; of rows that say the same key twice the last one stands."""
    if "Time" not in frame.columns:
        return pd.DataFrame({"time_ms": []})
    frame = frame.assign(time_ms=clock.session_ms(frame["Time"])).dropna(subset=["time_ms"])
    return frame.sort_values("time_ms", kind="stable").drop_duplicates(unique, keep="last")


def _not_zero(values: pd.Series) -> pd.Series:
    # FastF1 writes 0 for a reading that it could not read; neither air pressure nor humidity is ever 0.
    found = numbers(values)
    return found.where((found != 0).fillna(False))
