"""Colours can be read, letters go with them, and nothing is fetched from elsewhere."""

from pathlib import Path

import pytest

import racelab.views
from racelab.domain.flags import Flag
from racelab.domain.tyres import Compound
from racelab.views.plotly_theme import template
from racelab.views.theme import (
    DARK,
    LIGHT,
    class_colour,
    class_letters,
    contrast,
    css_variables,
    flag_colour,
    palette,
    readable,
    tint,
    tyre_colour,
    tyre_letter,
)

VIEWS = Path(racelab.views.__file__).parent


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_every_text_colour_has_a_contrast_of_four_and_a_half(colours):
    texts = [colours.text, colours.quiet, colours.session_best, colours.personal_best, *colours.classes]
    for ground in (colours.background, colours.panel):
        assert {text: contrast(text, ground) for text in texts if contrast(text, ground) < 4.5} == {}


def test_dark_letters_can_be_read_on_class_chips_and_flag_bands():
    grounds = [*DARK.classes, *(flag_colour(flag) for flag in Flag)]
    assert all(contrast(DARK.background, ground) >= 4.5 for ground in grounds)


@pytest.mark.parametrize(
    ("car_class", "place", "letters"),
    [
        ("HYPERCAR", 0, "HY"), ("GTP", 0, "GTP"), ("LMP2", 1, "P2"), ("LMGT3", 2, "GT3"), ("GTD", 2, "GTD"),
        ("GTDPRO", 3, "PRO"), ("GTD PRO", 3, "PRO"), ("LMP3", 4, "P3"), ("LMGTE Am", 5, "AM"),
    ],
)  # fmt: skip
def test_a_class_has_one_colour_and_letters_in_every_series(car_class, place, letters):
    assert class_colour(car_class) == DARK.classes[place]
    assert class_colour(car_class, dark=False) == LIGHT.classes[place]
    assert class_letters(car_class) == letters


def test_an_unknown_class_is_quiet_and_keeps_its_letters():
    assert class_colour("Clio Cup") == DARK.quiet
    assert class_letters("Supercup") == "SUPE"
    assert class_letters(None) == ""


def test_tyres_have_a_colour_and_a_letter_and_an_unknown_one_has_neither():
    assert [tyre_letter(c) for c in ("soft", "medium", "hard", "intermediate", "wet")] == list("SMHIW")
    assert tyre_colour("medium") == "#ffd12e"
    assert tyre_letter(None) == "–"
    assert tyre_colour(None, dark=False) == LIGHT.quiet
    assert len({tyre_colour(c) for c in Compound}) >= 7


def test_white_tyres_can_be_seen_on_paper():
    assert contrast(tyre_colour("hard", dark=False), "#ffffff") > 3


def test_style_sheets_get_every_colour_of_both_grounds():
    css = css_variables()
    assert f"--rl-background: {DARK.background};" in css
    assert f"--rl-background: {LIGHT.background};" in css
    assert "--rl-flag-safety_car: #fb923c;" in css
    assert "--rl-tyre-wet: #4aa3ff;" in css


def test_figures_take_the_ground_of_their_page():
    assert template(True).layout.paper_bgcolor == palette(True).panel
    assert template(False).layout.paper_bgcolor == "#ffffff"


def test_scripts_and_styles_name_no_other_host_and_write_no_markup():
    for path in [*VIEWS.glob("*.js"), *VIEWS.glob("*.css")]:
        text = path.read_text()
        assert "http" not in text, path
        assert "innerHTML" not in text, path
        assert "insertAdjacentHTML" not in text, path


@pytest.mark.parametrize("dark", [True, False])
def test_shades_of_a_class_differ_and_can_be_seen(dark):
    ground = DARK.panel if dark else LIGHT.background
    for colour in palette(dark).classes:
        shades = [tint(colour, place, dark) for place in range(3)]
        assert shades[0] == colour
        assert all(contrast(shade, ground) >= 3 for shade in shades)
        assert min(contrast(one, other) for one in shades for other in shades if one != other) > 1.25


def test_a_colour_that_can_be_read_stays_and_black_and_white_are_moved():
    assert readable("#b91c1c", False) == "#b91c1c"
    assert contrast(readable("#ffffff", False), LIGHT.background) >= 4.5
    assert contrast(readable("#000000", True), DARK.panel) >= 4.5
