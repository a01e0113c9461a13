"""The fastest lap is a full lap at speed."""

import pandas as pd

from racelab.analysis.fastest import timed_laps


def laps(**columns: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame({"lap_number": [1, 2, 3, 4], "lap_time_ms": [90, 95, 95, None], "end_ms": [90, 190, 185, 280]})
    return frame.assign(**{"deleted": pd.array([None, False, None, None], dtype="boolean"), **columns})


def test_lap_1_of_a_race_is_no_fastest_lap_because_its_clock_starts_with_the_signal() -> None:
    assert timed_laps(laps(), is_race=True)["lap_number"].tolist() == [3, 2]
    assert timed_laps(laps(), is_race=False)["lap_number"].iloc[0] == 1


def test_deleted_and_untimed_laps_do_not_count() -> None:
    frame = laps(deleted=pd.array([None, True, None, None], dtype="boolean"))
    assert timed_laps(frame, is_race=True)["lap_number"].tolist() == [3]
