"""Real recordings of Formula 1 against what FastF1 and the official results give for the same sessions."""

import base64
import gzip
import json
import subprocess
import sys
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from conftest import DATA

from racelab.commands.replay import open_source
from racelab.domain.flags import Flag
from racelab.domain.laps import Quality, ResultKind, StopType
from racelab.domain.time import parse_duration
from racelab.live.clock import ManualClock, ReplayClock
from racelab.live.reducers import fold, initial_state
from racelab.live.replay import Road, replay
from racelab.settings import Settings
from racelab.sources import f1live
from racelab.sources.f1 import find_sessions
from racelab.sources.f1live.merge import merged
from racelab.sources.hints import Hints

pytestmark = pytest.mark.data
AZERBAIJAN, MIAMI = "2018-azerbaijan-race.txt.gz", "2025-miami-sprint.txt.gz"
IMOLA, SILVERSTONE = "2024-imola-qualifying.txt.gz", "2024-silverstone-fp1.txt.gz"
ABU_DHABI, MEXICO = "2025-abu-dhabi-race-last25min.txt.gz", "2024-mexico-16min-with-telemetry.txt.gz"
# Everything that both readers tell of a lap; `accurate` is FastF1's own judgement.
COLUMNS = (
    "lap_time_ms", "s1_ms", "s2_ms", "s3_ms", "position", "compound", "tyre_age", "fresh_tyre", "stint", "start_ms", "end_ms",
    "pit_in", "pit_out", "pit_in_ms", "pit_out_ms", "pit_time_ms", "flag", "top_speed_kph", "speed_i1_kph", "speed_i2_kph",
    "speed_fl_kph", "deleted",
)  # fmt: skip


def recording(name):
    return DATA / "f1" / "live" / name


@cache
def found_in(name):
    (found,) = f1live.find_sessions(recording(name), Hints())
    return found


@cache
def read(name):
    return found_in(name).read()


@pytest.fixture(scope="module")
def historic(tmp_path_factory) -> Iterator:
    """Sessions as FastF1 gives them, from the mirror."""
    tool = DATA.parent / "tools" / "f1_mirror.py"
    folder = tmp_path_factory.mktemp("fastf1")
    with subprocess.Popen([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = Settings(f1_mirror=process.stdout.readline().strip(), f1_cache=folder)

        def one(season, event, code):
            (found,) = find_sessions(season, event, [code], telemetry=False, settings=settings)
            return found.read()

        yield one
        process.terminate()


@pytest.fixture(scope="module")
def azerbaijan(historic):
    return read(AZERBAIJAN), historic(2018, "4", "R")


@pytest.fixture(scope="module")
def miami(historic):
    return read(MIAMI), historic(2025, "6", "S")


def by_key(records):
    return {(one.car_number, one.lap_number): one for one in records}


def differences(ours, theirs, columns):
    """Column -> {(car, lap): (ours, FastF1's)} for the laps that both have; lap 1's time is Jolpica's."""
    found: dict[str, dict] = {}
    for key in ours.keys() & theirs.keys():
        for name in columns:
            pair = getattr(ours[key], name), getattr(theirs[key], name)
            if pair[0] != pair[1] and not (name == "lap_time_ms" and key[1] == 1):
                found.setdefault(name, {})[key] = pair
    return found


def share(ours, theirs):
    """The share of FastF1's measured laps after lap 1 that have the same time to the millisecond."""
    measured = [key for key, lap in theirs.items() if lap.quality is Quality.MEASURED and key[1] > 1]
    equal = [key for key in measured if key in ours and ours[key].lap_time_ms == theirs[key].lap_time_ms]
    return len(equal) / len(measured), len(measured)


@pytest.mark.parametrize("session", ["azerbaijan", "miami"])
def test_every_lap_time_is_fastf1s(session, request, capsys):
    ours, theirs = (by_key(data.laps) for data in request.getfixturevalue(session))
    equal, count = share(ours, theirs)
    with capsys.disabled():
        print(f"\n{session}: {equal:.1%} of {count} laps equal to the millisecond")  # noqa: T201  # a figure to be read
    assert equal >= 0.99
    assert equal == 1.0
    # FastF1 makes up a last lap for cars that stopped on the track.
    assert not ours.keys() - theirs.keys()
    assert {theirs[key].quality for key in theirs.keys() - ours.keys()} <= {Quality.REPAIRED}
    assert len(theirs) - len(ours) == {"azerbaijan": 7, "miami": 0}[session]


def test_the_sprint_is_fastf1s_in_every_column(miami):
    ours, theirs = miami
    assert differences(by_key(ours.laps), by_key(theirs.laps), COLUMNS) == {}
    assert len(ours.laps) == 331
    stops, others = by_key(ours.pit_stops), by_key(theirs.pit_stops)
    assert len(stops) == 21
    assert {key: stop for key, stop in stops.items() if stop != others.get(key)} == {}


def test_the_race_is_fastf1s_but_for_what_is_explained(azerbaijan):
    ours, theirs = (by_key(data.laps) for data in azerbaijan)
    found = differences(ours, theirs, COLUMNS)
    assert set(found) == {"position", "compound", "tyre_age", "fresh_tyre", "stint", "start_ms", "end_ms"}
    # FastF1 aligns two cars by a gap of an earlier lap, and so puts their ends too early.
    assert {key[0] for key in found["end_ms"]} == {"18", "27"}
    assert {one - other for one, other in found["end_ms"].values()} == {40, 545}
    assert {key[0] for key in found["start_ms"]} == {"18", "27"}
    # The first message about tyres comes after lap 1: FastF1 knows none until then.
    for name in ("compound", "stint"):
        assert {other for _, other in found[name].values()} == {None}
        assert max(key[1] for key in found[name]) <= 2
    # A set of car 7 was told without saying whether it is new: for FastF1 it is not, here it is not known.
    known = {key: pair for key, pair in found["fresh_tyre"].items() if pair[1] is not None}
    assert known == {("7", lap): (None, False) for lap in range(41, 52)}


def updates(name, topic):
    """Session time, car and update of a topic's lines."""
    start = found_in(name).outline.start
    for frame in f1live.Recording(recording(name)).frames():
        if frame.payload[0] == topic:
            for number, line in frame.payload[1].get("Lines", {}).items():
                yield (frame.received_at - start) // timedelta(milliseconds=1), number, line


def test_where_places_differ_the_streams_own_word_is_ours(azerbaijan):
    ours, theirs = (by_key(data.laps) for data in azerbaijan)
    shown: dict[str, list] = {}
    for at, number, line in updates(AZERBAIJAN, "TimingData"):
        if line.get("Position"):
            shown.setdefault(number, []).append((at, int(line["Position"])))
    found = differences(ours, theirs, ["position"])["position"]
    assert len(found) == 17
    for key, (own, _) in found.items():
        told = shown[key[0]]
        # The stream follows a crossing by up to 0.1 s.
        place = told[bisect_right(told, (ours[key].end_ms + 150, 99)) - 1][1]
        assert (key, place) == (key, own)


def test_where_the_age_of_tyres_differs_the_streams_own_count_is_ours(azerbaijan):
    ours, theirs = (by_key(data.laps) for data in azerbaijan)
    found = differences(ours, theirs, ["tyre_age"])["tyre_age"]
    # FastF1 counts a set from its first message on, which comes during lap 3; the stream counts all its laps.
    assert {own - other for own, other in found.values() if other is not None} == {1, 2}
    counted: dict[str, list] = {}
    for at, number, line in updates(AZERBAIJAN, "TimingAppData"):
        stints = line.get("Stints") or {}
        for stint in stints.values() if isinstance(stints, dict) else stints:
            if "TotalLaps" in stint:
                counted.setdefault(number, []).append((at, stint["TotalLaps"]))
    checked = agreed = 0
    for (number, lap), (own, _) in found.items():
        following = ours.get((number, lap + 1))
        until = following.end_ms if following else ours[number, lap].end_ms + 60_000
        within = [laps for at, laps in counted[number] if ours[number, lap].end_ms < at < until]
        if within:
            checked += 1
            agreed += own in within
    assert checked > 200
    assert agreed / checked > 0.98


def test_stops_are_fastf1s(azerbaijan):
    ours, theirs = (by_key(data.pit_stops) for data in azerbaijan)
    assert len(ours) == 36
    changed = {key: (stop.stop_type, theirs[key].stop_type) for key, stop in ours.items() if stop != theirs[key]}
    # The age of car 7's last set is told as the laps that it had when it was fitted, which FastF1 does not read.
    assert changed == {("7", 40): (StopType.REGULAR, StopType.UNKNOWN)}


@pytest.mark.parametrize("session", ["azerbaijan", "miami"])
def test_messages_flags_and_entries_are_fastf1s(session, request):
    ours, theirs = request.getfixturevalue(session)
    texts = [[message.text for message in data.race_control] for data in (ours, theirs)]
    assert texts[0] == texts[1]
    flags = [[(status.time_ms, status.flag) for status in data.track_status] for data in (ours, theirs)]
    assert flags[0] == flags[1]
    statuses = [[(status.time_ms, status.status) for status in data.session_status] for data in (ours, theirs)]
    assert statuses[0] == statuses[1]
    codes = [{entry.car_number: entry.drivers[0].code for entry in data.entries} for data in (ours, theirs)]
    assert codes[0] == codes[1]
    # The recording was made from the archive, with a clock of its own; race control's messages tell the true one.
    assert abs(ours.session.start_utc - theirs.session.start_utc) < timedelta(seconds=1)
    assert ours.session.scheduled_laps == theirs.session.scheduled_laps
    assert [repair.rule for repair in ours.repairs] == ["recording_clock"]


@pytest.mark.parametrize("session", ["azerbaijan", "miami"])
def test_the_road_is_fastf1s(session, request):
    ours, theirs = request.getfixturevalue(session)
    roads = [
        {result.car_number: (result.position, result.laps) for result in data.results if result.kind is ResultKind.ROAD}
        for data in (ours, theirs)
    ]
    # Cars that did not complete a lap have none to be ordered by.
    assert roads[0] == {number: row for number, row in roads[1].items() if number in roads[0]}
    assert {row[1] for number, row in roads[1].items() if number not in roads[0]} <= {0}


def test_every_best_time_of_imolas_qualifying_is_the_official_one():
    path = DATA / "f1" / "mirror" / "ergast" / "f1" / "2024" / "7" / "qualifying.json.gz"
    with gzip.open(path) as file:
        official = json.load(file)["MRData"]["RaceTable"]["Races"][0]["QualifyingResults"]
    results = {result.car_number: result for result in read(IMOLA).results}
    assert len(official) == len(results) == 20
    for row in official:
        times = tuple(parse_duration(row[part]) if row.get(part) else None for part in ("Q1", "Q2", "Q3"))
        own = results[row["number"]]
        assert (own.car_number, own.position, own.q1_ms, own.q2_ms, own.q3_ms) == (
            row["number"],
            int(row["position"]),
            *times,
        )
        assert own.best_lap_ms == min((time for time in times if time), default=None)


def test_imola_has_its_deleted_times_and_weather():
    data = read(IMOLA)
    deleted = [(lap.car_number, lap.lap_time_ms) for lap in data.laps if lap.deleted]
    assert sorted(deleted) == [("10", 76_283), ("2", 76_731), ("2", 77_188), ("23", 77_414)]
    assert (str(data.session.key), data.event.name) == ("f1/2024/7/Q", "Emilia Romagna Grand Prix")
    assert data.session.start_utc == datetime(2024, 5, 18, 14, 0, 0, 492_000, tzinfo=UTC)
    assert data.session.end_utc == datetime(2024, 5, 18, 15, 0, 0, 112_000, tzinfo=UTC)
    assert (len(data.laps), len(data.weather), len(data.race_control)) == (286, 65, 27)
    assert all(15 < reading.air_c < 35 and reading.wind_kph < 60 for reading in data.weather)


def test_silverstones_practice_joined_late_has_the_laps_of_the_whole(historic):
    data, whole = read(SILVERSTONE), historic(2024, "12", "FP1")
    ours, theirs = by_key(data.laps), by_key(whole.laps)
    assert (len(ours), len(theirs)) == (341, 459)
    assert data.missing[0] == "laps before lap 9"
    assert not ours.keys() - theirs.keys()
    columns = (
        "lap_time_ms",
        "s1_ms",
        "s2_ms",
        "s3_ms",
        "pit_in",
        "pit_out",
        "compound",
        "tyre_age",
        "stint",
        "flag",
        "deleted",
    )
    found = differences(ours, theirs, columns)
    # What came in a car's first lap before the recording began is not in it.
    first = {number: min(lap for car, lap in ours if car == number) for number, _ in ours}
    later = {
        name: {key: pair for key, pair in cells.items() if first[key[0]] != key[1]} for name, cells in found.items()
    }
    assert {name: cells for name, cells in later.items() if cells} == {}
    assert set(found) == {"s1_ms", "s2_ms", "pit_out", "tyre_age"}
    assert [(status.time_ms, status.status) for status in data.session_status][:3] == [
        (0, "started"), (529_328, "aborted"), (919_873, "inactive"),
    ]  # fmt: skip
    best = {result.car_number: result.position for result in data.results}
    assert [number for number, _ in sorted(best.items(), key=lambda one: one[1])[:3]] == ["4", "18", "81"]


def test_the_end_of_abu_dhabi_gives_the_official_order_and_gaps():
    path = DATA / "f1" / "mirror" / "ergast" / "f1" / "2025" / "24" / "results.json.gz"
    with gzip.open(path) as file:
        official = json.load(file)["MRData"]["RaceTable"]["Races"][0]["Results"]
    source = found_in(ABU_DHABI)
    parser, records = source.parser(), []
    for frame in source.recording.frames():
        records += parser.process(frame)
    state = fold(initial_state(), [*records, *parser.finish()])
    assert [car.car_number for car in state.order] == [row["number"] for row in official]
    assert [car.laps for car in state.order] == [int(row["laps"]) for row in official]
    gaps = [parse_duration(row["Time"]["time"]) for row in official[1:] if "Time" in row]
    assert [car.gap_ms for car in state.order[1 : len(gaps) + 1]] == gaps
    assert state.flag is Flag.CHEQUERED
    assert {car.status for car in state.order} == {"finished"}
    assert read(ABU_DHABI).missing == ["entries", "track_status", "laps before lap 49", "session start", "telemetry"]


def test_mexicos_telemetry_is_all_there():
    data = read(MEXICO)
    assert str(data.session.key) == "f1/2024/20/FP3"
    speeds: Counter = Counter()
    samples: Counter = Counter()
    for line in gzip.decompress(recording(MEXICO).read_bytes()).decode().splitlines():
        if line.startswith("['CarData.z"):
            content = line.split("', '")[1]
            for entry in json.loads(zlib.decompress(base64.b64decode(content), -15))["Entries"]:
                for number, car in entry["Cars"].items():
                    speeds[number] += car["Channels"]["2"]
                    samples[number] += 1
    cars = data.telemetry[data.telemetry["kind"] == "car"]
    assert len(data.telemetry) == 148_492
    counted = cars.groupby("car_number").size().to_dict()
    # Of two samples of one instant the later one stands.
    assert set(counted) == set(samples)
    assert all(0 <= samples[number] - counted[number] <= 2 for number in samples)
    assert sum(cars["speed_kph"]) == pytest.approx(sum(speeds.values()), rel=1e-3)
    assert data.telemetry["time_ms"].between(-900_000, 120_000).all()


def test_the_archives_streams_give_what_the_text_gives(azerbaijan):
    folder = DATA / "f1" / "mirror" / "static" / "2018" / "2018-04-29_Azerbaijan_Grand_Prix" / "2018-04-29_Race"
    (found,) = f1live.find_sessions(folder, Hints())
    assert found.read().laps == azerbaijan[0].laps


def test_the_tower_is_the_streams_own_at_any_time():
    source = found_in(AZERBAIJAN)
    parser, state, lines, checked = source.parser(), initial_state(), {}, 0
    for count, frame in enumerate(source.recording.frames()):
        records = parser.process(frame)
        state = fold(state, records) if count % 240 == 0 else _folded(state, records)
        if frame.payload[0] == "TimingData":
            lines = merged(lines, frame.payload[1].get("Lines", {}))
        if count % 240 or count < 1_000:
            continue
        told = sorted(
            (number for number in lines if lines[number].get("Position")), key=lambda n: int(lines[n]["Position"])
        )
        assert [car.car_number for car in state.order] == told
        for car in state.order:
            line = lines[car.car_number]
            assert car.laps == line.get("NumberOfLaps", car.laps)
            assert (car.stops or 0) == line.get("NumberOfPitStops", car.stops or 0)
            assert car.status != "running" or not line["InPit"]
            if car.status == "running" and car.position > 1 and "+" in line["GapToLeader"]:
                assert car.gap_ms == parse_duration(line["GapToLeader"])
                checked += 1
    assert checked > 500


def _folded(state, records):
    from racelab.live.reducers import reduce

    for record in records:
        state = reduce(state, record)
    return state


def test_a_replay_leaves_the_rows_of_an_ingested_recording(store):
    wall = ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    source = open_source(str(recording(MIAMI)), store)
    road = Road(source.parser, store, source.key, wall, source.writer)
    for _ in replay(source.feed, road, lambda at: ReplayClock(at, 0, wall)):
        continue
    tables = ["entries", "drivers", "laps", "pit_stops", "results", "track_status", "session_status", "race_control"]
    replayed = {table: store.read(table, source.key).to_json() for table in tables}
    assert len(store.read("laps", source.key)) == 331
    assert [car.car_number for car in road.state.order][:3] == ["4", "81", "44"]
    assert (road.state.flag, road.state.status) == (Flag.CHEQUERED, "ends")
    store.write_session(read(MIAMI))
    assert {table: store.read(table, source.key).to_json() for table in tables} == replayed
