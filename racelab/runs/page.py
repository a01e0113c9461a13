"""The HTML page of a run: one file that opens offline, on a phone and on paper."""

import base64
import gzip
import json
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode
from plotly.offline import get_plotlyjs

from racelab.runs.notebooks import Notebook
from racelab.runs.outputs import first_heading, page_blocks
from racelab.runs.records import RunRecord
from racelab.views.theme import DARK, FONT, LIGHT, TYRE_COLOURS, Palette, tyre_colour

_FOLDER = Path(__file__).parent / "template"


def report_page(node: NotebookNode, notebook: Notebook, record: RunRecord) -> str:
    """The page of an executed notebook: its outputs in order, then what was run and on what.

    Scripts, styles and figures are in the page; plotly.js is in it once, compressed, and only where there is a figure.
    """
    blocks = page_blocks(node)
    heading = first_heading(blocks)
    figures = [block.content for block in blocks if block.kind == "figure"]
    return environment().get_template("page.html.j2").render(
        title=heading or notebook.title,
        heading=heading is None,
        notebook=notebook,
        record=record,
        parameters=[(name, _shown(value)) for name, value in record.parameters.items()],
        blocks=blocks,
        figures=packed("[" + ",".join(figures) + "]") if figures else "",
        plotly=packed_plotly() if figures else "",
        draw=(_FOLDER / "draw.js").read_text(encoding="utf-8"),
        colours=json.dumps(dark_colours()),
    )  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, escaping what they are given."""
    made = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals["style"] = style()
    return made


def style() -> str:
    """The style sheet: light by default, dark where the reader's system is."""
    sheet = (_FOLDER / "style.css").read_text(encoding="utf-8")
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} color-scheme: dark; }} }}"
    return f":root {{ {_variables(LIGHT)} --font: {FONT}; color-scheme: light; }}\n{dark}\n{sheet}"


@lru_cache(maxsize=1)
def packed_plotly() -> str:
    """plotly.js, compressed and as base64: 2 MB instead of 4.8."""
    return packed(get_plotlyjs())


def packed(text: str) -> str:
    """Text, compressed and as base64, which the page's script unpacks."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def dark_colours() -> dict[str, str]:
    """What each colour of a light figure becomes on the dark ground."""
    names = ("background", "panel", "line", "text", "quiet", "session_best", "personal_best")
    pairs = {getattr(LIGHT, name): getattr(DARK, name) for name in names}
    pairs |= dict(zip(LIGHT.classes, DARK.classes, strict=True))
    return pairs | {
        tyre_colour(kind, False): tyre_colour(kind, True)
        for kind in TYRE_COLOURS
        if tyre_colour(kind, False) != tyre_colour(kind, True)
    }


def _variables(colours: Palette) -> str:
    names = ("background", "panel", "line", "text", "quiet")
    named = {name: getattr(colours, name) for name in names}
    named |= {
        "best": colours.session_best,
        "personal": colours.personal_best,
        "bad": colours.classes[0],
        "link": colours.classes[1],
    }
    return " ".join(f"--{name}: {value};" for name, value in named.items())


def _shown(value: object) -> str:
    """A parameter's value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return "–" if value in (None, "") else str(value)
