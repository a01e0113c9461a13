"""Broken messages: whatever comes, the parser goes on, names what it passes over, and makes no row that a check refuses."""

import copy
import random
from dataclasses import fields, is_dataclass
from enum import Enum

import pytest
from f1live_text import START, race, stamp
from hypothesis import given, settings
from hypothesis import strategies as st
from test_f1live_parser import START_MS, car_data, feed, joined, laps_of, packed

from racelab.domain.frames import Frame
from racelab.domain.laps import Lap
from racelab.domain.records import Repair
from racelab.domain.vocabulary import COLUMNS
from racelab.live.reducers import fold, initial_state
from racelab.sources.f1live import Parser, Samples
from racelab.sources.f1live.values import instant

JUNK = [
    None, True, False, -1, 0, 7, 10**30, 1.5, float("nan"), float("inf"), "", "x", "+", "LAP", "1L", "99:99.999", "٣", "\ud800",
    [], [None], [[]], {}, {"0": None}, {"Value": {}}, {"-1": 1}, "2025-06-01T13:03:00Z", "0001-01-01T00:00:00", "9" * 400,
]  # fmt: skip
TEXT = st.text(max_size=6)
ANY = st.recursive(
    st.sampled_from(JUNK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TOPICS = st.sampled_from(
    ["TimingData", "TimingAppData", "SessionInfo", "SessionData", "SessionStatus", "TrackStatus", "RaceControlMessages",
     "WeatherData", "DriverList", "LapCount", "ExtrapolatedClock", "CarData.z", "Position.z", "Subscribe", "Other"]
)  # fmt: skip


def mutated(content, chance):
    """The content with some of its parts lost, doubled or replaced by junk."""
    if chance.random() < 0.08:
        return copy.deepcopy(chance.choice(JUNK))
    if isinstance(content, dict):
        kept = {key: mutated(value, chance) for key, value in content.items() if chance.random() > 0.05}
        if kept and chance.random() < 0.05:
            kept[chance.choice(["", "x", "400", "4", "_deleted", "_kf"])] = chance.choice(list(kept.values()))
        return kept
    if isinstance(content, list):
        return [mutated(value, chance) for value in content]
    return content


def check(records):
    """No record has a value that its column cannot have."""
    for record in records:
        assert is_dataclass(record)
        for field in fields(record):
            value, column = getattr(record, field.name), COLUMNS.get(field.name)
            if (
                isinstance(value, int | float)
                and not isinstance(value, bool | Enum)
                and column is not None
                and column.low is not None
                and column.high is not None
            ):
                assert column.low <= value <= column.high, (type(record).__name__, field.name, value)
        if isinstance(record, Lap):
            assert record.lap_number >= 1


def run(messages, parser=None):
    parser = parser or Parser(START, Samples(most=1_000))
    records = []
    for at, payload in messages:
        records += parser.process(Frame(instant(START_MS + at), payload))
    records += parser.finish()
    return records, parser


def fuzz(seed):
    """A race of which a third of the messages are broken, some lost, some doubled, some out of order."""
    chance = random.Random(seed)
    extra = [(90_000, "CarData.z", packed(car_data(90_000, 300))), joined(200_000, 2)]
    messages = [(at, [topic, content]) for at, topic, content in sorted([*race(), *extra], key=lambda one: one[0])]
    told = []
    for at, payload in messages:
        way = chance.random()
        if way < 0.05:
            continue
        broken = mutated(payload, chance) if way < 0.35 else payload
        told += [(at, broken)] * (2 if way > 0.95 else 1)
    for _ in range(5):
        one, other = chance.randrange(len(told)), chance.randrange(len(told))
        told[one], told[other] = told[other], told[one]
    return told


@pytest.mark.parametrize("seed", range(40))
def test_a_race_of_broken_messages_is_gone_through(seed):
    records, parser = run(fuzz(seed))
    check(records)
    fold(initial_state(), records)
    assert parser.unread >= len(parser.skipped)


@pytest.mark.soak
def test_twenty_thousand_broken_messages():
    count = 0
    for seed in range(10_000):
        told = fuzz(seed)
        records, _ = run(told)
        check(records)
        count += len(told)
        if count > 20_000 * 3:
            return


@settings(max_examples=300)
@given(st.lists(st.tuples(TOPICS | ANY, ANY), max_size=6))
def test_any_content_of_any_topic_is_gone_through(messages):
    records, _ = run([(at * 1_000, [topic, content]) for at, (topic, content) in enumerate(messages)])
    check(records)


@settings(max_examples=200)
@given(ANY)
def test_any_payload_is_gone_through(payload):
    parser = Parser()
    named = [record.rule for record in parser.process(Frame(START, payload)) if isinstance(record, Repair)]
    assert named == ["skipped_message"] * parser.unread
    assert parser.unread or isinstance(payload, list)


def test_what_cannot_be_read_is_named_with_its_reason():
    parser = Parser(START)
    for payload in (None, [], ["TimingData"], 5, ["Subscribe", "no state"], ["CarData.z", 5]):
        parser.process(Frame(START, payload))
    assert parser.unread == len(parser.skipped) == 5
    assert parser.skipped[0] == "None at 13:03:00: TypeError: 'NoneType' object is not subscriptable"
    assert parser.skipped[-1] == "Subscribe at 13:03:00: ValueError: no state to join with"


def test_the_names_of_broken_messages_do_not_fill_the_memory():
    parser = Parser(START)
    for _ in range(3_000):
        parser.process(Frame(START, None))
    assert (parser.unread, len(parser.skipped)) == (3_000, 1_000)


def test_cars_without_end_do_not_fill_the_memory():
    parser = Parser(START)
    lines = {str(number): {"Position": "1"} for number in range(2_000)}
    parser.process(Frame(START, ["TimingData", {"Lines": lines}]))
    parser.process(Frame(START, ["DriverList", {number: {"Tla": "ABC"} for number in lines}]))
    assert len(parser.cars) == len(parser.drivers.entries) == 99


def test_a_broken_message_between_good_ones_changes_nothing_else():
    clean, _ = feed(race())
    bad = [
        (at, "TimingData", {"Lines": {"1": {"Sectors": "x", "Speeds": 5, "LastLapTime": []}, "x": {}}})
        for at in range(0, 200_000, 7_000)
    ]
    told, parser = feed(sorted([*race(), *bad], key=lambda one: one[0]))
    assert laps_of(told) == laps_of(clean)
    assert parser.unread == 0


def test_a_stamp_of_a_clock_that_jumped_does_not_count():
    whole = [(at, [topic, content, stamp(at)]) for at, topic, content in race()]
    jumped = [
        (at, [*payload[:2], stamp(at - 3_600_000)] if 90_000 < at < 120_000 else payload) for at, payload in whole
    ]
    records, _ = run(jumped)
    check(records)
    assert laps_of(records) == laps_of(run(whole)[0])
