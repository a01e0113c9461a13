"""Griiip's recorded answers: Le Mans 2026, a bootstrap and a sample of pushes."""

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from emulators.griiip import GriiipService, recorded
from emulators.harness import run_feed
from emulators.server import serve

from racelab.domain.flags import Flag, RaceControlMessage, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop, Quality, Result
from racelab.domain.records import Repair
from racelab.domain.sessions import Event, Session, SessionKey
from racelab.live.clock import ManualClock
from racelab.live.feeds.griiip import GriiipFeed
from racelab.live.identity import LiveSession
from racelab.live.reducers import fold, initial_state
from racelab.settings import Settings
from racelab.sources.griiip import Parser

pytestmark = pytest.mark.data
SID = 18130
START = datetime(2026, 6, 13, 14, tzinfo=UTC)
AT = datetime(2026, 6, 13, 18, 6, 8, tzinfo=UTC)
KEY = SessionKey.read("wec/2026/4/R")


@pytest.fixture(scope="module")
def answers():
    from conftest import DATA

    return recorded(DATA / "live" / "griiip_lemans2026_rest", SID)


@pytest.fixture(scope="module")
def read(answers):
    """The parser and the records of all answers, each part as a frame."""
    parser, records = Parser(), []
    for path, body in answers.items():
        part = path.removeprefix("live/").replace(f"/{SID}", "")
        records += parser.process(Frame(AT, [part, json.loads(body)]))
    return parser, records


def of(answers, name):
    return json.loads(answers[f"live/{name}/{SID}"])


def test_every_lap_of_the_answers_is_read(answers, read):
    laps = {(one.car_number, one.lap_number): one for one in read[1] if isinstance(one, Lap)}
    told = of(answers, "laps")
    assert (len(laps), len(told)) == (930, 930)
    assert {key: lap.lap_time_ms for key, lap in laps.items()} == {(one["carNumber"], one["lapNumber"]): one["lapTimeMillis"] for one in told}  # fmt: skip
    instants = {(one["carNumber"], one["lapNumber"]): (datetime.fromisoformat(one["ts"]) - START) / timedelta(milliseconds=1) for one in told}  # fmt: skip
    moved = {key for key, lap in laps.items() if lap.end_ms != instants[key]}
    assert moved == {key for key, lap in laps.items() if lap.quality is Quality.REPAIRED}
    assert len(moved) == 16
    named = {one.record for one in read[1] if isinstance(one, Repair)}
    assert named == {f"{car}/{lap}" for car, lap in moved}
    for (car, number), lap in laps.items():
        before = laps.get((car, number - 1))
        assert before is None or abs(lap.start_ms - before.end_ms) <= 600


def test_every_entry_and_exit_is_read_and_every_length_is_that_of_the_exit(answers, read):
    stops = list({(one.car_number, one.lap_number): one for one in read[1] if isinstance(one, PitStop)}.values())
    came = [stop for stop in stops if stop.in_ms is not None]
    left = [stop for stop in stops if stop.out_ms is not None]
    assert (len(came), len(left)) == (312, 312)
    lengths = {(one["carNumber"], one["lapNumber"] - 1): one["durationMillis"] for one in of(answers, "pit-out")}
    assert {(stop.car_number, stop.lap_number): stop.duration_ms for stop in left} == lengths
    whole = [stop for stop in stops if stop.in_ms is not None and stop.out_ms is not None]
    assert len(whole) == 307
    assert all(stop.out_ms - stop.in_ms == stop.duration_ms for stop in whole)
    named = Counter(one.rule for one in read[0].finish())
    assert (named["half_stop"], named["missed_lap"]) == (6, 62)


def test_order_gaps_flags_and_messages_are_the_answers(answers, read):
    state = fold(initial_state(), read[1])
    ranks = of(answers, "ranks")
    assert {car.car_number: (car.position, car.class_position) for car in state.order} == {one["carNumber"]: (one["overallPosition"], one["position"]) for one in ranks}  # fmt: skip
    gaps = {one["carNumber"]: one for one in of(answers, "gaps")}
    for car in state.order[1:18]:
        told = gaps[car.car_number]
        assert car.gap_ms == told["gapToFirstMillis"] or car.gap_laps == told["gapToFirstLaps"] == 1
        assert car.interval_ms == told["gapToAheadMillis"]
    flags = [one for one in read[1] if isinstance(one, TrackStatus)]
    assert Counter(one.flag for one in flags) == {Flag.GREEN: 16, Flag.YELLOW: 14}
    said = [one.text for one in read[1] if isinstance(one, RaceControlMessage)]
    assert len(said) == 7
    assert said[-1].startswith("CORRECTION - CANCELLATION OF THE INVESTIGATION CAR 101")
    assert (state.cars["8"].driver, state.cars["8"].stops, state.weather.track_c) == ("Brendon Hartley", 5, 33.2)
    assert read[0].unread == 0


def test_the_feed_brings_the_recorded_answers_as_they_are(answers, read, store, tmp_path):
    clock = ManualClock(AT)
    service = GriiipService(clock.now, None, answers)
    session = LiveSession(Event("24 Hours of Le Mans"), Session(KEY, start_utc=START))
    with serve(service.app) as served:
        settings = Settings(griiip_url=served.url, griiip_sid=SID, griiip_mode="rest")
        feed = GriiipFeed(settings, clock, session, random.Random(1))
        run_feed(feed, session, store, tmp_path, clock, lambda _: clock.now() > AT + timedelta(seconds=60))
    laps, stops = store.read("laps", KEY), store.read("pit_stops", KEY)
    assert len(laps) == 930
    assert (stops["in_ms"].notna().sum(), stops["out_ms"].notna().sum()) == (312, 312)
    read_laps = {(one.car_number, one.lap_number): one.end_ms for one in read[1] if isinstance(one, Lap)}
    assert {(row.car_number, row.lap_number): row.end_ms for row in laps.itertuples()} == read_laps
    assert Counter(service.statuses_sent)[304] > 20
    assert Counter(path for path, status in zip(service.asked, service.statuses_sent, strict=True) if status == 200).most_common(1)[0][1] == 1  # fmt: skip


def test_a_bootstrap_is_read_whole(data):
    content = json.loads((data / "live/griiip_signalr_capture/bootstrap_example_iracing_sid19152.json").read_bytes())
    parser = Parser()
    records = parser.process(Frame(datetime(2026, 7, 3, 21, 16, 28, tzinfo=UTC), ["bootstrap", content]))
    laps = {(one.car_number, one.lap_number): one for one in records if isinstance(one, Lap)}
    assert (len(laps), parser.unread) == (115, 0)
    state = fold(initial_state(), records)
    assert [car.car_number for car in state.order] == [one["carNumber"] for one in sorted(content["ranks"], key=lambda one: one["overallPosition"])]  # fmt: skip
    assert (state.flag, state.remaining_laps) == (Flag.CHEQUERED, 0)
    results = [one for one in parser.finish() if isinstance(one, Result)]
    assert (len(results), results[0].car_number, results[0].laps) == (23, "21", 40)
    assert sorted(one.grid_position for one in results) == list(range(1, 24))


def test_the_sample_of_pushes_is_read(data):
    parser, records = Parser(), []
    with gzip.open(data / "live/griiip_signalr_capture/wec_capture_sample.jsonl.gz", "rt") as lines:
        # The last line is cut off.
        for line in lines.read().splitlines()[:-1]:
            told = json.loads(line)
            part = told["channel"].lstrip("_")
            at = datetime(2026, 7, 3, 21, 16, 28, tzinfo=UTC)
            records += parser.process(Frame(at, [part, told["data"]]))
    laps = {(one.car_number, one.lap_number): one for one in records if isinstance(one, Lap)}
    assert {("18", number) for number in (36, 37, 38)} <= laps.keys()
    # Two frames of the sample were made by hand, and tell neither lap nor instant of a stop.
    assert parser.unread == 2
    assert {one.flag for one in records if isinstance(one, TrackStatus)} >= {Flag.GREEN, Flag.YELLOW, Flag.CHEQUERED}
