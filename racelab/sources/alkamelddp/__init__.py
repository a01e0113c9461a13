"""Al Kamel's live service over Meteor's DDP: standings, stops, flags and race control as they are pushed."""

from racelab.sources.alkamelddp.parser import Parser

# The name of the protocol in recordings of our own.
SOURCE = "alkamel_ddp"

__all__ = ["SOURCE", "Parser"]
