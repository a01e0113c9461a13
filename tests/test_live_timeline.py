"""A session rewound: the state at any time is that of a fresh fold up to it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from live_records import RECORD

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap
from racelab.domain.records import Clock
from racelab.live.compact import pack_records, pack_state, unpack_records, unpack_state
from racelab.live.feed import RecordsParser, StoredFeed
from racelab.live.reducers import fold, initial_state, settle
from racelab.live.replay import state_at
from racelab.live.timeline import Timeline

START = datetime(2026, 5, 30, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRAMES = st.lists(st.lists(RECORD, max_size=6), max_size=12)
WAITS = st.lists(st.integers(0, 2), min_size=12, max_size=12)


def feed_of(frames, waits=(1,) * 1000) -> StoredFeed:
    at, known = START, []
    for wait, records in zip(waits, frames, strict=False):
        at += wait * SECOND
        known.append((at, records))
    return StoredFeed(known)


def laps_of(cars, count):
    """A frame for each crossing, in the order of time."""
    ends = sorted((lap * (90_000 + car), str(car), lap) for car in range(1, cars + 1) for lap in range(1, count + 1))
    return [[Lap(car, lap, lap_time_ms=90_000, end_ms=end), Clock(end, end)] for end, car, lap in ends]


@settings(max_examples=60)
@given(FRAMES, WAITS, st.booleans(), st.integers(1, 9))
def test_the_state_at_any_instant_is_that_of_a_fresh_replay(frames, waits, is_race, every):
    feed = feed_of(frames, waits)
    timeline = Timeline(is_race=is_race, every=every)
    for at, records in feed.known:
        timeline.add(at, records)
    for second in range(-1, 26):
        instant = START + second * SECOND
        assert timeline.at(instant) == state_at(feed, RecordsParser(), instant, is_race=is_race)


@settings(max_examples=40)
@given(FRAMES, st.integers(1, 9))
def test_the_state_at_a_session_time_is_that_after_the_last_frame_of_then(frames, every):
    timeline = Timeline(every=every)
    states = [timeline.add(START, records) for records in frames]
    for time in {0, 5_000_000, *(state.time_ms for state in states)}:
        reached = [state for state in states if state.time_ms <= time]
        wanted = settle(reached[-1]) if reached else initial_state()
        assert timeline.at(time) == wanted


@settings(max_examples=60)
@given(st.lists(RECORD, max_size=30))
def test_what_is_packed_comes_back(records):
    assert unpack_records(pack_records(records)) == records
    state = fold(initial_state(), records)
    again = unpack_state(pack_state(state))
    assert again == state
    assert type(again.flag) is type(state.flag)


def test_it_grows_while_the_session_runs_and_keeps_the_past():
    frames = laps_of(3, 40)
    timeline, seen = Timeline(every=10), []
    for number, records in enumerate(frames):
        seen.append(settle(timeline.add(START + number * SECOND, records)))
        assert timeline.at(START + number // 2 * SECOND) == seen[number // 2]
    assert timeline.at(seen[7].time_ms).cars["1"].laps == seen[7].cars["1"].laps


def test_a_recording_and_what_follows_it_are_the_whole():
    frames = laps_of(3, 30)
    joined = Timeline.of(StoredFeed(feed_of(frames).known[:40]), RecordsParser())
    for at, records in feed_of(frames).known[40:]:
        joined.add(at, records)
    whole = Timeline.of(feed_of(frames), RecordsParser())
    for number in (0, 20, 39, 40, 89):
        assert joined.at(START + (number + 1) * SECOND) == whole.at(START + (number + 1) * SECOND)
    assert joined.state == whole.state


def test_what_the_parser_tells_at_its_end_belongs_to_the_last_frame():
    class Late(RecordsParser):
        def finish(self):
            return [TrackStatus(99_000, Flag.CHEQUERED)]

    timeline = Timeline.of(feed_of([[Entry("1")], [Clock(5_000, 5_000)]]), Late())
    assert timeline.at(START + 2 * SECOND).flag is Flag.CHEQUERED
    assert timeline.at(START + SECOND).flag is None
    assert Timeline.of(StoredFeed([]), Late()).at(START) == initial_state()


def test_frames_that_came_late_are_reached_in_their_order():
    timeline = Timeline()
    for seconds, car in ((5, "1"), (2, "2"), (6, "3")):
        timeline.add(START + seconds * SECOND, [Entry(car)])
    assert list(timeline.at(START + 4 * SECOND).cars) == []
    assert list(timeline.at(START + 5 * SECOND).cars) == ["1", "2"]


def test_what_is_kept_grows_with_the_records_and_not_with_the_race():
    frames = laps_of(4, 600)
    timeline, sizes = Timeline(every=100), []
    for number, records in enumerate(frames):
        timeline.add(START + number * SECOND, records)
        if number in (1_199, 2_399):
            sizes.append(timeline.kept_bytes)
    # The crossings of all laps before stand in no block: the second half takes hardly more than the first.
    assert sizes[1] < 2.3 * sizes[0]
