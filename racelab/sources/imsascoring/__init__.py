"""IMSA's scoring files: the laps, stops and flags that a poller sees."""

from racelab.sources.imsascoring.parser import Parser

# The name of the protocol in recordings of our own.
SOURCE = "imsa_scoring"

__all__ = ["SOURCE", "Parser"]
