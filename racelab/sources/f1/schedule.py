"""Which sessions a season has: FastF1's schedule, an event by round, name or all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any, ClassVar

import pandas as pd

from racelab import wall
from racelab.domain.records import SessionData
from racelab.domain.series import Series
from racelab.domain.sessions import SessionKey, read_code
from racelab.errors import BadInput, NotFound, SessionMissing, SourceUnavailable
from racelab.settings import Settings
from racelab.sources.f1.connection import connected, explain
from racelab.sources.f1.reader import SOURCE, read_session
from racelab.sources.f1.specification import DEFAULT_SESSIONS, FIRST_SPRINT_QUALIFYING, SESSION_NAMES
from racelab.sources.hints import Took

FIRST_SEASON = 2018
# Below this likeness (0 to 1) a name that FastF1 corrects is taken to be a mistake.
_LIKENESS = 0.7
_COMMON_WORDS = ("formula 1", "grand prix", "gp")


@dataclass(frozen=True, slots=True, eq=False)
class FoundSession:
    """A session of the schedule; `name` is FastF1's, None where the event has no such session."""

    label: str
    key: SessionKey
    name: str | None
    start: datetime | None
    event: Any
    telemetry: bool
    settings: Settings
    took: Took = field(default_factory=Took)
    source: ClassVar[str] = SOURCE

    @property
    def event_name(self) -> str:
        """The event's name in the schedule."""
        return str(self.event["EventName"])

    def read(self) -> SessionData:
        """Read it whole.

        Raises:
            SessionMissing: the event has no such session, or it has not been run yet.
            SourceUnavailable: FastF1 finds nothing usable.
        """
        if self.name is None:
            raise SessionMissing(f"{self.label} does not exist: the schedule of the event has no such session")
        if self.start is not None and self.start > wall.now():
            raise SessionMissing(
                f"{self.label} has not been run yet: it is scheduled for {self.start:%Y-%m-%d %H:%M} UTC"
            )
        with connected(self.settings) as connection:
            session = self.event.get_session(self.name)
            try:
                return read_session(session, self.key, connection, telemetry=self.telemetry, took=self.took)
            finally:
                self.took.warnings[:] = connection.warnings


def find_sessions(
    season: int, event: str, sessions: Sequence[str], *, telemetry: bool, settings: Settings
) -> list[FoundSession]:
    """The sessions to read, in order of the season.

    Args:
        season: the year, 2018 or later.
        event: a round's number, a name as FastF1 matches it, or ``all``.
        sessions: codes in any spelling; none means the race, and the sprint where there is one.
        telemetry: read car data and positions too.
        settings: mirror and cache folder.

    Raises:
        BadInput: a session code that nobody knows, or a season before FastF1's first.
        NotFound: the season has no such event; the message names candidates.
        SourceUnavailable: the schedule cannot be read.
    """
    codes = _codes(sessions)
    if season < FIRST_SEASON:
        raise BadInput(f"FastF1 has timing data from {FIRST_SEASON} on, not of {season}: give a later season")
    with connected(settings) as connection:
        import fastf1

        try:
            schedule = fastf1.get_event_schedule(season, include_testing=False)
        except ValueError as error:
            why = explain(connection, "it has none that can be read; check the season, or RACELAB_F1_MIRROR")
            raise SourceUnavailable(
                f"the schedule of {season} cannot be read from {connection.location}: {why}"
            ) from error
        if connection.troubles:
            # FastF1 would take another source's list, with other names and without some of the sessions.
            why = explain(connection, "")
            raise SourceUnavailable(f"the schedule of {season} cannot be read from {connection.location}: {why}")
        events = list(_choose(schedule, season, event, connection.warnings))
    return [found for row in events for found in _of_event(row, season, codes, telemetry, settings)]


def _codes(sessions: Sequence[str]) -> tuple[str, ...]:
    try:
        codes = tuple(dict.fromkeys(read_code(text) for text in sessions))
    except ValueError as error:
        raise BadInput(str(error)) from error
    strange = [code for code in codes if code not in SESSION_NAMES]
    if strange:
        raise BadInput(f"Formula 1 has no session {strange[0]}: use one of {', '.join(SESSION_NAMES)}")
    return codes


def _of_event(
    event: Any, season: int, codes: Sequence[str], telemetry: bool, settings: Settings
) -> Iterator[FoundSession]:
    for code in codes or DEFAULT_SESSIONS:
        name, start = session_of(event, code, season)
        if name is None and not codes:
            continue
        key = SessionKey(Series.F1, season, int(event["RoundNumber"]), code)
        label = f"{season} {event['EventName']}, {key.name}"
        yield FoundSession(label, key, name, start, event, telemetry, settings)


def session_of(event: Any, code: str, season: int) -> tuple[str | None, datetime | None]:
    """FastF1's name and the scheduled start of an event's session; (None, None) where it has none."""
    names = SESSION_NAMES[code]
    if season < FIRST_SPRINT_QUALIFYING and code in ("S", "SQ"):
        names = ("Sprint", "Sprint Qualifying") if code == "S" else ()
    for number in range(1, 6):
        name = event.get(f"Session{number}")
        if name in names:
            start = pd.Timestamp(event.get(f"Session{number}DateUtc"))
            return name, None if pd.isna(start) else start.to_pydatetime().replace(tzinfo=UTC)
    return None, None


def _choose(schedule: Any, season: int, event: str, warnings: list[str]) -> Iterator[Any]:
    wanted = event.strip()
    rows = [schedule.iloc[place] for place in range(len(schedule))]
    if wanted.lower() == "all":
        yield from rows
        return
    if wanted.isdecimal():
        found = next((row for row in rows if int(row["RoundNumber"]) == int(wanted)), None)
    else:
        found = _by_name(schedule, wanted, warnings)
    if found is None:
        raise NotFound(f"{season} has no event {wanted!r}: try {_candidates(rows, wanted)}, another round, or all")
    yield found


def _by_name(schedule: Any, wanted: str, warnings: list[str]) -> Any | None:
    """FastF1's match, unless it had to correct the name to one that is not much like it."""
    said = len(warnings)
    try:
        found = schedule.get_event_by_name(wanted)
    except ValueError:  # Too short, or no match that FastF1 trusts.
        return None
    corrected = len(warnings) > said
    return None if corrected and _likeness(found, wanted) < _LIKENESS else found


def _candidates(rows: Sequence[Any], wanted: str) -> str:
    likely = sorted(rows, key=lambda row: -_likeness(row, wanted))[:3]
    return ", ".join(f"{int(row['RoundNumber'])} ({row['EventName']})" for row in likely)


def _likeness(event: Any, wanted: str) -> float:
    names = (str(event.get(key) or "") for key in ("EventName", "Country", "Location"))
    plain = _plain(wanted)
    return max(SequenceMatcher(None, plain, _plain(name)).ratio() for name in names)


def _plain(name: str) -> str:
    text = name.casefold()
    for word in _COMMON_WORDS:
        text = text.replace(word, "")
    return " ".join(text.split())
