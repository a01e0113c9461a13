"""Where and in which round an event is, from the calendar; other series have none here."""

from datetime import date

from racelab.domain.series import Series
from racelab.sources.calendar import Round, find_rounds


def round_of(series: Series, season: int, event: str, day: date) -> Round | None:
    """The event's round, or None where no calendar tells just one."""
    found = find_rounds(series, season, [event], on=day)
    return found[0] if len(found) == 1 else None
