"""Mutated parts of Griiip's: no crash, and no row that breaks a check."""

import copy
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from emulators.griiip_race import MadeRace
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutate

from racelab.domain.checks import check
from racelab.domain.frames import Frame
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.sources.griiip import Parser

START = datetime(2026, 6, 13, 14, tzinfo=UTC)
SESSION = Session(SessionKey.read("wec/2026/4/R"), start_utc=START)
# Frames that are mutated in one example.
MUTATED, EXAMPLES = 10, 30
STEP_S = 25
STRANGE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.sampled_from(["", "-1", "007", "nan", "9" * 30, "2026-06-13T14:01:00.000+00:00", "0001-01-01T00:00:00+00:00", "Chequered",
                     "2026-06-13T14:01:00", "2027-06-13T14:01:00Z", "\ud800", "\x00", 4, -2, 500_001, [], {}, [[]], [{}]]),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.sampled_from(["pid", "items", "ts", "500001"]), st.integers(), max_size=3),
)  # fmt: skip
KEYS = {
    "entries": ("car_number",), "laps": ("car_number", "lap_number"), "pit_stops": ("car_number", "lap_number"),
    "track_status": ("time_ms",), "weather": ("time_ms",), "session_status": ("time_ms", "status"),
    "race_control": ("sequence",),
}  # fmt: skip


def made():
    """The made-up race as frames: what happened within some seconds is one frame for each part."""
    race = MadeRace(START, length_ms=90_000, cars=4, stint_laps=2)
    info = {"startTime": START.isoformat(), "isRaceSession": True, "ts": START.isoformat(), "hasSeenChequered": False}
    clock = {"increment": 1, "tsNow": START.isoformat(), "startTime": START.isoformat(), "ts": START.isoformat(), "elapsedTimeMillis": 0}  # fmt: skip
    frames = [
        [
            -60_000,
            "bootstrap",
            {"sessionInfo": info, "sessionClock": clock, "sessionLengthLimit": {"timeLimitSeconds": 90}},
        ]
    ]
    for ms, part, record in race.events:
        step = ms // (STEP_S * 1000) * STEP_S * 1000
        held = next((frame for frame in frames[-12:] if frame[:2] == [step, part]), None)
        if held is None:
            held = [step, part, []]
            frames.append(held)
        held[2].append(record)
    return frames


FRAMES = made()


class Frames(list):
    """Frames that are not written out where they fail: they are too long to be read."""

    def __repr__(self):
        return f"{len(self)} frames"


@st.composite
def sessions(draw):
    """A session's frames, some of them mutated, some told twice or at another place."""
    frames = Frames([frame[0], copy.deepcopy(frame[1:])] for frame in FRAMES)
    for at in draw(st.lists(st.integers(0, len(frames) - 1), min_size=MUTATED, max_size=MUTATED)):
        frames[at][1] = mutate(draw, frames[at][1], STRANGE)
    for _ in range(draw(st.integers(0, 3))):
        frames.insert(draw(st.integers(0, len(frames))), draw(st.sampled_from(frames)))
    return frames


def read(frames):
    """The session as the store would hold it: a record told again replaces the one before."""
    parser = Parser(START)
    records = []
    for ms, payload in frames:
        records += parser.process(Frame(START + timedelta(milliseconds=ms, seconds=STEP_S), payload))
    records += parser.finish()
    data = SessionData(Event("Le Mans"), SESSION, Provenance("griiip", "fuzz", "", "1"))
    data.add(records)
    for table, keys in KEYS.items():
        told = {tuple(getattr(one, key) for key in keys): one for one in getattr(data, table)}
        setattr(data, table, [told[key] for key in sorted(told)])
    return data


def breaks(data):
    """What a check keeps out or changes; what it only names is no fault of a row."""
    own = len(data.repairs)
    check(data)
    kept_out = [(one.rule, one.record, one.reason) for one in data.quarantine]
    changed = [one for one in data.repairs[own:] if one.before != one.after]
    return kept_out + [(one.rule, one.record, one.column, one.before) for one in changed]


def run(examples):
    counted = Counter()

    @settings(max_examples=examples, database=None)
    @given(frames=sessions())
    def holds(frames):
        counted["frames"] += MUTATED
        data = read(frames)
        str(data).encode()
        assert breaks(data) == []

    holds()
    return counted["frames"]


def test_the_frames_are_whole_before_they_are_mutated():
    data = read([[ms, payload] for ms, *payload in FRAMES])
    assert (len(data.entries), len(data.laps), len(data.results)) == (4, 15, 4)
    assert (breaks(data), data.repairs) == ([], [])


def test_mutated_frames_break_nothing():
    assert run(EXAMPLES) >= MUTATED * EXAMPLES


@pytest.mark.soak
def test_twenty_thousand_mutated_frames_break_nothing():
    assert run(20_000 // MUTATED) >= 20_000
