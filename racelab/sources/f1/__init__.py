"""Formula 1 through FastF1: sessions of a season's schedule, read into domain records."""

from racelab.sources.f1.schedule import FoundSession, find_sessions

__all__ = ["FoundSession", "find_sessions"]
