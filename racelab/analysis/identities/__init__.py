"""One identity for a driver, a constructor or a circuit, whoever tells of it.

A driver is a person, a circuit a place whatever its layout. A constructor is a maker of cars as f1db divides them:
Lotus of 1958 to 1994 with whatever engine, and Lotus F1 of 2012 another; where another provider draws the line
elsewhere, its id stands for the constructor with which most of its starts agree, and `matched_by` says how many.
"""

from racelab.analysis.identities.assign import KINDS, PROVIDERS, assign
from racelab.analysis.identities.evidence import APPEARANCES, IDENTITIES, SUBJECTS
from racelab.analysis.identities.names import name_key, own_id
from racelab.analysis.identities.rates import PAIRS, UNMATCHED, rates, unmatched

__all__ = [
    "APPEARANCES", "IDENTITIES", "KINDS", "PAIRS", "PROVIDERS", "SUBJECTS", "UNMATCHED", "assign", "name_key",
    "own_id",    "rates", "unmatched",
]  # fmt: skip
