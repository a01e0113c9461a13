"""Incidents of a running session: told by race control, or inferred from its timing."""

from racelab.live.incidents.tracker import IncidentTracker

__all__ = ["IncidentTracker"]
