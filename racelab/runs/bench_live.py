"""How fast live data becomes a race state: messages a second, the delay to the store and its readers, rewinding."""

import gc
import logging
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from racelab.domain.frames import Frame, Parser
from racelab.domain.sessions import SessionKey
from racelab.live.feed import Feed
from racelab.live.reducers import initial_state, reduce, settle
from racelab.live.timeline import Timeline
from racelab.runs.bench_delay import delays_ms
from racelab.runs.bench_figure import Figure
from racelab.sources import f1live, timing71
from racelab.sources.hints import Hints

RUNS, REWINDS = 5, 100
SPEED, SPAN_S = 10.0, 300.0
F1_RACE, TIMING71_RACE = "f1/live/2018-azerbaijan-race.txt.gz", "live/timing71_recordings/Detroit-2026-Race.zip"
log = logging.getLogger("racelab")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded session with what makes its parser anew for each run."""

    name: str
    key: SessionKey
    feed: Feed
    parser: Callable[[], Parser]


def measure_live(
    f1: Path, endurance: Path, *, runs: int = RUNS, speed: float = SPEED, span_s: float = SPAN_S
) -> list[Figure]:
    """Figures of a recording of Formula 1 (rates, delays) and one of Timing71 (rates, rewinds).

    A recording that is not there leaves its figures out, and the log says so.

    Args:
        f1: a recording in FastF1's format.
        endurance: a recording of Timing71.
        runs: how often each is measured.
        speed: how many times as fast as they came the frames of the delay come.
        span_s: seconds of the session, from its middle on, whose frames' delay is measured.
    """
    figures: list[Figure] = []
    if _is_there(f1):
        session = _f1(f1)
        figures += _rates(session, "messages/s", runs)
        figures += _delays(session, runs, speed, span_s)
    if _is_there(endurance):
        session = _timing71(endurance)
        figures += _rates(session, "states/s", runs)
        figures += _rewinds(session)
    return figures


def _is_there(path: Path) -> bool:
    if not path.is_file():
        log.warning("no figures of %s: it is not there; RACELAB_TEST_DATA names the folder of recordings", path.name)
    return path.is_file()


def _f1(path: Path) -> Recorded:
    (found,) = f1live.find_sessions(path, Hints())
    return Recorded("live f1", found.key, found.recording, found.parser)


def _timing71(path: Path) -> Recorded:
    (found,) = timing71.find_sessions(path, Hints())
    return Recorded("live timing71", found.key, found.recording, found.parser)


def _rates(session: Recorded, unit: str, runs: int) -> list[Figure]:
    """Frames a second of processor time, which one core gives: decoded ones parsed, parsed and folded; and decoding."""
    decoding, parsing, whole = [], [], []
    for _ in range(runs):
        began = time.process_time()
        frames = list(session.feed.frames())
        decoding.append(len(frames) / (time.process_time() - began))
        parsing.append(len(frames) / _seconds(session, frames, folds=False))
        whole.append(len(frames) / _seconds(session, frames, folds=True))
    alone, folded = statistics.median(parsing), statistics.median(whole)
    name = f"{session.name}: parser alone"
    return [
        Figure(f"{session.name}: parser and reducers", folded, unit, runs, name, folded / alone),
        Figure(name, alone, unit, runs),
        Figure(f"{session.name}: reading and decoding the recording", statistics.median(decoding), unit, runs),
    ]


def _seconds(session: Recorded, frames: Sequence[Frame], *, folds: bool) -> float:
    parser, state = session.parser(), initial_state(is_race=session.key.is_race)
    gc.collect()
    began = time.process_time()
    for frame in frames:
        for record in parser.process(frame):
            state = reduce(state, record) if folds else state
    settle(state)
    return time.process_time() - began


def _delays(session: Recorded, runs: int, speed: float, span_s: float) -> list[Figure]:
    """From a frame's coming in to its rows' commit, and to a reader's having the cars that changed: medians of runs."""
    with _quiet():
        found = [delays_ms(session.key, session.feed, session.parser(), speed, span_s) for _ in range(runs)]
    figures = []
    for part, label in enumerate(("row committed", "diff out")):
        shares = [_percentiles(run[part]) for run in found]
        for place, share in enumerate(("p50", "p95", "p99")):
            median = statistics.median(run[place] for run in shares)
            figures.append(
                Figure(f"{session.name}: frame in to {label}, {speed:g} times real, {share}", median, "ms", runs)
            )
    return figures


@contextmanager
def _quiet() -> Iterator[None]:
    """What a race's incidents would have the log say is left out here."""
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def _rewinds(session: Recorded) -> list[Figure]:
    """Milliseconds to the state at each of 100 instants, and the median beside a fresh replay to the same instants."""
    timeline = Timeline.of(session.feed, session.parser(), is_race=session.key.is_race)
    instants = [frame.received_at for frame in session.feed.frames()]
    began = time.perf_counter()
    parser, state = session.parser(), initial_state(is_race=session.key.is_race)
    for frame in session.feed.frames():
        for record in parser.process(frame):
            state = reduce(state, record)
    fresh = (time.perf_counter() - began) * 1000
    times, chance = [], random.Random(2026)
    for instant in chance.sample(instants, min(REWINDS, len(instants))):
        began = time.perf_counter()
        timeline.at(instant)
        times.append((time.perf_counter() - began) * 1000)
    name, whole = f"{session.name}: rewind to any time", f"{session.name}: replay from the start to the end"
    p50, p95, _ = _percentiles(times)
    return [
        Figure(f"{name}, p50", p50, "ms", len(times), whole, p50 / fresh),
        Figure(f"{name}, p95", p95, "ms", len(times), whole, p95 / fresh),
        Figure(f"{name}, longest", max(times), "ms", len(times), whole, max(times) / fresh),
        Figure(whole, fresh, "ms", 1),
        Figure(f"{session.name}: memory of what is kept for rewinding", timeline.kept_bytes / 1e6, "MB", 1),
    ]


def _percentiles(times: Sequence[float]) -> tuple[float, float, float]:
    """The 50th, 95th and 99th percentile of at least one time."""
    cuts = statistics.quantiles([*times, times[-1]], n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]
