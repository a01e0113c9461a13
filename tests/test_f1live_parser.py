"""The messages of a small race through the parser: laps, stops, tyres, places, and what joins or is lost."""

import base64
import json
import zlib

import pytest
from f1live_text import IN_LAP, LAPS, NAMES, SECTORS, START, before, full_line, race, stamp, timing

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop, Result, ResultKind, StopType
from racelab.domain.records import Clock, Repair, Timing, Weather
from racelab.domain.tyres import Compound
from racelab.live.reducers import fold, initial_state
from racelab.sources.f1live import Parser, Samples
from racelab.sources.f1live.values import duration_ms, gap, instant, stamp_ms, whole

START_MS = round(START.timestamp() * 1000)


def feed(messages, parser=None, finish=True):
    """Every record of the messages, in order, and the parser."""
    parser = parser or Parser(START)
    records = []
    for ms, topic, content in messages:
        records += parser.process(Frame(instant(START_MS + ms), [topic, content]))
    return records + (list(parser.finish()) if finish else []), parser


def last(records, kind, *names):
    """The last telling of each record of a kind, by its key."""
    return {tuple(getattr(one, name) for name in names): one for one in records if isinstance(one, kind)}


def laps_of(records):
    return last(records, Lap, "car_number", "lap_number")


@pytest.fixture(scope="module")
def told():
    return feed(race())[0]


def ends(number):
    end, found = 0, {}
    for lap in range(1, LAPS + 1):
        s1, s2, s3 = SECTORS[number]
        stop = IN_LAP.get(number)
        end += s1 + s2 + s3 + lap + (12_000 if stop == lap else 8_000 if stop == lap - 1 else 0)
        found[lap] = end
    return found


def test_every_lap_is_told_with_its_times(told):
    laps = laps_of(told)
    assert len(laps) == 3 * LAPS
    for number in NAMES:
        for lap, end in ends(number).items():
            found = laps[number, lap]
            begin = ends(number).get(lap - 1, 0)
            assert (found.start_ms, found.end_ms) == (begin, end)
            assert found.lap_time_ms == (end - begin if lap > 1 else None)
            assert (found.s2_ms, found.seat, found.flag) == (SECTORS[number][1], 1, Flag.GREEN)
            assert found.s1_ms == (None if lap == 1 else end - begin - found.s2_ms - found.s3_ms)


def test_a_lap_is_told_at_once_and_again_when_its_time_comes():
    records, _ = feed(race(), finish=False)
    told = [one.lap_time_ms for one in records if isinstance(one, Lap) and (one.car_number, one.lap_number) == ("1", 2)]
    assert told == [None, 75_002]


def test_places_are_those_at_the_line(told):
    places = {number: [laps_of(told)[number, lap].position for lap in range(1, LAPS + 1)] for number in NAMES}
    assert places == {"1": [1] * 5, "4": [2, 3, 3, 3, 3], "81": [3, 2, 2, 2, 2]}


def test_a_stop_is_told_when_it_begins_ends_and_its_tyres_are_known(told):
    stops = [one for one in told if isinstance(one, PitStop)]
    came, left = ends("4")[2] - 5_000, ends("4")[2] + 8_000
    assert [(stop.lap_number, stop.in_ms, stop.out_ms, stop.compound) for stop in stops] == [
        (2, came, None, None), (2, came, left, None), (2, came, left, Compound.HARD),
    ]  # fmt: skip
    assert (stops[-1].duration_ms, stops[-1].stop_type, stops[-1].flag) == (13_000, StopType.REGULAR, Flag.GREEN)
    laps = laps_of(told)
    assert (laps["4", 2].pit_in, laps["4", 2].pit_in_ms, laps["4", 2].pit_out) == (True, came, False)
    assert (laps["4", 3].pit_out, laps["4", 3].pit_out_ms, laps["4", 3].pit_time_ms) == (True, left, 13_000)
    assert not any(lap.pit_in or lap.pit_out for (number, _), lap in laps.items() if number != "4")


def test_tyres_and_their_age(told):
    laps = laps_of(told)
    assert [laps["1", lap].tyre_age for lap in range(1, 6)] == [4, 5, 6, 7, 8]
    assert [laps["4", lap].tyre_age for lap in range(1, 6)] == [4, 5, 1, 2, 3]
    assert [laps["4", lap].stint for lap in range(1, 6)] == [1, 1, 2, 2, 2]
    assert [laps["4", lap].compound for lap in (2, 3)] == [Compound.MEDIUM, Compound.HARD]
    assert [laps["4", lap].fresh_tyre for lap in (2, 3)] == [False, True]


def test_a_speed_that_is_not_sent_again_is_that_of_the_lap_before(told):
    messages = [m for m in race() if not (m[1] == "TimingData" and 85_000 < m[0] < 230_000 and "Speeds" in str(m[2]))]
    laps = laps_of(feed(messages)[0])
    assert [laps["1", lap].speed_i1_kph for lap in range(1, 6)] == [280.0] * 5


def test_entries_statuses_and_the_result(told):
    entries = last(told, Entry, "car_number")
    assert entries["1",].drivers[0].name == "Max Verstappen"
    assert (entries["4",].team, entries["4",].colour, entries["4",].car_class) == ("Team NOR", "#ff8000", "F1")
    assert [one.status for one in told if isinstance(one, SessionStatus)] == ["inactive", "started", "finished", "ends"]
    assert [(one.time_ms, one.flag) for one in told if isinstance(one, TrackStatus)] == [(-294_000, Flag.GREEN)]
    (message,) = (one for one in told if isinstance(one, RaceControlMessage))
    assert (message.sequence, message.flag, message.time_ms) == (1, "CHEQUERED", ends("1")[5] + 5)
    results = last(told, Result, "kind", "car_number")
    assert [results[ResultKind.PROVISIONAL, number].position for number in ("1", "81", "4")] == [1, 2, 3]
    assert [results[ResultKind.ROAD, number].total_time_ms for number in NAMES] == [ends(number)[5] for number in NAMES]
    assert {results[ResultKind.PROVISIONAL, number].status for number in NAMES} == {"finished"}
    assert results[ResultKind.PROVISIONAL, "4"].best_lap_ms == 75_304
    assert [results[ResultKind.PROVISIONAL, number].grid_position for number in NAMES] == [1, 2, 3]


def test_the_tower_shows_the_race(told):
    state = fold(initial_state(), told)
    assert [car.car_number for car in state.order] == ["1", "81", "4"]
    assert [car.laps for car in state.order] == [5, 5, 5]
    assert [car.gap_ms for car in state.order] == [None, ends("81")[5] - ends("1")[5], ends("4")[5] - ends("1")[5]]
    assert [(car.compound, car.tyre_age, car.stops) for car in state.order][1:] == [("medium", 8, None), ("hard", 3, 1)]
    assert {car.status for car in state.order} == {"finished"}
    assert (state.flag, state.status, state.remaining_laps) == (Flag.CHEQUERED, "ends", 0)


def test_tyres_are_shown_before_the_first_lap_is_done():
    state = fold(initial_state(), feed(before(), finish=False)[0])
    assert {(car.compound, car.tyre_age) for car in state.cars.values()} == {("medium", 3)}


def test_the_clock_is_told_once_a_second_until_the_end(told):
    clocks = [one for one in told if isinstance(one, Clock)]
    assert [one.time_ms // 1000 for one in clocks] == sorted({one.time_ms // 1000 for one in clocks})
    assert clocks[0].time_ms == 0
    assert (clocks[0].remaining_laps, clocks[-1].remaining_laps) == (5, 0)
    assert clocks[-1].time_ms == ends("4")[5] + 1_000


def test_the_remaining_time_runs_on_between_messages():
    clock = {"Utc": stamp(0), "Remaining": "00:18:00", "Extrapolating": True}
    halt = {"Utc": stamp(20_000), "Remaining": "00:17:40", "Extrapolating": False}
    told, _ = feed(
        [(0, "SessionStatus", {"Status": "Started"}), (0, "ExtrapolatedClock", clock), (10_000, "Heartbeat", {}),
         (20_000, "ExtrapolatedClock", halt), (30_000, "Heartbeat", {})], finish=False,
    )  # fmt: skip
    assert [one.remaining_ms for one in told if isinstance(one, Clock)] == [None, 1_070_000, 1_060_000, 1_060_000]


def test_late_values_belong_to_the_lap_before():
    messages = [*before(), timing(20_000, "1", {"Sectors": {"1": {"Value": "30.000"}}})]
    messages += [timing(75_000, "1", {"NumberOfLaps": 1}), timing(79_900, "1", {"Sectors": {"2": {"Value": "25.000"}}})]
    messages += [
        timing(150_000, "1", {"NumberOfLaps": 2}),
        timing(155_100, "1", {"LastLapTime": {"Value": "1:15.000"}}),
    ]
    laps = laps_of(feed(messages)[0])
    assert laps["1", 1].s3_ms == 25_000
    assert laps["1", 2].lap_time_ms is None


def test_a_pit_exit_just_before_the_line_is_of_the_next_lap():
    messages = [*before(), timing(60_000, "1", {"Sectors": {"1": {"Value": "30.000"}}})]
    messages += [timing(70_000, "1", {"InPit": True}), timing(96_000, "1", {"InPit": False})]
    messages += [timing(100_000, "1", {"NumberOfLaps": 1}), timing(180_000, "1", {"NumberOfLaps": 2})]
    laps = laps_of(feed(messages)[0])
    assert (laps["1", 1].pit_in_ms, laps["1", 1].pit_out) == (70_000, False)
    assert (laps["1", 2].pit_out_ms, laps["1", 2].pit_time_ms) == (96_000, 26_000)


def test_a_time_that_equals_the_one_before_is_not_sent_and_is_filled_in():
    sectors = [{"0": "20.000"}, {"1": "30.000"}, {"2": "25.000"}]
    messages = list(before())
    for lap, parts in ((1, sectors[1:]), (2, sectors), (3, [*sectors[:2], {"2": "25.000"}])):
        begin = (lap - 1) * 75_000
        for place, one in enumerate(parts):
            ((key, value),) = one.items()
            messages.append(timing(begin + 20_000 + place * 20_000, "1", {"Sectors": {key: {"Value": value}}}))
        line = {"NumberOfLaps": lap} | ({"LastLapTime": {"Value": "1:15.000"}} if lap == 2 else {})
        messages.append(timing(begin + 75_000, "1", line))
    assert laps_of(feed(messages)[0])["1", 3].lap_time_ms == 75_000


def test_a_lap_time_shorter_than_its_sectors_is_no_time():
    messages = [
        (ms, topic, json.loads(json.dumps(content).replace('"1:15.002"', '"0:45.002"')))
        for ms, topic, content in race()
    ]
    laps = laps_of(feed(messages)[0])
    assert laps["1", 2].lap_time_ms is None
    assert laps["1", 3].lap_time_ms == 75_003


def test_a_time_over_150_seconds_counts_only_with_its_own_sectors():
    slow = [*before(), timing(75_000, "1", {"NumberOfLaps": 1, "Sectors": {"2": {"Value": "25.000"}}})]
    parts = {"0": {"Value": "60.000"}, "1": {"Value": "60.000"}, "2": {"Value": "60.000"}}
    own = timing(255_000, "1", {"NumberOfLaps": 2, "Sectors": parts, "LastLapTime": {"Value": "3:00.000"}})
    other = timing(255_000, "1", {"NumberOfLaps": 2, "LastLapTime": {"Value": "3:00.000"}})
    assert laps_of(feed([*slow, own])[0])["1", 2].lap_time_ms == 180_000
    assert laps_of(feed([*slow, other])[0])["1", 2].lap_time_ms is None


def deleted(text, index):
    return (
        ends("1")[3] + 9_000,
        "RaceControlMessages",
        {"Messages": {str(index): {"Utc": stamp(0)[:-5], "Message": text}}},
    )


def test_a_deleted_time_is_told_again_and_is_no_best_any_more():
    message = deleted("CAR 1 (VER) TIME 1:15.002 DELETED - TRACK LIMITS AT TURN 3 LAP 2 15:06:00", 1)
    messages = sorted([*race(), message], key=lambda one: one[0])
    told, _ = feed(messages)
    assert [lap for (number, lap), found in laps_of(told).items() if found.deleted] == [2]
    back = deleted("CAR 1 (VER) TIME 1:15.002 DELETED LAP REINSTATED", 2)
    told, _ = feed(sorted([*messages, back], key=lambda one: one[0]))
    assert not any(found.deleted for found in laps_of(told).values())


def test_nothing_is_deleted_or_not_while_race_control_is_silent():
    told, _ = feed([message for message in race() if message[1] != "RaceControlMessages"])
    assert {lap.deleted for lap in laps_of(told).values()} == {None}


def test_a_message_that_comes_twice_changes_nothing():
    once, _ = feed(race())
    twice, _ = feed([message for message in race() for _ in range(2)])
    assert laps_of(twice) == laps_of(once)
    stops = [last(one, PitStop, "car_number", "lap_number") for one in (once, twice)]
    assert stops[0] == stops[1]


def test_laps_of_the_past_that_come_again_are_passed_over():
    late = timing(ends("1")[4] + 6_000, "1", {"NumberOfLaps": 2, "LastLapTime": {"Value": "1:01.000"}})
    messages = sorted([*race(), late], key=lambda message: message[0])
    assert laps_of(feed(messages)[0])["1", 4].lap_time_ms == 75_004
    assert len(laps_of(feed(messages)[0])) == 3 * LAPS


def test_laps_that_no_message_told_are_named_and_not_invented():
    cut = (ends("1")[1] + 1_000, ends("1")[3] + 1_000)
    messages = [message for message in race() if not cut[0] < message[0] < cut[1] or message[1] != "TimingData"]
    told, _ = feed(messages)
    missed = [one.record for one in told if isinstance(one, Repair)]
    assert missed == ["1/2", "1/3", "4/2", "4/3", "81/2", "81/3"] or set(missed) >= {"1/2", "1/3"}
    laps = laps_of(told)
    assert ("1", 2) not in laps
    assert (laps["1", 4].lap_number, laps["1", 5].lap_time_ms) == (4, 75_005)


def joined(at, laps):
    """The full state as the answer to Subscribe gives it, with the history of the session."""
    lines = {
        number: full_line(number, place) | {"NumberOfLaps": laps} for place, number in enumerate(("1", "81", "4"), 1)
    }
    history = [{"Utc": stamp(0), "SessionStatus": "Started"}, {"Utc": stamp(30_000), "TrackStatus": "Yellow"},
               {"Utc": stamp(40_000), "TrackStatus": "AllClear"}]  # fmt: skip
    content = {
        topic: told
        for _, topic, told in before()
        if topic in ("SessionInfo", "DriverList", "LapCount", "TimingAppData")
    }
    messages = [{"Utc": stamp(1_000)[:-5], "Message": "GREEN LIGHT - PIT EXIT OPEN"}]
    content |= {
        "TimingData": {"Lines": lines}, "SessionData": {"StatusSeries": history}, "SessionStatus": {"Status": "Started"},
        "TrackStatus": {"Status": "1"}, "RaceControlMessages": {"Messages": messages}, "Heartbeat": {},
    }  # fmt: skip
    return at, "Subscribe", content


def test_joining_late_gives_the_past_from_the_history_and_laps_from_there_on():
    at = ends("4")[3] + 1_000
    late = [message for message in race() if message[0] > at]
    told, parser = feed([joined(at, 3), *late], Parser())
    assert parser.start == START
    assert [(one.time_ms, one.flag) for one in told if isinstance(one, TrackStatus)] == [
        (30_000, Flag.YELLOW), (40_000, Flag.GREEN),
    ]  # fmt: skip
    assert next(one for one in told if isinstance(one, RaceControlMessage)).time_ms == 1_000
    laps = laps_of(told)
    assert {lap for _, lap in laps} == {4, 5}
    assert laps["1", 5].lap_time_ms == 75_005
    state = fold(initial_state(), told)
    assert [car.car_number for car in state.order] == ["1", "81", "4"]


def test_a_state_that_comes_again_after_a_reconnection_loses_nothing():
    at = ends("4")[2] + 10_000
    whole = sorted([*race(), joined(at, 2)], key=lambda message: message[0])
    assert laps_of(feed(whole)[0]).keys() == laps_of(feed(race())[0]).keys()


def test_before_the_start_is_known_session_time_does_not_run_past_it():
    told, _ = feed(before()[:-1], Parser(), finish=False)
    times = [one.time_ms for one in told if hasattr(one, "time_ms")]
    assert max(times) <= 0
    assert min(times) < -100_000


def test_a_live_frame_counts_by_the_feeds_own_stamp():
    parser = Parser()
    for ms, topic, content in race():
        parser.process(Frame(instant(START_MS + ms + 1_700), [topic, content, stamp(ms)]))
    assert parser.start == START
    assert {lap.end_ms for lap in parser.finish() if isinstance(lap, Lap) and lap.car_number == "1"} <= set(
        ends("1").values()
    )


def test_a_car_that_is_out_has_no_gap():
    messages = [*before(), timing(80_000, "4", {"GapToLeader": "+1.000"}), timing(90_000, "4", {"Stopped": True})]
    told, _ = feed([*messages, timing(95_000, "4", {"GapToLeader": "+7.000"})], finish=False)
    line = [one for one in told if isinstance(one, Timing) and one.car_number == "4"][-1]
    assert (line.status, line.gap_ms, line.position) == ("stopped", None, 2)
    assert line.time_ms == 90_000


def test_places_follow_the_gaps_where_the_stream_has_told_none():
    lines = {"1": "LAP 50", "4": "+9.000", "81": "+3.000"}
    messages = [timing(at, number, {"GapToLeader": gap}) for at in (0, 1) for number, gap in lines.items()]
    told, _ = feed(messages, finish=False)
    assert [car.car_number for car in fold(initial_state(), told).order] == ["1", "81", "4"]


def test_weather_in_our_units_and_without_what_cannot_be():
    reading = {"AirTemp": "24.1", "Humidity": "0", "Pressure": "1008.3", "Rainfall": "1", "TrackTemp": "430.0",
               "WindDirection": "136", "WindSpeed": "2.0"}  # fmt: skip
    told, _ = feed([(60_000, "WeatherData", reading)], finish=False)
    assert told[0] == Weather(60_000, instant(START_MS + 60_000), 24.1, None, None, 1008.3, 7.2, 136.0, True)


def packed(content):
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(stream.compress(json.dumps(content).encode()) + stream.flush()).decode()


def car_data(at, speed):
    channels = {"0": 11_000, "2": speed, "3": 7, "4": 100, "5": 1, "45": 12}
    return {"Entries": [{"Utc": stamp(at), "Cars": {"1": {"Channels": channels}, "X": {}}}]}


def test_telemetry_is_gathered_in_the_tables_columns():
    samples = Samples()
    place = {
        "Position": [{"Timestamp": stamp(300), "Entries": {"1": {"Status": "OnTrack", "X": -120, "Y": 35, "Z": 5}}}]
    }
    _, parser = feed([(500, "CarData.z", packed(car_data(250, 301))), (600, "Position.z", packed(place)),
                      (700, "CarData.z", packed(car_data(250, 302)))], Parser(START, samples))  # fmt: skip
    frame = samples.take(START_MS)
    assert frame["kind"].tolist() == ["car", "position"]
    assert frame[["time_ms", "speed_kph", "rpm", "gear", "brake_pct", "drs"]].iloc[0].tolist() == [
        250,
        302,
        11_000,
        7,
        100,
        12,
    ]
    assert frame[["time_ms", "x_m", "y_m", "z_m", "status"]].iloc[1].tolist() == [300, -12.0, 3.5, 0.5, "OnTrack"]
    assert (len(samples), parser.unread) == (0, 0)


def test_telemetry_beyond_the_bound_is_dropped_and_counted():
    samples = Samples(most=2)
    for at in range(5):
        samples.read("CarData.z", packed(car_data(at, 100)))
    assert (len(samples), samples.dropped) == (2, 3)


def test_telemetry_that_unpacks_without_end_is_refused():
    _, parser = feed([(0, "CarData.z", packed("x" * 6_000_000)), (1, "CarData.z", "no base64"), (2, "CarData.z", 7),
                      (3, "Position.z", packed({})[:-4] + "====")], Parser(START, Samples()))  # fmt: skip
    assert parser.unread == 4
    assert "CarData.z at 13:03:00: ValueError: cut off, or too large" in parser.skipped[0]


def test_values():
    assert [duration_ms(text) for text in ("1:47.123", "28.364", "", "0", "x", None, 5, "9" * 30)] == [
        107_123, 28_364, None, None, None, None, None, None,
    ]  # fmt: skip
    assert [gap(text) for text in ("+1.362", "+1:02.300", "LAP 9", "2L", "2 L", "1 LAP", "", "-1.0", None, "9999L")] == [
        (1_362, 0), (62_300, 0), (None, None), (None, 2), (None, 2), (None, None), (None, None), (None, None),
        (None, None), (None, None),
    ]  # fmt: skip
    assert [whole(value, 9) for value in (3, "7", True, -1, "10", 10, "x", 2.0, None)] == [3, 7] + [None] * 7
    assert stamp_ms("2025-06-01T13:03:00.1234567Z") == stamp_ms("2025-06-01T13:03:00.123") == START_MS + 123
    assert [
        stamp_ms(text) for text in ("", "0001-01-01T00:00:00Z", "yesterday, at noon", None, "9999-12-31T23:59:59Z")
    ] == [None] * 5


def test_a_new_set_that_is_as_old_as_the_one_before_was_is_told():
    new = {"4": {"Stints": {"0": {"Compound": "HARD", "New": "true", "TotalLaps": 0, "StartLaps": 0}}}}
    messages = [(ms, topic, {"Lines": new} if ms == -60_000 else told) for ms, topic, told in race()]
    records, _ = feed(messages, finish=False)
    ages = [
        one.tyre_age
        for one in records
        if isinstance(one, Timing) and one.tyre_age is not None and one.car_number == "4"
    ]
    assert ages == [0, 0]
