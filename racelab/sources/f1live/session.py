"""The session as a whole: its start, status, flag, clock and weather."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from racelab.domain.flags import SessionStatus, TrackStatus
from racelab.domain.records import Clock, Record, Weather
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.merge import items, merged
from racelab.sources.f1live.naming import scheduled_ms
from racelab.sources.f1live.track import Track
from racelab.sources.f1live.values import duration_ms, instant, number, part, stamp_ms, text, whole

_WEATHER = {
    "air_c": ("AirTemp", 1.0, -30, 60), "track_c": ("TrackTemp", 1.0, -30, 90), "humidity_pct": ("Humidity", 1.0, 0.1, 100),
    "pressure_hpa": ("Pressure", 1.0, 500, 1100), "wind_kph": ("WindSpeed", spec.KPH_PER_MPS, 0, 250),
    "wind_direction_deg": ("WindDirection", 1.0, 0, 360),
}  # fmt: skip


@dataclass(slots=True)
class SessionTrack:
    """What was said of the session so far; instants are ms since 1970.

    ``planned`` is the scheduled start, ``over_at`` when it was finished, ``is_flagged`` whether a race's
    chequered flag was shown, ``total_laps`` its length, ``parts`` when each part of a qualifying began.
    """

    track: Track
    info: dict[str, Any] = field(default_factory=dict)
    planned: int | None = None
    over_at: int | None = None
    total_laps: int | None = None
    status: str | None = None
    is_flagged: bool = False
    parts: dict[int, int] = field(default_factory=dict)
    _is_aborted: bool = False
    _code: str | None = None
    _seen: set[tuple[str, int]] = field(default_factory=set)
    _shown: dict[str, Any] = field(default_factory=dict)
    _clock: tuple[int, int, bool] | None = None
    _second: int = 0

    def time_ms(self, at: int) -> int:
        """Session time; before the start is known it counts towards the schedule and stays below 0."""
        if self.track.start is not None:
            return at - self.track.start
        return min(at - self.planned, 0) if self.planned is not None else 0

    def read_info(self, content: Any) -> None:
        """Take what names and schedules the session."""
        if isinstance(content, dict):
            self.info = merged(self.info, content)
            self.planned = scheduled_ms(self.info) or self.planned
            kind = text(self.info.get("Type"))
            self.track.is_race = self.track.is_race if kind is None else kind == "Race"

    def read_data(self, content: Any) -> Iterator[Record]:
        """The history of statuses and of qualifying's parts: whole after joining, else the newest one."""
        for _, told in items(part(content, "Series")):
            number, at = whole(part(told, "QualifyingPart"), 9), stamp_ms(part(told, "Utc"))
            if number and at is not None:
                self.parts[number] = at
        for _, told in items(part(content, "StatusSeries")):
            at = stamp_ms(part(told, "Utc"))
            if at is None:
                continue
            if (status := text(part(told, "SessionStatus"))) is not None:
                yield from self.become(status, at)
            if (name := text(part(told, "TrackStatus"))) is not None:
                yield from self.show(spec.TRACK_CODES.get(name), at, name)

    def become(self, status: str | None, at: int) -> Iterator[Record]:
        """The session's own status changes."""
        now = (status or "").lower()
        # The stream and the history tell the same change, up to a second apart; a joined state tells it at any time.
        if not now or now == self.status or any((now, at // 1000 + near) in self._seen for near in (-1, 0, 1)):
            return
        self._seen.add((now, at // 1000))
        self.status = now
        if now == spec.STARTED:
            if self.track.start is None:
                self.track.start = at
            elif self._is_aborted:
                self.track.restarts.append(at)
            self._is_aborted = False
            self.over_at = None if not self.track.is_race else self.over_at
        elif now == spec.ABORTED:
            self._is_aborted = True
        elif now in spec.OVER and self.over_at is None:
            self.over_at = at
        yield SessionStatus(self.time_ms(at), now)
        if now == spec.STARTED and self.track.flags and not self.track.is_race:
            # A chequered flag ended the part before; the track is again as its status says.
            yield TrackStatus(self.time_ms(at), self.track.flags[-1], spec.TRACK_NAMES.get(self._code or ""))

    def show(self, code: Any, at: int, message: str | None) -> Iterator[Record]:
        """The track's status changes; codes without a meaning are passed over."""
        if not isinstance(code, str) or code not in spec.FLAGS or code == self._code:
            return
        self._code = code
        flag = spec.FLAGS[code]
        place = bisect_right(self.track.flags_at, at)
        self.track.flags_at.insert(place, at)
        self.track.flags.insert(place, flag)
        yield TrackStatus(self.time_ms(at), flag, message)

    def read_clock(self, content: Any) -> None:
        """Take the race clock: what remains at an instant, and whether it runs."""
        self._shown = merged(self._shown, content) if isinstance(content, dict) else self._shown
        at, remaining = stamp_ms(self._shown.get("Utc")), _clock_ms(self._shown.get("Remaining"))
        if at is not None and remaining is not None:
            self._clock = at, remaining, self._shown.get("Extrapolating") is True

    def read_laps(self, content: Any) -> None:
        """Take the race's length in laps."""
        self.total_laps = whole(part(content, "TotalLaps"), spec.MOST_LAPS) or self.total_laps

    def tick(self, at: int, leader_laps: int) -> Iterator[Clock]:
        """The race clock, once in a second of the session until it is over."""
        second = at // 1000
        start = self.track.start
        if second <= self._second or start is None or at < start:
            return
        if self.over_at is not None and at > self.over_at + 1000:
            return
        self._second = second
        laps = None if self.total_laps is None or not self.track.is_race else max(self.total_laps - leader_laps, 0)
        yield Clock(at - start, at - start, self._remaining(at), laps)

    def _remaining(self, at: int) -> int | None:
        if self._clock is None:
            return None
        since, remaining, runs = self._clock
        return max(remaining - max(at - since, 0), 0) if runs else remaining

    def weather(self, content: Any, at: int) -> Weather | None:
        """A reading of the station."""
        values: dict[str, float] = {}
        for name, (key, factor, low, high) in _WEATHER.items():
            found = number(part(content, key), -1e6, 1e6)
            if found is not None and low <= found * factor <= high:
                values[name] = round(found * factor, 2)
        rain = number(part(content, "Rainfall"), 0, 1e6)
        if not values:
            return None
        return Weather(self.time_ms(at), instant(at), rain=None if rain is None else rain > 0, **values)


def _clock_ms(shown: Any) -> int | None:
    if shown == "00:00:00":
        return 0
    return duration_ms(shown)
