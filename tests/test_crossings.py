"""A lap that a car did not end is no crossing: not in frames, in the race state, in figures or in exports."""

import pandas as pd

from racelab.analysis.crossings import crossings
from racelab.domain.laps import Lap, Quality
from racelab.live.reducers import fold, initial_state
from racelab.store.frames import typed
from racelab.views.race_frames import gaps_to_leader, places_by_lap

ASSUMED = Lap("8", 2, start_ms=95_000, end_ms=170_000, quality=Quality.REPAIRED)
RACE = [
    Lap("44", 1, lap_time_ms=90_000, start_ms=0, end_ms=90_000, position=1),
    Lap("8", 1, lap_time_ms=95_000, start_ms=0, end_ms=95_000, position=2),
    ASSUMED,
    Lap("44", 2, lap_time_ms=91_000, start_ms=90_000, end_ms=181_000, position=1),
]
COLUMNS = ("car_number", "lap_number", "lap_time_ms", "start_ms", "end_ms", "position", "quality")
LAPS = typed(pd.DataFrame([{name: getattr(lap, name) for name in COLUMNS} for lap in RACE]))


def test_a_lap_of_a_retirement_is_no_crossing():
    assert crossings(LAPS)[["car_number", "lap_number"]].values.tolist() == [["44", 1], ["8", 1], ["44", 2]]


def test_a_repaired_lap_with_a_time_or_a_place_is_a_crossing():
    timed = LAPS.assign(position=[1, 2, 1, 2])
    assert len(crossings(timed)) == 4
    assert len(crossings(LAPS[["car_number", "lap_number", "end_ms"]])) == 4


def test_a_retirement_does_not_lead_in_figures():
    gaps = gaps_to_leader(LAPS)
    assert gaps.set_index(["car_number", "lap_number"])["gap_ms"].to_dict() == {
        ("44", 1): 0,
        ("8", 1): 5_000,
        ("44", 2): 0,
    }
    places = places_by_lap(LAPS)
    assert places[places["lap_number"] == 2]["car_number"].tolist() == ["44"]


def test_a_retirement_does_not_lead_in_the_tower():
    state = fold(initial_state(), RACE)
    assert [(car.car_number, car.laps) for car in state.order] == [("44", 2), ("8", 1)]
    assert fold(initial_state(), RACE[:3]).cars["8"].position == 2
