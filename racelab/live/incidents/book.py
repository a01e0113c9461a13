"""The incidents of a session: numbered as they open, told again as they change, forgotten when they are over."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from racelab.domain.incidents import Incident, IncidentKind, IncidentOrigin, IncidentPhase
from racelab.live.incidents.thresholds import LINK_MS

_CLEARED, _CONFIRMED, _CANDIDATE = IncidentPhase.CLEARED, IncidentPhase.CONFIRMED, IncidentPhase.CANDIDATE


@dataclass(slots=True)
class Book:
    """Open incidents by sequence, and those of the last minutes that are over.

    ``told`` is what is new or has changed since it was emptied.
    """

    now: int = 0
    told: list[Incident] = field(default_factory=list)
    open: dict[int, Incident] = field(default_factory=dict)
    over: list[Incident] = field(default_factory=list)
    _count: int = 0
    _ends: list[tuple[int, int]] = field(default_factory=list)

    def opens(
        self, kind: IncidentKind, text: str, *, car: str | None = None, at: int | None = None, lap: int | None = None,
        origin: IncidentOrigin = IncidentOrigin.INFERRED, confirmed: bool = False, penalty: str | None = None,
        kept_ms: int | None = None,
    ) -> Incident:  # fmt: skip
        """A new incident, seen at ``at``; it is cleared by itself after ``kept_ms``."""
        self._count += 1
        time = self.now if at is None else at
        made = Incident(
            self._count, kind, _CONFIRMED if confirmed else _CANDIDATE, origin, time, text, car, lap,
            confirmed_ms=self.now if confirmed else None, penalty=penalty,
        )  # fmt: skip
        self.open[made.sequence] = made
        self.told.append(made)
        if kept_ms is not None:
            heappush(self._ends, (self.now + kept_ms, made.sequence))
        return made

    def confirm(self, incident: Incident, text: str | None = None, kind: IncidentKind | None = None) -> Incident:
        """The incident is certain; one that is so already is told again only where its words change."""
        said = text or incident.text
        if incident.phase is _CONFIRMED and said == incident.text and kind in (None, incident.kind):
            return incident
        confirmed = incident.confirmed_ms if incident.confirmed_ms is not None else self.now
        return self._told(
            replace(incident, phase=_CONFIRMED, confirmed_ms=confirmed, text=said, kind=kind or incident.kind)
        )

    def rename(self, incident: Incident, kind: IncidentKind, text: str) -> Incident:
        """The incident turns out to be another one; its phase stays."""
        return self._told(replace(incident, kind=kind, text=text))

    def clear(self, incident: Incident, text: str | None = None) -> None:
        """The incident is over."""
        if self.open.pop(incident.sequence, None) is None:
            return
        done = replace(incident, phase=_CLEARED, cleared_ms=max(self.now, incident.time_ms), text=text or incident.text)
        self.told.append(done)
        self.over.append(done)

    def pass_to(self, now: int) -> None:
        """Time goes on: what has been kept long enough is cleared, and what is long over forgotten."""
        self.now = max(self.now, now)
        while self._ends and self._ends[0][0] <= self.now:
            _, sequence = heappop(self._ends)
            kept = self.open.get(sequence)
            if kept is not None:
                self.clear(kept)
        if self.over and (self.over[0].cleared_ms or 0) < self.now - LINK_MS:
            self.over = [one for one in self.over if (one.cleared_ms or 0) >= self.now - LINK_MS]

    def of(self, car: str | None, *kinds: IncidentKind) -> Iterator[Incident]:
        """The open incidents of a car, of these kinds, oldest first."""
        return (one for one in list(self.open.values()) if one.car_number == car and one.kind in kinds)

    def lately(self, car: str, *kinds: IncidentKind) -> Incident | None:
        """The newest incident of a car, of these kinds, that is open or was lately."""
        found = [
            one
            for one in (*self.over, *self.open.values())
            if one.car_number == car and one.kind in kinds and one.time_ms >= self.now - LINK_MS
        ]
        return max(found, key=lambda one: one.sequence, default=None)

    def latest(self, sequence: int) -> Incident | None:
        """The incident as it is now; None where it is over."""
        return self.open.get(sequence)

    def _told(self, changed: Incident) -> Incident:
        self.open[changed.sequence] = changed
        self.told.append(changed)
        return changed
