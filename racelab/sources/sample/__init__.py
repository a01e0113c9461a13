"""A small season of made-up races that look like real ones, with the truth behind them kept.

``generate(seed)`` lists the sessions; each is made when it is read. The same seed gives the same
records and the same digest everywhere. ``ground_truth(seed)`` tells what no timing system can: true
pace, wear, fuel effect, pit loss, neutralisations and mishaps.
"""

from racelab.sources.sample.session import SampleSession, generate
from racelab.sources.sample.truth import ground_truth, write_ground_truth

__all__ = ["SampleSession", "generate", "ground_truth", "write_ground_truth"]
