"""What the service says of the session as a whole: whose it is, clock, flag and status."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.records import Clock, Record
from racelab.domain.sessions import Session
from racelab.sources.alkamelddp import specification as spec
from racelab.sources.alkamelddp.timing import ServiceTime
from racelab.sources.alkamelddp.values import part, plain, stamp_ms, text, whole

STARTED, ABORTED, RESUMED, FINISHED = "started", "aborted", "resumed", "finished"
_DAY_S = 86_400
# A start is moved, and a clock wrong, by hours.
_FAR_MS = 16 * 3_600_000


def is_wanted(info: Any, session: Session) -> bool:
    """Whether what the service says of a session fits the one that is followed; what it does not say fits."""
    champ = (text(part(info, "champName")) or "").casefold()
    if champ and spec.SERIES.get(session.key.series, "") not in champ:
        return False
    names = [(text(part(info, key)) or "").casefold() for key in ("type", "name")]
    words = next((name for name in names if any(word in name for word, _ in spec.KINDS)), "")
    kind = next((code for word, code in spec.KINDS if word in words), None)
    own = session.key.code.rstrip("1234")
    if kind != own:
        return kind is None
    number = next((one for one in names[1] if one.isdecimal()), None)
    return number is None or session.key.code in (own, own + number)


def is_elsewhen(status: Any, session: Session) -> bool:
    """Whether a session began so far from when the calendar has it that it is another one, such as yesterday's."""
    began, start = stamp_ms(part(status, "startTime")), session.start_utc
    return began is not None and start is not None and abs(began - start.timestamp() * 1000) > _FAR_MS


@dataclass(slots=True)
class SessionTrack:
    """Remembers what was said, so that only changes become records."""

    time: ServiceTime = field(default_factory=ServiceTime)
    flag: Flag | None = None
    started: bool = False
    finished: bool = False
    _shown: tuple[int | None, int | None] = (None, None)

    def read(self, status: Any, at: datetime) -> Iterator[Record]:
        """Records of the session's status."""
        self.time.began(stamp_ms(part(status, "startTime")))
        now = self.time.now(at)
        time_ms = now if now is not None else 0
        flag = spec.FLAGS.get(text(plain(part(status, "currentFlag"))) or "")
        if part(status, "isSessionRunning") is True and (now is None or now >= 0):
            yield from self.start(time_ms)
        yield from self._clock(status, now)
        if flag is not None and flag != self.flag:
            yield from self._flag(flag, time_ms)
        if part(status, "isFinished") is True:
            yield from self._finish(time_ms)

    def start(self, time_ms: int) -> Iterator[Record]:
        """The session is under way."""
        if not self.started:
            self.started = True
            yield SessionStatus(time_ms, STARTED)

    def _flag(self, flag: Flag, time_ms: int) -> Iterator[Record]:
        before, self.flag = self.flag, flag
        yield TrackStatus(time_ms, flag)
        if flag is Flag.CHEQUERED:
            yield from self._finish(time_ms)
        elif flag is Flag.RED and self.started:
            yield SessionStatus(time_ms, ABORTED)
        elif before is Flag.RED and self.started:
            yield SessionStatus(time_ms, RESUMED)

    def _finish(self, time_ms: int) -> Iterator[Record]:
        if not self.finished and self.started:
            self.finished = True
            yield SessionStatus(time_ms, FINISHED)

    def _clock(self, status: Any, now: int | None) -> Iterator[Record]:
        """The race clock; how long the session is stands in seconds, or in ms where that is the only way to read it."""
        kind, laps, lap = (part(status, key) for key in ("finalType", "finalLaps", "currentLap"))
        length = whole(part(status, "finalTime"), 100 * _DAY_S * 1000) if kind == spec.BY_TIME else None
        if length is not None and length <= 2 * _DAY_S:
            length *= 1000
        remaining = max(length - now, 0) if length and now is not None and now >= 0 else None
        most, done = whole(laps, spec.LAPS_MOST), whole(lap, spec.LAPS_MOST)
        left = max(most - done, 0) if kind == spec.BY_LAPS and most and done is not None else None
        if (remaining, left) != self._shown:
            self._shown = (remaining, left)
            yield Clock(now or 0, now, remaining, left)
