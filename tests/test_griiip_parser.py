"""Griiip's parser: what records follow from which parts, in whatever order these come."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from emulators.griiip_race import MadeRace

from racelab.domain.entries import Entry
from racelab.domain.flags import Flag, RaceControlMessage, SessionStatus, TrackStatus
from racelab.domain.frames import Frame
from racelab.domain.laps import Lap, PitStop, Quality, Result, StopType
from racelab.domain.records import Clock, Repair, Timing, Weather
from racelab.sources.griiip import Parser

START = datetime(2026, 6, 13, 14, tzinfo=UTC)


def ts(seconds):
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


class Told:
    """A parser and the records that it has given."""

    def __init__(self, start=START):
        self.parser, self.records = Parser(start), []

    def __call__(self, part, *items, at=600.0):
        new = self.parser.process(Frame(START + timedelta(seconds=at), [part, list(items)]))
        self.records += new
        return new

    def last(self, kind, *key):
        """The newest record of a kind, of the car and lap that are given."""
        return [one for one in self.records if isinstance(one, kind) and key == tuple(getattr(one, name) for name in ("car_number", "lap_number")[: len(key)])][-1]  # fmt: skip

    def of(self, kind):
        return [one for one in self.records if isinstance(one, kind)]


def lap(number, end, time=100.0, pid=1, car="7", **more):
    return {
        "lapNumber": number,
        "lapTimeMillis": round(time * 1000),
        "ts": ts(end),
        "pid": pid,
        "carNumber": car,
        **more,
    }


def crew(pid=1, car="7", current="1", at=0, car_class="HYPERCAR"):
    drivers = [{"displayName": f"Driver {seat}", "externalDriverID": str(seat), "categoryId": "G"} for seat in (1, 2)]
    return {"pid": pid, "carNumber": car, "classId": car_class, "drivers": drivers, "currentDriverId": current, "ts": ts(at), "manufacturer": "Ferrari 499P"}  # fmt: skip


def pit(lap_number, at, **more):
    return {"lapNumber": lap_number, "ts": ts(at), "pid": 1, "carNumber": "7", **more}


def test_a_lap_has_its_time_its_instants_and_whether_it_counts():
    told = Told()
    told("laps", lap(2, 210), lap(1, 110, isValid=False))
    first, second = told.of(Lap)
    assert (first.lap_number, first.start_ms, first.end_ms, first.lap_time_ms, first.accurate) == (1, 10_000, 110_000, 100_000, False)  # fmt: skip
    assert (second.start_ms, second.end_ms, second.quality) == (110_000, 210_000, Quality.MEASURED)


def test_what_is_told_again_changes_nothing():
    told = Told()
    told("participants", crew())
    told("laps", lap(1, 110), lap(2, 210))
    assert told("laps", lap(1, 110), lap(2, 210)) == []
    # The service tells a best lap again with the instant of a later one.
    assert told("laps", lap(1, 210)) == []


def test_an_instant_that_contradicts_the_laps_around_it_is_repaired_by_name():
    told = Told()
    told("laps", lap(3, 310), lap(2, 410), lap(4, 410), lap(5, 510))
    second = told.last(Lap, "7", 2)
    assert (second.end_ms, second.quality) == (210_000, Quality.REPAIRED)
    (repair,) = told.of(Repair)
    assert (repair.rule, repair.record, repair.before, repair.after) == ("lap_instant", "7/2", "410000", "210000")


def test_a_lap_that_would_begin_before_the_session_is_none():
    told = Told()
    told("laps", lap(1, 50))
    assert (told.of(Lap), told.parser.unread) == ([], 1)


def test_a_stop_is_told_at_its_entry_and_whole_at_its_exit():
    told = Told()
    told("participants", crew())
    told("laps", lap(1, 110))
    told("pit-in", pit(2, 205))
    assert told.of(PitStop) == [PitStop("7", 2, in_ms=205_000, seat_in=1)]
    told("pit-out", pit(3, 265, durationMillis=60_000))
    told("laps", lap(2, 210), lap(3, 330, 120.0))
    whole = told.last(PitStop, "7", 2)
    assert (whole.in_ms, whole.out_ms, whole.duration_ms, whole.stop_type) == (
        205_000,
        265_000,
        60_000,
        StopType.REGULAR,
    )
    came, left = told.last(Lap, "7", 2), told.last(Lap, "7", 3)
    assert (came.pit_in, came.pit_in_ms, came.stint, came.pit_out) == (True, 205_000, 1, False)
    assert (left.pit_out, left.pit_out_ms, left.pit_time_ms, left.stint) == (True, 265_000, 60_000, 2)


def test_an_exit_without_its_entry_keeps_its_length_and_is_named():
    told = Told()
    told("laps", lap(3, 310))
    told("pit-out", pit(3, 265, durationMillis=60_000))
    stop = told.last(PitStop, "7", 2)
    assert (stop.in_ms, stop.out_ms, stop.duration_ms) == (None, 265_000, 60_000)
    named = [(one.rule, one.record, one.column) for one in told.parser.finish() if one.rule == "half_stop"]
    assert named == [("half_stop", "7/2", "in_ms")]


def test_a_driver_swap_names_whose_laps_they_were():
    told = Told()
    told("participants", crew(current="2", at=300))
    told("laps", *(lap(n, 10 + 100 * n) for n in (1, 2, 3)))
    told("pit-in", pit(2, 205))
    told("pit-out", pit(3, 265, durationMillis=60_000))
    assert [told.last(Lap, "7", n).seat for n in (1, 2, 3)] == [None, None, 2]
    swap = {
        "type": "DriverSwap",
        "newDriverId": "2",
        "previousDriverId": "1",
        "raceLogItemId": "x",
        "pid": 1,
        "ts": ts(266),
    }
    told("RaceLog", swap)
    assert [told.last(Lap, "7", n).seat for n in (1, 2, 3)] == [1, 1, 2]
    stop = told.last(PitStop, "7", 2)
    assert (stop.seat_in, stop.seat_out, stop.stop_type) == (1, 2, StopType.DRIVER_CHANGE)
    assert told.last(Timing, "7").driver == "Driver 2"


def test_pushed_records_that_carry_only_a_pid_wait_for_their_participant():
    told = Told()
    pushed = lap(1, 110)
    del pushed["carNumber"]
    assert told("laps", pushed) == []
    told("participants", crew())
    assert told.last(Lap, "7", 1).end_ms == 110_000
    assert told.of(Entry)[0].manufacturer == "Ferrari"
    assert told.of(Entry)[0].drivers[0].rating == "Gold"


def test_what_comes_before_the_start_is_known_waits_for_it():
    told = Told(start=None)
    assert told("laps", lap(1, 110)) == []
    told("session-info", {"startTime": ts(0), "isRaceSession": True})
    assert told.last(Lap, "7", 1).end_ms == 110_000


def test_places_count_cars_that_ended_the_lap_before_and_are_null_where_one_is_unknown():
    told = Told()
    told("participants", crew(), crew(2, "8"), crew(3, "9", car_class="LMGT3"))
    told("laps", lap(1, 112), lap(1, 111, 90.0, 2, "8"), lap(1, 113, 95.0, 3, "9"))
    places = {one.car_number: (one.position, one.class_position) for one in told.of(Lap)}
    assert places == {"8": (1, 1), "7": (2, 2), "9": (3, 1)}
    told("laps", lap(3, 300, pid=2, car="8"), lap(2, 212))
    assert told.last(Lap, "7", 2).position is None
    told("laps", lap(2, 200, 89.0, 2, "8"))
    assert (told.last(Lap, "8", 2).position, told.last(Lap, "7", 2).position) == (1, 2)


def test_gaps_of_a_class_stand_only_where_they_are_the_fields():
    told = Told()
    told("participants", crew(), crew(2, "8"), crew(3, "9", car_class="LMGT3"), crew(4, "10", car_class="LMGT3"))

    def rank(pid, overall, place):
        return {"pid": pid, "overallPosition": overall, "position": place, "ts": ts(500)}

    def gap(pid, ms, laps, ahead):
        return {"pid": pid, "gapToFirstMillis": ms, "gapToFirstLaps": laps, "gapToAheadMillis": ahead, "gapToAheadLaps": 0, "ts": ts(500)}  # fmt: skip

    told("gaps", gap(1, 0, 0, 0), gap(2, -1, 1, 7_000), gap(3, 0, 0, 0), gap(4, 4_000, 0, 4_000))
    told("ranks", rank(1, 1, 1), rank(2, 2, 2), rank(3, 3, 1), rank(4, 4, 2))
    lines = {one.car_number: one for one in told.of(Timing)}
    assert [(lines[n].position, lines[n].class_position) for n in ("7", "8", "9", "10")] == [
        (1, 1),
        (2, 2),
        (3, 1),
        (4, 2),
    ]
    assert (lines["8"].gap_ms, lines["8"].gap_laps, lines["8"].interval_ms) == (None, 1, 7_000)
    assert (lines["9"].gap_ms, lines["9"].interval_ms) == (None, None)
    assert (lines["10"].gap_ms, lines["10"].interval_ms) == (None, 4_000)
    # An older place told late is passed over.
    assert told("ranks", {**rank(4, 1, 1), "ts": ts(400)}) == []


def test_the_official_rank_is_overall_with_the_gap_to_the_leader():
    told = Told()
    told("participants", crew(), crew(2, "8", car_class="LMGT3"))
    told("official-rank", {"pid": 1, "position": 1, "gapToFirstMillis": 0, "gapToFirstLaps": 0})
    told("official-rank", {"pid": 2, "position": 2, "gapToFirstMillis": 5_500, "gapToFirstLaps": -1})
    line = told.last(Timing, "8")
    assert (line.position, line.class_position, line.gap_ms, line.gap_laps) == (2, 1, 5_500, None)


def test_flags_of_sectors_are_zones_and_not_the_sessions():
    told = Told()
    told(
        "race-flags",
        {"flag": "Green", "sectorNumbers": [], "ts": ts(0)},
        {"flag": "Yellow", "sectorNumbers": [2], "ts": ts(60)},
    )
    told("race-flags", {"flag": "LastLap", "sectorNumbers": [], "ts": ts(80)})
    assert told.of(TrackStatus) == [TrackStatus(0, Flag.GREEN)]
    (zone,) = told.of(RaceControlMessage)
    assert (zone.text, zone.scope, zone.sector, zone.flag, zone.time_ms) == (
        "Yellow: sector 2",
        "Sector",
        2,
        "yellow",
        60_000,
    )


def test_red_flags_stop_the_session_and_a_late_flag_changes_what_was_under_it():
    told = Told()
    told("race-flags", {"flag": "Green", "sectorNumbers": [], "ts": ts(0)})
    told("laps", lap(1, 110), lap(2, 210))
    told(
        "race-flags",
        {"flag": "Green", "sectorNumbers": [], "ts": ts(200)},
        {"flag": "Red", "sectorNumbers": [], "ts": ts(105)},
    )
    assert [told.last(Lap, "7", n).flag for n in (1, 2)] == [Flag.RED, Flag.GREEN]
    assert told.of(SessionStatus) == [SessionStatus(0, "started"), SessionStatus(105_000, "aborted"), SessionStatus(200_000, "resumed")]  # fmt: skip


def test_the_clock_runs_on_from_its_own_instant_by_the_servers_now():
    told = Told()
    told("session-length-limit", {"timeLimitSeconds": 3_600, "lapsLimit": -1})
    clock = {"increment": 1, "tsNow": ts(700), "ts": ts(500), "elapsedTimeMillis": 490_000, "startTime": ts(0)}
    told("session-clock", clock, at=1_000)
    assert told.of(Clock) == [Clock(700_000, 690_000, 2_910_000)]
    told("weather-current", {"temperature": 20, "ts": ts(690)}, at=1_005)
    assert told.of(Clock)[-1] == Clock(705_000, 695_000, 2_905_000)


def test_weather_tyres_and_energy():
    told = Told()
    told("participants", crew())
    reading = {"temperature": 26, "humidity": 54, "pressure": 1016.6, "trackTemperature": 33.2, "windDirectionCode": "WNW", "windSpeedKph": 6, "sky": "Light rain", "ts": ts(60)}  # fmt: skip
    told("Weather", reading)
    assert told.of(Weather) == [
        Weather(60_000, START + timedelta(seconds=60), 26.0, 33.2, 54.0, 1016.6, 6.0, 292.5, True)
    ]
    told("tires", {"pid": 1, "tires": [{"compound": "HARD", "ageInLaps": n} for n in (3, 4, 3, 3)], "ts": ts(30)})
    told("cars-energy-tanks", {"items": [{"pid": 1, "e": 61.5}]}["items"][0])
    line = told.last(Timing, "7")
    assert (line.compound.value, line.tyre_age, line.energy_pct) == ("hard", 4, 61.5)


def test_the_bootstrap_names_what_it_no_longer_tells():
    told = Told()
    content = {"participants": [crew()], "laps": [lap(n, 10 + 100 * n) for n in range(20, 35)]}
    told.records += told.parser.process(Frame(START + timedelta(hours=2), ["bootstrap", content]))
    assert [(one.rule, one.record) for one in told.of(Repair)] == [("missed_lap", "7/1-19")]
    told("laps", lap(37, 3_710), at=7_300)
    assert [one.record for one in told.parser.finish()] == ["7/35-36"]


def test_sectors_that_do_not_add_up_are_left_out_by_name():
    told = Told()
    sectors = [{"pid": 1, "carNumber": "7", "lapNumber": 1, "sectorNumber": n, "sectorTimeMillis": ms} for n, ms in ((1, 30_000), (2, 40_000), (3, 40_000))]  # fmt: skip
    told("sectors", *sectors)
    told("laps", lap(1, 110))
    assert told.last(Lap, "7", 1).s1_ms is None
    assert [(one.rule, one.before) for one in told.parser.finish()] == [("sector_sum", "30000 40000 40000")]


@pytest.mark.parametrize(
    "payload", [None, 5, [], ["laps"], [5, []], ["bootstrap", 7], ["laps", {"a": {"b": 1}}], [None, ["{"]]]
)
def test_a_frame_that_is_none_of_griiips_is_no_error(payload):
    assert Parser(START).process(Frame(START, payload)) == []


def test_any_order_of_a_race_ends_as_the_same_records():
    race = MadeRace(START)
    ends = []
    for seed in range(4):
        events = [(part, record) for _, part, record in race.events]
        head = [one for one in events if one[0] == "participants"][:6]
        if seed:
            random.Random(seed).shuffle(events)
        told = Told()
        told("participants", *(record for _, record in head), at=400)
        for part, record in events:
            told(part, record, at=400)
        final = [*told.records, *told.parser.finish()]
        keyed = {(type(one), one.car_number, getattr(one, "lap_number", None)): one for one in final if isinstance(one, Lap | PitStop | Result)}  # fmt: skip
        ends.append(sorted(map(str, keyed.values())))
    assert len(ends[0]) > 50
    assert ends[0] == ends[1] == ends[2] == ends[3]
