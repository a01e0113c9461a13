"""The sample season keeps every rule of real timing data, and its truth can be found again in its laps."""

import json
from collections import defaultdict
from datetime import UTC

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from racelab.domain.flags import Flag
from racelab.domain.records import SessionData
from racelab.sources.sample import generate, ground_truth, write_ground_truth
from racelab.sources.sample.incidents import Window
from racelab.sources.sample.pace import cross_line
from racelab.store.sql import SqlStore


def _by_car(data: SessionData) -> dict[str, list]:
    cars = defaultdict(list)
    for lap in data.laps:
        cars[lap.car_number].append(lap)
    return cars


@pytest.fixture(scope="module")
def season() -> list[SessionData]:
    return [found.read() for found in generate(1)]


def test_the_season_is_what_was_asked_for(season: list[SessionData]) -> None:
    keys = [str(data.session.key) for data in season]
    assert keys == ["f1/2099/1/Q", "f1/2099/1/R", "f1/2099/2/R", "wec/2099/1/R", "grcup/2099/1/R1", "grcup/2099/1/R2"]
    assert all(data.event.name.startswith("Sample") and data.session.start_utc.tzinfo is UTC for data in season)
    assert [len(data.entries) for data in season] == [20, 20, 20, 30, 25, 25]
    assert {entry.car_class for entry in season[3].entries} == {"HYPERCAR", "LMP2", "LMGT3"}
    assert {"007", "7"} <= {entry.car_number for entry in season[3].entries}
    assert max(lap.lap_number for lap in season[1].laps) == 52
    assert not season[4].pit_stops
    assert len(season[3].pit_stops) >= 60


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(23654)  # a car that stops on two laps in a row
@given(st.integers(0, 2**31))
def test_every_race_of_every_seed_keeps_the_rules(seed: int) -> None:
    for found in generate(seed):
        data = found.read()
        for laps in _by_car(data).values():
            assert [lap.lap_number for lap in laps] == list(range(1, len(laps) + 1))
            elapsed = 0
            for before, lap in zip([None, *laps], laps, strict=False):
                assert lap.s1_ms is None or lap.s1_ms + lap.s2_ms + lap.s3_ms == lap.lap_time_ms
                assert lap.lap_time_ms > 0
                assert lap.end_ms - lap.start_ms == lap.lap_time_ms
                if data.session.key.is_race:
                    elapsed += lap.lap_time_ms
                    assert lap.end_ms == elapsed
                    assert lap.pit_out == (before is not None and before.pit_in)
                    assert (lap.pit_time_ms is not None) == lap.pit_out


def test_places_of_the_laps_and_results_agree(season: list[SessionData]) -> None:
    for data in season[1:]:
        cars = _by_car(data)
        order = sorted(data.results, key=lambda result: result.position)
        assert [result.position for result in order] == list(range(1, len(order) + 1))
        assert order == sorted(order, key=lambda result: (-result.laps, result.total_time_ms))
        for result in order:
            laps = cars[result.car_number]
            assert (result.laps, result.total_time_ms) == (len(laps), laps[-1].end_ms)
            assert result.best_lap_ms == min(lap.lap_time_ms for lap in laps)
            assert (laps[-1].flag is Flag.CHEQUERED) == (result.status == "Finished")
        ends = defaultdict(list)
        for lap in data.laps:
            ends[lap.lap_number].append((lap.end_ms, lap.position))
        assert all(list(range(1, len(each) + 1)) == [place for _, place in sorted(each)] for each in ends.values())


def test_no_two_cars_swap_places_without_time(season: list[SessionData]) -> None:
    for data in season[1:]:
        starts = {result.grid_position for result in data.results}
        assert starts == set(range(1, len(data.results) + 1))


def test_stops_stand_between_their_laps(season: list[SessionData]) -> None:
    for data in season[1:4]:
        assert all(stop.duration_ms for stop in data.pit_stops)
        laps = {(lap.car_number, lap.lap_number): lap for lap in data.laps}
        for stop in data.pit_stops:
            entry, out = laps[stop.car_number, stop.lap_number], laps[stop.car_number, stop.lap_number + 1]
            assert entry.pit_in
            assert stop.out_ms - stop.in_ms == stop.duration_ms == out.pit_time_ms
            assert entry.start_ms < stop.in_ms < entry.end_ms < stop.out_ms < out.end_ms
            assert (stop.seat_in, stop.seat_out) == (entry.seat, out.seat)
            assert (stop.stop_type == "Driver change") == (entry.seat != out.seat)


def test_the_same_seed_gives_the_same_season_and_another_does_not() -> None:
    first, again, other = (found[3].read() for found in (generate(7), generate(7), generate(8)))
    assert first == again
    assert first.provenance.digest == again.provenance.digest != other.provenance.digest


def test_the_truth_is_found_again_in_the_laps(season: list[SessionData]) -> None:
    for data, truth in zip(season[1:], ground_truth(1)["races"], strict=True):
        assert truth["session"] == str(data.session.key)
        rows = [(lap.car_number, lap.seat, lap.lap_time_ms) for lap in data.laps
                if lap.flag is Flag.GREEN and not lap.pit_in and not lap.pit_out and lap.lap_number > 1]  # fmt: skip
        seen = pd.DataFrame(rows, columns=["car", "seat", "ms"]).groupby(["car", "seat"])["ms"].agg(["median", "size"])
        pace = {(car["car_number"], seat): ms for car in truth["cars"] for seat, ms in enumerate(car["pace_ms"], 1)}
        known = seen[seen["size"] > 12]
        error = [known.loc[key, "median"] / pace[key] - 1 for key in known.index]
        assert abs(np.median(error)) < 0.01
        assert np.corrcoef(known["median"], [pace[key] for key in known.index])[0, 1] > 0.8


def test_a_mishap_shows_in_its_lap(season: list[SessionData]) -> None:
    for data, truth in zip(season[1:], ground_truth(1)["races"], strict=True):
        cars = _by_car(data)
        for mishap in truth["mishaps"]:
            if mishap["loss_ms"] > 10_000:
                times = [lap.lap_time_ms for lap in cars[mishap["car_number"]]]
                assert times[mishap["lap_number"] - 1] > np.median(times) + mishap["loss_ms"] * 0.7
    assert sum(len(race["mishaps"]) for race in ground_truth(1)["races"]) > 5


def test_the_truth_is_written_where_it_is_looked_for(tmp_path) -> None:
    path = write_ground_truth(3, tmp_path / "sample")
    assert path.name == "ground_truth_3.json"
    assert json.loads(path.read_text()) == ground_truth(3)


def test_neutral_laps_take_longer(season: list[SessionData]) -> None:
    for data in season[1:]:
        slow = [lap.lap_time_ms for lap in data.laps if lap.flag in (Flag.SAFETY_CAR, Flag.FCY, Flag.VSC)]
        green = [lap.lap_time_ms for lap in data.laps if lap.flag is Flag.GREEN]
        assert np.median(slow) > 1.05 * np.median(green)
        assert data.track_status[0].flag is Flag.GREEN
        assert data.track_status[-1].flag is Flag.CHEQUERED


@given(st.floats(0, 1e6), st.floats(1e4, 2e5), st.integers(0, 10**6), st.integers(1, 10**6), st.booleans())
def test_a_lap_is_slowed_only_inside_a_window(start: float, own: float, begin: int, length: int, leads: bool) -> None:
    window = Window(begin, begin + length, Flag.SAFETY_CAR, 1.5, True)
    end = cross_line(start, own, [window], leads)
    inside = max(0.0, min(end, window.end_ms) - max(start, window.start_ms))
    ratio = 1.5 if leads else 1.15
    assert end - start == pytest.approx(own + inside * (1 - 1 / ratio))


def test_the_store_takes_the_season_and_leaves_it_alone_the_second_time(store: SqlStore, season) -> None:
    assert [store.write_session(data).change for data in season] == ["added"] * 6
    assert [store.write_session(found.read()).change for found in generate(1)] == ["unchanged"] * 6
