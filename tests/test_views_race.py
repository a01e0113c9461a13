"""What a race report says: facts, tables and sentences from frames whose every value is known."""

import pandas as pd
import pytest
from small_race import KEY, small_race

from racelab.domain.flags import Flag, TrackStatus
from racelab.domain.laps import Lap, PitStop, Quality, Result, ResultKind
from racelab.runs import race_report
from racelab.runs.race_report import load_race
from racelab.views import html, race_figures, race_tables
from racelab.views.race import fastest
from racelab.views.race_facts import dearest_loss, lead_for_good, margin, moments, neutral_effect, spell


def lap(car, number, start, time, **rest):
    return Lap(car, number, 1, 1, time, start_ms=start, end_ms=start + time, flag=Flag.GREEN, **rest)


def told(times, stops=(), flags=(), results=()):
    """A race from each car's lap times; `stops` are (car, in-lap, ms), which the next lap holds too."""
    data = small_race()
    data.laps, data.pit_stops, data.track_status = [], [], [TrackStatus(0, Flag.GREEN), *flags]
    data.results = list(results)
    for car, laps in times.items():
        start = 0
        for number, time in enumerate(laps, 1):
            stopped = any((car, number) == stop[:2] for stop in stops)
            left = any((car, number - 1) == stop[:2] for stop in stops)
            data.laps.append(lap(car, number, start, time, pit_in=stopped, pit_out=left))
            start += time
    data.pit_stops = [PitStop(car, number, duration_ms=spent) for car, number, spent in stops]
    return data


@pytest.fixture
def race_of(store):
    def make(data):
        store.write_session(data, force=True)
        return load_race(str(KEY))

    return make


def test_the_small_race_is_told_as_it_was(race_of):
    race = race_of(small_race())
    assert (race.kind, race.front[:2], race.lead_changes) == ("official", ["50", "7"], 0)
    assert race.neutral == [(Flag.SAFETY_CAR, 300_000, 400_000)]
    assert margin(race) == "1 lap"
    assert fastest(race)[["car_number", "lap_number", "lap_time_ms"]].values.tolist() == [["50", 3, 210_877]]
    assert lead_for_good(race) == "#50 Ferrari AF Corse led at the end of every lap."
    assert race.gap_ms("7", "50").to_dict() == {1: 1377, 2: 3377}


def test_without_results_the_laps_give_the_order_and_say_so(race_of):
    race = race_of(told({"7": [100_000, 100_000], "50": [101_000, 100_500], "007": [90_000]}))
    assert race.kind == "laps"
    assert race.front == ["7", "50", "007"]
    assert race.classification["gap_ms"].fillna(-1).tolist() == [0, 1500, -1]
    assert race.classification["gap_laps"].tolist() == [0, 0, 1]
    # Lap 1 is no best lap: 007 has none.
    assert race.classification["best_lap_ms"].fillna(-1).tolist() == [100_000, 100_500, -1]
    assert "computed from the laps" in race_report.sources(race).data


@pytest.mark.parametrize(
    ("times", "stops", "says"),
    [
        ({"7": [100, 100, 100], "50": [101, 98, 100]}, [], "Lap 2: #50 Antonio Fuoco (Ferrari AF Corse) took the lead for good from #7 on the track; it was the first change of the lead."),
        ({"7": [100, 130, 100], "50": [101, 101, 100]}, [("7", 1, 30)], "Lap 2: #50 Antonio Fuoco (Ferrari AF Corse) took the lead for good from #7, as #7 stopped; it was the first change of the lead."),
        ({"7": [100], "50": [101, 101, 100]}, [], "as #7 did not end the lap"),
    ],
)  # fmt: skip
def test_the_lead_for_good_has_its_reason(race_of, times, stops, says):
    data = told({car: [1000 * time for time in laps] for car, laps in times.items()}, stops)
    assert says in lead_for_good(race_of(data))


def test_a_winner_on_the_road_who_is_not_classified_first_is_named(race_of):
    results = [Result("50", position=1, laps=2), Result("7", position=2, laps=2, gap_ms=5000)]
    race = race_of(told({"7": [100_000, 100_000], "50": [101_000, 101_000]}, results=results))
    assert lead_for_good(race).endswith("On the road; #50 Ferrari AF Corse is classified first.")


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ([110_000, 110_000, 180_000, 100_000], "Safety car, 0:03:20 to 0:06:20: the lead of #7 over #50 shrank from 20.0\u00a0s to 0.0\u00a0s."),
        ([90_000, 90_000, 230_000, 100_000], "Safety car, 0:03:20 to 0:06:20: #7 went from 20.0\u00a0s behind #50 to 10.0\u00a0s ahead."),
    ],
)  # fmt: skip
def test_the_effect_of_a_safety_car(race_of, second, says):
    flags = [TrackStatus(200_000, Flag.SAFETY_CAR), TrackStatus(380_000, Flag.GREEN)]
    results = [Result("7", position=1, laps=4), Result("50", position=2, laps=4)]
    race = race_of(told({"7": [100_000, 100_000, 200_000, 100_000], "50": second}, flags=flags, results=results))
    assert neutral_effect(race) == says


def test_the_dearest_loss_is_a_lap_or_a_stop(race_of):
    steady = [100_000] * 8
    results = [Result("7", position=1, laps=8), Result("50", position=2, laps=8)]
    slow = [*steady[:5], 130_000, *steady[:2]]
    race = race_of(told({"7": steady, "50": slow}, results=results))
    assert dearest_loss(race) == (
        "Lap 6: #50 Ferrari AF Corse lost 30.0\u00a0s on the track, 2:10.000 where its median lap was 1:40.000."
    )
    stops = [("7", 2, 60_000), ("7", 4, 60_000), ("50", 3, 61_000), ("50", 5, 150_000)]
    race = race_of(told({"7": steady, "50": steady}, stops, results=results))
    assert dearest_loss(race) == (
        "Lap 5: #50 Ferrari AF Corse lost 1\u00a0min 30\u00a0s at a stop, 2:30.000 in the pit lane where the median was 1:00.500."
    )
    assert len(moments(race)) == 2


def test_slow_laps_behind_a_safety_car_are_no_loss(race_of):
    slow = [*[100_000] * 5, 200_000, 100_000, 100_000]
    flags = [TrackStatus(510_000, Flag.SAFETY_CAR), TrackStatus(690_000, Flag.GREEN)]
    results = [Result("7", position=1, laps=8), Result("50", position=2, laps=8)]
    assert dearest_loss(race_of(told({"7": slow, "50": slow}, flags=flags, results=results))) is None


def test_official_results_come_before_provisional_ones(race_of):
    data = small_race()
    data.results += [
        Result("7", ResultKind.PROVISIONAL, 1, 1, laps=3),
        Result("50", ResultKind.PROVISIONAL, 2, 2, laps=3),
    ]
    assert race_of(data).front[0] == "50"


def test_the_parts_of_the_report_hold_the_values(race_of):
    race = race_of(small_race())
    assert "24 Hours of Le Mans 2024" in race_report.head(race).data
    assert (
        "\\#50 Ferrari AF Corse won after 3 laps, 1 lap ahead of \\#7 Mike Conway (Toyota <Gazoo> Racing)."
        in race_report.head(race).data
    )
    facts = race_report.key_facts(race).data
    assert "3:30.877" in facts
    assert "1\u00a0min 40\u00a0s in all: safety car" in facts
    result = race_report.results(race).data
    assert "<td>Toyota &lt;Gazoo&gt; Racing</td>" in result
    assert '<td class="number">10:32.000</td>' in result
    assert '<td class="number">+1 lap</td>' in result
    assert "Safety car" in race_report.flags(race).data
    assert "a sector cannot be negative" in race_report.repairs(race).data
    stops = race_tables.stops_table(race)
    assert stops.loc[stops["car_number"] == "50", ["stops", "total_ms", "changes"]].values.tolist() == [[1, 62_500, 1]]


def test_an_empty_race_has_a_sentence_for_every_part(race_of):
    data = small_race()
    data.laps, data.pit_stops, data.results, data.track_status, data.repairs = [], [], [], [], []
    race = race_of(data)
    for part in (race_report.head, race_report.key_facts, race_report.decided, race_report.results, race_report.fastest_laps,
                 race_report.stops, race_report.flags, race_report.repairs, race_report.sources, race_report.class_winners):  # fmt: skip
        assert part(race).data is not None
    for figure in (race_report.gaps, race_report.places, race_report.lap_times, race_report.stints):
        assert figure(race).layout.meta["caption"]


def test_every_figure_says_what_is_seen(race_of):
    race = race_of(small_race())
    assert race_figures.gaps(race).layout.meta["caption"] == (
        "Car #7, second in the end, was 3.4\u00a0s behind #50 at most, on lap 2; on their last common lap the gap was 3.4\u00a0s."
    )
    assert (
        "The winner, #50, stopped 1 time (laps 2) and spent 1\u00a0min 2\u00a0s"
        in race_figures.stints(race).layout.meta["caption"]
    )


def test_tables_mark_repairs_and_keep_missing_apart_from_zero():
    frame = pd.DataFrame(
        {
            "car_number": ["007", "<7>"],
            "lap_time_ms": [92_605, None],
            "laps": [0, None],
            "quality": ["repaired", "measured"],
        }
    )
    shown = html.table(frame.convert_dtypes(), {"laps": "Laps & more"}).data
    assert '<td class="number repaired" title="repaired: see Repairs">1:32.605</td>' in shown
    assert shown.count('<td class="number">–</td>') == 2
    assert "&lt;7&gt;" in shown
    assert "Laps &amp; more" in shown
    assert "quality" not in shown.lower()


@pytest.mark.parametrize(
    ("millis", "words"), [(999, "1.0 s"), (59_949, "59.9 s"), (366_000, "6 min 6 s"), (4_320_000, "1 h 12 min")]
)
def test_times_in_sentences(millis, words):
    assert spell(millis).replace("\u00a0", " ") == words


def test_a_car_that_stopped_does_not_lead_by_the_end_that_is_assumed(race_of):
    data = told({"7": [100_000, 101_000], "50": [102_000]})
    data.laps.append(Lap("50", 2, 1, 1, None, start_ms=102_000, end_ms=150_000, quality=Quality.REPAIRED))
    race = race_of(data)
    assert race.leaders.to_dict() == {1: "7", 2: "7"}
    assert race.lead_changes == 0
    assert race.classification[["car_number", "laps"]].values.tolist() == [["7", 2], ["50", 1]]
