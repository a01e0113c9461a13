"""Incidents of real and generated races against what is known of them."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

import racelab as rl
from racelab.domain.flags import RaceControlMessage
from racelab.domain.frames import Frame, Parser
from racelab.domain.incidents import Incident, IncidentOrigin
from racelab.domain.records import Provenance, Record
from racelab.domain.sessions import Event, Session
from racelab.live.clock import ManualClock
from racelab.live.feed import RecordsParser
from racelab.live.incidents import IncidentTracker
from racelab.live.publish import LiveReader
from racelab.live.replay import Road
from racelab.live.stored import stored_feed, stored_records
from racelab.live.writer import SessionWriter
from racelab.sources import f1live, timing71
from racelab.sources.f1live.recording import Recording as F1Recording
from racelab.sources.sample.truth import ground_truth
from racelab.sources.timing71.recording import Recording
from racelab.store.sql import SqlStore

DETROIT = "live/timing71_recordings/Detroit-2026-Race.zip"
Known = tuple[str, str | None, int]


def records_of(frames: Iterable[Frame], parser: Parser) -> list[Record]:
    found = [record for frame in frames for record in parser.process(frame)]
    return [*found, *parser.finish()]


def final(records: Iterable[Record]) -> list[Incident]:
    """Each incident of a race as it was told last."""
    return list({one.sequence: one for one in IncidentTracker().take(records)}.values())


def inferred(incidents: Iterable[Incident], *, aside: str = "driver_swap") -> list[Known]:
    """What the timing alone gave reason to infer: kind, car, whole seconds of session time."""
    own = (one for one in incidents if one.origin is IncidentOrigin.INFERRED and one.kind.value != aside)
    return [(one.kind.value, one.car_number, one.time_ms // 1000) for one in own]


@pytest.mark.data
def test_detroit(data: Path) -> None:
    recording = Recording(data / DETROIT)
    records = records_of(recording.frames(), timing71.Parser(recording.manifest))
    incidents = final(records)
    assert inferred(incidents) == [
        ("stopped_car", "64", 1855), ("long_stop", "5", 2879), ("spin", "6", 4461), ("spin", "5", 5855),
    ]  # fmt: skip
    # The cautions are those of the recording's flags.
    cautions = [(one.time_ms // 1000, (one.cleared_ms or 0) // 1000) for one in incidents if one.kind.value == "fcy"]
    assert cautions == [(208, 584), (4811, 5238), (5323, 5626)]
    kinds = Counter(one.kind.value for one in incidents)
    assert (kinds["driver_swap"], kinds["penalty"], kinds["technical"], kinds["investigation"]) == (22, 9, 4, 10)
    penalties = [(one.car_number, one.penalty) for one in incidents if one.penalty]
    assert penalties[1:4] == [("5", "drive-through"), ("5", "stop and go 60 s"), ("24", "drive-through")]
    # Without race control's words the timing shows one more of the cars that it named: #59 in the runoff of turn 4.
    silent = final(record for record in records if not isinstance(record, RaceControlMessage))
    assert set(inferred(silent)) - set(inferred(incidents)) == {("spin", "59", 1929)}


@pytest.mark.data
def test_azerbaijan_2018(data: Path) -> None:
    path = data / "f1/live/2018-azerbaijan-race.txt.gz"
    incidents = final(records_of(F1Recording(path).frames(), f1live.Parser(is_race=True)))
    laps = {(one.kind.value, one.car_number, one.lap_number) for one in incidents}
    # Ocon and Sirotkin on lap 1, Hülkenberg's wall, Ericsson's contact, both Red Bulls, Grosjean behind the safety car.
    known = {
        ("stopped_car", car, lap) for car, lap in (("31", 1), ("35", 1), ("27", 11), ("3", 40), ("33", 40), ("8", 43))
    }
    assert known | {("stopped_car", "77", 49), ("time_loss", "9", 18), ("time_loss", "27", 11)} <= laps
    assert len(inferred(incidents)) == 7, "and nothing else: no false alarm"
    assert Counter(one.kind.value for one in incidents if one.car_number is None) == {"yellow": 10, "safety_car": 2}
    assert {(one.car_number, one.penalty) for one in incidents if one.penalty} == {("9", "10 s"), ("11", "5 s")}


@pytest.mark.data
def test_miami_sprint_2025(data: Path) -> None:
    path = data / "f1/live/2025-miami-sprint.txt.gz"
    incidents = final(records_of(F1Recording(path).frames(), f1live.Parser(is_race=True)))
    # Leclerc's car, that never started; Sainz, who gave up in the pits; Alonso in the wall.
    assert inferred(incidents) == [("stopped_car", "16", 72), ("long_stop", "55", 1480), ("stopped_car", "14", 1657)]
    assert [(one.car_number, one.penalty) for one in incidents if one.kind.value == "penalty"] == [("1", "10 s")]
    assert [one.car_number for one in incidents if one.kind.value == "contact"] == ["30", "14"]


def test_generated_races_against_their_truth(season: SqlStore) -> None:
    found, spins, alarms, false = 0, 0, 0, 0
    for race in ground_truth(2)["races"]:
        incidents = final(stored_records(season, season.find(race["session"])))
        last = season.read("laps", season.find(race["session"])).groupby("car_number")["lap_number"].max()
        out = {car["car_number"] for car in race["cars"] if car["retired_on_lap"] is not None}
        gone = {car for car in out if last[car] < last.max() - 2}
        stopped = {one.car_number for one in incidents if one.kind.value in ("stopped_car", "long_stop")}
        assert gone <= stopped <= out, "who retired has stopped, and nobody else"
        losses = {(one.car_number, one.lap_number) for one in incidents if one.kind.value in ("spin", "time_loss")}
        mishaps = {(each["car_number"], each["lap_number"]): each for each in race["mishaps"]}
        big = {where for where, each in mishaps.items() if each["kind"] == "spin" and each["loss_ms"] > 9_000}
        found, spins = found + len(big & losses), spins + len(big)
        alarms, false = alarms + len(losses), false + len(losses - set(mishaps))
    assert (found, spins) == SPINS_FOUND
    assert (false, alarms) == FALSE_ALARMS


# Spins of seed 2 that cost over 9 s: the fourth was behind a safety car, where none is looked for.
SPINS_FOUND, FALSE_ALARMS = (3, 4), (0, 3)


def follow(source: SqlStore, race: str, store: SqlStore, size: int) -> Road:
    """Follow a stored race along the live road into another store, so many frames to a batch."""
    key = source.find(race)
    writer = SessionWriter(Event("Sample"), Session(key), Provenance("test", "memory", "one", "1"))
    road = Road(RecordsParser(), store, key, ManualClock(), writer)
    for number, frame in enumerate(stored_feed(source, key).frames()):
        road.take(frame)
        if number % size == 0:
            road.flush()
    road.finish()
    return road


def test_incidents_reach_the_store_and_the_dashboards(
    season: SqlStore, store: SqlStore, empty_sqlite: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    race = "grcup/2099/1/R1"
    caplog.set_level(logging.INFO, "racelab")
    road = follow(season, race, store, 500)
    rows = rl.load_incidents(race)
    assert rows["sequence"].tolist() == list(range(1, len(rows) + 1))
    assert set(rows["kind"]) == {"stopped_car", "fcy"}
    assert (rows["origin"].eq("inferred") == rows["text"].str.startswith("inferred: ")).all()
    assert rows["cleared_ms"].ge(rows["time_ms"]).all()
    lines = [line for line in caplog.messages if "inferred" in line]
    confirmed = rows[rows["confirmed_ms"].notna() & rows["origin"].eq("inferred")]
    assert len(lines) == len(confirmed)
    assert all(line.startswith("grcup/2099/1/R1: inferred: car ") for line in lines)
    # A process that begins again from the recording, in other batches, writes the same rows.
    with SqlStore(f"sqlite:///{shutil.copyfile(empty_sqlite, tmp_path / 'again.db')}") as other:
        again = follow(season, race, other, 170)
        pd.testing.assert_frame_equal(other.read("incidents", again.key), store.read("incidents", road.key))
        # Replayed into the store that has them already, nothing is doubled.
        follow(season, race, other, 1000)
        assert len(other.read("incidents", again.key)) == len(rows)


def test_open_incidents_are_published(season: SqlStore) -> None:
    race = "f1/2099/2/R"
    key = season.find(race)
    road = Road(RecordsParser(), season, key, ManualClock())
    for frame in stored_feed(season, key).frames():
        road.take(frame)
        if road.incidents.open:
            break
    road.flush()
    state, _ = LiveReader(season, key).poll()
    assert state is not None
    assert state.incidents == tuple(road.incidents.open)
    assert season.read("incidents", key).empty, "a replay of what is stored leaves its rows alone"
