"""Race control's texts of IMSA, WEC and Formula 1: what each says, of which cars, with which penalty."""

from racelab.sources.racecontrol.reader import read_message
from racelab.sources.racecontrol.ruling import Category, Happening, Penalty, PenaltyKind, Ruling

__all__ = ["Category", "Happening", "Penalty", "PenaltyKind", "Ruling", "read_message"]
