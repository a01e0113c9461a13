"""Rounds of events, as far as this house knows them."""

from datetime import date

from racelab.domain.series import Series

# Rounds by series, season and the event's date where no calendar is at hand.
_KNOWN = {(Series.IMSA, 2026, date(2026, 5, 30)): 5}


def round_of(series: Series, season: int, event: str, day: date) -> int | None:
    """The event's round, or None where it is not known."""
    return _KNOWN.get((series, season, day))
