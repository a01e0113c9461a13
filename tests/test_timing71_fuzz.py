"""Mutated states of Timing71's: no crash, and no row that breaks a check."""

import copy
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing71_zip import MANIFEST, START, small_race

from racelab.domain.checks import check, is_note
from racelab.domain.flags import RaceControlMessage
from racelab.domain.frames import Frame
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.sources.timing71 import Parser
from racelab.sources.timing71.reader import tidy
from racelab.sources.timing71.stops import StopTrack
from racelab.sources.timing71.values import car_number, duration_ms, gap, text

BEGIN = datetime.fromtimestamp(START, UTC)
SESSION = Session(SessionKey.read("imsa/2026/5/R"), start_utc=BEGIN)
STATES = small_race()
STRANGE = (
    None, True, -1, 0, 3, 2**70, -5.5, 1e300, float("nan"), "", "x", "-1", "007", "nan", "9" * 30, "1 lap", "-3 laps", "1:02.5", "PIT",
    "FIN", "OUT", "red", "\ud800", "\x00", [], {}, [[]], ["x", "pb"], [4.5, ""],
)  # fmt: skip


def places(node, path=()):
    """Every place in a state below its three parts, which a recording holds to be what they are."""
    found = [path] if len(path) > 1 else []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += places(value, (*path, key))
    return found


def mutated(state, chance):
    """A state with one value, row or part changed."""
    state = copy.deepcopy(state)
    *path, key = chance.choice(places(state))
    node = state
    for each in path:
        node = node[each]
    way = chance.randrange(4)
    if way == 0:
        del node[key]
    elif way == 1 and isinstance(node[key], int | float):
        node[key] += chance.choice([-(10**6), -60, -1, 0.001, 1, 60, 10**6])
    elif way == 2 and isinstance(node, list):
        node[key] = copy.deepcopy(chance.choice(node))
    else:
        node[key] = copy.deepcopy(chance.choice(STRANGE))
    return state


def fuzz(seed, share=0.4):
    """A race of mutated, lost, doubled and exchanged states, read and checked; how many were mutated."""
    chance, told, count = random.Random(seed), [], 0
    for second, state in STATES:
        if chance.random() < 0.05:
            continue
        is_other = chance.random() < share
        count += is_other
        told += [(second, mutated(state, chance) if is_other else state)] * (2 if chance.random() < 0.03 else 1)
    if chance.random() < 0.5:
        place = chance.randrange(len(told) - 1)
        told[place], told[place + 1] = told[place + 1], told[place]
    data, parser = SessionData(Event("Somewhere"), SESSION, Provenance("timing71", "fuzz", "", "1")), Parser(MANIFEST)
    for second, state in told:
        data.add(parser.process(Frame(BEGIN + timedelta(seconds=second - START), state)))
    data.add(parser.finish())
    tidy(data)
    before = len(data.repairs)
    check(data)
    changed = [one for one in data.repairs[before:] if not is_note(one)]
    assert (data.quarantine, changed) == ([], [])
    return count


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (text, "a\x00b", "a b"), (text, "\ud800", None), (text, "nan", None), (text, True, None), (text, {}, None),
        (car_number, "x", None), (car_number, "9" * 30, None), (car_number, "4A", "4A"), (duration_ms, 86_401, None),
        (gap, 86_401, (None, None)), (gap, "999999 laps", (None, None)), (gap, 86_400, (86_400_000, 0)),
    ],
)  # fmt: skip
def test_what_no_store_can_hold_is_none(read, cell, value):
    assert read(cell) == value


def test_a_message_stamped_days_away_has_no_time():
    message = [(START + 4 * 86_400) * 1000, "Race Control", "GREEN FLAG", "raceControl"]
    (record,) = [
        one
        for one in Parser(MANIFEST, BEGIN).process(Frame(BEGIN, {"cars": [], "session": {}, "messages": [message]}))
        if isinstance(one, RaceControlMessage)
    ]
    assert (record.text, record.time_ms, record.time_utc) == ("GREEN FLAG", None, None)


def test_an_exit_before_its_entry_is_not_known():
    stops = StopTrack("7")
    (came,) = stops.enter(3, 90_000, 1, None)
    (left,) = stops.leave(4, 80_000, 30_000, 1)
    assert (came.in_ms, left.in_ms, left.out_ms, left.duration_ms) == (90_000, 90_000, None, 30_000)


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_no_row_of_mutated_states_breaks_a_check(seed):
    fuzz(seed)


@pytest.mark.soak
def test_twenty_thousand_mutated_states():
    count, seed = 0, 100
    while count < 20_000:
        count, seed = count + fuzz(seed), seed + 1
