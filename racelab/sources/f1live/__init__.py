"""Formula 1's live timing: recordings of it, and the parser that a live feed shares with them."""

from racelab.sources.f1live.parser import Parser
from racelab.sources.f1live.reader import SOURCE, FoundSession, find_sessions, name_frames
from racelab.sources.f1live.recording import SUFFIXES, Recording, sniff
from racelab.sources.f1live.telemetry import Samples

__all__ = [
    "SOURCE", "SUFFIXES", "FoundSession", "Parser", "Recording", "Samples", "find_sessions", "name_frames", "sniff",
]  # fmt: skip
