"""Mutated messages of Formula 1 along the live road: no crash, no row that breaks a check, none that a store refuses."""

import copy
import random

import pytest
from f1live_text import START, race
from hypothesis import given, settings
from hypothesis import strategies as st
from test_f1live_faults import mutated
from test_f1live_parser import car_data, joined, packed

from racelab.domain.checks import check, is_note
from racelab.domain.frames import Frame
from racelab.domain.records import Provenance, SessionData
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import ManualClock
from racelab.live.identity import LiveSession
from racelab.live.protocols import make_parser
from racelab.live.replay import Road
from racelab.live.writer import SessionWriter
from racelab.sources import f1live
from racelab.sources.f1live.values import epoch_ms, instant
from racelab.store.tables import TABLES

KEY = SessionKey.read("f1/2025/9/R")
SESSION = LiveSession(Event("Spanish Grand Prix"), Session(KEY, start_utc=START, scheduled_laps=5))
ORIGIN = Provenance("f1live", "emulator", "one", "1")
EXTRA = [(90_000, "CarData.z", packed(car_data(90_000, 300))), joined(200_000, 2)]
MESSAGES = [(at, [topic, content]) for at, topic, content in sorted([*race(), *EXTRA], key=lambda told: told[0])]


def frames(chance, share):
    """The race's frames, a share of them mutated, lost, doubled or exchanged; how many were mutated."""
    told, count = [], 0
    for at, payload in MESSAGES:
        way, frame = chance.random(), payload
        if payload[0] == "DriverList":
            # Without any entry a session is refused as a whole, by a check of its own.
            told.append(Frame(instant(epoch_ms(START) + at), payload))
        if way < share:
            frame, count = mutated(copy.deepcopy(payload), chance), count + 1
        elif way < share + 0.02:
            continue
        told += [Frame(instant(epoch_ms(START) + at), frame)] * (2 if way > 0.97 else 1)
    if chance.random() < 0.5:
        place = chance.randrange(len(told) - 1)
        told[place], told[place + 1] = told[place + 1], told[place]
    return told, count


def follow(told, store):
    """The frames along the road, and the records of the same parser as a session that is checked."""
    data = SessionData(SESSION.event, SESSION.session, ORIGIN)
    parser = make_parser(f1live.SOURCE, {}, SESSION)
    for frame in told:
        data.add(parser.process(frame))
    data.telemetry = parser.telemetry()
    data.add(parser.finish())
    # As the store holds them: what is told again stands in the place of what was told.
    for name in (
        "entries",
        "laps",
        "pit_stops",
        "results",
        "weather",
        "track_status",
        "session_status",
        "race_control",
    ):
        key = [each for each in TABLES[name].key if each != "session_id"]
        held = {tuple(str(getattr(one, each)) for each in key): one for one in getattr(data, name)}
        setattr(data, name, list(held.values()))
    for rows in (data.weather, data.track_status, data.session_status):
        rows.sort(key=lambda row: row.time_ms)
    if store is not None:
        road = Road(make_parser(f1live.SOURCE, {}, SESSION), store, KEY, ManualClock(START), SessionWriter(SESSION.event, SESSION.session, ORIGIN))  # fmt: skip
        for place, frame in enumerate(told):
            road.take(frame)
            if place % 40 == 0:
                road.flush()
        road.finish()
        assert road.broken == 0
    return data


def fuzz(seed, store=None, share=0.3):
    told, count = frames(random.Random(seed), share)
    data = follow(told, store)
    before = len(data.repairs)
    check(data)
    # A car whose entry was lost, or that a broken number made up, gets one: no row is wrong by that.
    changed = [one for one in data.repairs[before:] if not is_note(one) and one.rule != "unknown_car"]
    assert (data.quarantine, changed) == ([], [])
    return count


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_no_row_of_mutated_frames_breaks_a_check(seed):
    fuzz(seed)


def test_a_store_takes_what_mutated_frames_tell(store):
    assert sum(fuzz(seed, store) for seed in range(4)) > 100


@pytest.mark.soak
def test_twenty_thousand_mutated_frames(store):
    count, seed = 0, 100
    while count < 20_000:
        count, seed = count + fuzz(seed, store if seed % 10 == 0 else None), seed + 1
