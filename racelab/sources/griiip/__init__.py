"""Griiip, the live service behind the World Endurance Championship's timing page: answers and pushes in, records out."""

from racelab.sources.griiip.parser import Parser

# The name of the protocol in recordings of our own.
SOURCE = "griiip"

__all__ = ["SOURCE", "Parser"]
