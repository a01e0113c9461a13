"""Axes in racing notation: ticks on round times, bands for flags, words at the lines' ends."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from racelab.domain.flags import Flag
from racelab.domain.time import format_duration
from racelab.views.plotly_theme import template
from racelab.views.race_frames import lap_scale
from racelab.views.theme import flag_colour

_STEPS_MS = (100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000)
_FLAG_WORDS = {
    Flag.SAFETY_CAR: "SC",
    Flag.VSC: "VSC",
    Flag.FCY: "FCY",
    Flag.CODE_60: "C60",
    Flag.RED: "Red",
    Flag.YELLOW: "Yellow",
}


def time_ticks(low: int, high: int, most: int = 6) -> list[int]:
    """Round values between two times in ms, at most about `most` of them."""
    span = max(high - low, 1)
    step = next((step for step in _STEPS_MS if span / step <= most), _STEPS_MS[-1] * 2)
    return list(range(-(-low // step) * step, high + 1, step))


def short_time(millis: int) -> str:
    """A tick's time with a decimal where it needs one: 1:32, 1:32.5."""
    text = format_duration(round(millis, -2))
    return text[:-4] if text.endswith(".000") else text[:-2]


def add_bands(figure: go.Figure, bands: Sequence[tuple[str, int, int]], laps: pd.DataFrame, lift: int = 0) -> None:
    """Draw periods under a flag behind the data, on an axis of laps, with the flag's word `lift` px above the top."""
    edges = lap_scale(laps, [edge for _, start, end in bands for edge in (start, end)])
    for index, (flag, _, _) in enumerate(bands):
        left, right = edges[2 * index], edges[2 * index + 1]
        if right <= left:
            continue
        figure.add_shape(
            type="rect", xref="x", yref="paper", x0=left, x1=right, y0=0, y1=1, layer="below",
            line={"width": 0}, fillcolor=flag_colour(flag), opacity=0.15,
        )  # fmt: skip
        word = _FLAG_WORDS.get(Flag(flag), "")
        figure.add_annotation(
            x=(left + right) / 2, y=1, xref="x", yref="paper", yanchor="bottom", yshift=lift, text=word, showarrow=False,
            font={"size": 10, "color": flag_colour(flag)},
        )  # fmt: skip


def describe(figure: go.Figure, text: str) -> go.Figure:
    """Give the figure the words that stand for it where it cannot be seen."""
    figure.update_layout(meta={"alt": text})
    return figure


def alt_text(figure: go.Figure) -> str:
    """The words that stand for the figure where it cannot be seen."""
    return str((figure.layout.meta or {}).get("alt", ""))


def empty_figure(sentence: str, dark: bool) -> go.Figure:
    """A figure that says why there is nothing to draw."""
    figure = go.Figure(layout={"template": template(dark), "xaxis": {"visible": False}, "yaxis": {"visible": False}})
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 13})
    return describe(figure, sentence)
