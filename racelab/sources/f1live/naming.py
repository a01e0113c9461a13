"""Which session a feed or a recording is: from its SessionInfo, or from the calendar by its time."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from racelab.domain.series import Series
from racelab.domain.sessions import Event, Session, SessionKey, read_code
from racelab.errors import BadInput
from racelab.sources.f1live import specification as spec
from racelab.sources.f1live.values import epoch_ms, instant, part, stamp_ms, text, whole
from racelab.sources.hints import Hints
from racelab.sources.timing71.naming import unknown_round

# A session lies within this many days before the day of its race, or on it.
_WEEKEND_DAYS = 5
# A recording that does not name its session began within these of the scheduled start.
_BEFORE, _AFTER = timedelta(hours=1), timedelta(hours=3)
# A session is moved by hours; the next one of its kind is days away.
_FAR_MS = 36 * 3_600_000


@dataclass(frozen=True, slots=True)
class Meeting:
    """A round of the Formula 1 calendar and the scheduled starts (UTC) of its sessions by their code."""

    season: int
    round: int
    event: Event
    race_day: datetime
    starts: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Name:
    """A session's key and event, and its scheduled start and length (ms) where they are known."""

    key: SessionKey
    event: Event
    start_ms: int | None = None
    length_ms: int | None = None


@cache
def meetings() -> tuple[Meeting, ...]:
    """The rounds of the seasons from 2018 on, from the calendar that FastF1 publishes."""
    table = files("racelab.sources").joinpath("calendars", "f1.csv").read_text(encoding="utf-8")
    return tuple(
        Meeting(
            int(row["season"]), int(row["round"]), Event(row["name"], row["location"], row["country"]),
            datetime.fromisoformat(row["date"]).replace(tzinfo=UTC),
            {code: datetime.fromisoformat(at) for code, _, at in (one.partition("@") for one in row["sessions"].split())},
        )
        for row in csv.DictReader(table.splitlines())
    )  # fmt: skip


def name_session(info: Any, first: datetime, label: str, hints: Hints) -> Name:
    """The session that SessionInfo names; without one, the scheduled session that was on at ``first``.

    Raises:
        BadInput: neither tells the session.
    """
    if not isinstance(info, dict) or text(info.get("Name")) is None:
        return _by_time(first, label)
    start_ms = scheduled_ms(info)
    began = instant(start_ms) if start_ms is not None else first
    season = hints.season or began.year
    code = _code(str(info["Name"]), season)
    if code is None:
        raise BadInput(f"{label}: no session of Formula 1 is called {str(info['Name'])[:60]!r}")
    meeting = part(info, "Meeting")
    name = hints.event or text(part(meeting, "Name")) or "Formula 1"
    held = _meeting(began, code)
    number = held.round if held else whole(part(meeting, "Number"), 99) or unknown_round(name)
    circuit = text(part(part(meeting, "Circuit"), "ShortName"))
    country = text(part(part(meeting, "Country"), "Name"))
    event = Event(name, hints.circuit or circuit or text(part(meeting, "Location")), country)
    return Name(SessionKey(Series.F1, season, number, code), event, start_ms, _length(info, start_ms, code))


def is_of(info: Any, session: Session) -> bool:
    """Whether a SessionInfo names a session: its kind, about when the calendar has it; what it does not tell fits."""
    name, start_ms = text(part(info, "Name")), scheduled_ms(info)
    code = _code(name, session.key.season) if name is not None else None
    if code is not None and code != session.key.code:
        return False
    return start_ms is None or session.start_utc is None or abs(start_ms - epoch_ms(session.start_utc)) <= _FAR_MS


def scheduled_ms(info: Any) -> int | None:
    """The scheduled start (ms since 1970) in a SessionInfo: its StartDate is local time."""
    return _local_ms(part(info, "StartDate"), part(info, "GmtOffset"))


def _length(info: dict[str, Any], start_ms: int | None, code: str) -> int | None:
    end_ms = _local_ms(info.get("EndDate"), info.get("GmtOffset"))
    # A race goes over laps; what is scheduled for it is the longest that it may take.
    if start_ms is None or end_ms is None or code in ("R", "S") or not 0 < end_ms - start_ms < 86_400_000:
        return None
    return end_ms - start_ms


def _local_ms(date: Any, offset: Any) -> int | None:
    at = stamp_ms(date)
    words = text(offset)
    if at is None or words is None:
        return None
    sign = -1 if words.startswith("-") else 1
    parts = words.lstrip("+-").split(":")
    if len(parts) < 2 or not all(part.isascii() and part.isdecimal() and len(part) == 2 for part in parts):
        return None
    return at - sign * (int(parts[0]) * 3600 + int(parts[1]) * 60) * 1000


def _code(name: str, season: int) -> str | None:
    words = " ".join(name.split())
    if words == "Sprint Qualifying" and season < spec.FIRST_SPRINT_QUALIFYING:
        return "S"
    known = spec.SESSION_CODES.get(words)
    if known is not None:
        return known
    try:
        return read_code(words)
    except ValueError:
        return None


def _meeting(began: datetime, code: str) -> Meeting | None:
    """The calendar's round to whose days the session belongs."""
    for held in meetings():
        before = held.race_day + timedelta(days=1) - began
        if code in held.starts and timedelta(0) <= before <= timedelta(days=_WEEKEND_DAYS):
            return held
    return None


def _by_time(first: datetime, label: str) -> Name:
    near = [
        (abs(start - first), held, code, start)
        for held in meetings()
        for code, start in held.starts.items()
        if -_BEFORE <= first - start <= _AFTER
    ]
    if not near:
        raise BadInput(
            f"{label}: no SessionInfo in it, and no session of Formula 1 was scheduled at {first:%Y-%m-%d %H:%M} UTC"
        )
    _, held, code, start = min(near, key=lambda one: one[0])
    return Name(SessionKey(Series.F1, held.season, held.round, code), held.event, epoch_ms(start))
