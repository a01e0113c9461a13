"""The calendars as they are now: read anew at each look, Formula 1's from FastF1 once a day."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from racelab.domain.series import Series
from racelab.errors import RacelabError
from racelab.runs.monitor.agenda import Agenda, make_agenda, published_races, read_series
from racelab.runs.monitor.parts import OK, WARNING, Parts
from racelab.runs.monitor.planned import Planned
from racelab.settings import Settings

log = logging.getLogger("racelab")
_AGAIN, _SOON = timedelta(days=1), timedelta(hours=1)
PART = "calendar"


@dataclass(slots=True)
class Almanac:
    """The agenda, and what FastF1 said of Formula 1's season when it was asked last."""

    settings: Settings
    agenda: Agenda = field(default_factory=lambda: Agenda(()))
    _published: list[Planned] = field(default_factory=list)
    _asked: datetime | None = None
    _trouble: str | None = None
    _told: set[str] = field(default_factory=set)

    async def refresh(self, now: datetime, parts: Parts) -> None:
        """Read the calendars anew, and say how they are."""
        series = read_series(self.settings.monitor_series)
        if Series.F1 in series and self._is_due(now):
            await self._ask(now)
        folder = self.settings.data / "calendars"
        self.agenda = make_agenda(folder, series, self._published)
        lines = [*self.agenda.problems, *([self._trouble] if self._trouble else []), *self.notices(now)]
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                log.warning("monitor: %s", line)
        ahead = sum(one.latest > now for one in self.agenda.planned)
        words = "; ".join([f"{ahead} races ahead", *lines])
        parts.say(PART, WARNING if lines or not ahead else OK, words, loud=False)

    def notices(self, now: datetime) -> list[str]:
        """Races whose start is doubtful, series of which no race is known any more."""
        found = self.agenda.notices(now)
        for series in sorted(read_series(self.settings.monitor_series)):
            if not any(one.key.series is series and one.latest > now for one in self.agenda.planned):
                found.append(
                    f"no race of {series.label} is known after {now:%Y-%m-%d}: "
                    f"write the next rounds into data/calendars/{series.value}.csv"
                )
        return found

    def _is_due(self, now: datetime) -> bool:
        return self._asked is None or now - self._asked >= (_SOON if self._trouble else _AGAIN)

    async def _ask(self, now: datetime) -> None:
        """Ask FastF1 for the season, and at its end for the next one; without an answer the packaged copy counts."""
        self._asked, self._trouble = now, None
        seasons = [now.year, now.year + 1] if now.month == 12 else [now.year]
        for season in seasons:
            try:
                found = await asyncio.to_thread(published_races, season, self.settings)
            except RacelabError as error:
                self._trouble = f"Formula 1's calendar is the packaged one: {error}"
                continue
            self._published = [one for one in self._published if one.key.season != season] + found
