"""A stored session as it ended: the laps' state, with the best classification that is known."""

import pytest
from small_race import KEY, small_race

from racelab.domain.laps import Lap, Result, ResultKind
from racelab.errors import NotFound
from racelab.live.final import final_state


@pytest.fixture
def final_of(store):
    def make(data):
        store.write_session(data, force=True)
        return final_state(store, KEY)

    return make


def _laps(**times):
    laps = []
    for car, own in times.items():
        end = 0
        for number, time in enumerate(own, 1):
            end += time
            laps.append(Lap(car.removeprefix("car"), number, 1, 1, time, start_ms=end - time, end_ms=end))
    return laps


def test_the_final_state_is_the_fold_of_the_stored_records(final_of):
    state, whose = final_of(small_race())
    assert whose == "the official results"
    assert [car.car_number for car in state.order] == ["50", "7", "007"]
    first = state.cars["50"]
    assert (first.laps, first.best_lap_ms, first.stops, first.stint, first.driver) == (
        3,
        210_877,
        1,
        2,
        "Miguel Molina",
    )
    assert (state.cars["7"].gap_laps, state.elapsed_ms) == (1, 632_000)


def test_the_official_order_wins_over_the_road_and_its_gaps_agree(final_of):
    data = small_race()
    data.laps, data.pit_stops = _laps(car50=[100_000, 101_000], car7=[100_500, 101_000], car007=[102_000, 103_000]), []
    data.results = [
        Result("50", ResultKind.ROAD, 1, 1, laps=2), Result("7", ResultKind.ROAD, 2, 2, laps=2, gap_ms=500),
        Result("7", ResultKind.OFFICIAL, 1, 1, "Finished", 2, gap_ms=0, gap_laps=0),
        Result("50", ResultKind.OFFICIAL, 2, 2, "Finished", 2, gap_ms=4_500, gap_laps=0, penalty_ms=5_000),
        Result("007", ResultKind.OFFICIAL, None, None, "Disqualified", 2),
    ]  # fmt: skip
    state, _ = final_of(data)
    assert [car.car_number for car in state.order] == ["7", "50", "007"]
    second = state.cars["50"]
    assert (second.gap_ms, second.interval_ms, second.status) == (4_500, 4_500, "finished")
    assert state.cars["007"].status == "disqualified"


def test_results_alone_give_a_classification_and_nothing_at_all_is_said(final_of):
    data = small_race()
    data.laps, data.pit_stops = [], []
    state, _ = final_of(data)
    assert [(car.car_number, car.laps) for car in state.order[:2]] == [("50", 3), ("7", 2)]
    assert (state.cars["7"].gap_laps, state.cars["7"].interval_laps) == (1, 1)
    data.results = []
    with pytest.raises(NotFound, match="neither laps nor results"):
        final_of(data)
