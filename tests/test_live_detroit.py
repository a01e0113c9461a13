"""The whole race at Detroit 2026 through the reducers, and rewound to a hundred times."""

import random

import pytest

from racelab.domain.flags import Flag
from racelab.domain.laps import Lap
from racelab.live.reducers import initial_state, reduce, settle
from racelab.live.timeline import Timeline
from racelab.sources.timing71 import Parser, Recording

pytestmark = pytest.mark.data
CLASSES = {"GTP": ["31", "25", "10", "93", "7", "40", "60", "6", "24", "23", "5"], "GTDPRO": ["3", "9", "65", "1", "64", "14", "4", "59", "77", "15"]}  # fmt: skip


@pytest.fixture(scope="module")
def race():
    """The timeline, the states of a fresh fold at a hundred sampled frames, all laps and the last frame, in one pass."""
    from conftest import DATA

    recording = Recording(DATA / "live" / "timing71_recordings" / "Detroit-2026-Race.zip")
    parser, timeline, state = Parser(recording.manifest), Timeline(), initial_state()
    sampled = set(random.Random(2026).sample(range(len(recording)), 99)) | {len(recording) - 1}
    fresh, shown, laps, last = {}, {}, {}, None
    for number, frame in enumerate(recording.frames()):
        records, last = list(parser.process(frame)), frame
        timeline.add(frame.received_at, records)
        for record in records:
            state = reduce(state, record)
            if isinstance(record, Lap):
                laps[record.car_number, record.lap_number] = record
        if number in sampled:
            fresh[frame.received_at], shown[frame.received_at] = settle(state), frame.payload["cars"]
    return timeline, fresh, laps, last, shown


@pytest.fixture(scope="module")
def final(race):
    _, fresh, _, last, _ = race
    return fresh[last.received_at]


def test_the_state_at_each_of_100_times_is_that_of_a_fresh_replay(race):
    timeline, fresh, *_ = race
    assert len(fresh) == 100
    assert [at for at, state in fresh.items() if timeline.at(at) != state] == []


def test_the_final_state_is_the_recordings_last_frame(race, final):
    *_, last, _ = race
    rows = last.payload["cars"]

    def cell(row, place):
        return row[place][0] if isinstance(row[place], list) else row[place]

    assert [car.car_number for car in final.order] == [cell(row, 0) for row in rows]
    shown = {cell(row, 0): row for row in rows}
    for car in final.order:
        row = shown[car.car_number]
        assert (car.laps, car.stops) == (int(cell(row, 7)), int(cell(row, 16)))
        assert (car.car_class, car.class_position) == (cell(row, 2), int(cell(row, 3)))
        assert (car.last_lap_ms, car.best_lap_ms) == (_ms(cell(row, 13)), _ms(cell(row, 14)))
        assert _gap(car.gap_ms, car.gap_laps, car.position) == _read(cell(row, 8))
        assert _gap(car.interval_ms, car.interval_laps, car.position) == _read(cell(row, 9))
    assert (final.order[0].car_number, final.order[0].laps) == ("31", 82)
    assert {name: [car.car_number for car in final.order if car.car_class == name] for name in CLASSES} == CLASSES


def test_every_cars_lap_times_add_up(race, final):
    _, _, laps, *_ = race
    for number, car in final.cars.items():
        times = [laps[number, lap].lap_time_ms for lap in range(1, car.laps + 1)]
        assert sum(times) == laps[number, car.laps].end_ms == car.last_line_ms
        assert final.ledger[number].times == tuple(laps[number, lap].end_ms for lap in range(1, car.laps + 1))


def test_class_gaps_are_differences_of_the_gaps(final):
    for cars in CLASSES.values():
        leader, *others = (final.cars[number] for number in cars)
        assert (leader.class_gap_ms, leader.class_interval_ms) == (None, None)
        for car in others:
            if car.class_gap_laps == 0 and car.gap_ms is not None and car.gap_laps == (leader.gap_laps or 0):
                assert car.class_gap_ms == car.gap_ms - (leader.gap_ms or 0)


def test_a_gap_to_a_car_that_has_crossed_already_is_that_of_the_lap_before(race):
    timeline, *_ = race
    cars = timeline.at(3_599_000).cars
    # The frame says 52.442: from the end of 10's lap 49 to that of the leader's lap 50.
    assert (cars["31"].laps, cars["10"].laps) == (50, 49)
    assert (cars["10"].gap_ms, cars["10"].gap_laps) == (15_357, 0)
    assert (cars["25"].laps, cars["25"].gap_ms, cars["25"].interval_ms) == (50, 9_559, 9_559)


def test_drive_times_are_the_race_less_the_pit_lane(race, final):
    stopped = {"31": 35_038, "25": 37_587, "3": 37_817}
    for number, pit_ms in stopped.items():
        car = final.cars[number]
        driven = sum(car.driver_times.values())
        assert driven == car.drives[-1].end_ms - pit_ms
        assert abs(car.drives[-1].end_ms - car.last_line_ms) < 2_000
    assert final.cars["31"].driver_times == {"Earl BAMBER": 1_996_679, "Jack AITKEN": 4_005_393}
    assert final.cars["31"].last_stop_ms == 2_031_717
    # The new driver of 14 is told a lap after the stop; the whole drive is his.
    assert [drive.driver for drive in final.cars["14"].drives] == ["Ben BARNICOAT"] + 2 * ["Jack HAWKSWORTH"]
    assert all(len(car.driver_times) == 2 for car in final.cars.values())


def test_personal_and_session_bests_are_those_that_the_service_marks(race):
    _, fresh, _, _, shown = race
    words = {"": "", "pb": "personal", "sb": "session", "sb-new": "session"}
    told = [
        (words[row[13][1]], fresh[at].cars[row[0]].marks.get("last_lap_ms", ""))
        for at, rows in shown.items()
        for row in rows
        if row[13][0] and fresh[at].time_ms > 0
    ]
    assert len(told) > 1_800
    # A session best that another car has beaten since is a personal one for the service, and keeps its mark here.
    assert {pair for pair in told if pair[0] != pair[1]} <= {("personal", "session")}
    assert sum(mark == own for mark, own in told) / len(told) > 0.99
    assert sum(mark == "session" for mark, _ in told) > 5


def test_flags_are_kept_with_their_times(final):
    assert [(change.flag, round(change.time_ms / 1000)) for change in final.flags] == [
        (Flag.GREEN, 1), (Flag.FCY, 209), (Flag.GREEN, 585), (Flag.FCY, 4812), (Flag.GREEN, 5239), (Flag.FCY, 5324),
        (Flag.GREEN, 5627), (Flag.CHEQUERED, 6039),
    ]  # fmt: skip


def test_a_car_in_the_pits_is_shown_there_since_its_entry(race):
    timeline, *_ = race
    car = timeline.at(2_010_000).cars["31"]
    assert (car.status, car.pit_since_ms, car.last_stop_ms, car.driver_since_ms) == ("pit", 1_996_679, None, None)
    out = timeline.at(2_040_000).cars["31"]
    assert (out.pit_since_ms, out.last_stop_ms, out.driver_since_ms, out.driver) == (
        None, 2_031_717, 2_031_717, "Jack AITKEN",
    )  # fmt: skip


def _ms(seconds):
    return round(float(seconds) * 1_000)


def _gap(ms, laps, position):
    """A gap as the frame shows it: laps, or time on the same lap."""
    return None if position == 1 else ("laps", laps) if laps else ("ms", ms)


def _read(shown):
    if shown in ("", None):
        return None
    text = str(shown)
    return ("laps", int(text.split(maxsplit=1)[0])) if "lap" in text.casefold() else ("ms", _ms(text))
