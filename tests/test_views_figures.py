"""Figures: what is drawn, where it is cut, which way it grows and what its text says."""

import pandas as pd
import pytest

from racelab.store.frames import typed
from racelab.views.axes import flag_words, short_time, time_ticks
from racelab.views.figures import alt_text, gap_figure, lap_time_figure, position_figure, stint_figure
from racelab.views.race_frames import car_styles, gaps_to_leader, lap_scale, natural, neutral_bands, places_by_lap
from racelab.views.stint_chart import stints_of
from racelab.views.theme import DARK, contrast, tyre_colour


def _laps(times: dict[str, list[int]], compounds=("soft", "hard"), stop_on: int = 3) -> pd.DataFrame:
    rows = []
    for car, own in times.items():
        end = 0
        for number, time in enumerate(own, 1):
            end += time
            stint = 1 if number <= stop_on else 2
            rows.append({
                "car_number": car, "lap_number": number, "lap_time_ms": time, "end_ms": end, "stint": stint,
                "pit_in": number == stop_on, "pit_out": number == stop_on + 1, "compound": compounds[stint - 1],
                "tyre_age": number, "quality": "measured", "driver": f"Driver {car}", "car_class": "GTP", "team": "A",
            })  # fmt: skip
    return typed(pd.DataFrame(rows))


LAPS = _laps({"1": [90_000, 91_000, 90_500, 110_000, 90_200], "2": [91_000, 91_000, 95_000, 105_000, 91_500]})
STATUS = typed(pd.DataFrame({"time_ms": [0, 181_000, 271_500], "flag": ["green", "safety_car", "green"]}))


def test_lap_times_are_cut_at_107_percent_and_the_rest_is_counted():
    figure = lap_time_figure(LAPS, ["1", "2"])
    top = figure.layout.yaxis.range[1]
    assert top == pytest.approx(90_000 * 1.07)
    drawn = [y for trace in figure.data if trace.mode == "lines+markers" for y in trace.y if y is not None]
    assert max(drawn) == 95_000
    words = [note.text for note in figure.layout.annotations]
    assert "<b>#1</b> Driver 1, GTP · 1 lap above 1:36.3" in words
    assert "1 lap above" in alt_text(figure)
    assert "best 1:30.000" in alt_text(figure)


def test_a_quick_lap_1_of_a_race_is_neither_the_best_nor_drawn():
    laps = _laps({"1": [60_000, 91_000, 90_500], "2": [91_000, 99_000, 92_000]})
    race = laps.assign(session_id=220240413)
    figure = lap_time_figure(race, ["1"])
    assert figure.layout.yaxis.range[1] == pytest.approx(90_500 * 1.07, abs=1)
    assert figure.data[0].y == (None, 91_000, 90_500)
    assert "best 1:30.500" in alt_text(figure)
    assert "<b>#1</b> Driver 1, GTP · 1 below, not counted" in [note.text for note in figure.layout.annotations]
    practice = lap_time_figure(laps.assign(session_id=220240401), ["1"])
    assert practice.data[0].y[0] == 60_000


def test_stints_take_tyre_colours_with_a_letter_and_stops_are_ticks():
    figure = lap_time_figure(LAPS, ["1"], dark=True)
    stints = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert [trace.line.color for trace in stints] == [tyre_colour("soft"), tyre_colour("hard")]
    letters = [(note.text, note.x, note.y) for note in figure.layout.annotations if note.text in ("S", "H")]
    assert letters == [("S", 1, 90_000), ("H", 5, 90_200)]
    ticks = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(ticks.x) == [3]


def test_a_tyres_letter_stays_clear_of_the_panels_name_and_f1_cars_have_their_team():
    laps = _laps({"1": [96_000, 91_000, 90_000, 90_100]}).assign(car_class="F1", team="Force India")
    notes = {note.text: note for note in lap_time_figure(laps, ["1"]).layout.annotations}
    assert (notes["S"].yanchor, notes["H"].yanchor) == ("top", "bottom")
    assert "<b>#1</b> Driver 1, Force India" in notes


def test_a_chosen_car_that_has_only_untimed_laps_has_no_panel():
    laps = LAPS.assign(car_number=LAPS["car_number"].replace("2", "007"))
    laps["lap_time_ms"] = laps["lap_time_ms"].where(laps["car_number"] == "1")
    assert alt_text(lap_time_figure(laps, ["007", "1"])).startswith("Lap times by lap. Car 1: 5 laps")
    assert "No lap times yet" in alt_text(lap_time_figure(laps, ["007"]))


def test_a_lap_that_is_cut_off_breaks_the_line():
    figure = lap_time_figure(LAPS, ["1"])
    second = [trace for trace in figure.data if trace.mode == "lines+markers"][1]
    assert list(second.y) == [None, 90_200]
    assert second.connectgaps is None


def test_hover_tells_car_driver_lap_time_tyre_and_age_in_this_order():
    figure = lap_time_figure(LAPS, ["2"])
    assert figure.data[0].customdata[1] == "#2 · Driver 2 · lap 2 · 1:31.000 · soft, 2 laps old"


def test_a_repaired_lap_is_hollow_and_says_so():
    laps = LAPS.assign(quality=["repaired", *["measured"] * 9])
    trace = lap_time_figure(typed(laps), ["1"]).data[0]
    assert trace.marker.symbol[:2] == ("circle-open", "circle")
    assert trace.customdata[0].endswith("repaired")


def test_flags_are_bands_on_the_leaders_laps_with_a_word():
    figure = gap_figure(LAPS, ["1", "2"], track_status=STATUS)
    band = figure.layout.shapes[0]
    assert (band.x0, band.x1) == (2.0, 3.0)
    assert (band.layer, band.opacity) == ("below", 0.15)
    assert "SC" in [note.text for note in figure.layout.annotations]


def test_the_gap_grows_upwards_for_the_leader():
    figure = gap_figure(LAPS, ["1", "2"])
    low, high = figure.layout.yaxis.range
    assert low > high
    assert list(figure.data[0].y) == [0, 0, 0, 0, 0]
    assert list(figure.data[1].y) == [1000, 1000, 5500, 500, 1800]
    assert figure.layout.yaxis.title.text == "Gap, seconds"
    assert alt_text(figure) == "Gap to the leader by lap. Car 1 leads. Car 2 is +1.800 behind after lap 5."
    assert {note.text for note in figure.layout.annotations} == {"<b>#1</b>", "<b>#2</b>"}


def test_gaps_and_places_by_lap():
    gaps = gaps_to_leader(LAPS)
    assert gaps[gaps["car_number"] == "2"]["gap_ms"].tolist() == [1000, 1000, 5500, 500, 1800]
    places = places_by_lap(LAPS)
    assert places[places["car_number"] == "2"]["position"].tolist() == [2, 2, 2, 2, 2]
    figure = position_figure(LAPS, dark=True)
    assert figure.layout.yaxis.range == (2.7, 0.3)
    assert "car 1 leads" in alt_text(figure)


def test_stints_are_bars_in_tyre_colours_with_letters():
    assert stints_of(LAPS)[["first", "last"]].to_numpy().tolist() == [[1, 3], [4, 5], [1, 3], [4, 5]]
    figure = stint_figure(LAPS, ["2", "1"])
    assert [bar.text[0] for bar in figure.data] == ["S", "H", "S", "H"]
    assert [bar.x[0] for bar in figure.data] == [3, 2, 3, 2]
    assert list(figure.layout.yaxis.categoryarray) == ["#1", "#2"]


def test_stints_without_a_known_tyre_carry_their_number():
    figure = stint_figure(_laps({"1": [90_000] * 5}, compounds=(None, None)))
    assert [bar.text[0] for bar in figure.data] == ["1", "2"]
    assert "tyre not known" in figure.data[0].customdata[0]


def test_a_team_keeps_its_colour_and_its_second_car_is_dashed():
    entries = pd.DataFrame(
        {"car_number": ["16", "44", "4"], "colour": ["#E80020", "#E80020", "#FF8000"], "car_class": [None] * 3}
    )
    styles = car_styles(entries, ["44", "4"], True)
    assert styles == {"44": {"color": "#E80020", "dash": "dash"}, "4": {"color": "#FF8000", "dash": "solid"}}


def test_cars_of_one_class_are_shades_of_its_colour_and_not_dashes_only():
    entries = pd.DataFrame(
        {"car_number": ["7", "8", "9", "6", "31"], "colour": ["#ffffff"] * 5, "car_class": [*["GTP"] * 4, "LMP2"]}
    )
    styles = car_styles(entries, ["8", "7", "9", "6", "31"], True)
    assert (styles["8"], styles["31"]["color"]) == ({"color": DARK.classes[0], "dash": "solid"}, DARK.classes[1])
    assert len({styles[car]["color"] for car in ("8", "7", "9")}) == 3
    assert [styles[car]["dash"] for car in ("8", "7", "9", "6")] == ["solid", "solid", "solid", "dash"]


def test_pale_team_colours_are_darkened_on_light_pages_in_their_hue():
    entries = pd.DataFrame({"car_number": ["27"], "colour": ["#FFF500"], "car_class": ["F1"]})
    light, dark = (car_styles(entries, ["27"], ground)["27"]["color"] for ground in (False, True))
    assert dark == "#FFF500"
    assert contrast(light, "#ffffff") >= 3
    red, green, blue = (int(light[place : place + 2], 16) for place in (1, 3, 5))
    assert red > 2 * blue
    assert green > 2 * blue
    figure = gap_figure(_laps({"27": [90_000]}), ["27"], entries=entries)
    assert contrast(figure.layout.annotations[0].font.color, "#ffffff") >= 4.5


def test_a_car_has_one_style_in_all_figures_of_a_page():
    entries = pd.DataFrame({"car_number": ["1", "2"], "car_class": ["Am", "Am"], "colour": [None, None]})
    gaps, places = (draw(LAPS, ["2", "1"], entries=entries) for draw in (gap_figure, position_figure))
    assert {trace.line.color for trace in gaps.data} == {trace.line.color for trace in places.data}
    assert gaps.data[0].line.color != gaps.data[1].line.color
    own = next(trace for trace in places.data if trace.customdata[0].startswith("#2 "))
    assert own.line.color == gaps.data[0].line.color


def test_words_of_flags_that_are_close_share_one_place():
    bands = [("yellow", 1.0, 1.2), ("safety_car", 1.2, 3.0), ("vsc", 30.0, 31.0), ("vsc", 31.5, 32.0)]
    words = flag_words(bands, 51)
    assert [(text, place) for text, _, place in words] == [
        ("Yellow SC", pytest.approx(1.6)),
        ("VSC", pytest.approx(31.125)),
    ]
    assert flag_words(bands, 10)[0][0] == "Yellow"


@pytest.mark.parametrize("draw", [lap_time_figure, gap_figure, position_figure, stint_figure])
@pytest.mark.parametrize("dark", [True, False])
def test_a_figure_without_laps_says_so(draw, dark):
    figure = draw(LAPS.head(0), ["1"], dark=dark)
    assert "yet" in alt_text(figure)
    assert figure.layout.annotations[0].text == alt_text(figure)


@pytest.mark.parametrize("draw", [lap_time_figure, gap_figure, position_figure])
def test_a_car_that_is_not_there_and_laps_without_times_do_no_harm(draw):
    laps = typed(
        LAPS.assign(
            end_ms=LAPS["end_ms"].where(LAPS["lap_number"] != 2),
            lap_time_ms=LAPS["lap_time_ms"].where(LAPS["lap_number"] != 1),
        )
    )
    assert alt_text(draw(laps, ["1", "nobody"]))


def test_bands_end_with_the_data_and_green_is_none():
    assert neutral_bands(STATUS, 400_000) == [("safety_car", 181_000, 271_500)]
    assert neutral_bands(STATUS.head(2), 200_000) == [("safety_car", 181_000, 200_000)]
    assert neutral_bands(STATUS.head(0), None) == []


def test_session_time_is_read_as_laps_of_the_leader():
    assert lap_scale(LAPS, [90_000, 181_000, 135_500]) == [1.0, 2.0, 1.5]
    assert lap_scale(LAPS.head(0), [1]) == [0.0]


def test_ticks_are_round_and_few():
    assert time_ticks(88_000, 94_100) == [88_000, 90_000, 92_000, 94_000]
    assert [short_time(tick) for tick in (88_000, 88_500)] == ["1:28", "1:28.5"]
    assert time_ticks(5, 5) == []


def test_car_numbers_sort_as_people_read_them():
    assert sorted(["31", "7", "007", "3A"], key=natural) == ["007", "7", "31", "3A"]
