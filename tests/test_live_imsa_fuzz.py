"""Mutated frames of both of IMSA's services: no crash, and no row that breaks a check."""

import copy
import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from emulators.alkamel_ddp import added, changes, states_of
from emulators.imsa_jsonp import steps_of
from emulators.snapshots import made_up
from hypothesis import given, settings
from hypothesis import strategies as st
from imsa_sessions import KEY, SESSION, START
from mutations import mutate

from racelab.domain.checks import check
from racelab.domain.frames import Frame
from racelab.domain.records import Provenance, SessionData
from racelab.sources import alkamelddp, imsascoring

PARSERS = {"imsa_scoring": imsascoring.Parser, "alkamel_ddp": alkamelddp.Parser}
# Frames that are mutated in one example.
MUTATED, EXAMPLES = 10, 30
SNAPSHOTS = made_up(step_s=20)


def _scoring():
    steps = steps_of(SNAPSHOTS)
    return [[file, json.loads(body.decode().partition("(")[2][:-2])] for step in steps for file, body in step.items()]


def _ddp():
    states = states_of(SNAPSHOTS)
    held = [added(name, f"{name}-1", document) for name, document in states[0].items()]
    return held + [one for before, after in pairwise(states) for one in changes(before, after)]


FRAMES = {"imsa_scoring": _scoring(), "alkamel_ddp": _ddp()}
STRANGE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.sampled_from(["", "1:61.000", "-1", "99 laps", "9" * 30, "Session Complete", 4, 1_780_000_000_000, [], {}, [[]], "1;2;", "\ud800"]),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.sampled_from(["S", "B", "data", "1", "31"]), st.integers(), max_size=3),
)  # fmt: skip


@st.composite
def sessions(draw, protocol):
    """A session's frames, some of them mutated, some told twice or at another place."""
    frames = copy.deepcopy(FRAMES[protocol])
    for at in draw(st.lists(st.integers(0, len(frames) - 1), min_size=MUTATED, max_size=MUTATED)):
        frames[at] = mutate(draw, frames[at], STRANGE)
    for _ in range(draw(st.integers(0, 3))):
        frames.insert(draw(st.integers(0, len(frames))), draw(st.sampled_from(frames)))
    return frames


def read(protocol, frames):
    """The session as the store would hold it: a record told again replaces the one before."""
    parser = PARSERS[protocol](SESSION.session)
    records = []
    for place, payload in enumerate(frames):
        records += parser.process(Frame(START + timedelta(seconds=place * 3), payload))
    records += parser.finish()
    data = SessionData(SESSION.event, SESSION.session, Provenance(protocol, "fuzz", "", "1"))
    data.add(records)
    keyed = {"entries": ("car_number",), "laps": ("car_number", "lap_number"), "pit_stops": ("car_number", "lap_number"), "track_status": ("time_ms",), "weather": ("time_ms",), "session_status": ("time_ms", "status"), "race_control": ("sequence",)}  # fmt: skip
    for table, keys in keyed.items():
        setattr(
            data, table, list({tuple(getattr(one, key) for key in keys): one for one in getattr(data, table)}.values())
        )
    # The store gives them in the order of their times, in whatever order they came.
    for table in ("track_status", "session_status", "weather"):
        getattr(data, table).sort(key=lambda one: one.time_ms)
    return data


def breaks(data):
    """What a check keeps out or changes; what it only names is no fault of a row."""
    own = len(data.repairs)
    check(data)
    kept_out = [(one.rule, one.record, one.reason) for one in data.quarantine]
    return kept_out + [
        (one.rule, one.record, one.column, one.before) for one in data.repairs[own:] if one.before != one.after
    ]


def run(protocol, examples):
    counted = Counter()

    @settings(max_examples=examples, database=None)
    @given(frames=sessions(protocol))
    def holds(frames):
        counted["frames"] += MUTATED
        data = read(protocol, frames)
        json.dumps([str(one) for one in data.laps])
        assert breaks(data) == []

    holds()
    return counted["frames"]


@pytest.mark.parametrize("protocol", FRAMES)
def test_the_frames_are_whole_before_they_are_mutated(protocol):
    data = read(protocol, FRAMES[protocol])
    assert len(data.laps) == 12
    assert breaks(data) == []
    assert KEY.is_race


@pytest.mark.parametrize("protocol", FRAMES)
def test_mutated_frames_break_nothing(protocol):
    assert run(protocol, EXAMPLES) >= MUTATED * EXAMPLES


@pytest.mark.soak
@pytest.mark.parametrize("protocol", FRAMES)
def test_twenty_thousand_mutated_frames_break_nothing(protocol):
    assert run(protocol, 20_000 // MUTATED) >= 20_000
