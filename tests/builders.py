"""Small sessions made by hand, for tests that need rows but no source."""

from datetime import UTC, datetime

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result, ResultKind, StopType
from racelab.domain.records import Provenance, SessionData, Weather
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.domain.tyres import Compound

KEY = SessionKey(Series.WEC, 2024, 4, "R")
START = datetime(2024, 6, 15, 14, 0, tzinfo=UTC)


def session_data(key: SessionKey = KEY, laps: int = 3, digest: str = "one") -> SessionData:
    """Two cars, a stop, a caution: every kind of record once at least."""
    data = SessionData(
        Event("24 Hours of Le Mans", circuit="Le Mans", country="France", timezone="Europe/Paris"),
        Session(key, start_utc=START, scheduled_ms=86_400_000, lap_length_m=13_626.0),
        Provenance("test", "memory", digest, "1"),
        entries=[
            Entry("007", "HYPERCAR", team="Aston", drivers=(Driver(1, "Ann Alpha", code="ALP"), Driver(2, "Bo Beta"))),
            Entry("7", "HYPERCAR", team="Toyota", drivers=(Driver(1, "Kamui Gamma", nationality="JPN"),)),
        ],
    )
    for car, pace in (("007", 210_000), ("7", 211_000)):
        for number in range(1, laps + 1):
            end = pace * number
            thirds = {"s1_ms": 40_000, "s2_ms": 80_000, "s3_ms": pace - 120_000}
            data.laps.append(
                Lap(car, number, seat=1, stint=1, lap_time_ms=pace, start_ms=end - pace, end_ms=end, flag=Flag.GREEN,
                    compound=Compound.MEDIUM, tyre_age=number, position=1 if car == "007" else 2, **thirds)
            )  # fmt: skip
    data.pit_stops.append(PitStop("7", 2, 420_000, 480_000, 60_000, StopType.DRIVER_CHANGE, 1, 1))
    data.results += [
        Result("007", ResultKind.OFFICIAL, 1, 1, "Classified", laps, 210_000 * laps),
        Result("7", ResultKind.OFFICIAL, 2, 2, "Classified", laps, 211_000 * laps, gap_ms=1000 * laps),
    ]
    data.weather.append(Weather(0, START, air_c=20.5, rain=False))
    data.track_status += [TrackStatus(0, Flag.GREEN), TrackStatus(300_000, Flag.FCY, "debris")]
    data.session_status.append(SessionStatus(0, "started"))
    data.race_control.append(RaceControlMessage(1, "CAR 7 <b>NOTED</b>", time_ms=1000, car_number="7"))
    return data
