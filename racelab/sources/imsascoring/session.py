"""What the files say of the session as a whole: whose it is, clock, flag, status."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from racelab.domain.flags import Flag, SessionStatus, TrackStatus
from racelab.domain.records import Clock, Record
from racelab.domain.sessions import Session
from racelab.sources.imsascoring import specification as spec
from racelab.sources.imsascoring.values import clock_ms, count, text

STARTED, ABORTED, RESUMED, FINISHED = "started", "aborted", "resumed", "finished"
_DAY_MS = 86_400_000
# A time told so long ago is not counted on; one told so lately is taken as it is, as the files come one after another.
_FRESH, _LONGEST = timedelta(seconds=5), timedelta(seconds=60)
# A clock that goes back by less than this is an older file, by more another session's start.
_BACK_MS = 600_000
_LAST_MS = 60_000


@dataclass(slots=True)
class SessionClock:
    """Session time: what the race clock showed last, and the time since then."""

    session: Session
    elapsed_ms: int | None = None
    told_at: datetime | None = None

    def told(self, elapsed_ms: int, at: datetime) -> bool:
        """The race clock shows this; false where the file is older than the one before."""
        if self.elapsed_ms is not None and 0 < self.elapsed_ms - elapsed_ms < _BACK_MS:
            return False
        self.elapsed_ms, self.told_at = elapsed_ms, at
        return True

    def since(self, at: datetime) -> int | None:
        """The session time (ms) at an instant of ours; None where nothing tells it."""
        if self.elapsed_ms is None or self.told_at is None:
            start = self.session.start_utc
            return None if start is None else (at - start) // timedelta(milliseconds=1)
        passed = at - self.told_at
        if self.elapsed_ms == 0 or not _FRESH <= passed <= _LONGEST:
            return self.elapsed_ms
        return self.elapsed_ms + passed // timedelta(milliseconds=1)


@dataclass(slots=True)
class SessionTrack:
    """Remembers what was said, so that only changes become records."""

    session: Session
    clock: SessionClock = field(init=False)
    flag: Flag | None = None
    is_ours: bool = False
    is_old: bool = False
    started: bool = False
    finished: bool = False
    _has_code: bool = False
    _has_elapsed: bool = False
    _shown: tuple[int | None, int | None] = (None, None)
    _times: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = SessionClock(self.session)

    def is_wanted(self, name: Any) -> bool:
        """Whether a session's name is that of the session that is followed: its series, and its kind where it says so."""
        words = (text(name) or "").casefold()
        prefix = spec.SERIES.get(self.session.key.series, "").casefold()
        if not words or not words.startswith(prefix):
            return False
        rest = words[len(prefix) :]
        kind = next((code for word, code in spec.KINDS if word in rest), None)
        own = self.session.key.code.rstrip("1234")
        if kind is None or kind != own:
            return kind is None
        number = next((one for one in rest if one.isdecimal()), None)
        return number is None or self.session.key.code == own or self.session.key.code == own + number

    def is_late(self, file: str, value: Any) -> bool:
        """Whether a file's own time of day has gone back: a copy older than the one before."""
        shown = clock_ms(value)
        if shown is None:
            return False
        before = self._times.setdefault(file, shown)
        if (shown - before) % _DAY_MS > _DAY_MS // 2:
            return True
        self._times[file] = shown
        return False

    def read_info(self, content: dict[str, Any], at: datetime) -> Iterator[Record]:
        """Records of SessionInfo."""
        self.is_ours = self.is_wanted(content.get(spec.SESSION))
        if not self.is_ours:
            return
        elapsed, remaining = clock_ms(content.get(spec.ELAPSED)), clock_ms(content.get(spec.REMAINING))
        if elapsed is not None:
            if self._is_ahead(elapsed, at):
                return
            self._has_elapsed = True
            if not self.clock.told(elapsed, at):
                return
        yield from self._clock(remaining, at)
        if not self._has_code:
            words = (text(content.get(spec.FLAG_TEXT)) or "").casefold()
            yield from self._flags(spec.FLAG_TEXTS.get(words), at)

    def read_data(self, content: dict[str, Any], at: datetime) -> Iterator[Record]:
        """Records of RaceData, which names no session: it belongs to the one that the other files name."""
        if not self.is_ours or self.is_late(spec.DATA, content.get(spec.DATA_TIME)):
            return
        flag = spec.FLAGS.get(count(content.get(spec.FLAG_CODE), 99) or 0)
        states = [text(content.get(key)) for key in (spec.STATE, spec.TO_GO)]
        is_complete = any(words is not None and words.casefold() == spec.COMPLETE for words in states)
        # Before the session begins the files may still hold the one before it, under the same name.
        self.is_old = (is_complete or flag is Flag.CHEQUERED) and not self.started and self._is_early(at)
        if self.is_old:
            # Its time of day says nothing about the files that come.
            self._times.clear()
            return
        self._has_code = True
        to_go = next((found for found in map(clock_ms, states) if found is not None), None)
        if not is_complete:
            yield from self._clock(to_go, at)
        yield from self._flags(flag or (Flag.CHEQUERED if is_complete and self._runs_out else None), at)

    def _is_early(self, at: datetime) -> bool:
        """Whether it is too early for the session to be over: it may begin late, and who joins late sees its end."""
        start, half = self.session.start_utc, (self.session.scheduled_ms or 0) // 2
        return start is not None and at < start + timedelta(milliseconds=half)

    def _is_ahead(self, elapsed_ms: int, at: datetime) -> bool:
        """Whether a clock is far on although the session cannot have run so long: it is that of the one before it."""
        start = self.session.start_utc
        if self.started or start is None:
            return False
        return elapsed_ms >= max((at - start) // timedelta(milliseconds=1), 0) + _BACK_MS

    @property
    def _runs_out(self) -> bool:
        """Whether the session had less than a minute to go: only then an empty file means its end."""
        remaining = self._shown[1]
        return self.started and remaining is not None and remaining <= _LAST_MS

    def _clock(self, remaining: int | None, at: datetime) -> Iterator[Record]:
        length = self.session.scheduled_ms
        if not self._has_elapsed and remaining is not None and length is not None and remaining <= length:
            self.clock.told(length - remaining, at)
        elapsed = self.clock.elapsed_ms
        if (elapsed, remaining) != self._shown and (elapsed, remaining) != (None, None):
            self._shown = (elapsed, remaining)
            yield Clock(self.clock.since(at) or 0, elapsed, remaining)
        start = self.session.start_utc
        # A clock that is far on before the session begins is that of the session before it.
        if elapsed and (start is None or at >= start or elapsed < _BACK_MS):
            yield from self.start(at)

    def start(self, at: datetime) -> Iterator[Record]:
        """The session is under way: its clock runs, or laps are counted."""
        if not self.started and not self.is_old:
            self.started = True
            yield SessionStatus(self.clock.since(at) or 0, STARTED)

    def _flags(self, flag: Flag | None, at: datetime) -> Iterator[Record]:
        if flag is None or flag == self.flag or (self.finished and self.session.key.is_race):
            return
        before, self.flag = self.flag, flag
        time_ms = self.clock.since(at) or 0
        yield TrackStatus(time_ms, flag)
        if flag is Flag.CHEQUERED:
            self.finished = True
            yield SessionStatus(time_ms, FINISHED)
        elif flag is Flag.RED and self.started:
            yield SessionStatus(time_ms, ABORTED)
        elif before is Flag.RED and self.started:
            yield SessionStatus(time_ms, RESUMED)
