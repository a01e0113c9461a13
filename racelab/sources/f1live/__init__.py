"""Formula 1's live timing: recordings of it, and the parser that a live feed shares with them."""

from racelab.sources.f1live.parser import Parser
from racelab.sources.f1live.recording import Recording, sniff

__all__ = ["Parser", "Recording", "sniff"]
