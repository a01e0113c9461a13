"""What a state says of the session as a whole: clock, flag, status and weather."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.records import Clock, Record
from racelab.sources.timing71 import specification as spec
from racelab.sources.timing71.values import count, number
from racelab.sources.timing71.weather import read_weather

STARTED, ABORTED, RESUMED, FINISHED = "started", "aborted", "resumed", "finished"


def start_of(frame: Frame) -> datetime | None:
    """The instant at which the session's clock was zero, or None while it has not started."""
    session = frame.payload["session"]
    elapsed = number(session.get("timeElapsed"))
    if elapsed is not None and 0 <= elapsed < 10_000_000:
        return frame.received_at - timedelta(seconds=elapsed)
    return frame.received_at if spec.FLAGS.get(str(session.get("flagState"))) else None


def scheduled(session: dict[str, Any]) -> tuple[int | None, int | None]:
    """The session's length in ms by its clock, or else in laps, from a state near its start."""
    elapsed, remaining = _millis(session.get("timeElapsed")), _millis(session.get("timeRemain"))
    if remaining:
        return round((remaining + (elapsed or 0)) / 1000) * 1000, None
    return None, count(session.get("lapsRemain"))


@dataclass(slots=True)
class SessionTrack:
    """Remembers what was said, so that only changes become records."""

    weather_names: Any
    flag: Flag | None = None
    started: bool = False
    finished: bool = False
    _clock: tuple[Any, ...] = ()
    _weather: Any = None

    def read(self, session: dict[str, Any], time_ms: int, running: bool) -> Iterator[Record]:
        """Records of what changed in the session since the state before."""
        shown = tuple(session.get(key) for key in ("timeElapsed", "timeRemain", "lapsRemain"))
        if shown != self._clock:
            self._clock = shown
            elapsed, remaining = (_millis(value) for value in shown[:2])
            yield Clock(time_ms, elapsed, remaining, count(shown[2]))
        if running and not self.started:
            self.started = True
            yield SessionStatus(time_ms, STARTED)
        yield from self._flags(spec.FLAGS.get(str(session.get("flagState"))), time_ms)
        cells = session.get("trackData")
        if cells != self._weather:
            self._weather = cells
            weather = read_weather(self.weather_names, cells, time_ms)
            if weather is not None:
                yield weather

    def _flags(self, flag: Flag | None, time_ms: int) -> Iterator[Record]:
        if flag is None or flag == self.flag:
            return
        before, self.flag = self.flag, flag
        yield TrackStatus(time_ms, flag)
        if flag is Flag.CHEQUERED and not self.finished:
            self.finished = True
            yield SessionStatus(time_ms, FINISHED)
        elif flag is Flag.RED:
            yield SessionStatus(time_ms, ABORTED)
        elif before is Flag.RED:
            yield SessionStatus(time_ms, RESUMED)


def _millis(value: Any) -> int | None:
    seconds = number(value)
    return round(seconds * 1000) if seconds is not None and 0 <= seconds < 10_000_000 else None
