"""A race of six laps, small enough to know every value."""

from datetime import UTC, datetime

from racelab.domain.entries import Driver, Entry
from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, Result, StopType
from racelab.domain.records import Provenance, Repair, SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey

KEY = SessionKey(Series.WEC, 2024, 4, "R")
START = datetime(2024, 6, 15, 14, tzinfo=UTC)


def small_race(start: datetime | None = START, code: str = "R", digest: str = "d1") -> SessionData:
    """Ferrari 50 leads Toyota 7; 007 has a lap without times; the fastest lap of 7 was deleted."""
    key = SessionKey(KEY.series, KEY.season, KEY.round, code)
    return SessionData(
        Event("24 Hours of Le Mans", circuit="Circuit de la Sarthe"),
        Session(key, start_utc=start),
        Provenance("test", "memory", digest, "1"),
        entries=[
            Entry("50", "HYPERCAR", team="Ferrari AF Corse", manufacturer="Ferrari",
                  drivers=(Driver(1, "Antonio Fuoco", nationality="ITA"), Driver(2, "Miguel Molina"))),
            Entry("7", "HYPERCAR", team="Toyota <Gazoo> Racing", manufacturer="Toyota", drivers=(Driver(1, "Mike Conway"),)),
            Entry("007"),
        ],
        laps=_laps(),
        pit_stops=[
            PitStop("50", 2, in_ms=420_250, out_ms=482_750, duration_ms=62_500, stop_type=StopType.DRIVER_CHANGE, seat_in=1, seat_out=2),
            PitStop("7", 2),
        ],
        results=[
            Result("50", position=1, class_position=1, laps=3, total_time_ms=632_000),
            Result("7", position=2, class_position=2, laps=2, gap_laps=1),
        ],
        track_status=[TrackStatus(0, Flag.GREEN), TrackStatus(300_000, Flag.SAFETY_CAR), TrackStatus(400_000, Flag.GREEN)],
        repairs=[Repair("negative_sector", "laps", "007/1", "s1_ms", "-5", None, "a sector cannot be negative")],
    )  # fmt: skip


def _laps() -> list[Lap]:
    return [
        Lap("50", 1, 1, 1, 210_123, 40_001, 80_002, 90_120, 0, 210_123, position=1, tyre_age=1, flag=Flag.GREEN),
        Lap("50", 2, 1, 1, 211_000, 41_000, 80_000, 90_000, 210_123, 421_123, pit_in=True, position=1, tyre_age=2),
        Lap("50", 3, 2, 2, 210_877, None, None, None, 421_123, 632_000, pit_out=True, position=1, tyre_age=1),
        Lap("7", 1, 1, 1, 211_500, 40_500, 80_500, 90_500, 0, 211_500, position=2),
        Lap("7", 2, 1, 1, 209_000, 40_000, 79_000, 90_000, 211_500, 424_500, pit_in=True, position=2, deleted=True),
        Lap("007", 1),
    ]
