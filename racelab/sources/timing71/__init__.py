"""Timing71 recordings: ZIP files of a session's states, and the parser that a live feed shares with them."""

from racelab.sources.timing71.parser import Parser
from racelab.sources.timing71.reader import FoundSession, find_sessions, name_states
from racelab.sources.timing71.recording import Recording, sniff

# The name of the protocol in recordings of our own.
SOURCE = "timing71"

__all__ = ["SOURCE", "FoundSession", "Parser", "Recording", "find_sessions", "name_states", "sniff"]
