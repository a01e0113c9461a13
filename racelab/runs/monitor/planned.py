"""A race as the calendar plans it, and when the monitor must look at it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey, code_name
from racelab.live.identity import LiveSession

# A start that nobody verified: one from a folder's stamp may be an hour off, without one the race is looked for
# between these hours of its local day.
_STAMP_OFF = timedelta(hours=1)
_EARLIEST, _LATEST = time(8), time(20)
# Formula 1 schedules laps; the longest that they may take without stops of the clock.
_F1_LENGTH = {"R": timedelta(hours=2), "S": timedelta(hours=1)}
VERIFIED = frozenset({"laps", "recording", "timetable", "user"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A race to come or past; ``day`` is its local day, ``start_by`` what its start rests on (see `sources.calendar`)."""

    live: LiveSession
    day: date
    start_by: str | None
    source: str

    @property
    def key(self) -> SessionKey:
        """What names the session."""
        return self.live.key

    @property
    def name(self) -> str:
        """The race in words: series, season, event, session."""
        key = self.key
        return f"{key.series.label} {key.season} {self.live.event.name}, {code_name(key.code)}"

    @property
    def start(self) -> datetime | None:
        """The scheduled start, verified or not."""
        return self.live.session.start_utc

    @property
    def is_verified(self) -> bool:
        """Whether the start can be trusted."""
        return self.start is not None and self.start_by in VERIFIED

    @property
    def length(self) -> timedelta:
        """How long it is to take, by the race clock."""
        scheduled = self.live.session.scheduled_ms
        if scheduled is not None:
            return timedelta(milliseconds=scheduled)
        return _F1_LENGTH.get(self.key.code, timedelta(hours=2))

    @property
    def earliest(self) -> datetime:
        """The earliest instant at which it may start."""
        return self._on_day(_EARLIEST) if self.start is None else self.start - self._doubt

    @property
    def latest(self) -> datetime:
        """The latest instant at which it is to start."""
        return self._on_day(_LATEST) if self.start is None else self.start + self._doubt

    def notice(self) -> str | None:
        """What is doubtful about the start, and what to do about it; None where nothing is."""
        if self.is_verified:
            return None
        where = f"write it into data/calendars/{self.key.series.value}.csv"
        if self.start is None:
            return f"{self.name} on {self.day}: no verified start; it is looked for from {self.earliest:%Y-%m-%d %H:%M} UTC on; {where}"
        return (
            f"{self.name}: the start at {self.start:%Y-%m-%d %H:%M} UTC is not verified and may be an hour off; {where}"
        )

    @property
    def _doubt(self) -> timedelta:
        return timedelta(0) if self.is_verified else _STAMP_OFF

    def _on_day(self, hour: time) -> datetime:
        zone = ZoneInfo(self.live.event.timezone) if self.live.event.timezone else UTC
        return datetime.combine(self.day, hour, zone).astimezone(UTC)


def is_watched(planned: Planned, series: frozenset[Series]) -> bool:
    """Whether the monitor follows it: a race of one of these series."""
    return planned.key.series in series and planned.key.is_race
