"""What is to be followed: the calendars of all series as planned races, and what is doubtful about them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from racelab.domain.series import Series
from racelab.domain.sessions import RACES, Event, Session, SessionKey
from racelab.errors import BadInput
from racelab.live.identity import LiveSession
from racelab.runs.monitor.planned import Planned
from racelab.settings import Settings
from racelab.sources.calendar import Round
from racelab.sources.f1live.naming import Meeting
from racelab.sources.usercalendar import BY_USER, endurance, formula1

# Notices are of races within these days.
_NOTICE_DAYS = 14
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Agenda:
    """Planned races by their start, and the lines of users' calendars that were left out."""

    planned: tuple[Planned, ...]
    problems: tuple[str, ...] = ()

    def next(self, now: datetime) -> Planned | None:
        """The first race that has not begun."""
        return next((one for one in self.planned if one.latest > now), None)

    def notices(self, now: datetime) -> list[str]:
        """Races of the next days whose start nobody verified."""
        until = now + timedelta(days=_NOTICE_DAYS)
        near = (one for one in self.planned if one.latest > now and one.earliest < until)
        return [line for one in near if (line := one.notice())]


def read_series(text: str) -> frozenset[Series]:
    """The series that a setting such as ``f1,wec,imsa`` names.

    Raises:
        BadInput: one is none.
    """
    try:
        return frozenset(Series.read(word) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise BadInput(f"RACELAB_MONITOR_SERIES: {error}") from error


def make_agenda(folder: Path, series: Iterable[Series], published: Iterable[Planned] = ()) -> Agenda:
    """The races of these series.

    Args:
        folder: where users' calendars lie.
        series: what is followed.
        published: Formula 1's races as FastF1 publishes them; they take the place of the packaged ones.
    """
    found: dict[SessionKey, Planned] = {}
    problems: list[str] = []
    for one in sorted(set(series)):
        if one is Series.F1:
            held = formula1(folder)
            packaged = [planned for meeting in held.meetings for planned in _of_meeting(meeting, held.own)]
            found |= {planned.key: planned for planned in packaged}
            found |= {each.key: each for each in published if (each.key.season, each.key.round) not in held.own}
            problems += held.problems
        else:
            told = endurance(one, folder)
            found |= {planned.key: planned for each in told.rounds for planned in _of_round(each)}
            problems += told.problems
    planned = sorted(found.values(), key=lambda each: (each.earliest, each.key.session_id))
    return Agenda(tuple(planned), tuple(dict.fromkeys(problems)))


def published_races(season: int, settings: Settings) -> list[Planned]:
    """Formula 1's races and sprints of a season as FastF1's schedule has them.

    Raises:
        SourceUnavailable: the schedule cannot be read.
    """
    from racelab.sources import f1  # imported here: FastF1 takes a second

    found = f1.find_sessions(season, "all", (), telemetry=False, settings=settings)
    return [_published(one.key, one.event_name, one.event, one.start) for one in found if one.start is not None]


def _published(key: SessionKey, name: str, row: object, start: datetime) -> Planned:
    told = {part: str(row[part]) for part in ("Location", "Country")}  # type: ignore[index]  # FastF1's Event
    event = Event(name, told["Location"], told["Country"])
    return Planned(LiveSession(event, _scheduled(key, start)), start.date(), "timetable", "FastF1's schedule")


def _of_meeting(meeting: Meeting, own: frozenset[tuple[int, int]]) -> Iterator[Planned]:
    is_own = (meeting.season, meeting.round) in own
    for code, start in meeting.starts.items():
        if code in RACES:
            key = SessionKey(Series.F1, meeting.season, meeting.round, code)
            live = LiveSession(meeting.event, _scheduled(key, start))
            source = BY_USER if is_own else "the packaged copy of FastF1's schedule"
            yield Planned(live, start.date(), BY_USER if is_own else "timetable", source)


def _of_round(told: Round) -> Iterator[Planned]:
    if told.status == CANCELLED or told.code not in RACES or not told.dates:
        return
    place = told.circuit
    key = SessionKey(told.series, told.season, told.round, told.code)
    session = Session(
        key, told.start_utc, None, told.scheduled_ms, None, place.lap_length_m, status="scheduled"
    )  # fmt: skip
    event = Event(told.name, place.name, place.country, place.timezone)
    yield Planned(LiveSession(event, session), told.dates[0], told.start_by, told.source or "the packaged calendar")


def _scheduled(key: SessionKey, start: datetime) -> Session:
    return Session(key, start, status="scheduled")
